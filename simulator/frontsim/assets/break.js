// Breaking things: a switch for each receiver, and a rule for every fault that there is.

import { call, get, post } from "./api.js";
import { field, h, select, showErrors, toast } from "./dom.js";
import { isActive, live, number, registry, shortUrl } from "./state.js";

const API_STAGE = "on the vendor's API";

export async function open(view, _params, isOpen) {
  const [known, hooks, rules] = await Promise.all([registry(), get("/_sim/page/api/webhooks"), get("/_sim/faults")]);
  if (!isOpen()) return null;
  const urls = [...new Set(hooks.map((hook) => hook.url))];
  const switches = h("div", { class: "switches" });
  const list = h("div", { class: "card table rules" });
  let shown = "";
  const show = (all) => {
    const text = JSON.stringify(all);
    if (text === shown) return;
    const focused = document.activeElement?.dataset?.url;
    shown = text;
    switches.replaceChildren(...(urls.length ? urls.map((url) => receiver(url, all, refresh)) : [h("p", { class: "soft" }, "No webhook yet: ", h("a", { href: "#/webhooks" }, "add one"), " to have a receiver to break.")]));
    if (focused) [...switches.querySelectorAll("[data-url]")].find((each) => each.dataset.url === focused)?.focus();
    list.replaceChildren(...(all.length ? [...all.map((rule) => ruleRow(rule, refresh))] : [h("p", { class: "soft none" }, "No rule. Everything is delivered as it is.")]));
    clear.hidden = !all.length;
  };
  const refresh = async () => {
    try {
      show(await get("/_sim/faults"));
      live.dispatchEvent(new Event("faults?"));
    } catch (error) {
      toast(error.message, "bad");
    }
  };
  const clear = h("button", { type: "button", onclick: () => act("DELETE", "/_sim/faults", "All rules removed", refresh) }, "Remove all");
  view.replaceChildren(
    h("section", {}, h("h2", {}, "Receivers"), switches),
    h("section", {}, h("h2", {}, "Break something"), form(known, hooks, refresh)),
    h("section", {}, h("div", { class: "heading" }, h("h2", {}, "Rules"), h("span", { class: "soft grow" }, "The first rule that matches and has firings left applies."), clear), list));
  show(rules);
  const onFaults = (event) => show(event.detail);
  live.addEventListener("faults", onFaults);
  return () => live.removeEventListener("faults", onFaults);
}

async function act(method, path, text, done) {
  try {
    await call(method, path);
    toast(text);
  } catch (error) {
    toast(error.message, "bad");
  }
  await done();
}

const isDown = (rule, url) => rule.fault === "refuse" && rule.times === null && rule.probability === 1 && rule.match.url === url && Object.keys(rule.match).length === 1;

function receiver(url, rules, done) {
  const downs = rules.filter((rule) => isDown(rule, url));
  const flip = async () => {
    try {
      if (downs.length) for (const rule of downs) await call("DELETE", `/_sim/faults/${rule.id}`);
      else await post("/_sim/faults", { fault: "refuse", match: { url } });
    } catch (error) {
      toast(error.message, "bad");
    }
    await done();
  };
  const refused = downs.reduce((sum, rule) => sum + rule.fired, 0);
  return h("div", { class: `card receiver-switch ${downs.length ? "is-down" : ""}` },
    h("div", { class: "grow" }, h("code", { title: url }, shortUrl(url)), h("p", { class: "soft" }, downs.length ? `Down: ${number(refused)} ${refused === 1 ? "delivery" : "deliveries"} refused` : "Up: deliveries reach it")),
    h("button", { type: "button", class: "switch", role: "switch", "aria-checked": String(downs.length > 0), "aria-label": `Down: ${url}`, "data-url": url, onclick: flip }, h("span", {}, downs.length ? "Down" : "Up")));
}

function form(known, hooks, done) {
  const stages = Map.groupBy(known.faults, (fault) => fault.stage);
  const fault = h("select", { name: "fault" }, [...stages].map(([stage, faults]) => h("optgroup", { label: stage }, faults.map((each) => h("option", { value: each.name }, each.name)))));
  const any = (text) => [["", text]];
  const matches = {
    event: select("match.event", [...any("Any type"), ...known.types.map((kind) => [kind.name, kind.name])]),
    url: select("match.url", [...any("Any URL"), ...[...new Set(hooks.map((hook) => hook.url))].map((url) => [url, url])]),
    trigger: select("match.trigger", [...any("Original or resend"), ["Original", "Original only"], ["Resend", "Resend only"]]),
    operation: select("match.operation", [...any("Any call"), ...known.operations.map((name) => [name, name])]),
  };
  const run = h("input", { name: "match.run", type: "number", min: 1, placeholder: "any" });
  const times = h("input", { name: "times", type: "number", min: 1, placeholder: "always" });
  const probability = h("input", { name: "probability", type: "number", min: 0, max: 1, step: 0.05, value: 1 });
  const says = h("p", { class: "soft" });
  const params = h("div", { class: "inline-form" });
  const narrow = h("div", { class: "inline-form" });
  let inputs = [];
  const choose = () => {
    const chosen = known.faults.find((each) => each.name === fault.value);
    says.textContent = `${chosen.stage[0].toUpperCase()}${chosen.stage.slice(1)}. ${chosen.help}`;
    inputs = chosen.params.map((param) => [param, h("input", { name: `params.${param.name}`, value: param.default ?? "", title: param.expected, size: 14 })]);
    params.replaceChildren(...inputs.map(([param, input]) => h("div", { class: "param" }, field(param.name, input), h("p", { class: "soft" }, `${param.help} It takes ${param.expected}.`))));
    params.hidden = !inputs.length;
    const isApi = chosen.stage === API_STAGE;
    narrow.replaceChildren(...(isApi ? [field("Call", matches.operation)] : [field("Event type", matches.event), field("URL", matches.url), field("Trigger", matches.trigger), field("Run", run)]), field("How often", times), field("Probability", probability), h("button", { class: "primary" }, "Break it"));
  };
  const add = async (event) => {
    event.preventDefault();
    const match = {};
    for (const [name, control] of Object.entries(matches)) if (control.isConnected && control.value) match[name] = control.value;
    if (run.isConnected && run.value) match.run = Number(run.value);
    const given = Object.fromEntries(inputs.map(([param, input]) => [param.name, param.words.includes(input.value) || input.value.trim() === "" ? input.value : Number(input.value)]));
    try {
      await post("/_sim/faults", { fault: fault.value, match, times: times.value ? Number(times.value) : null, probability: Number(probability.value), params: given });
      showErrors(made, null);
      toast(`${fault.value} is on`);
    } catch (error) {
      showErrors(made, error);
    }
    await done();
  };
  fault.addEventListener("input", choose);
  const made = h("form", { class: "card stack", onsubmit: add, novalidate: true }, h("div", { class: "inline-form" }, field("Fault", fault), h("div", { class: "grow" }, says)), params, narrow);
  choose();
  return made;
}

function ruleRow(rule, done) {
  const match = Object.entries(rule.match).map(([name, value]) => h("span", { class: "chip" }, `${name}: ${value}`));
  const params = Object.entries(rule.params).map(([name, value]) => h("span", { class: "chip" }, `${name} = ${value}`));
  const limit = rule.times === null ? "" : ` of ${number(rule.times)}`;
  return h("div", { class: `rule ${isActive(rule) ? "" : "spent"}` },
    h("b", {}, rule.fault),
    h("div", { class: "chips" }, match.length ? match : h("span", { class: "soft" }, "everything"), params, rule.probability < 1 && h("span", { class: "chip" }, `probability ${rule.probability}`)),
    h("span", { class: "fired" }, `fired ${number(rule.fired)}${limit}${isActive(rule) ? "" : ", spent"}`),
    h("button", { type: "button", "aria-label": `Remove ${rule.fault}, rule ${rule.id}`, onclick: () => act("DELETE", `/_sim/faults/${rule.id}`, "Rule removed", done) }, "Remove"));
}
