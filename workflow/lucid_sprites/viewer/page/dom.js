"use strict";

/** An element with attributes (functions are event listeners) and children (text or elements). */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child != null && child !== false));
  return made;
}

/** A labelled choice. `options` are texts or pairs of value and text. */
function choice(label, value, options, change, attributes = {}) {
  const pairs = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  const select = element(
    "select", { change: () => change(select.value), ...attributes },
    pairs.map(([key, text]) =>
      element("option", { value: key, selected: String(key) === String(value) }, String(text))));
  return element("label", { class: "field" }, element("span", {}, label), select);
}

/** A labelled entry of text or a number; `change` is called when it is finished. */
function entry(label, value, change, attributes = {}) {
  const input = element("input", { value, change: () => change(input.value), ...attributes });
  return element("label", { class: "field" }, element("span", {}, label), input);
}

/** Say something to the user, screen readers included. */
function say(text) {
  const message = document.getElementById("message");
  message.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (message.textContent = ""), 8000);
}

/** A number as people read it. */
function readable(number) {
  if (number == null) return "–";
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return number.toExponential(2);
  return String(Number(number.toPrecision(4)));
}

/** A name as people read it. */
const words = (name) => name.replaceAll("_", " ");

/** A name at the beginning of a line. */
const capitalized = (name) => name[0].toUpperCase() + words(name.slice(1));

/** The value of a column, by its kind. */
function written(value, kind) {
  if (value == null) return "–";
  if (kind === "number") return readable(value);
  if (kind === "time") return new Date(value).toISOString().slice(0, 16).replace("T", " ");
  return typeof value === "string" ? words(value) : JSON.stringify(value);
}

/** Hand a file to the user. */
function download(name, content, type = "text/plain") {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** The dialog with new content; closing it gives the focus back. */
function openDialog(title, ...content) {
  const dialog = document.getElementById("dialog");
  dialog.replaceChildren(
    element("form", { method: "dialog", class: "dialog-head" },
      element("h2", { id: "dialog-title" }, title),
      element("button", { "aria-label": "Close" }, "✕")),
    ...content);
  dialog.setAttribute("aria-labelledby", "dialog-title");
  if (!dialog.open) dialog.showModal();
  return dialog;
}
