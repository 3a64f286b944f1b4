// One event, opened: what was sent, what came back at each run, and how to do it again.

import { link } from "./address.js";
import { get } from "./api.js";
import { compare } from "./compare.js";
import { copy, h } from "./dom.js";
import { body } from "./json.js";
import { showRun } from "./event_run.js";
import { kindOf, local, number } from "./state.js";

const SHOWN = 8; // other events of a cause

/** Show an event in a panel; `refresh` of what is returned shows it anew. */
export async function openEvent(panel, id, { close, resend }) {
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
      fact("Raised", Object.values(local(event.utc)).join(" ")),
      fact("createdDateTime", event.createdDateTime),
      fact("Store", event.storeId ?? "none"),
      fact("Webhook", event.isDeleted ? "deleted since" : h("a", { href: `#/log?webhook=${event.webhookId}` }, "its events"))),
    h("h3", {}, event.runs.length ? "Runs" : "No run is over yet"),
    ...event.runs.map((each) => showRun(event, each)),
    cause(event.cause),
    body("Payload", event.payload, { label: "Payload" }),
    compare(event),
    h("details", { "data-name": "curl" }, h("summary", {}, "curl command"), h("pre", { class: "code-block", tabindex: 0, "aria-label": "curl command" }, curl(event))),
  ].filter(Boolean);

  await show();
  return { refresh: show };
}

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

/** What raised the event, and what else it raised. */
function cause(from) {
  if (!from) return null;
  const isTrigger = from.what === "trigger";
  const what = isTrigger ? (from.asked > 1 ? `a trigger of ${number(from.asked)}` : "a trigger") : h("b", {}, from.what);
  const ofMany = !isTrigger && from.asked > 1 ? `, one of ${number(from.asked)} that were asked for` : "";
  const left = from.othersCount - from.others.length;
  return h("section", { class: "cause-of" },
    h("h3", {}, "Raised by"),
    h("p", {}, isTrigger ? "" : "The business act ", what, ofMany, from.othersCount ? `, with ${number(from.othersCount)} more ${from.othersCount === 1 ? "event" : "events"}:` : ", alone."),
    from.others.length > 0 && h("ul", { class: "raised" }, from.others.slice(0, SHOWN).map((other) => h("li", {}, h("a", { href: link("log", { open: other.webhookEventId }) }, other.event), " ", h("code", { class: "soft" }, other.webhookEventId)))),
    from.others.length > SHOWN || left > 0 ? h("p", { class: "soft" }, `and ${number(from.othersCount - Math.min(SHOWN, from.others.length))} more`) : null,
    from.unmatched > 0 && h("p", { class: "soft" }, `No webhook matched ${number(from.unmatched)} more ${from.unmatched === 1 ? "occurrence" : "occurrences"} of it.`));
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

function curl(event) {
  const headers = Object.entries(event.headers).map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)} \\\n`);
  return `curl -i -X POST ${quoted(event.sentUrl)} \\\n${headers.join("")}  --data-binary ${quoted(event.sentBody)}`;
}
