// The verifications that were started here: how far the one that runs is, and what the others found.

import { call, get } from "./api.js";
import { copy, h, toast } from "./dom.js";
import { number } from "./state.js";

const WATCH_MS = 700;
export const KIND = { verified: "good", violated: "bad", unknown: "open", skipped: "wait", notApplicable: "wait" };

export class Runs {
  /** `onEnd(name, verdict, summary)` is called with how each scenario or case ended when it was last played. */
  constructor(element, onEnd) {
    this.element = element;
    this.onEnd = onEnd;
    this.shown = new Map(); // id -> {text, node}
    this.isClosed = false;
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  /** Show the runs, and go on to do so while one is under way. */
  async refresh() {
    clearTimeout(this.timer);
    let runs;
    try {
      runs = await get("/_sim/page/verify/runs");
    } catch (error) {
      toast(error.message, "bad");
      return;
    }
    if (this.isClosed) return;
    this.draw(runs);
    for (const run of runs.toReversed()) for (const { name, verdict, summary } of rows(run)) this.onEnd(name, verdict, summary);
    if (runs.some((run) => run.isRunning)) this.timer = setTimeout(() => this.refresh(), WATCH_MS);
  }

  draw(runs) {
    const before = this.shown;
    this.shown = new Map();
    for (const run of runs) {
      const text = JSON.stringify(run);
      const kept = before.get(run.id);
      this.shown.set(run.id, kept?.text === text ? kept : { text, node: this.run(run) });
    }
    const nodes = [...this.shown.values()].map(({ node }) => node);
    if (nodes.length !== this.element.children.length || nodes.some((node, index) => this.element.children[index] !== node)) this.element.replaceChildren(...nodes);
  }

  run(run) {
    const title = run.about.job ? "Job" : "Receiver";
    const verdict = run.isRunning ? "running" : (run.result?.verdict ?? (run.isCancelled ? "ended" : "no verdict"));
    return h("section", { class: "card verify-run", "aria-label": `Verification of ${run.about.job ?? run.about.receiver}` },
      h("div", { class: "heading" },
        h("h3", { class: KIND[verdict] ? verdict : "" }, verdict),
        h("div", { class: "grow soft" }, `${title} `, h("code", {}, run.about.job ?? run.about.receiver), run.isCancelled && !run.isRunning ? ", ended before its time" : ""),
        h("span", { class: "soft" }, `${number(run.durationS)} s`),
        h("button", { type: "button", onclick: () => this.end(run) }, run.isRunning ? "Cancel" : "Forget")),
      run.isRunning && progress(run),
      ...(run.result?.found ?? []).map(found),
      ...(run.result?.causes ?? []).map((cause) => h("p", { class: "wrong" }, cause.sentence)),
      h("ul", { class: "played", role: "list" }, rows(run).map(row)),
      !run.isRunning && !run.result && h("pre", { class: "code-block", tabindex: 0, "aria-label": "What it said" }, run.said.join("\n") || `It ended with exit code ${run.exitCode}, and said nothing.`),
      run.report && report(run));
  }

  async end(run) {
    try {
      await call("DELETE", `/_sim/page/verify/runs/${run.id}`);
    } catch (error) {
      toast(error.message, "bad");
    }
    await this.refresh();
  }
}

function progress(run) {
  const next = run.names.find((name) => !run.ended.some((each) => each.name === name)) ?? "the report";
  return h("div", { role: "status" }, h("p", { class: "soft" }, run.ended.length ? `${run.ended.length} of ${run.names.length} have ended` : `Starting with ${next}`),
    h("progress", { max: run.names.length, value: run.ended.length, "aria-label": "Scenarios that have ended" }));
}

/** What is known of each scenario that was played: from the report, or from the stream while there is none. */
function rows(run) {
  if (!run.result) return run.ended;
  return run.result.played.map(({ name, verdict, reason, counts, durationS, findings }) => {
    const numbers = Object.entries(counts).filter(([, count]) => count).map(([what, count]) => `${number(count)} ${what}`);
    return { name, verdict, summary: reason || numbers.join(", "), took: durationS, findings };
  });
}

const row = ({ name, verdict, summary, took }) => h("li", {},
  h("span", { class: `tag ${KIND[verdict]}` }, verdict), h("b", {}, name), h("span", { class: "soft" }, summary), h("span", { class: "soft took-s" }, took ? `${took.toFixed(1)} s` : ""));

/** A schedule that the receiver does not survive; the report draws it as a timeline. */
const found = ({ class: kind, event, recurrence, story, file, text }) => h("div", {},
  h("h4", {}, [`${kind}: ${event}`, recurrence].filter(Boolean).join(", ")),
  h("ol", {}, story.map((sentence) => h("li", {}, sentence))),
  text && h("details", {}, h("summary", {}, `The scenario, to be kept as ${file.split("/").at(-1)}`), h("pre", { class: "code-block", tabindex: 0, "aria-label": "Scenario" }, text), h("button", { type: "button", onclick: () => copy(text, "The scenario is") }, "Copy")));

/** The same page that `verify --html` writes, in a frame that may call nothing here. */
function report(run) {
  const path = `/_sim/page/reports/${run.report}`;
  const frame = h("div", {});
  const details = h("details", {}, h("summary", {}, "Report"), frame);
  details.addEventListener("toggle", () => {
    if (details.open && !frame.firstChild) frame.append(h("iframe", { src: path, title: `Report of ${run.about.job ?? run.about.receiver}`, class: "report", sandbox: "allow-scripts" }));
  });
  return h("div", { class: "report-of" }, details, h("a", { href: path, target: "_blank", rel: "noopener noreferrer" }, "Open in a new tab"));
}
