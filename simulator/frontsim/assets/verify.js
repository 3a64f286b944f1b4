// Verify a receiver from here: play outages against it, one or all, and read the report.

import { note } from "./address.js";
import { get, post } from "./api.js";
import { field, h, select, showErrors } from "./dom.js";
import { KIND, Runs } from "./verify_runs.js";

const FIELDS = ["receiver", "effects", "url", "sink", "sqlite", "query", "state", "key", "events", "budgetS"];
const KINDS = [["url", "a URL that lists them"], ["sink", "a sink of this simulator"], ["sqlite", "a SQLite file"]];
const CONFIGURED = "configured";
const EXPLORE_S = 60;

export async function open(view, params, isOpen) {
  const [offer, hooks, sinks] = await Promise.all([get("/_sim/page/verify"), get("/_sim/page/api/webhooks"), get("/_sim/page/sinks")]);
  if (!isOpen()) return null;
  const shown = h("div", { class: "verify-runs" });
  const marks = new Map(offer.scenarios.map(({ name }) => [name, h("span", { hidden: true })]));
  const runs = new Runs(shown, (name, verdict, summary) => mark(marks.get(name), verdict, summary));
  const start = async (asked, form) => {
    try {
      await post("/_sim/page/verify/runs", asked);
      showErrors(form, null);
    } catch (error) {
      showErrors(form, error);
      return;
    }
    await runs.refresh();
    shown.scrollIntoView({ block: "start", behavior: "instant" });
  };
  const form = new Form(offer, hooks, sinks, params);
  const play = (names, more = {}) => start({ ...form.asked(names), ...more }, form.element);
  form.element.addEventListener("submit", (event) => {
    event.preventDefault();
    play(null);
  });
  view.replaceChildren(
    h("section", {}, h("h2", {}, "Verify a receiver"), form.element),
    shown,
    h("section", {}, h("h2", {}, "Search for an outage that nobody scripted"), h("div", { class: "card inline-form" },
      h("p", { class: "soft grow" }, "Draws outages for a minute, and shrinks one that the receiver does not survive to the smallest story."),
      h("button", { type: "button", onclick: () => play(["steady"], { exploreS: EXPLORE_S }) }, "Search for a minute"))),
    h("section", {}, h("h2", {}, "Play an outage"), h("div", { class: "playables" }, offer.scenarios.map((each) => playable(each, marks.get(each.name), () => play([each.name]))))),
    h("section", {}, h("h2", {}, "Your list → resend job"), job(offer, start)));
  await runs.refresh();
  return () => runs.close();
}

/** How a scenario ended when it was last played. */
function mark(element, verdict, summary) {
  if (!element) return; // it is a case of a job
  element.className = `tag ${KIND[verdict]}`;
  element.textContent = verdict;
  element.title = summary;
  element.hidden = false;
}

const playable = ({ name, breaks, holds }, ended, act) => h("article", { class: "card playable" },
  h("div", { class: "heading" }, h("h3", {}, name), ended, h("button", { type: "button", "aria-label": `Play ${name}`, onclick: act }, "Play")),
  h("p", {}, breaks),
  h("p", { class: "soft" }, holds));

/** What to verify, and how its effects are read. The address keeps it. */
class Form {
  constructor({ configured }, hooks, sinks, params) {
    const value = (name) => params.get(name) ?? "";
    const options = configured.receiver ? [[CONFIGURED, `as ${configured.file.split("/").at(-1)} says`], ...KINDS] : KINDS;
    const input = (name, more = {}) => h("input", { name, value: value(name), spellcheck: "false", autocomplete: "off", ...more });
    this.receiver = input("receiver", { type: "url", placeholder: "http://127.0.0.1:8500/hook", list: "receivers" });
    this.kind = select("effects", options, value("effects") || options[0][0]);
    this.inputs = {
      url: input("url", { type: "url", placeholder: "http://127.0.0.1:8500/effects" }),
      sink: input("sink", { placeholder: "erp", list: "sinks" }),
      sqlite: input("sqlite", { placeholder: "shop.db" }),
      query: input("query", { placeholder: "SELECT event_id FROM sales" }),
      state: input("state"),
    };
    this.key = input("key", { placeholder: "webhookEventId" });
    this.events = input("events", { placeholder: "SaleCreated,CustomerCreated" });
    this.budget = input("budgetS", { type: "number", min: 1, max: 900, placeholder: 120 });
    this.top = h("div", { class: "inline-form" });
    this.says = h("div", { class: "soft" });
    this.configured = configured;
    this.element = h("form", { class: "card stack", novalidate: true }, this.top, this.says,
      h("datalist", { id: "receivers" }, [...new Set(hooks.map((hook) => hook.url))].map((url) => h("option", { value: url }))),
      h("datalist", { id: "sinks" }, sinks.map(({ name }) => h("option", { value: name }))));
    this.kind.addEventListener("input", () => this.draw());
    this.element.addEventListener("input", () => this.keep());
    this.draw();
  }

  draw() {
    const kind = this.kind.value;
    const isOwn = kind !== CONFIGURED;
    const levels = "Levels or customers, if it keeps any";
    const own = { url: ["Effects URL", levels], sink: ["Sink", levels], sqlite: ["SQLite file", "Query", levels] }[kind] ?? [];
    const names = { url: ["url", "state"], sink: ["sink", "state"], sqlite: ["sqlite", "query", "state"] }[kind] ?? [];
    this.inputs.state.placeholder = kind === "sqlite" ? "SELECT stock_id, gtin, level FROM stock" : "http://127.0.0.1:8500/levels";
    this.top.replaceChildren(...[
      isOwn && field("Receiver", this.receiver, { wide: true }),
      field("What it booked", this.kind),
      ...names.map((name, index) => field(own[index], this.inputs[name], { name: `effects.${name}`, wide: true })),
      isOwn && field("Event's id in it", this.key),
      isOwn && field("Types that it books", this.events),
      field("Seconds at most", this.budget),
      h("button", { class: "primary" }, "Play all outages"),
    ].filter(Boolean));
    this.says.replaceChildren(...this.explain(kind));
  }

  explain(kind) {
    if (kind === CONFIGURED) return Object.entries(this.configured.receiver).map(([name, text]) => h("p", {}, `${name}: `, h("code", {}, text)));
    if (kind === "sink") return [h("p", {}, "Plays on this simulator: its log fills, its other webhooks get the events too, and your own rules should be off.")];
    return [h("p", {}, "A separate simulator plays the outages: nothing of them is in the log here. Commands that read effects or start the receiver come from ", h("code", {}, "frontsim.toml"), " alone.")];
  }

  keep() {
    const values = Object.fromEntries(FIELDS.map((name) => [name, this.element.elements[name]?.value ?? ""]));
    note("verify", values);
  }

  asked(names) {
    const kind = this.kind.value;
    const asked = { kind: "verify", budgetS: this.budget.value ? Number(this.budget.value) : null };
    if (names) asked.play = names;
    if (kind === CONFIGURED) return { ...asked, configured: true };
    const effects = { [kind]: this.inputs[kind].value.trim() };
    if (kind === "sqlite") effects.query = this.inputs.query.value;
    if (this.inputs.state.value.trim()) effects.state = this.inputs.state.value.trim();
    return { ...asked, receiver: this.receiver.value.trim(), effects, key: this.key.value.trim() || null, events: this.events.value.trim() || null };
  }
}

function job({ configured, cases }, start) {
  if (!configured.job) {
    return h("p", { class: "card soft" }, "Name its command in ", h("code", {}, "frontsim.toml"), ", in the folder of ", h("code", {}, "frontsim serve"), ": ", h("code", {}, `[verify-recovery] job = "python reconcile.py"`), ". A page may not name a command, because it would run as you.");
  }
  const which = select("play", [["", `All ${cases.length} cases`], ...cases.map(({ name }) => [name, name])]);
  const says = h("p", { class: "soft grow" });
  const describe = () => {
    const chosen = cases.find(({ name }) => name === which.value);
    says.textContent = chosen ? `${chosen.breaks} ${chosen.holds}` : "Each case is a past with failures that your job must repair.";
  };
  which.addEventListener("input", describe);
  describe();
  const form = h("form", { class: "card inline-form", novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    start({ kind: "verify-recovery", play: which.value ? [which.value] : null }, form);
  } }, h("div", { class: "field" }, h("span", {}, "Command"), h("code", {}, configured.job)), field("Case", which), says, h("button", { class: "primary" }, "Play"));
  return form;
}
