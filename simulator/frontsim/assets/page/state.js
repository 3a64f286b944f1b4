// What several views share: the registries, the live changes, and the counts of each second for the pictures.

import { get } from "./api.js";

/** `changes` (detail: a list), `faults` (detail: the rules), `state` (detail: whether we are connected). */
export const live = new EventTarget();
export const SECONDS = 300;

let known = null;

/** Types, faults, acts and operations, asked for once. */
export function registry() {
  known ??= get("/_sim/page/registry").catch((error) => {
    known = null;
    throw error;
  });
  return known;
}

/** Counts by second of this machine's clock: `{over, failed, raised, fault, durations}`. */
export const seconds = new Map();

export function count(changes) {
  const second = Math.floor(Date.now() / 1000);
  const bucket = seconds.get(second) ?? { over: 0, failed: 0, raised: 0, fault: "", durations: [], backlog: null };
  seconds.set(second, bucket);
  for (const { kind, data } of changes) {
    if (kind === "event.raised") bucket.raised += 1;
    if (kind !== "run.over") continue;
    bucket.over += 1;
    if (!data.success) bucket.failed += 1;
    if (data.fault) bucket.fault = data.fault;
    if (data.durationMs !== null && bucket.durations.length < 2000) bucket.durations.push(data.durationMs);
  }
  for (const old of seconds.keys()) {
    if (old >= second - SECONDS - 5) break;
    seconds.delete(old);
  }
  return bucket;
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
