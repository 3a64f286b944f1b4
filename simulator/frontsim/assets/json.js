// JSON as text: laid out without changing a digit of it, coloured, and with the place of every path.

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

/** The text with line breaks and indents; as it came where it is not JSON. Numbers keep every digit. */
export function pretty(text) {
  const found = tokens(text);
  if (!found) return text;
  const parts = [];
  let depth = 0;
  found.forEach((token, index) => {
    const before = found[index - 1];
    const isEmpty = (before === "{" && token === "}") || (before === "[" && token === "]");
    if (token === "}" || token === "]") depth -= 1;
    if (!isEmpty && (before === "{" || before === "[" || before === "," || token === "}" || token === "]")) {
      parts.push("\n", "  ".repeat(depth));
    }
    parts.push(token === ":" ? ": " : token);
    if (token === "{" || token === "[") depth += 1;
  });
  return parts.join("");
}

/** Fill an element with a laid-out text, its keys and values in different colours. */
export function showPretty(element, text) {
  const laid = pretty(text);
  if (laid === text || laid.length > LARGE) {
    element.replaceChildren(laid);
    return;
  }
  const nodes = [];
  for (const [piece, string, colon] of laid.matchAll(/("(?:[^"\\]|\\.)*")(:?)|[^"]+/g)) {
    if (string === undefined) {
      nodes.push(piece);
      continue;
    }
    const span = document.createElement("span");
    span.className = colon ? "json-key" : "json-text";
    span.textContent = string;
    nodes.push(span);
    if (colon) nodes.push(":");
  }
  element.replaceChildren(...nodes);
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
