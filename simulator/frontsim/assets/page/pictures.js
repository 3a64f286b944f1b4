// Pictures of the last minutes: how much was delivered, what failed, what waits, how long receivers took.

import { get } from "./api.js";
import { h, s } from "./dom.js";
import { number, SECONDS, seconds } from "./state.js";

const WIDTH = 600; // one picture's own units
const HEIGHT = 120;
const STEP = 2; // seconds of a bar
const BARS = SECONDS / STEP;

export async function open(view, _params, isOpen) {
  const charts = h("div", { class: "charts" });
  view.replaceChildren(h("h2", {}, "The last five minutes"), h("p", { class: "soft lead-in" }, "Counted since this tab was opened. An amber band marks the seconds in which a fault hit a run."), charts);
  const draw = async () => {
    if (document.hidden) return;
    let backlog = null;
    try {
      ({ backlog } = await get("/_sim/page/backlog"));
    } catch {
      // the state at the top says that we are not connected
    }
    if (!isOpen()) return;
    const bucket = seconds.get(Math.floor(Date.now() / 1000));
    if (bucket) bucket.backlog = backlog;
    else seconds.set(Math.floor(Date.now() / 1000), { over: 0, failed: 0, raised: 0, fault: "", durations: [], backlog });
    charts.replaceChildren(...all(backlog));
  };
  const timer = setInterval(draw, 1000);
  await draw();
  return () => clearInterval(timer);
}

/** The seconds, two by two, oldest first. */
function bars() {
  const now = Math.floor(Date.now() / 1000 / STEP) * STEP;
  return Array.from({ length: BARS }, (_, index) => {
    const from = now - (BARS - index) * STEP;
    const found = Array.from({ length: STEP }, (_unused, each) => seconds.get(from + each)).filter(Boolean);
    const durations = found.flatMap((each) => each.durations).sort((a, b) => a - b);
    const share = (part) => (durations.length ? durations[Math.min(durations.length - 1, Math.floor(part * durations.length))] : null);
    return {
      over: found.reduce((sum, each) => sum + each.over, 0) / STEP,
      failed: found.reduce((sum, each) => sum + each.failed, 0) / STEP,
      fault: found.find((each) => each.fault)?.fault ?? "",
      backlog: found.reduce((most, each) => (each.backlog === null ? most : Math.max(most ?? 0, each.backlog)), null),
      p50: share(0.5),
      p99: share(0.99),
    };
  });
}

function all(backlog) {
  const shown = bars();
  const last = shown.findLast((bar) => bar.over > 0);
  const recent = shown.at(-1);
  return [
    chart("Runs a second", `${number(recent.over)} now`, shown, [["over", "bars", "acknowledged"], ["failed", "bad-bars", "failed"]]),
    chart("Waiting and under way", backlog === null ? "not known" : `${number(backlog)} now`, shown, [["backlog", "area", "runs"]]),
    chart("Latency in ms", last ? `p50 ${number(last.p50 ?? 0)}, p99 ${number(last.p99 ?? 0)}` : "no run yet", shown, [["p99", "line p99", "p99"], ["p50", "line p50", "p50"]]),
  ];
}

function chart(title, now, shown, series) {
  const most = Math.max(1, ...series.flatMap(([name]) => shown.map((bar) => bar[name] ?? 0)));
  const top = nice(most);
  const x = (index) => (index * WIDTH) / BARS;
  const y = (value) => HEIGHT - (value / top) * HEIGHT;
  const picture = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${now}, at most ${number(Math.round(most * 10) / 10)}` });
  shown.forEach((bar, index) => {
    if (bar.fault) picture.append(s("rect", { class: "band", x: x(index), y: 0, width: WIDTH / BARS, height: HEIGHT }, s("title", {}, bar.fault)));
  });
  for (const part of [0.5, 1]) picture.append(s("line", { class: "grid", x1: 0, x2: WIDTH, y1: y(top * part), y2: y(top * part) }));
  for (const [name, kind] of series) picture.append(...shape(kind, shown.map((bar) => bar[name]), x, y));
  return h("figure", { class: "card chart" },
    h("figcaption", {}, h("b", {}, title), h("span", { class: "soft" }, now), h("span", { class: "legend" }, series.length > 1 && series.map(([, kind, text]) => h("span", {}, h("i", { class: `key ${kind}` }), text)))),
    h("div", { class: "plot" }, picture, h("span", { class: "tick-top" }, number(top))),
    h("div", { class: "ticks" }, h("span", {}, "5 min ago"), h("span", {}, "now")));
}

function shape(kind, values, x, y) {
  if (kind.endsWith("bars")) {
    return values.flatMap((value, index) => (value ? [s("rect", { class: kind, x: x(index) + 0.3, width: WIDTH / BARS - 0.6, y: y(value), height: HEIGHT - y(value) })] : []));
  }
  const runs = [];
  values.forEach((value, index) => {
    if (value === null) return;
    if (values[index - 1] === null || index === 0) runs.push([]);
    runs.at(-1).push([x(index), y(value)]);
  });
  return runs.map((run) => {
    const points = run.length === 1 ? [run[0], [run[0][0] + WIDTH / BARS, run[0][1]]] : run;
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
