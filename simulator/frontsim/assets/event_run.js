// One run of an event: what went out, and what came back.

import { get } from "./api.js";
import { showDifferences } from "./diff.js";
import { h } from "./dom.js";
import { body, pretty, prettyNodes } from "./json.js";
import { local, number } from "./state.js";

const SENT = {
  nothing: "Nothing was sent: the fault, or an error before the first byte, kept the request back.",
  some: "No whole answer came. This, or a part of it, was sent.",
};

export function showRun(event, each) {
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
      h("span", { class: "soft end" }, `${local(each.utc).time} ${took && `· ${took}`}`)),
    h("code", { class: "soft" }, each.url),
    request(event, each),
    (each.answer || each.answerHead) && h("pre", { class: "code-block answer", tabindex: 0, "aria-label": `Answer to run ${each.run}` }, ...answer(each)));
}

/** The headers, which are kept where they tell why, and the beginning of the body. */
function answer({ answerHead, answer }) {
  return [answerHead, answerHead && answer && "\n\n", ...prettyNodes(answer)].filter(Boolean);
}

/** The run's request, asked for when it is opened. */
function request(event, each) {
  const label = each.sent === "changed" ? "Request, as the fault changed it" : each.sent === "nothing" ? "Request that was not sent" : "Request as sent";
  const shown = h("div", {});
  const details = h("details", { "data-name": `request-${each.run}` }, h("summary", {}, label), shown);
  details.addEventListener("toggle", async () => {
    if (!details.open || shown.firstChild) return;
    try {
      shown.replaceChildren(...parts(each, await get(`/_sim/page/events/${event.webhookEventId}/runs/${each.run}`)));
    } catch (error) {
      shown.replaceChildren(h("p", { class: "wrong" }, error.message));
    }
  });
  return details;
}

function parts(each, { sent, request, without }) {
  const shown = [SENT[sent] && h("p", { class: "note" }, SENT[sent])];
  if (without) shown.push(h("p", { class: "soft" }, `What ${each.fault} changed:`), showDifferences(wire(without), wire(request), `What the fault changed in run ${each.run}`), h("p", { class: "soft" }, "What went out:"));
  shown.push(body("Request", request.body, { label: `Request of run ${each.run}`, head: request.head }));
  if (!request.isWhole) shown.push(h("p", { class: "soft" }, cut(request)));
  return shown.filter(Boolean);
}

const cut = ({ bytes }) => `⋯ ${number(bytes)} bytes in all`;

/** A request as text, laid out: a change in one field is a change in one line. */
const wire = (request) => `${request.head}\n\n${pretty(request.body)}${request.isWhole ? "" : `\n${cut(request)}`}`;
