// Elements from plain data. Texts become text nodes: nothing here, or in any other module, parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `h("button", {type: "button", onclick: act}, "Resend")`. A property that is null or false is left out. */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** The same, for a picture. */
export function s(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A field with its label, and the place for what is wrong with it. */
export function field(label, control, { name = control.name, wide = false } = {}) {
  control.id ||= `field-${name}-${(fields += 1)}`;
  const wrong = h("span", { class: "wrong", id: `${control.id}-wrong`, hidden: true });
  control.setAttribute("aria-describedby", wrong.id);
  return h("div", { class: wide ? "field wide" : "field", "data-field": name }, h("label", { for: control.id }, label), control, wrong);
}
let fields = 0;

export function select(name, options, value = "") {
  const control = h("select", { name }, options.map(([key, text]) => h("option", { value: key }, text)));
  if (value) control.value = value;
  return control;
}

/** Show the errors of a refusal beside their fields; what has no field goes to the toast. */
export function showErrors(form, error) {
  let left = { ...(error?.fields ?? {}) };
  for (const label of form.querySelectorAll("[data-field]")) {
    const name = label.dataset.field.toLowerCase();
    const keys = Object.keys(left).filter((key) => key.toLowerCase() === name);
    const wrong = label.querySelector(".wrong");
    wrong.textContent = keys.flatMap((key) => left[key]).join("; ");
    wrong.hidden = !keys.length;
    label.querySelector("input, select, textarea").setAttribute("aria-invalid", String(keys.length > 0));
    for (const key of keys) delete left[key];
  }
  const rest = Object.entries(left).map(([name, texts]) => (name ? `${name}: ` : "") + texts.join("; "));
  if (rest.length || (error && !Object.keys(error.fields ?? {}).length)) toast(rest.join("; ") || error.message, "bad");
}

/** Say something for some seconds, below the view: it covers nothing. What is said again stays once. */
export function toast(text, kind = "good") {
  const toasts = document.getElementById("toasts");
  for (const each of toasts.children) if (each.textContent === text) each.remove();
  const note = h("div", { class: `toast ${kind}` }, text);
  toasts.append(note);
  while (toasts.children.length > MOST_TOASTS) toasts.firstElementChild.remove();
  setTimeout(() => note.remove(), kind === "bad" ? 9000 : 4000);
}
const MOST_TOASTS = 3;

/** Ask in a dialog; resolves to the value of the button that was pressed, "" for a dialog that was closed. */
export function ask(title, content, buttons) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-label": title }, h("h2", {}, title), content);
    const press = (value) => {
      dialog.close(value);
    };
    const form = h("form", { class: "buttons" });
    for (const [value, text, kind] of buttons) {
      form.append(h("button", { type: "button", class: kind, onclick: () => press(value) }, text));
    }
    dialog.append(form);
    dialog.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && event.target.tagName === "INPUT") press(buttons.at(-1)[0]);
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector("input") ?? form.lastElementChild)?.focus();
  });
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    toast("The browser refused to copy: select the text instead", "bad");
  }
}
