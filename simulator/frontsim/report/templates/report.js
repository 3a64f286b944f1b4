"use strict";
/* Filters, copy buttons and tooltips. Without this script the page still shows everything. */
const find = document.getElementById("find");
const inScenario = document.getElementById("in-scenario");
const ofClass = document.getElementById("of-class");
const matches = document.getElementById("matches");
const tip = document.getElementById("tip");
const scenarios = [...document.querySelectorAll(".scenario")];
const folds = [...document.querySelectorAll(".fold, .more")];
const wasOpen = new Map();

/* A filter opens what matches and hides what does not; clearing it puts everything back as it was. */
function filter() {
  const text = find.value.trim().toLowerCase();
  const active = Boolean(text || inScenario.value || ofClass.value);
  if (active && !wasOpen.size)
    for (const each of [...scenarios, ...folds]) wasOpen.set(each, each.open);
  let events = 0;
  let shown = 0;
  for (const scenario of scenarios) {
    const wanted = !inScenario.value || scenario.dataset.name === inScenario.value;
    let found = 0;
    for (const event of scenario.querySelectorAll(".event")) {
      const match = wanted && (!ofClass.value || event.dataset.class === ofClass.value)
        && (!text || event.dataset.text.includes(text));
      event.hidden = !match;
      found += match;
    }
    const hasNoEvents = wanted && !text && !ofClass.value;
    scenario.hidden = active && !found && !hasNoEvents;
    scenario.open = active ? !scenario.hidden : wasOpen.get(scenario) ?? scenario.open;
    events += found;
    shown += !scenario.hidden;
  }
  for (const fold of folds) {
    const any = fold.querySelector(fold.matches(".more") ? ".event:not([hidden])" : ".scenario:not([hidden])") !== null;
    fold.hidden = active && !any;
    fold.open = active ? any : wasOpen.get(fold) ?? fold.open;
  }
  if (!active) wasOpen.clear();
  const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
  matches.textContent = active
    ? `${count(events, "event")} in ${count(shown, "scenario")} ${events === 1 ? "matches" : "match"}` : "";
}

function clearFilter() {
  find.value = inScenario.value = ofClass.value = "";
  filter();
}

/* The clipboard API is missing on some pages that are opened from a disk. */
async function copy(button) {
  const text = button.nextElementSibling.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

function showTip(mark) {
  tip.textContent = mark.dataset.tip;
  tip.hidden = false;
  const at = mark.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.left + at.width / 2 - tip.offsetWidth / 2), innerWidth - tip.offsetWidth - 8);
  const above = at.top - tip.offsetHeight - 8;
  tip.style.left = `${left}px`;
  tip.style.top = `${above < 8 ? at.bottom + 8 : above}px`;
  document.querySelector(".mark.current")?.classList.remove("current");
  mark.classList.add("current");
}

function hideTip() {
  tip.hidden = true;
  document.querySelector(".mark.current")?.classList.remove("current");
}

/* A timeline is one stop of the Tab key; the arrow keys go from mark to mark in it. */
function step(event) {
  const line = event.target.closest?.(".timeline");
  const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!line || !way) return;
  event.preventDefault();
  const marks = [...line.querySelectorAll(".mark")]
    .sort((a, b) => a.getBoundingClientRect().left - b.getBoundingClientRect().left);
  const now = marks.findIndex(each => each.classList.contains("current"));
  if (marks.length) showTip(marks[now < 0 ? (way > 0 ? 0 : marks.length - 1) : (now + way + marks.length) % marks.length]);
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  target?.scrollIntoView();
}

document.querySelector(".filters").hidden = false;
for (const each of document.querySelectorAll("svg [data-tip] > title")) each.remove();
for (const each of [find, inScenario, ofClass]) each.addEventListener("input", filter);
document.querySelector(".filters").addEventListener("submit", event => event.preventDefault());
document.getElementById("clear").addEventListener("click", clearFilter);
document.addEventListener("click", event => {
  const button = event.target.closest(".copy");
  if (button) copy(button);
});
document.addEventListener("mouseover", event => {
  const mark = event.target.closest("[data-tip]");
  if (mark) showTip(mark); else hideTip();
});
document.addEventListener("focusout", hideTip);
document.addEventListener("scroll", hideTip, { passive: true });
document.addEventListener("keydown", event => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape") { hideTip(); if (event.target === find) clearFilter(); }
  else if (event.key === "/" && !typing) { event.preventDefault(); find.focus(); }
  else step(event);
});
addEventListener("hashchange", openTarget);
if (location.hash) openTarget();
