// The event types: when each is raised, and its schema, field by field, with how sure each fact is.

import { link, note } from "./address.js";
import { get } from "./api.js";
import { h } from "./dom.js";
import { registry } from "./state.js";

const DEEPEST = 8; // a schema may contain itself

export async function open(view, params, isOpen) {
  const known = await registry();
  if (!isOpen()) return null;
  const detail = h("article", { class: "card type", tabindex: -1 });
  const list = h("nav", { class: "type-list", "aria-label": "Event types" });
  let turn = 0;
  const show = async (kind) => {
    const mine = (turn += 1);
    for (const each of list.children) each.toggleAttribute("data-chosen", each.textContent === kind.name);
    note("types", { event: kind.name });
    const schema = await get(`/_sim/page/api/webhookstypes/${encodeURIComponent(kind.name)}/schema`);
    if (mine === turn && isOpen()) detail.replaceChildren(...parts(kind, schema));
  };
  for (const kind of known.types) list.append(h("button", { type: "button", onclick: () => show(kind) }, kind.name));
  view.replaceChildren(h("h2", {}, `${known.types.length} event types`), h("div", { class: "types" }, list, detail));
  await show(known.types.find((kind) => kind.name === params.get("event")) ?? known.types[0]);
  return null;
}

function parts(kind, schema) {
  const said = (name) => kind.provenance?.[name] && provenance(kind.provenance[name]);
  return [
    h("div", { class: "heading" }, h("h3", {}, kind.name), h("a", { href: link("trigger", { event: kind.name }) }, "Trigger one")),
    h("dl", { class: "words" },
      h("div", {}, h("dt", {}, "Raised when"), h("dd", {}, kind.trigger, " ", said("trigger"))),
      kind.usage && h("div", {}, h("dt", {}, "Use it to"), h("dd", {}, kind.usage, " ", said("usage"))),
      kind.identity && h("div", {}, h("dt", {}, "Identity"), h("dd", {}, h("code", {}, kind.identity), " ", said("identity")))),
    h("div", { class: "fields" }, fields(schema, schema, 0)),
    h("details", {}, h("summary", {}, "JSON Schema"), h("pre", { class: "code-block", tabindex: 0, "aria-label": "JSON Schema" }, JSON.stringify(schema, null, 2))),
  ];
}

/** How sure a fact is: its first word is the grade, the rest is where it comes from. */
function provenance(text) {
  const grade = /^\w+/.exec(text)?.[0] ?? "open";
  return h("span", { class: `tag grade-${grade}`, title: text }, grade);
}

function fields(schema, root, depth) {
  const at = resolved(schema, root);
  const rows = [];
  for (const [name, value] of Object.entries(at.properties ?? {})) {
    const isRequired = (at.required ?? []).includes(name);
    rows.push(...row(name, value, root, depth, isRequired));
  }
  return rows;
}

function row(name, value, root, depth, isRequired) {
  const at = resolved(value, root);
  const items = at.items ? resolved(at.items, root) : null;
  const says = at.description ?? "";
  const line = h("div", { class: `field-row depth-${Math.min(depth, 4)}` },
    h("div", {}, h("code", {}, h("b", {}, name), items ? "[]" : ""), !isRequired && h("span", { class: "soft" }, " optional")),
    h("span", { class: "soft" }, typeOf(at, items)),
    h("span", {}, says, at.examples?.length && typeof at.examples[0] !== "object" ? h("code", { class: "soft" }, ` e.g. ${JSON.stringify(at.examples[0])}`) : ""),
    at["x-provenance"] ? provenance(at["x-provenance"]) : h("span", {}));
  const inner = depth < DEEPEST ? fields(items ?? at, root, depth + 1) : [];
  return [line, ...inner];
}

function typeOf(at, items) {
  const names = [at.type ?? (at.enum || at.const !== undefined ? "value" : at.properties ? "object" : "any")].flat();
  const shown = names.map((name) => (name === "array" && items ? `list of ${[items.type ?? "object"].flat().join(" or ")}` : name));
  const choice = at.enum ? `: ${at.enum.slice(0, 6).map((each) => JSON.stringify(each)).join(", ")}${at.enum.length > 6 ? ", …" : ""}` : "";
  return shown.join(" or ") + (at.format ? ` (${at.format})` : "") + choice;
}

/** A schema with what its `$ref` (or a nullable `anyOf`) says, next to what it says itself. */
function resolved(schema, root, left = 8) {
  if (typeof schema !== "object" || schema === null || !left) return {};
  let at = schema;
  const choices = (at.anyOf ?? at.oneOf ?? []).filter((each) => each.type !== "null");
  if (choices.length === 1) at = { ...resolved(choices[0], root, left - 1), ...at };
  if (!at.$ref?.startsWith("#/")) return at;
  const target = at.$ref.slice(2).split("/").reduce((node, key) => node?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], root);
  const { $ref, ...own } = at;
  return { ...resolved(target ?? {}, root, left - 1), ...own };
}
