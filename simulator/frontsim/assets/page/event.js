// One event, opened: what was sent, what came back at each run, and how to do it again.

import { get } from "./api.js";
import { copy, h } from "./dom.js";
import { showPretty } from "./json.js";
import { kindOf, number } from "./state.js";

const CHANGED = "A fault may have changed this run's body, headers or address on the way.";

/** Show an event in a panel; `refresh` of what is returned shows it anew. */
export async function openEvent(panel, id, { close, resend }) {
  let isRaw = false;
  const show = async () => {
    try {
      const event = await get(`/_sim/page/events/${id}`);
      const top = panel.scrollTop;
      const opened = new Set([...panel.querySelectorAll("details[open]")].map((each) => each.dataset.name));
      panel.replaceChildren(...parts(event));
      for (const each of panel.querySelectorAll("details")) if (opened.has(each.dataset.name)) each.open = true;
      panel.scrollTop = panel.dataset.event === id ? top : 0;
      panel.dataset.event = id;
    } catch (error) {
      panel.replaceChildren(h("p", { class: "wrong", role: "alert" }, error.message), h("button", { type: "button", onclick: close }, "Close"));
    }
  };

  const parts = (event) => [
    h("header", {},
      h("div", {}, h("h2", {}, event.event), h("code", { class: "soft" }, event.webhookEventId)),
      h("button", { type: "button", class: "plain", "aria-label": "Close the event", onclick: close }, "✕")),
    h("div", { class: "buttons" },
      h("button", { type: "button", class: "primary", onclick: resend, disabled: event.isDeleted }, "Resend"),
      h("button", { type: "button", onclick: () => copy(curl(event), "The curl command is") }, "Copy as curl"),
      h("button", { type: "button", onclick: () => copy(event.webhookEventId, "The id is") }, "Copy id")),
    h("dl", { class: "facts" },
      fact("Status", h("span", { class: `tag ${kindOf(event.success)}` }, `${event.statusCode ?? ""} ${event.status}`.trim())),
      fact("Raised", event.createdDateTime.replace("T", " ")),
      fact("Store", event.storeId ?? "none"),
      fact("Webhook", event.isDeleted ? "deleted since" : h("a", { href: `#/log?webhook=${event.webhookId}` }, "its events"))),
    h("h3", {}, event.runs.length ? "Runs" : "No run is over yet"),
    ...event.runs.map(run),
    payload(event),
    h("details", { "data-name": "request" }, h("summary", {}, "Request as it is sent"), h("pre", { class: "code-block" }, request(event)),
      event.runs.some((each) => each.fault) && h("p", { class: "note" }, CHANGED)),
    h("details", { "data-name": "curl" }, h("summary", {}, "curl command"), h("pre", { class: "code-block" }, curl(event))),
  ];

  const payload = (event) => {
    const text = h("pre", { class: "code-block payload", tabindex: 0, "aria-label": "Payload" });
    const fill = () => (isRaw ? text.replaceChildren(event.payload) : showPretty(text, event.payload));
    const choice = (raw, label) =>
      h("button", { type: "button", "aria-pressed": String(isRaw === raw), onclick: (press) => {
        isRaw = raw;
        for (const each of press.target.parentNode.children) each.setAttribute("aria-pressed", String(each === press.target));
        fill();
      } }, label);
    fill();
    return h("section", {},
      h("div", { class: "heading" }, h("h3", {}, "Payload ", h("span", { class: "soft" }, `${number(event.payload.length)} characters`)),
        h("div", { class: "choice", role: "group", "aria-label": "Show the payload" }, choice(false, "Pretty"), choice(true, "Raw")),
        h("button", { type: "button", onclick: () => copy(event.payload, "The payload is") }, "Copy")),
      text);
  };

  await show();
  return { refresh: show };
}

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function run(each) {
  const isGood = each.statusCode >= 200 && each.statusCode < 300;
  const kind = isGood ? "good" : each.outcome === "unknown" ? "wait" : "bad";
  const took = each.durationMs === null ? "" : `${number(each.durationMs)} ms`;
  return h("div", { class: "run" },
    h("div", { class: "run-line" },
      h("i", { class: `dot ${kind}` }),
      h("b", {}, `${each.run}. ${each.statusCode ?? ""} ${each.status}`),
      h("span", { class: "soft" }, each.trigger === "Resend" ? "resend" : "original"),
      h("span", { class: "soft" }, each.outcome),
      each.fault && h("span", { class: "tag fault" }, each.fault),
      h("span", { class: "soft end" }, `${each.createdDateTime.split("T")[1]} ${took && `· ${took}`}`)),
    h("code", { class: "soft" }, each.url),
    each.answer && h("pre", { class: "code-block answer", tabindex: 0, "aria-label": `Answer to run ${each.run}` }, each.answer));
}

function request(event) {
  const url = new URL(event.sentUrl);
  const headers = { Host: url.host, ...event.headers, "Content-Length": new TextEncoder().encode(event.sentBody).length };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`POST ${url.pathname}${url.search} HTTP/1.1`, ...lines, "", event.sentBody].join("\n");
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

function curl(event) {
  const headers = Object.entries(event.headers).map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)} \\\n`);
  return `curl -i -X POST ${quoted(event.sentUrl)} \\\n${headers.join("")}  --data-binary ${quoted(event.sentBody)}`;
}
