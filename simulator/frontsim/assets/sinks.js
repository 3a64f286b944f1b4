// Sinks: URLs that take any call, in place of a receiver or of the shop or ERP behind one, and what came there.

import { link, note } from "./address.js";
import { get } from "./api.js";
import { copy, field, h } from "./dom.js";
import { body } from "./json.js";
import { number } from "./state.js";

const REFRESH_MS = 2000;
const NAME = "here";

/** The URL of a sink. */
export const sinkUrl = (name) => `${location.origin}/_sim/sink/${encodeURIComponent(name)}`;

export async function open(view, params, isOpen) {
  const names = h("nav", { class: "type-list", "aria-label": "Sinks" });
  const shown = h("div", { class: "card sink" });
  const calls = h("div", {});
  let chosen = params.get("name");
  let isFixed = chosen !== null;
  let newest = -1;
  const show = async () => {
    const sinks = await get("/_sim/page/sinks");
    if (!isFixed) choose(sinks[0]?.name ?? NAME);
    const sink = sinks.find(({ name }) => name === chosen) ?? { name: chosen, calls: 0, records: 0 };
    const isNew = sink.calls !== newest;
    const found = isNew ? await get(`/_sim/page/sinks/${encodeURIComponent(chosen)}`) : [];
    if (!isOpen() || sink.name !== chosen) return;
    drawNames(sinks);
    if (!isNew) return;
    newest = sink.calls;
    const opened = new Set([...calls.querySelectorAll("details[open]")].map((each) => each.dataset.number));
    calls.replaceChildren(...found.map((call, index) => row(call, opened.has(String(call.number)) || (!opened.size && index === 0))));
    total.textContent = sink.calls ? `${number(sink.calls)} ${sink.calls === 1 ? "call" : "calls"}, ${number(sink.records)} recorded${sink.calls > found.length ? `; the newest ${number(found.length)}` : ", newest first"}` : "No call yet: they show here as they come.";
  };
  const drawNames = (sinks) => {
    const focused = names.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    names.replaceChildren(...sinks.map((sink) => h("button", { type: "button", "data-name": sink.name, "data-chosen": sink.name === chosen, onclick: () => listenTo(sink.name) }, `${sink.name} (${number(sink.calls)})`)));
    [...names.children].find((each) => each.dataset.name === focused)?.focus();
  };
  const choose = (name) => {
    if (name === chosen) return;
    chosen = name;
    newest = -1;
    draw();
  };
  const listenTo = (name) => {
    isFixed = true;
    note("sinks", { name });
    choose(name);
    return show();
  };
  const total = h("p", { class: "soft", role: "status" });
  const draw = () => shown.replaceChildren(
    h("div", { class: "heading" }, h("h3", {}, chosen), h("code", { class: "grow" }, sinkUrl(chosen)), h("button", { type: "button", onclick: () => copy(sinkUrl(chosen), "The URL is") }, "Copy")),
    h("p", { class: "soft" }, "It answers 200 to any method and any path below it. ", h("a", { href: link("webhooks", { url: `${sinkUrl(chosen)}/{event}` }) }, "Send webhooks there"), ", or have a receiver under test call it as the shop or ERP behind it. ", h("code", {}, "PUT .../rules"), " scripts its answers."),
    total, calls);
  const name = h("input", { name: "name", value: chosen ?? NAME, autocomplete: "off", spellcheck: "false", maxlength: 100 });
  const listen = (event) => {
    event.preventDefault();
    if (name.value.trim()) listenTo(name.value.trim());
  };
  view.replaceChildren(h("h2", {}, "Sinks"),
    h("form", { class: "card inline-form", onsubmit: listen }, field("Name", name), h("button", { class: "primary" }, "Listen here")),
    h("div", { class: "types" }, names, shown));
  if (chosen !== null) draw();
  await show();
  const timer = setInterval(() => document.hidden || show().catch(() => {}), REFRESH_MS);
  return () => clearInterval(timer);
}

function row(call, isOpened) {
  const target = `${call.method} ${call.path}${call.query && `?${call.query}`}`;
  const head = [target, ...call.headers.map(([name, value]) => `${name}: ${value}`)].join("\n");
  return h("details", { "data-number": call.number, open: isOpened },
    h("summary", {}, h("span", { class: "soft" }, `${number(call.number)}. `), h("b", {}, target), " ", h("span", { class: `tag ${call.status !== null && call.status < 400 ? "" : "bad"}` }, call.status ?? "no answer"), call.recorded ? "" : h("span", { class: "soft" }, " not recorded")),
    body("Body", call.body, { label: `Call ${call.number}`, head }));
}
