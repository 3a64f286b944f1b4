// The log: every event as it comes, filtered, and whatever is known of the one that is open.

import * as address from "./address.js";
import { get, post, save } from "./api.js";
import { ask, field, h, select, toast } from "./dom.js";
import { openEvent } from "./event.js";
import { Rows } from "./rows.js";
import { kindOf, live, local, number, registry, shortUrl, throttled, zoned } from "./state.js";

const FILTERS = ["event", "webhook", "outcome", "text", "from", "to"];
const PAGE = 200;
const MOST_ROWS = 4000; // what the page keeps: the rest is read again when it is scrolled to
const REFRESH_MS = 250;
const FILTERED_MS = 1000; // a filter may have to look at many events
const COUNT_MS = 3000;
const AT_ONCE = 8;
const OUTCOMES = [["", "Any outcome"], ["ok", "OK"], ["failed", "Failed"], ["pending", "Pending"], ["broken", "Broken by a fault"], ["resent", "Resent"]];
const CELLS = ["time", "type", "target", "store", "status", "tries", "took", "fault"];

export async function open(view, params, isOpen) {
  const log = new Log(view, Object.fromEntries([...FILTERS, "open"].map((name) => [name, params.get(name) ?? ""])));
  const first = get(log.query({ limit: PAGE })); // beside the others: the newest events are what the user waits for
  first.catch(() => {}); // it is awaited, and told, below
  const [known, webhooks] = await Promise.all([registry(), get("/_sim/page/api/webhooks")]);
  if (!isOpen()) return null;
  log.draw(known, webhooks);
  await log.reload(first);
  if (log.state.open) log.openEvent(log.state.open);
  return () => log.close();
}

class Log {
  constructor(view, state) {
    this.view = view;
    this.state = state;
    this.chosen = null; // the id of the row that the keys are on
    this.low = null; // events below this number are not read yet; null: all are
    this.high = 0; // the newest event that was looked at
    this.hasTop = true; // whether the newest rows are kept
    this.reads = 0;
    this.isReading = false;
    this.refresh = throttled(() => this.readHead(), this.isFiltered ? FILTERED_MS : REFRESH_MS);
    this.onChanges = (event) => this.take(event.detail);
    this.onKey = (event) => this.press(event);
  }

  get isFiltered() {
    return FILTERS.some((name) => this.state[name]);
  }

  draw(known, webhooks) {
    const state = this.state;
    const search = h("input", { name: "text", type: "search", value: state.text, placeholder: "In the payload, or an id", autocomplete: "off", spellcheck: "false" });
    const types = [["", "Any type"], ...known.types.map((kind) => [kind.name, kind.name])];
    const hooks = [["", "Any webhook"], ...webhooks.map((hook) => [hook.id, `${hook.event} → ${shortUrl(hook.url)}`])];
    if (state.webhook && !webhooks.some((hook) => hook.id === state.webhook)) hooks.push([state.webhook, "A deleted webhook"]);
    this.filters = h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
      field("Search", search),
      field("Type", select("event", types, state.event)),
      field("Webhook", select("webhook", hooks, state.webhook)),
      field("Outcome", select("outcome", OUTCOMES, state.outcome)),
      field("From", h("input", { name: "from", value: state.from, placeholder: "2026-01-31", size: 16 })),
      field("To", h("input", { name: "to", value: state.to, placeholder: "now", size: 16 })),
      h("div", { class: "buttons" },
        (this.filterButton = h("button", { type: "button", class: "only-narrow", "aria-expanded": "false", onclick: () => this.showFilters() })),
        h("button", { type: "button", onclick: () => this.clear() }, "Clear"),
        h("button", { type: "button", onclick: () => this.resendFailed() }, "Resend failed…")));
    this.countFilters();
    this.filters.addEventListener("input", throttled(() => this.filter(), 200));
    this.scroller = h("div", { class: "rows", tabindex: 0, role: "grid", "aria-label": "Events, newest first", "aria-rowcount": -1 });
    this.news = h("button", { type: "button", class: "news", hidden: true, onclick: () => this.toTop() }, "↑ New events");
    this.note = h("p", { class: "soft empty", role: "status" });
    this.panel = h("aside", { class: "panel", "aria-label": "Event", hidden: true });
    const head = h("div", { class: "row-head", "aria-hidden": "true" }, ["Time", "Type", "Webhook", "Store", "Status", "Runs", "ms", "Fault"].map((text, index) => h("span", { class: CELLS[index] }, text)));
    this.total = h("span", { class: "grow soft", role: "status" });
    const saves = ["jsonl", "csv"].map((form) => h("button", { type: "button", "aria-label": `Export as ${form.toUpperCase()}`, onclick: ({ target }) => this.export(target, form) }, form.toUpperCase()));
    const foot = h("div", { class: "foot" }, this.total, h("span", { class: "soft" }, "Export"), saves);
    const table = h("div", { class: "card table log" }, head, this.news, this.scroller, this.note, foot);
    this.view.replaceChildren(this.filters, h("div", { class: "split" }, table, this.panel));
    this.rows = new Rows({
      scroller: this.scroller,
      make: () => this.makeRow(),
      show: (row, item, index) => this.showRow(row, item, index),
      onEdge: (edge) => this.more(edge),
    });
    live.addEventListener("changes", this.onChanges);
    document.addEventListener("keydown", this.onKey);
    this.timer = setInterval(() => {
      this.showNews();
      this.count();
    }, 1000);
  }

  close() {
    this.reads += 1;
    clearInterval(this.timer);
    live.removeEventListener("changes", this.onChanges);
    document.removeEventListener("keydown", this.onKey);
    this.rows.close();
  }

  // ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────

  makeRow() {
    const row = h("div", { class: "row", role: "row", onclick: () => this.openEvent(row.item.webhookEventId) });
    row.cells = Object.fromEntries(CELLS.map((name) => [name, row.appendChild(h("span", { class: name, role: "gridcell" }))]));
    row.cells.status.append(h("i", { class: "dot" }), h("b", {}));
    return row;
  }

  showRow(row, item, index) {
    const isChosen = item.webhookEventId === this.chosen;
    if (row.wasChosen !== isChosen) {
      row.wasChosen = isChosen;
      row.classList.toggle("chosen", isChosen);
      row.setAttribute("aria-selected", String(isChosen));
      if (isChosen) this.scroller.setAttribute("aria-activedescendant", `event-${item.webhookEventId}`);
      else if (row.id === this.scroller.getAttribute("aria-activedescendant")) this.scroller.removeAttribute("aria-activedescendant");
    }
    if (row.item === item) return;
    row.item = item;
    row.id = `event-${item.webhookEventId}`;
    row.setAttribute("aria-rowindex", String(index + 1));
    const cells = row.cells;
    const { day, time } = local(item.utc);
    cells.time.textContent = time;
    cells.time.title = `${day} ${time}; createdDateTime ${item.createdDateTime}`;
    cells.type.textContent = item.event;
    cells.target.textContent = shortUrl(item.url);
    cells.target.title = item.url;
    cells.store.textContent = item.storeId ?? "";
    cells.status.className = `status ${kindOf(item.success)}`;
    cells.status.lastChild.textContent = `${item.statusCode ?? ""} ${item.status}`.trim();
    cells.status.title = item.outcome ?? "";
    cells.tries.textContent = item.runsCounter > 1 ? `${item.runsCounter}×` : item.runsCounter || "";
    cells.took.textContent = item.durationMs === null ? "" : number(item.durationMs);
    cells.fault.textContent = item.fault ?? "";
  }

  query(more, path = "events") {
    const filters = FILTERS.filter((name) => this.state[name]).map((name) => [name, name === "from" || name === "to" ? zoned(this.state[name]) : this.state[name]]);
    const query = new URLSearchParams({ ...Object.fromEntries(filters), ...more });
    return `/_sim/page/${path}?${query}`;
  }

  async reload(first) {
    this.rows.items = [];
    this.low = null;
    this.high = 0;
    this.hasTop = true;
    this.isReading = false;
    this.reads += 1;
    this.rows.set([]);
    this.rows.top();
    this.countAt = 0;
    this.isStale = true;
    await this.readHead(first);
  }

  /** Read the newest events, and join them to those that are here if nothing is missing in between. */
  async readHead(first) {
    if (!this.hasTop || this.headRead === this.reads) return;
    const turn = (this.headRead = this.reads);
    let page;
    try {
      page = await (first ?? get(this.query({ limit: PAGE })));
    } catch (error) {
      if (turn === this.reads) this.say(error.message, true);
      return;
    } finally {
      if (turn === this.headRead) this.headRead = null;
    }
    if (turn !== this.reads) return;
    const until = page.moreFrom ?? 0;
    const isJoined = this.high > 0 && until <= this.high;
    const kept = isJoined ? this.rows.items.filter((item) => item.number < until) : [];
    if (!isJoined) this.low = page.moreFrom;
    this.high = page.newest;
    const items = page.events.concat(kept);
    if (items.length > MOST_ROWS) {
      items.length = MOST_ROWS;
      this.low = items.at(-1).number;
    }
    this.rows.set(items);
    this.afterRead();
    this.count();
  }

  async more(edge) {
    const isUp = edge === "top";
    if (this.isReading || (isUp ? this.hasTop : this.low === null)) return;
    this.isReading = true;
    const turn = this.reads;
    let page;
    try {
      page = await get(this.query({ limit: PAGE, ...(isUp ? { after: this.rows.items[0].number } : { before: this.low }) }));
    } catch (error) {
      if (turn === this.reads) this.say(error.message, true);
      return;
    } finally {
      if (turn === this.reads) this.isReading = false;
    }
    if (turn !== this.reads) return;
    if (isUp) this.addNewer(page);
    else this.addOlder(page);
    this.afterRead();
  }

  addOlder(page) {
    const items = this.rows.items.concat(page.events);
    this.low = page.moreFrom;
    const over = Math.max(0, items.length - MOST_ROWS);
    if (over) {
      items.splice(0, over);
      this.hasTop = false;
    }
    this.rows.set(items, { moved: -over });
  }

  addNewer(page) {
    const items = page.events.concat(this.rows.items);
    this.hasTop = page.moreFrom === null;
    if (this.hasTop) this.high = page.newest;
    if (items.length > MOST_ROWS) {
      items.length = MOST_ROWS;
      this.low = items.at(-1).number;
    }
    this.rows.set(items, { moved: page.events.length });
  }

  afterRead() {
    const count = this.rows.items.length;
    if (count) this.say("");
    else if (this.low !== null) this.say(`Searching… ${number(this.low)} events to go`);
    else this.say(this.isFiltered ? "No event matches." : "No events yet. Trigger one, or let the simulated shop sell something.");
    if (this.low !== null && count < PAGE) this.more("bottom");
    this.showNews();
  }

  // ── how many, and all of them ───────────────────────────────────────────────────────────────────────────────────

  /** Count the events that match: at once for new filters, and again after a while if something has happened. */
  async count() {
    if (!this.isFiltered) {
      this.total.textContent = events(this.high);
      return;
    }
    const began = Date.now();
    if (!this.isStale || began < this.countAt) return;
    const turn = this.reads;
    this.isStale = false;
    this.countAt = Infinity;
    try {
      let total = 0;
      for (let before = null; ; ) {
        const answer = await get(this.query(before ? { before } : {}, "events.count"));
        if (turn !== this.reads) return;
        total += answer.count;
        before = answer.moreFrom;
        this.total.textContent = `${number(total)} of ${events(this.high)} ${total === 1 ? "matches" : "match"}${before === null ? "" : ", so far"}`;
        if (before === null) break;
      }
    } catch {
      if (turn === this.reads) this.total.textContent = ""; // the log says why
    }
    if (turn === this.reads) this.countAt = Date.now() + Math.max(COUNT_MS, 10 * (Date.now() - began)); // a long log is counted seldom
  }

  async export(button, form) {
    button.disabled = true;
    try {
      await save(this.query({}, `events.${form}`), `frontsim-events.${form}`);
    } catch (error) {
      toast(error.message, "bad");
    }
    button.disabled = false;
  }

  say(text, isBad = false) {
    this.note.textContent = text;
    this.note.hidden = !text;
    this.note.classList.toggle("wrong", isBad);
  }

  // ── what happens meanwhile ──────────────────────────────────────────────────────────────────────────────────────

  take(changes) {
    if (changes.some((change) => change.kind === "reset")) {
      this.closePanel();
      this.reload();
      return;
    }
    const over = new Map();
    for (const { kind, data } of changes) if (kind === "run.over") over.set(data.webhookEventId, data);
    if (over.size) this.patch(new Map(over));
    this.isStale = true;
    this.hasNews ||= changes.some((change) => change.kind === "event.raised");
    if (this.rows.isAtTop) this.refresh();
    if (this.event && over.has(this.state.open)) this.event.refresh();
  }

  /** Show the newest outcome of rows that are here: a resend changes old ones too. */
  patch(left) {
    let isChanged = false;
    const items = this.rows.items;
    for (let index = 0; index < items.length && left.size; index += 1) {
      const run = left.get(items[index].webhookEventId);
      if (!run) continue;
      left.delete(run.webhookEventId);
      const { status, statusCode, success, outcome, durationMs, fault } = run;
      items[index] = { ...items[index], status, statusCode, success, outcome, durationMs, fault, runsCounter: Math.max(run.run, items[index].runsCounter) };
      isChanged = true;
    }
    if (isChanged) this.rows.draw();
  }

  showNews() {
    if (this.rows.isAtTop && this.hasTop) this.hasNews = false;
    this.news.hidden = !this.hasNews;
  }

  toTop() {
    this.hasNews = false;
    if (this.hasTop) {
      this.rows.top();
      this.readHead();
    } else this.reload();
    this.scroller.focus();
  }

  // ── filters ─────────────────────────────────────────────────────────────────────────────────────────────────────

  filter() {
    const given = new FormData(this.filters);
    for (const name of FILTERS) this.state[name] = (given.get(name) ?? "").trim();
    this.refresh = throttled(() => this.readHead(), this.isFiltered ? FILTERED_MS : REFRESH_MS);
    address.note("log", this.state);
    this.countFilters();
    this.reload();
  }

  /** On a narrow screen the filters other than the search are behind a button, which says how many are set. */
  showFilters() {
    const isOpen = this.filters.classList.toggle("is-open");
    this.filterButton.setAttribute("aria-expanded", String(isOpen));
  }

  countFilters() {
    const count = FILTERS.filter((name) => name !== "text" && this.state[name]).length;
    this.filterButton.textContent = count ? `Filters (${count})` : "Filters";
  }

  clear() {
    for (const control of this.filters.elements) if (control.name) control.value = "";
    this.filter();
  }

  // ── one event ───────────────────────────────────────────────────────────────────────────────────────────────────

  async openEvent(id) {
    this.choose(id);
    this.state.open = id;
    address.note("log", this.state);
    this.panel.hidden = false;
    this.view.classList.add("with-panel");
    this.event = await openEvent(this.panel, id, { close: () => this.closePanel(), resend: () => this.resend(id) });
  }

  closePanel() {
    if (!this.state.open) return;
    this.state.open = "";
    this.event = null;
    address.note("log", this.state);
    this.panel.hidden = true;
    this.panel.replaceChildren();
    this.view.classList.remove("with-panel");
    this.scroller.focus();
  }

  choose(id) {
    this.chosen = id;
    this.rows.draw();
  }

  move(by) {
    const items = this.rows.items;
    if (!items.length) return;
    const at = items.findIndex((item) => item.webhookEventId === this.chosen);
    const index = at < 0 ? 0 : Math.min(items.length - 1, Math.max(0, at + by));
    this.choose(items[index].webhookEventId);
    this.rows.reveal(index);
    if (this.state.open) this.openEvent(this.chosen);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input, textarea, select")) {
      if (event.key === "Escape") this.scroller.focus();
      return;
    }
    const isOnButton = event.target.closest("button, a, summary");
    if (event.key === "j" || (event.key === "ArrowDown" && event.target === this.scroller)) this.move(1);
    else if (event.key === "k" || (event.key === "ArrowUp" && event.target === this.scroller)) this.move(-1);
    else if (event.key === "Enter" && this.chosen && !isOnButton) this.openEvent(this.chosen);
    else if (event.key === "r" && this.chosen) this.resend(this.chosen);
    else if (event.key === "g") this.toTop();
    else if (event.key === "/") this.filters.elements.text.focus();
    else if (event.key === "Escape" && this.state.open) this.closePanel();
    else return;
    event.preventDefault();
  }

  // ── resend ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async resend(id) {
    try {
      const { webhookId } = this.rows.items.find((item) => item.webhookEventId === id) ?? (await get(`/_sim/page/events/${id}`));
      const entry = await resendEvent(webhookId, id);
      toast(`Resent: ${entry.statusCode ?? ""} ${entry.status}`, entry.success ? "good" : "bad");
    } catch (error) {
      toast(error.message, "bad");
    }
  }

  /** Resend every failed event that the filters leave, after a look at how many there are. */
  async resendFailed() {
    const counting = h("p", { role: "status" }, "Counting…");
    let isOver = false;
    const failed = [];
    const asked = ask("Resend what failed", h("div", {}, counting, h("p", { class: "soft" }, "Each is sent once more, and its run is logged. The filters of the log apply.")),
      [["", "Cancel"], ["ok", "Resend all", "primary"]]);
    asked.then(() => (isOver = true));
    try {
      for (let before = null; !isOver; ) {
        const page = await get(this.query({ limit: 500, outcome: "failed", ...(before ? { before } : {}) }));
        failed.push(...page.events.filter((item) => !item.isDeleted && item.success === false));
        before = page.moreFrom;
        counting.textContent = `${number(failed.length)} ${failed.length === 1 ? "event" : "events"} failed${before ? ", so far" : ""}.`;
        if (before === null) break;
      }
    } catch (error) {
      counting.textContent = error.message;
    }
    if ((await asked) === "ok" && failed.length) await resendAll(failed);
  }
}

const events = (count) => `${number(count)} ${count === 1 ? "event" : "events"}`;

const resendEvent = (webhookId, id) => post(`/_sim/page/api/webhooksevents/${webhookId}/deliver/${id}`);

async function resendAll(failed) {
  const left = failed.reverse(); // the oldest first, as they happened
  const total = left.length;
  let sent = 0;
  let good = 0;
  let isStopped = false;
  const bar = h("progress", { max: total, value: 0, "aria-label": "Resent" });
  const text = h("p", { role: "status" }, "");
  const closed = ask("Resending", h("div", {}, bar, text), [["", "Stop", "primary"]]);
  closed.then(() => (isStopped = true));
  const work = async () => {
    while (left.length && !isStopped) {
      const { webhookId, webhookEventId } = left.shift();
      try {
        if ((await resendEvent(webhookId, webhookEventId)).success) good += 1;
      } catch {
        // it counts as not acknowledged
      }
      sent += 1;
      bar.value = sent;
      text.textContent = `${number(sent)} of ${number(total)} sent, ${number(good)} acknowledged`;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  document.querySelector("dialog[open]")?.close();
  toast(`${number(sent)} of ${number(total)} resent, ${number(good)} acknowledged`, good === sent ? "good" : "bad");
}
