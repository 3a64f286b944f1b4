// Raise events: one type with a payload that is checked while it is written, or a business act with all it causes.

import { link, note } from "./address.js";
import { call, get, post } from "./api.js";
import { field, h, select, showErrors, toast } from "./dom.js";
import { places, pretty, whyNoJson } from "./json.js";
import { live, number, registry } from "./state.js";

const CHECK_MS = 250;

export async function open(view, params, isOpen) {
  const known = await registry();
  if (!isOpen()) return null;
  const result = h("div", { class: "result", role: "status" });
  view.replaceChildren(
    h("section", {}, h("h2", {}, "Business act"), acts(known, result)),
    h("section", {}, h("h2", {}, "One event type"), type(known, params.get("event"), result, isOpen)),
    result);
  return null;
}

function acts(known, result) {
  const act = select("what", known.acts.map((each) => [each.name, each.name]));
  const count = h("input", { name: "count", type: "number", min: 1, max: 100000, value: 1 });
  const says = h("p", { class: "soft grow" });
  const describe = () => (says.textContent = known.acts.find((each) => each.name === act.value).description);
  act.addEventListener("input", describe);
  describe();
  const send = async (event) => {
    event.preventDefault();
    await raise(form, result, "/_sim/simulate", { what: act.value, count: Number(count.value) });
  };
  const form = h("form", { class: "card inline-form", onsubmit: send, novalidate: true }, field("Act", act), field("How often", count), says, h("button", { class: "primary" }, "Do it"));
  return form;
}

function type(known, chosen, result, isOpen) {
  const types = select("event", known.types.map((each) => [each.name, each.name]), chosen || known.types[0].name);
  if (!types.value) types.value = known.types[0].name;
  const count = h("input", { name: "count", type: "number", min: 1, max: 100000, value: 1 });
  const store = h("input", { name: "storeId", inputmode: "numeric", placeholder: "any" });
  const says = h("p", { class: "soft" });
  const editor = new Editor(() => types.value);
  const invalid = h("input", { type: "checkbox", name: "invalid", id: "invalid" });
  let own = "";
  const load = async () => {
    const kind = known.types.find((each) => each.name === types.value);
    says.textContent = kind.trigger;
    note("trigger", { event: kind.name });
    try {
      const text = JSON.stringify(await get(`/_sim/page/payloads/${encodeURIComponent(kind.name)}`));
      if (isOpen() && types.value === kind.name) editor.set((own = pretty(text)));
    } catch (error) {
      toast(error.message, "bad");
    }
  };
  const again = ({ detail: isOn }) => {
    if (!isOpen()) live.removeEventListener("state", again);
    else if (isOn && !editor.text) load(); // the simulator was gone when it was asked
  };
  live.addEventListener("state", again);
  const send = async (event) => {
    event.preventDefault();
    const value = { event: types.value, count: Number(count.value) };
    if (store.value.trim()) value.storeId = Number(store.value);
    if (editor.text !== own) {
      try {
        value.payload = JSON.parse(editor.text);
      } catch {
        editor.check(); // shows it at its line
        editor.area.focus();
        return;
      }
      value.invalid = invalid.checked;
    }
    await raise(form, result, "/_sim/trigger", value);
  };
  types.addEventListener("input", load);
  const form = h("form", { class: "card stack", onsubmit: send, novalidate: true },
    h("div", { class: "inline-form" }, field("Event type", types), field("How many", count), field("Store", store), h("button", { class: "primary" }, "Send"), h("button", { type: "button", onclick: load }, "New payload")),
    says,
    editor.element,
    h("label", { class: "check", for: "invalid" }, invalid, "Send it even if its schema does not allow it"));
  load();
  return form;
}

async function raise(form, result, path, value) {
  try {
    const { occurrences, events } = await post(path, value);
    showErrors(form, null);
    const first = events.slice(0, 5).map((event) => h("li", {}, h("a", { href: link("log", { open: event.webhookEventId }) }, event.event), " ", h("code", { class: "soft" }, event.webhookEventId)));
    const text = events.length
      ? `${number(events.length)} ${events.length === 1 ? "event" : "events"} of ${number(occurrences)} ${occurrences === 1 ? "occurrence" : "occurrences"} in the log`
      : "No webhook matches: nothing was sent";
    result.replaceChildren(h("div", { class: "card" }, h("h3", {}, text), h("ul", { class: "raised" }, first), events.length > 5 && h("a", { href: "#/log" }, "All in the log"), !events.length && h("a", { href: "#/webhooks" }, "Add a webhook")));
    toast(text, events.length ? "good" : "bad");
  } catch (error) {
    showErrors(form, error);
  }
}

/** A payload in a text area; what its schema does not allow is marked at its line, and listed below. */
class Editor {
  constructor(eventOf) {
    this.eventOf = eventOf;
    this.lines = h("pre", { class: "lines", "aria-hidden": "true" });
    this.area = h("textarea", { name: "payload", spellcheck: "false", wrap: "off", rows: 15, "aria-label": "Payload", "aria-describedby": "problems" });
    this.problems = h("ul", { class: "problems", id: "problems" });
    this.element = h("div", {}, h("div", { class: "editor" }, this.lines, this.area), h("div", { role: "status" }, this.problems));
    this.area.addEventListener("input", () => this.changed());
    this.area.addEventListener("scroll", () => (this.lines.scrollTop = this.area.scrollTop), { passive: true });
  }

  get text() {
    return this.area.value;
  }

  set(text) {
    this.area.value = text;
    this.changed();
  }

  changed() {
    this.mark(new Map());
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), CHECK_MS);
  }

  async check() {
    const text = this.text;
    const wrong = whyNoJson(text);
    if (wrong) {
      this.show([wrong]);
      return;
    }
    try {
      const found = await call("POST", `/_sim/page/payloads/${encodeURIComponent(this.eventOf())}`, undefined, { text: text || " " });
      if (text === this.text) this.show(found);
    } catch (error) {
      if (text === this.text) this.problems.replaceChildren(h("li", { class: "wrong" }, error.message));
    }
  }

  show(found) {
    const at = places(this.text);
    const nearest = (path) => at.get(path) ?? at.get(path.replace(/[.[][^.[]*$/, "")) ?? at.get("");
    const bad = new Map();
    this.problems.replaceChildren(...found.map(({ path, expected, got, place = nearest(path) }) => {
      if (place) bad.set(place.line, `expected ${expected}, got ${got}`);
      return h("li", {}, h("button", { type: "button", onclick: () => this.go(place) }, place ? `Line ${place.line}` : "Text"), h("code", {}, path || "the whole"), h("span", { class: "wrong" }, ` expected ${expected}, got ${got}`));
    }));
    this.problems.classList.toggle("fine", !found.length);
    if (!found.length) this.problems.replaceChildren(h("li", {}, "Valid under its schema"));
    this.mark(bad);
  }

  mark(bad) {
    const count = this.text.split("\n").length;
    const nodes = [];
    for (let line = 1; line <= count; line += 1) nodes.push(bad.has(line) ? h("b", { title: bad.get(line) }, `${line}\n`) : `${line}\n`);
    this.lines.replaceChildren(...nodes);
    this.lines.scrollTop = this.area.scrollTop;
    this.area.setAttribute("aria-invalid", String(bad.size > 0));
  }

  go(place) {
    this.area.focus();
    if (!place) return;
    this.area.setSelectionRange(place.from, place.to);
    const height = parseFloat(getComputedStyle(this.area).lineHeight);
    this.area.scrollTop = Math.max(0, (place.line - 4) * height);
  }
}
