// The frame: which view is open, whether we are connected, and what is broken on purpose.

import { read } from "./address.js";
import { follow, get } from "./api.js";
import { ask, h } from "./dom.js";
import { isActive, live, number, throttled } from "./state.js";
import * as breaking from "./break.js";
import * as calls from "./calls.js";
import * as log from "./log.js";
import * as pictures from "./pictures.js";
import * as sinks from "./sinks.js";
import * as trigger from "./trigger.js";
import * as types from "./types.js";
import * as verify from "./verify.js";
import * as webhooks from "./webhooks.js";

const VIEWS = { log, webhooks, trigger, types, break: breaking, verify, pictures, sinks, calls };
const FAULTS_MS = 2000;
const KEYS = [
  ["j / k", "next, previous event"],
  ["Enter", "open the event"],
  ["r", "resend the event"],
  ["g", "back to the newest"],
  ["/", "search"],
  ["Esc", "close the event"],
  ["1 … 9", "the views"],
  ["?", "this help"],
];

const view = document.getElementById("view");
let close = () => {};
let opened = 0;
let isBroken = false; // the view could not be opened: it is once more when the simulator is back

async function open() {
  const address = read();
  if (!address) return;
  close();
  close = () => {};
  isBroken = false;
  const turn = (opened += 1);
  const name = address.name in VIEWS ? address.name : "log";
  for (const each of document.querySelectorAll("#nav a")) {
    if (each.getAttribute("href") === `#/${name}`) {
      each.setAttribute("aria-current", "page");
      each.scrollIntoView({ block: "nearest", inline: "center" });
    } else each.removeAttribute("aria-current");
  }
  document.title = `${name[0].toUpperCase()}${name.slice(1)} · frontsim`;
  document.getElementById("title").textContent = name[0].toUpperCase() + name.slice(1);
  view.className = `view-${name}`;
  view.tabIndex = name === "pictures" ? 0 : -1; // what scrolls can be reached by key: there is nothing else to focus
  view.replaceChildren();
  try {
    const closed = await VIEWS[name].open(view, address.params, () => turn === opened);
    if (turn === opened) close = closed ?? close;
    else closed?.();
  } catch (error) {
    if (turn !== opened) return;
    isBroken = true;
    view.replaceChildren(h("p", { class: "card wrong", role: "alert" }, error.message));
  }
}

const state = document.getElementById("live");
let rate = 0;
let isConnected = false;

function showState() {
  state.classList.toggle("on", isConnected);
  state.lastElementChild.textContent = isConnected ? (rate ? `${number(rate)}/s` : "live") : "not connected";
  state.title = isConnected ? "Runs that ended in the last second" : "The simulator does not answer";
}

let over = 0;
setInterval(() => {
  rate = over;
  over = 0;
  showState();
}, 1000);

follow(
  (changes) => {
    for (const change of changes) if (change.kind === "run.over") over += 1;
    live.dispatchEvent(new CustomEvent("changes", { detail: changes }));
    if (changes.some((change) => change.kind === "reset" || change.data?.fault)) askForFaults();
  },
  (isOn) => {
    isConnected = isOn;
    if (isOn && isBroken) open();
    showState();
    live.dispatchEvent(new CustomEvent("state", { detail: isOn }));
  },
);

const banner = document.getElementById("banner");

async function readFaults() {
  if (document.hidden) return;
  try {
    showBanner(await get("/_sim/faults"));
  } catch {
    // the state says that we are not connected
  }
}

function showBanner(rules) {
  const active = rules.filter(isActive);
  live.dispatchEvent(new CustomEvent("faults", { detail: rules }));
  const texts = active.slice(0, 3).map((rule) => `${rule.fault}${rule.match.url ? ` → ${rule.match.url}` : ""} (${number(rule.fired)}×)`);
  const more = active.length > 3 ? ` and ${active.length - 3} more` : "";
  const text = `Broken on purpose: ${texts.join(", ")}${more}`;
  if (banner.firstChild?.textContent !== text) {
    banner.replaceChildren(h("span", {}, text), h("a", { href: "#/break" }, "Show"));
  }
  banner.hidden = !active.length;
}

const askForFaults = throttled(readFaults, FAULTS_MS / 4);
setInterval(readFaults, FAULTS_MS);
live.addEventListener("faults?", askForFaults);
readFaults();

function help() {
  const rows = KEYS.map(([key, does]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)));
  ask("Keyboard", h("dl", { class: "words" }, rows), [["", "Close", "primary"]]);
}

document.getElementById("help-button").addEventListener("click", help);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, textarea, select")) return;
  if (event.key === "?") help();
  else if (/^[1-9]$/.test(event.key)) location.hash = `#/${Object.keys(VIEWS)[event.key - 1]}`;
  else return;
  event.preventDefault();
});

addEventListener("hashchange", open);
open();
