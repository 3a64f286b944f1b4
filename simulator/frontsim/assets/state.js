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

const PLAIN = new Intl.NumberFormat("en-GB");
export const number = (value) => PLAIN.format(value);

/** How an event stands: `good`, `bad` or `` while its first run is not over. */
export const kindOf = (success) => (success === null ? "wait" : success ? "good" : "bad");
export const shortUrl = (url) => url.replace(/^https?:\/\//, "");
