// What several views share: the registries and the live changes.

import { get } from "./api.js";

/** `changes` (detail: a list), `faults` (detail: the rules), `state` (detail: whether we are connected). */
export const live = new EventTarget();

let known = null;

/** Types, faults, acts and operations, asked for once. */
export function registry() {
  known ??= get("/_sim/page/registry").catch((error) => {
    known = null;
    throw error;
  });
  return known;
}

/** A rule that still breaks something. */
export const isActive = (rule) => rule.times === null || rule.fired < rule.times;

/** Call `act` at most every `ms` milliseconds, the last time after the last call. */
export function throttled(act, ms) {
  let timer = null;
  let due = 0;
  return () => {
    if (timer !== null) return;
    timer = setTimeout(
      () => {
        timer = null;
        due = Date.now() + ms;
        act();
      },
      Math.max(0, due - Date.now()),
    );
  };
}

/** A moment of the browser's zone, with its offset: `{ day: "2026-01-31", time: "15:06:10.447+01:00" }`. */
export function local(utc) {
  const at = new Date(utc);
  const ahead = -Math.round(at.getTimezoneOffset());
  const [day, time] = new Date(at.getTime() + ahead * 60_000).toISOString().split("T");
  const [hours, minutes] = [Math.floor(Math.abs(ahead) / 60), Math.abs(ahead) % 60].map((each) => String(each).padStart(2, "0"));
  return { day, time: `${time.slice(0, -1)}${ahead < 0 ? "-" : "+"}${hours}:${minutes}` };
}

/** The same moment for a query: what is typed without an offset is of the browser's zone. */
export function zoned(text) {
  const [, day, time = "00:00"] = text.trim().match(/^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?$/) ?? [];
  const at = new Date(`${day}T${time}`);
  return Number.isNaN(at.getTime()) ? text : at.toISOString();
}

const PLAIN = new Intl.NumberFormat("en-GB");
export const number = (value) => PLAIN.format(value);

/** How an event stands: `good`, `bad` or `` while its first run is not over. */
export const kindOf = (success) => (success === null ? "wait" : success ? "good" : "bad");
export const shortUrl = (url) => url.replace(/^https?:\/\//, "");
