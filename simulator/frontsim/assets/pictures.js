// Pictures of the last minutes: how much was delivered, what failed, what waits, how long receivers took, and what was
// broken meanwhile. The simulator counts in its log, so they are there after a reload and after a restart.

import { note } from "./address.js";
import { get } from "./api.js";
import { h, s } from "./dom.js";
import { number } from "./state.js";

const WIDTH = 600; // one picture's own units
const HEIGHT = 120;
const SPANS = [[120, 1, "2 minutes"], [600, 4, "10 minutes"]]; // seconds, seconds of a bar
const REFRESH_MS = 1000;

export async function open(view, params, isOpen) {
  let [span, step] = SPANS.find(([each]) => String(each) === params.get("span")) ?? SPANS.at(-1);
  const charts = h("div", { class: "charts" });
  const draw = async () => {
    const read = await get("/_sim/page/seconds");
    if (isOpen()) charts.replaceChildren(...all(read, span, step));
  };
  const choice = h("div", { class: "choice", role: "group", "aria-label": "How far back" }, SPANS.map(([each, its, text]) => h("button", { type: "button", "aria-pressed": String(each === span), onclick: (press) => {
    [span, step] = [each, its];
    note("pictures", { span });
    for (const other of press.target.parentNode.children) other.setAttribute("aria-pressed", String(other === press.target));
    draw();
  } }, text)));
  view.replaceChildren(h("div", { class: "heading" }, h("h2", { class: "grow" }, "Pictures"), choice), charts);
  await draw();
  const timer = setInterval(() => document.hidden || draw().catch(() => {}), REFRESH_MS); // the state at the top says that we are not connected
  return () => clearInterval(timer);
}

/** What happened in each bar, oldest first. */
function bars({ now, seconds }, span, step) {
  const count = span / step;
  const end = Math.ceil((now + 1) / step) * step;
  const found = Array.from({ length: count }, () => []);
  for (const each of seconds) found[Math.floor((each.second - end) / step) + count]?.push(each);
  let waiting = seconds.findLast((each) => each.second < end - span)?.waiting ?? null;
  return found.map((within, index) => {
    const sum = (name) => within.reduce((total, each) => total + each[name], 0);
    const timed = within.filter((each) => each.p50 !== null);
    const most = within.reduce((top, each) => Math.max(top ?? 0, each.waiting), null);
    const shown = most ?? waiting;
    waiting = within.at(-1)?.waiting ?? waiting; // it changes with a commit alone, and each of those has a second
    return {
      over: sum("over") / step,
      failed: sum("failed") / step,
      resends: sum("resends") / step,
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

function all(read, span, step) {
  const shown = bars(read, span, step);
  const broken = bands(shown);
  const last = shown.findLast((bar) => bar.p50 !== null);
  const waits = shown.at(-1).waiting;
  const draw = (title, now, series) => chart(title, now, shown, broken, series, span);
  const resends = shown.some((bar) => bar.resends) ? [["resends", "line resends", "resends"]] : [];
  return [
    story(broken, shown.length, step),
    draw("Runs a second", `${number(shown.at(-2).over)} now`, [["over", "bars", "acknowledged"], ["failed", "bad-bars", "failed"], ...resends]),
    draw("Waiting and under way", waits === null ? "nothing yet" : `${number(waits)} now`, [["waiting", "area", "runs"]]),
    draw("Latency in ms", last ? `p50 about ${number(Math.round(last.p50))}, p99 about ${number(Math.round(last.p99))}` : "no run yet", [["p99", "line p99", "p99"], ["p50", "line p50", "p50"]]),
  ];
}

/** What was broken: a lane for each fault, on the time of the pictures below. */
function story(broken, count, step) {
  const names = [...new Set(broken.map(({ name }) => name))];
  const lane = (name) => {
    const its = broken.filter((band) => band.name === name);
    const first = (count - its[0].from) * step;
    const lasted = its.reduce((sum, band) => sum + band.to - band.from, 0) * step;
    const failures = its.reduce((sum, band) => sum + band.failures, 0);
    const picture = s("svg", { viewBox: `0 0 ${count} 1`, preserveAspectRatio: "none", "aria-hidden": "true" }, its.map((band) => s("rect", { class: "mark-band", x: band.from, y: 0, width: Math.max(band.to - band.from, count / 200), height: 1 })));
    return h("li", {}, h("b", {}, name), h("span", { class: "soft" }, `from ${first < 90 ? `${number(first)} s` : `${Math.round(first / 60)} min`} ago, about ${number(lasted)} s; ${number(failures)} ${failures === 1 ? "run" : "runs"} failed meanwhile`), picture);
  };
  return h("figure", { class: "card chart" }, h("figcaption", {}, h("b", {}, "Broken on purpose"), !names.length && h("span", { class: "soft" }, "no fault hit a run")),
    names.length > 0 && h("ul", { class: "lanes", role: "list" }, names.map(lane)));
}

function chart(title, now, shown, broken, series, span) {
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
    h("div", { class: "plot" }, picture, h("span", { class: "tick-top" }, number(top))),
    h("div", { class: "ticks", "aria-hidden": "true" }, [`${span / 60} min ago`, `${span / 120} min ago`, "now"].map((text) => h("span", {}, text))));
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
