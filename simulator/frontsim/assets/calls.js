// Calls: what the integrator's code asked of the vendor's API, and what it was answered.

import { get } from "./api.js";
import { h, toast } from "./dom.js";
import { live, local, number } from "./state.js";

const REFRESH_MS = 1000;
const MOST = 500;

export async function open(view, _params, isOpen) {
  const list = h("div", { class: "card table calls" });
  const none = h("p", { class: "soft none" }, "No call yet. Point your code at ", h("code", {}, `${location.origin}/restapi/V2`), " and its calls show here; those of this page do not.");
  const keyless = h("div", {});
  view.replaceChildren(h("h2", {}, "Calls on the vendor's API"), keyless, list);
  let newest = 0;
  const show = async () => {
    const answer = await get(`/_sim/calls?after=${newest}&most=${MOST}`);
    if (!isOpen()) return;
    const calls = answer.calls.reverse();
    keyless.replaceChildren(...(answer.withoutSubscriptionKey.length ? [warning(answer.withoutSubscriptionKey)] : []));
    if (calls.length) {
      if (!newest) list.replaceChildren(head());
      newest = calls[0].number;
      list.firstElementChild.after(...calls.map(row));
      while (list.children.length > MOST + 1) list.lastElementChild.remove();
    } else if (!newest) list.replaceChildren(none);
  };
  const again = (event) => {
    if (!event.detail.some((change) => change.kind === "reset")) return;
    newest = 0;
    list.replaceChildren(none);
  };
  await show();
  live.addEventListener("changes", again);
  const timer = setInterval(() => document.hidden || show().catch((error) => toast(error.message, "bad")), REFRESH_MS);
  return () => {
    clearInterval(timer);
    live.removeEventListener("changes", again);
  };
}

const warning = (callers) => h("p", { class: "card" }, "Send the header ", h("code", {}, "Ocp-Apim-Subscription-Key"), `: the vendor answers 401 without it, and ${callers.join(", ")} sent none.`);

const head = () => h("div", { class: "call head", "aria-hidden": "true" }, ["Time", "Operation", "Answer", "ms", "Key", "Fault"].map((text) => h("span", {}, text)));

function row(call) {
  const isGood = call.status !== null && call.status < 400;
  return h("details", { class: "call-details" },
    h("summary", { class: "call" },
      h("span", { class: "soft time" }, local(call.utc).time),
      h("span", {}, h("b", {}, call.operation ?? "no such operation"), " ", h("code", { class: "soft" }, `${call.method} ${call.target}`)),
      h("span", {}, h("span", { class: `tag ${isGood ? "" : "bad"}` }, call.status ?? "no answer")),
      h("span", { class: "took" }, number(call.durationMs)),
      h("code", { class: "soft" }, call.key ?? "none"),
      h("span", {}, call.fault && h("span", { class: "tag fault" }, call.fault))),
    h("div", { class: "call-inside" },
      h("pre", { class: "code-block", tabindex: 0, "aria-label": `Request of call ${call.number}` }, [`${call.method} ${call.target}`, ...call.headers.map(([name, value]) => `${name}: ${value}`)].join("\n")),
      h("p", { class: "soft" }, call.status === null ? "The caller got no answer: the connection was reset, or the caller left." : `${call.status}, ${number(call.answerBytes)} bytes`)));
}
