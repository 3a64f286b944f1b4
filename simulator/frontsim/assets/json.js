// JSON as text: laid out without changing a digit of it, coloured, folded, and with the place of every path.

import { copy, h } from "./dom.js";
import { number } from "./state.js";

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/gy;
const LARGE = 300_000;

/** The tokens of a JSON text, or null where it is none. */
function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (!match) return null;
    if (match[0].trim()) found.push(match[0]);
  }
  return found;
}

/** Each token with the space before it, as it is laid out, and whether it opens or closes something that is not empty. */
function* laidOut(found) {
  let depth = 0;
  for (const [index, token] of found.entries()) {
    const isOpening = token === "{" || token === "[";
    const isClosing = token === "}" || token === "]";
    const isEmpty = (isOpening && /^[}\]]$/.test(found[index + 1] ?? "")) || (isClosing && /^[{[]$/.test(found[index - 1] ?? ""));
    if (isClosing) depth -= 1;
    const isOnNewLine = index > 0 && (isClosing ? !isEmpty : /^[{[,]$/.test(found[index - 1]));
    yield { token, space: isOnNewLine ? `\n${"  ".repeat(Math.max(0, depth))}` : found[index - 1] === ":" ? " " : "", opens: isOpening && !isEmpty, closes: isClosing && !isEmpty, isKey: found[index + 1] === ":" };
    if (isOpening) depth += 1;
  }
}

/** The text with line breaks and indents; as it came where it is not JSON. Numbers keep every digit. */
export function pretty(text) {
  const found = tokens(text);
  return found ? Array.from(laidOut(found), ({ space, token }) => space + token).join("") : text;
}

/** Nodes of a laid-out text, its keys and values in different colours, its lists and objects to be folded. */
export function prettyNodes(text, { isFolded = false } = {}) {
  const found = text.length > LARGE ? null : tokens(text);
  if (!found) return [text];
  const whole = document.createDocumentFragment();
  const open = [{ node: whole, more: null, count: 0 }];
  let key = "";
  for (const { token, space, opens, closes, isKey } of laidOut(found)) {
    open.at(-1).node.append(space);
    if (closes && open.length > 1) {
      const { more, count } = open.pop();
      more.dataset.count = ` … ${count + 1} `;
    }
    const top = open.at(-1);
    if (token === ",") top.count += 1;
    if (token[0] === '"') {
      top.node.append(h("span", { class: isKey ? "json-key" : "json-text" }, token));
      if (isKey) key = token.slice(1, -1);
    } else top.node.append(token);
    if (opens) {
      const isOpen = !isFolded || open.length === 1;
      const node = h("span", { hidden: !isOpen });
      const more = h("span", { class: "more" }); // a style shows how much is folded: it is no part of the text
      top.node.append(folds(node, key), more, node);
      open.push({ node, more, count: 0 });
      key = ""; // items of a list have none
    }
  }
  return [whole];
}

/** The button in the margin that folds what is inside. */
function folds(inside, key) {
  const fold = h("button", { type: "button", class: "fold", "aria-expanded": String(!inside.hidden), "aria-label": `Contents${key ? ` of ${key}` : ""}`, onclick: () => {
    inside.hidden = !inside.hidden;
    fold.setAttribute("aria-expanded", String(!inside.hidden));
  } });
  return fold;
}

let form = "Pretty"; // the one that was chosen last: it holds for what is opened next

/** A body under a title, which the user may fold, see as it came, and copy. `head` goes before it as it is. */
export function body(title, text, { label, head = "" }) {
  const isJson = text.length <= LARGE && tokens(text)?.length > 0;
  const shown = h("pre", { class: "code-block payload", tabindex: 0, "aria-label": label });
  const fill = () => shown.replaceChildren(...[head && `${head}\n\n`, ...(form === "Raw" || !isJson ? [text] : prettyNodes(text, { isFolded: form === "Folded" }))].filter(Boolean));
  const choice = (name) => h("button", { type: "button", "aria-pressed": String(form === name), onclick: ({ target }) => {
    form = name;
    for (const each of target.parentNode.children) each.setAttribute("aria-pressed", String(each === target));
    fill();
  } }, name);
  fill();
  return h("section", {},
    h("div", { class: "heading" }, h("h3", {}, title, " ", h("span", { class: "soft" }, `${number(text.length)} characters`)),
      isJson && h("div", { class: "choice", role: "group", "aria-label": `Show the ${title.toLowerCase()}` }, ["Pretty", "Folded", "Raw"].map(choice)),
      h("button", { type: "button", onclick: () => copy(text, `The ${title.toLowerCase()} is`) }, "Copy")),
    shown);
}

/** The first place at which a text is no JSON: what was expected and what stands there; null where it is JSON. */
export function whyNoJson(text) {
  const open = []; // what closes each list and object that is open
  const fault = (from, expected) => {
    const got = text.slice(from).match(/^(?:[\w.+-]+|[^])/)?.[0] ?? "the end";
    const place = { from, to: Math.min(from + got.length, text.length), line: text.slice(0, from).split("\n").length };
    return { path: "", expected, got, place };
  };
  const after = () => (open.length ? `, or ${open.at(-1)}` : "the end");
  let want = "a value";
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return fault(from, want);
    if (!token.trim()) continue;
    const isPiece = "{}[],:".includes(token);
    if (!isPiece && !isJson(token)) return fault(from, want);
    if (want.startsWith("a value") && (token === "{" || token === "[")) {
      open.push(token === "{" ? "}" : "]");
      want = token === "{" ? "a name or }" : "a value or ]";
    } else if (token === open.at(-1) && want.endsWith(` or ${token}`)) {
      open.pop();
      want = after();
    } else if (want.startsWith("a value") && !isPiece) want = after();
    else if (want.startsWith("a name") && token[0] === '"') want = ":";
    else if (want === ":" && token === ":") want = "a value";
    else if (want.startsWith(", or") && token === ",") want = open.at(-1) === "}" ? "a name" : "a value";
    else return fault(from, want);
  }
  return want === "the end" ? null : fault(text.length, want);
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Where each value stands in a JSON text: dotted path (`lines[0].price`) -> `{from, to, line}`. */
export function places(text) {
  const found = new Map();
  const stack = []; // of {path, index} for lists, {path, key} for objects
  let line = 1;
  let isKey = false;
  TOKEN.lastIndex = 0;
  const path = () => {
    const top = stack.at(-1);
    if (!top) return "";
    if (top.index !== undefined) return `${top.path}[${top.index}]`;
    return top.path ? `${top.path}.${top.key}` : top.key;
  };
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) break;
    const token = match[0];
    if (!token.trim()) {
      line += token.split("\n").length - 1;
      continue;
    }
    const top = stack.at(-1);
    if (isKey && token[0] === '"') {
      top.key = JSON.parse(token);
      isKey = false;
    } else if (token === "}" || token === "]") {
      stack.pop();
      isKey = false;
    } else if (token === ",") {
      if (top?.index !== undefined) top.index += 1;
      else isKey = true;
    } else if (token !== ":") {
      const here = path();
      found.set(here, { from, to: from + token.length, line });
      if (token === "{") {
        stack.push({ path: here, key: "" });
        isKey = true;
      } else if (token === "[") stack.push({ path: here, index: 0 });
    }
  }
  return found;
}
