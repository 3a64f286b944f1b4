// What differs between two texts, line by line.

import { h } from "./dom.js";

const CONTEXT = 2; // lines shown around a change
const MOST = 1_500; // lines on each side that are compared; of longer texts the middle counts as replaced

/** The lines of both: `[" " | "-" | "+", line]`, in the order of the second text. */
export function differences(before, after) {
  const old = before.split("\n");
  const now = after.split("\n");
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const same = (lines) => lines.map((line) => [" ", line]);
  return [
    ...same(now.slice(0, start)),
    ...middle(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ...same(now.slice(now.length - end)),
  ];
}

function middle(old, now) {
  const replaced = [...old.map((line) => ["-", line]), ...now.map((line) => ["+", line])];
  if (!old.length || !now.length || old.length > MOST || now.length > MOST) return replaced;
  // longest[i][j]: of the lines from `i` and from `j` on, how many can be kept
  const width = now.length + 1;
  const longest = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = old[i] === now[j] ? longest[(i + 1) * width + j + 1] + 1 : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const found = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      found.push([" ", now[j]]);
      i += 1;
      j += 1;
    } else if (j === now.length || (i < old.length && longest[(i + 1) * width + j] >= longest[i * width + j + 1])) found.push(["-", old[i++]]);
    else found.push(["+", now[j++]]);
  }
  return found;
}

/** An element that shows the differences; what is the same in both is left out, but for the lines around a change. */
export function showDifferences(before, after, label) {
  const lines = differences(before, after);
  const isNear = new Uint8Array(lines.length);
  lines.forEach(([kind], index) => {
    if (kind !== " ") isNear.fill(1, Math.max(0, index - CONTEXT), index + CONTEXT + 1);
  });
  const nodes = [];
  lines.forEach(([kind, line], index) => {
    if (isNear[index]) nodes.push(h(kind === "-" ? "del" : kind === "+" ? "ins" : "span", {}, `${kind} ${line}\n`));
    else if (index === 0 || isNear[index - 1]) nodes.push(h("span", { class: "skipped-lines" }, "  ⋯\n"));
  });
  const isSame = lines.every(([kind]) => kind === " ");
  return h("pre", { class: "code-block diff", tabindex: 0, "aria-label": label }, isSame ? "No difference" : nodes);
}
