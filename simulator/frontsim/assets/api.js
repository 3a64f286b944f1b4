// Calls to the simulator that served this page, and to nothing else. The token is kept for this tab alone.

import { ask, h } from "./dom.js";

const KEPT = "frontsim.token";
const GONE = "The simulator does not answer. This page goes on when it is back.";
let token = sessionStorage.getItem(KEPT) ?? "";
let asking = null;

/** An answer that refuses: its status, and what is wrong by field. */
export class Refused extends Error {
  constructor(status, detail, fields = {}) {
    super(detail);
    this.status = status;
    this.fields = fields;
  }
}

/** The JSON that a call answers. Raises Refused. */
export async function call(method, path, value, { text, signal } = {}) {
  const body = text ?? (value === undefined ? undefined : JSON.stringify(value));
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  return read(await request(path, { method, headers, body, signal }));
}

async function read(answer) {
  const text = await answer.text();
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {
    // what is not JSON is a refusal of something between us and the simulator
  }
  if (answer.ok) return json;
  throw new Refused(answer.status, json?.detail ?? json?.message ?? `${answer.status} ${answer.statusText}`, json?.errors);
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, value, options) => call("POST", path, value, options);

/** Save what a call answers as a file. Raises Refused. */
export async function save(path, name) {
  const answer = await request(path, {});
  if (!answer.ok) await read(answer);
  const blob = await answer.blob().catch(() => {
    throw new Refused(0, "The simulator was gone before the file was whole.");
  });
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser has begun to read it by then
}

async function request(path, options) {
  for (;;) {
    const used = token;
    const headers = used ? { ...options.headers, Authorization: `Bearer ${used}` } : options.headers;
    const answer = await fetch(path, { ...options, headers, cache: "no-store", redirect: "error" }).catch((error) => {
      throw error.name === "AbortError" ? error : new Refused(0, GONE);
    });
    if (answer.status !== 401) return answer;
    if (used === token) await (asking ??= askForToken(used !== ""));
  }
}

async function askForToken(wasWrong) {
  const input = h("input", { type: "password", id: "token", autocomplete: "off", spellcheck: "false" });
  const text = wasWrong ? "The token was not the right one." : "This simulator was started with --token.";
  const content = h("div", {}, h("p", { class: "soft" }, text), h("label", { class: "field wide", for: "token" }, "Token", input));
  await ask("Log in", content, [["ok", "Log in", "primary"]]);
  token = input.value.trim();
  sessionStorage.setItem(KEPT, token);
  asking = null;
}

/** Follow the log for ever. `onChanges` gets batches of `{kind, data}`, `onState` whether we are connected. */
export async function follow(onChanges, onState) {
  let last = "";
  for (;;) {
    try {
      const answer = await request("/_sim/stream", { headers: last ? { "Last-Event-ID": last } : {} });
      if (answer.ok) {
        onState(true);
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        let rest = "";
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          const messages = (rest + value).split("\n\n");
          rest = messages.pop();
          const changes = messages.map(parse).filter(Boolean);
          if (changes.length) {
            last = changes.at(-1).id;
            onChanges(changes);
          }
        }
      }
    } catch {
      // the simulator is gone, or not back yet
    }
    onState(false);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function parse(message) {
  const found = { id: "", kind: "", data: null };
  for (const line of message.split("\n")) {
    if (line.startsWith("id: ")) found.id = line.slice(4);
    else if (line.startsWith("event: ")) found.kind = line.slice(7);
    else if (line.startsWith("data: ")) found.data = JSON.parse(line.slice(6));
  }
  return found.kind ? found : null;
}
