// The payload of an event beside that of another event of the same customer, order, stock item ...

import { get } from "./api.js";
import { showDifferences } from "./diff.js";
import { field, h, select } from "./dom.js";
import { pretty } from "./json.js";
import { local } from "./state.js";

const MOST_CALLS = 20; // a long log is searched in parts

/** Opened, it looks for other events of the entity; null where the type does not say what its entity is. */
export function compare(event) {
  const names = Object.entries(event.entity).map(([name, value]) => `${name} ${value}`);
  if (!names.length) return null;
  const shown = h("div", {});
  const details = h("details", { "data-name": "compare" }, h("summary", {}, "Compare with another event of ", h("code", {}, names.join(", "))), shown);
  details.addEventListener("toggle", async () => {
    if (!details.open || shown.firstChild) return;
    shown.replaceChildren(h("p", { class: "soft", role: "status" }, "Searching…"));
    try {
      shown.replaceChildren(...chooser(event, await others(event)));
    } catch (error) {
      shown.replaceChildren(h("p", { class: "wrong" }, error.message));
    }
  });
  return details;
}

async function others(event) {
  const found = [];
  let before = null;
  for (let calls = 0; calls < MOST_CALLS && (calls === 0 || before !== null) && found.length < 100; calls += 1) {
    const page = await get(`/_sim/page/events/${event.webhookEventId}/same${before === null ? "" : `?before=${before}`}`);
    found.push(...page.events);
    before = page.moreFrom;
  }
  return found;
}

function chooser(event, found) {
  if (!found.length) return [h("p", { class: "soft" }, "The log has no other event of it.")];
  const options = found.map((each) => [each.webhookEventId, `${each.number < event.number ? "earlier" : "later"}: ${Object.values(local(each.utc)).join(" ")} ${each.event}`]);
  const earlier = found.find((each) => each.number < event.number) ?? found.at(-1);
  const choice = select("other", options, earlier.webhookEventId);
  const difference = h("div", {});
  const show = async () => {
    const id = choice.value;
    try {
      const other = await get(`/_sim/page/events/${id}`);
      if (choice.value !== id) return;
      difference.replaceChildren(showDifferences(pretty(other.payload), pretty(event.payload), "What differs"),
        h("p", { class: "soft" }, "− in the other event, + in this one. ", h("a", { href: `#/log?open=${id}` }, "Open the other")));
    } catch (error) {
      difference.replaceChildren(h("p", { class: "wrong" }, error.message));
    }
  };
  choice.addEventListener("input", show);
  show();
  return [field("Other event", choice, { wide: true }), difference];
}
