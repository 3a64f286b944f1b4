// Webhooks: which URL gets which events, and how the deliveries ended.

import { link } from "./address.js";
import { call, get, post } from "./api.js";
import { ask, field, h, select, showErrors, toast } from "./dom.js";
import { sinkUrl } from "./sinks.js";
import { live, number, registry, throttled } from "./state.js";

const API = "/_sim/page/api/webhooks";
const ALL = "*";
const REFRESH_MS = 1500;

export async function open(view, params, isOpen) {
  const known = await registry();
  if (!isOpen()) return null;
  const names = known.types.map((kind) => kind.name);
  const table = h("div", { class: "card table hooks" });
  view.replaceChildren(h("h2", {}, "Webhooks"), form(names, params.get("url") ?? "", () => show()), table);

  let shown = "";
  const show = async () => {
    try {
      const hooks = await get("/_sim/page/webhooks");
      const text = JSON.stringify(hooks);
      if (text === shown || !isOpen()) return;
      shown = text;
      table.replaceChildren(...(hooks.length ? [head(), ...hooks.map((hook) => row(hook, names, show))] : [empty()]));
    } catch (error) {
      toast(error.message, "bad");
    }
  };
  const refresh = throttled(show, REFRESH_MS);
  live.addEventListener("changes", refresh);
  await show();
  return () => live.removeEventListener("changes", refresh);
}

const empty = () => h("p", { class: "soft none" }, "No webhook yet. Add one above: the simulator sends it every event of its type.");

function form(names, to, done) {
  const types = select("event", [[ALL, `All ${names.length} types`], ...names.map((name) => [name, name])], names[0]);
  const url = h("input", { name: "url", type: "url", required: true, value: to, placeholder: "http://127.0.0.1:8500/hook", spellcheck: "false" });
  const store = h("input", { name: "storeId", inputmode: "numeric", placeholder: "every store" });
  const add = async (event) => {
    event.preventDefault();
    const value = { url: url.value.trim() };
    if (store.value.trim()) value.storeId = asNumber(store.value);
    try {
      for (const name of types.value === ALL ? names : [types.value]) await post(API, { ...value, event: name });
      showErrors(made, null);
      toast(types.value === ALL ? `${names.length} webhooks added` : "Webhook added");
    } catch (error) {
      showErrors(made, error);
    }
    done();
  };
  const made = h("form", { class: "card inline-form", onsubmit: add, novalidate: true },
    field("Event type", types), field("URL", url, { wide: true }), field("Store", store), h("button", { class: "primary" }, "Add"),
    h("button", { type: "button", title: "A sink of this simulator takes them: no receiver is needed", onclick: () => (url.value = `${sinkUrl("here")}/{event}`) }, "Listen here"));
  return made;
}

const asNumber = (text) => (/^-?\d+$/.test(text.trim()) ? Number(text) : text.trim());

const head = () => h("div", { class: "hook head", "aria-hidden": "true" }, ["Event type", "URL", "Store", "Events", "Acknowledged", ""].map((text) => h("span", {}, text)));

function row(hook, names, done) {
  const over = hook.events - hook.waiting;
  const share = over ? (over - hook.failed) / over : null;
  const act = (text, does, kind) => h("button", { type: "button", class: kind, onclick: does, "aria-label": `${text} ${hook.event} to ${hook.url}` }, text);
  return h("div", { class: "hook" },
    h("b", {}, hook.event),
    h("code", {}, hook.url),
    h("span", { class: "soft" }, hook.storeId ?? "every"),
    h("a", { href: link("log", { webhook: hook.id }) }, number(hook.events)),
    h("span", { class: "rate" }, share === null ? h("span", { class: "soft" }, "none yet") : [
      h("meter", { min: 0, max: 1, low: 0.999, high: 1, optimum: 1, value: share, "aria-label": "Share that was acknowledged" }),
      h("span", {}, `${(Math.floor(share * 1000) / 10).toLocaleString("en-GB")} %`),
      hook.failed > 0 && h("a", { class: "wrong", href: link("log", { webhook: hook.id, outcome: "failed" }) }, `${number(hook.failed)} failed`)]),
    h("div", { class: "buttons" },
      act("Test", () => test(hook)),
      act("Edit", () => edit(hook, names, done)),
      act("Delete", () => remove(hook, done), "danger")));
}

/** Raise one event of the webhook's type, and say what came back. */
async function test(hook) {
  try {
    const value = { event: hook.event };
    if (hook.storeId !== null) value.storeId = hook.storeId;
    const { events } = await post("/_sim/trigger", value);
    const own = events.find((event) => event.webhookId === hook.id);
    if (!own) {
      toast("No event was raised for this webhook: its store does not match", "bad");
      return;
    }
    await post("/_sim/drain", { timeoutS: 10 });
    const event = await get(`/_sim/page/events/${own.webhookEventId}`);
    const others = events.length > 1 ? ` (${events.length - 1} more of this type went out)` : "";
    toast(`${event.statusCode ?? ""} ${event.status}${others}`, event.success ? "good" : "bad");
  } catch (error) {
    toast(error.message, "bad");
  }
}

async function edit(hook, names, done) {
  const types = select("event", names.map((name) => [name, name]), hook.event);
  const url = h("input", { name: "url", type: "url", value: hook.url, spellcheck: "false" });
  const store = h("input", { name: "storeId", inputmode: "numeric", placeholder: "every store", value: hook.storeId ?? "" });
  const content = h("div", { class: "stack" }, field("Event type", types), field("URL", url), field("Store", store));
  if ((await ask("Edit the webhook", content, [["", "Cancel"], ["ok", "Save", "primary"]])) !== "ok") return;
  try {
    const storeId = store.value.trim() ? asNumber(store.value) : null;
    await call("PUT", `${API}/${hook.id}`, { event: types.value, url: url.value.trim(), storeId });
    toast("Webhook saved");
  } catch (error) {
    toast(error.message, "bad");
  }
  done();
}

async function remove(hook, done) {
  const content = h("div", {}, h("p", {}, hook.event, " to ", h("code", {}, hook.url)),
    h("p", { class: "soft" }, "Its log stays readable, but its events can no longer be resent."));
  if ((await ask("Delete the webhook?", content, [["", "Keep"], ["ok", "Delete", "primary"]])) !== "ok") return;
  try {
    await call("DELETE", `${API}/${hook.id}`);
    toast("Webhook deleted");
  } catch (error) {
    toast(error.message, "bad");
  }
  done();
}
