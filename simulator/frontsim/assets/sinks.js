// Sinks: what a receiver told the simulator's stand-in for a shop or ERP.

import { note } from "./address.js";
import { get } from "./api.js";
import { h } from "./dom.js";
import { showPretty } from "./json.js";
import { number } from "./state.js";

const REFRESH_MS = 2000;

export async function open(view, params, isOpen) {
  const names = h("nav", { class: "type-list", "aria-label": "Sinks" });
  const records = h("div", { class: "card records" });
  let chosen = params.get("name");
  let shown = "";
  const show = async () => {
    const sinks = await get("/_sim/page/sinks");
    chosen ??= sinks[0]?.name ?? null;
    const found = chosen === null ? [] : await get(`/_sim/page/sinks/${encodeURIComponent(chosen)}`);
    const text = JSON.stringify([sinks, found, chosen]);
    if (text === shown || !isOpen()) return;
    shown = text;
    const focused = names.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    names.replaceChildren(...sinks.map((sink) => h("button", { type: "button", "data-name": sink.name, "data-chosen": sink.name === chosen, onclick: () => choose(sink.name) }, `${sink.name} (${number(sink.records)})`)));
    [...names.children].find((each) => each.dataset.name === focused)?.focus();
    const total = sinks.find((sink) => sink.name === chosen)?.records ?? 0;
    records.replaceChildren(...(sinks.length || chosen ? [title(chosen, total, found.length), ...found.map(record)] : [empty()]));
  };
  const choose = (name) => {
    chosen = name;
    note("sinks", { name });
    show();
  };
  view.replaceChildren(h("h2", {}, "Sinks"), h("div", { class: "types" }, names, records));
  await show();
  const timer = setInterval(() => document.hidden || show().catch(() => {}), REFRESH_MS);
  return () => clearInterval(timer);
}

const title = (name, total, shown) => h("div", { class: "heading" }, h("h3", {}, name), h("span", { class: "soft" }, total > shown ? `the newest ${number(shown)} of ${number(total)}` : `${number(total)} ${total === 1 ? "record" : "records"}, newest first`));

const empty = () => h("p", { class: "soft" }, "No record yet. A receiver under test calls ", h("code", {}, "POST /_sim/sink/NAME"), " as it would call the shop or ERP behind it.");

function record(text) {
  const shown = h("pre", { class: "code-block", tabindex: 0, "aria-label": "Record" });
  showPretty(shown, text);
  return shown;
}
