// Pictures of the last minutes: how much was delivered, what failed, what waits, how long receivers took, and what was
// broken meanwhile. The simulator counts in its log, so they are there after a reload and after a restart.

import { get } from "./api.js";
import { h, s } from "./dom.js";
import { number } from "./state.js";

const WIDTH = 600; // one picture's own units
const HEIGHT = 120;
const STEP = 4; // seconds of a bar
const REFRESH_MS = 1000;

export async function open(view, _params, isOpen) {
  const charts = h("div", { class: "charts" });
  view.replaceChildren(h("h2", {}, "The last ten minutes"), charts);
  const draw = async () => {
    const read = await get("/_sim/page/seconds");
    if (isOpen()) charts.replaceChildren(...all(read));
  };
  await draw();
  const timer = setInterval(() => document.hidden || draw().catch(() => {}), REFRESH_MS); // the state at the top says that we are not connected
  return () => clearInterval(timer);
}

/** The seconds, four by four, oldest first. */
function bars({ now, span, seconds }) {
  const count = span / STEP;
  const end = Math.ceil((now + 1) / STEP) * STEP;
  const found = Array.from({ length: count }, () => []);
  for (const each of seconds) found[Math.floor((each.second - end) / STEP) + count]?.push(each);
  let waiting = null;
  return found.map((within, index) => {
    const sum = (name) => within.reduce((total, each) => total + each[name], 0);
    const over = sum("over");
    const timed = within.filter((each) => each.p50 !== null);
    const most = within.reduce((top, each) => Math.max(top ?? 0, each.waiting), null);
    const shown = most ?? waiting;
    waiting = within.at(-1)?.waiting ?? waiting; // it changes with a commit alone, and each of those has a second
    return {
      second: end + (index - count) * STEP,
      over: over / STEP,
      failed: sum("failed") / STEP,
      resends: sum("resends") / STEP,
      failures: sum("failed"),
      faults: [...new Set(within.flatMap((each) => each.faults))],
      waiting: shown,
      p50: timed.length ? timed.reduce((total, each) => total + each.p50 * each.over, 0) / timed.reduce((total, each) => total + each.over, 0) : null,
      p99: timed.length ? Math.max(...timed.map((each) => each.p99)) : null,
    };
  });
}

/** The faults as bands: `{name, from, to, failures}`, from and to in bars. */
function bands(shown) {
  const found = [];
  shown.forEach((bar, index) => {
    for (const name of bar.faults) {
      const last = found.findLast((band) => band.name === name);
      if (last && last.to >= index - 2) Object.assign(last, { to: index + 1, failures: last.failures + bar.failures });
      else found.push({ name, from: index, to: index + 1, failures: bar.failures });
    }
  });
  return found;
}

function all(read) {
  const shown = bars(read);
  const broken = bands(shown);
  const last = shown.findLast((bar) => bar.p50 !== null);
  const recent = shown.at(-2);
  const draw = (title, now, series) => chart(title, now, shown, broken, series);
  return [
    draw("Runs a second", `${number(recent.over)} now`, [["over", "bars", "acknowledged"], ["failed", "bad-bars", "failed"], ["resends", "line resends", "resends"]]),
    draw("Waiting and under way", shown.at(-1).waiting === null ? "nothing yet" : `${number(shown.at(-1).waiting)} now`, [["waiting", "area", "runs"]]),
    draw("Latency in ms", last ? `p50 about ${number(Math.round(last.p50))}, p99 about ${number(Math.round(last.p99))}` : "no run yet", [["p99", "line p99", "p99"], ["p50", "line p50", "p50"]]),
    story(broken, shown),
  ];
}

/** What was broken, in words: when, for how long, and how much failed meanwhile. */
function story(broken, shown) {
  if (!broken.length) return h("p", { class: "card soft" }, "No fault hit a run in these minutes.");
  const ago = (index) => {
    const seconds = (shown.length - index) * STEP;
    return seconds < 90 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
  };
  const rows = broken.map((band) => h("tr", {}, h("td", {}, h("b", {}, band.name)), h("td", {}, ago(band.from)), h("td", {}, `${number((band.to - band.from) * STEP)} s`), h("td", {}, number(band.failures))));
  return h("div", { class: "card scroll" }, h("table", { class: "runs" }, h("caption", { class: "unseen" }, "Faults that hit a run in these minutes"),
    h("thead", {}, h("tr", {}, ["Fault", "Began", "Lasted about", "Runs that failed meanwhile"].map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, rows)));
}

function chart(title, now, shown, broken, series) {
  const most = Math.max(1, ...series.flatMap(([name]) => shown.map((bar) => bar[name] ?? 0)));
  const top = nice(most);
  const x = (index) => (index * WIDTH) / shown.length;
  const y = (value) => HEIGHT - (value / top) * HEIGHT;
  const said = broken.length ? `; broken meanwhile: ${[...new Set(broken.map(({ name }) => name))].join(", ")}` : "";
  const picture = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${now}, at most ${number(Math.round(most * 10) / 10)}${said}` });
  for (const band of broken) picture.append(s("rect", { class: "band", x: x(band.from), y: 0, width: x(band.to - band.from), height: HEIGHT }, s("title", {}, band.name)));
  for (const part of [0.5, 1]) picture.append(s("line", { class: "grid", x1: 0, x2: WIDTH, y1: y(top * part), y2: y(top * part) }));
  for (const [name, kind] of series) picture.append(...shape(kind, shown.map((bar) => bar[name]), x, y));
  return h("figure", { class: "card chart" },
    h("figcaption", {}, h("b", {}, title), h("span", { class: "soft" }, now), h("span", { class: "legend" }, series.length > 1 && series.map(([, kind, text]) => h("span", {}, h("i", { class: `key ${kind}` }), text)))),
    h("div", { class: "plot" }, picture, h("span", { class: "tick-top" }, number(top)), labels(broken, shown.length)),
    h("div", { class: "ticks", "aria-hidden": "true" }, ["10 min ago", "5 min ago", "now"].map((text) => h("span", {}, text))));
}

/** The bands' names, each where its band begins, on a line of its own where it would cover the one before. */
function labels(broken, count) {
  const ends = [];
  return broken.slice(-8).map((band) => {
    const left = (band.from / count) * 100;
    let line = ends.findIndex((end) => end < left);
    if (line < 0) line = ends.length;
    ends[line] = left + band.name.length * 1.3;
    if (line > 3) return null;
    const label = h("span", { class: "band-label", "aria-hidden": "true" }, band.name);
    if (left > 80) label.style.right = `${100 - (band.to / count) * 100}%`;
    else label.style.left = `${left}%`;
    label.style.top = `${18 + line * 17}px`;
    return label;
  }).filter(Boolean);
}

function shape(kind, values, x, y) {
  const width = x(1);
  if (kind.endsWith("bars")) {
    return values.flatMap((value, index) => (value ? [s("rect", { class: kind, x: x(index) + 0.3, width: width - 0.6, y: y(value), height: HEIGHT - y(value) })] : []));
  }
  const runs = [];
  values.forEach((value, index) => {
    if (value === null) return;
    if (index === 0 || values[index - 1] === null) runs.push([]);
    runs.at(-1).push([x(index), y(value)]);
  });
  return runs.map((run) => {
    const points = run.length === 1 ? [run[0], [run[0][0] + width, run[0][1]]] : run;
    const line = points.map(([left, top]) => `${left.toFixed(1)},${top.toFixed(1)}`).join(" L");
    const area = kind === "area" ? ` L${points.at(-1)[0]},${HEIGHT} L${points[0][0]},${HEIGHT} Z` : "";
    return s("path", { class: kind, d: `M${line}${area}` });
  });
}

/** The next of 1, 2, 5, 10, 20 ... that is not less. */
function nice(most) {
  const unit = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((each) => each * unit).find((each) => each >= most);
}
