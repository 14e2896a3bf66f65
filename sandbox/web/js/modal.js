// Forms that an app opens: every kind of field that Discord has.

import { el, sizeText } from "./dom.js";
import { markdown } from "./markdown.js";
import { optionsOf } from "./menus.js";
import { store } from "./store.js";
import { Refused } from "./wire.js";

let count = 0;

/** Show a form; it is sent, or closed and forgotten as in Discord. */
export function openModal({ interactionId, modal }) {
  const fields = [];
  const parts = modal.components.map((component) => draw(component, fields));
  const error = el("p", { class: "form-error", role: "alert", hidden: true });
  const bot = store.overview.bot.username;
  const dialog = el(
    "dialog",
    { class: "modal", "aria-labelledby": "modal-title", onclose: () => dialog.remove() },
    el(
      "form",
      { method: "dialog", novalidate: true, onsubmit: (event) => submit(event) },
      el("header", {}, el("h2", { id: "modal-title" }, modal.title), el("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
      el("div", { class: "modal-body" }, parts),
      error,
      el("p", { class: "modal-note" }, `This form will be sent to ${bot}. Do not share passwords or other secrets.`),
      el("footer", {}, el("button", { type: "button", class: "button link", onclick: () => dialog.close() }, "Cancel"), el("button", { type: "submit", class: "button primary" }, "Submit")),
    ),
  );
  const submit = async (event) => {
    event.preventDefault();
    const wrong = fields.filter((field) => !complain(field));
    if (wrong.length) return wrong[0].focus();
    const values = Object.create(null); // a field may have any name
    const files = Object.create(null);
    for (const field of fields) {
      if (field.files) files[field.customId] = field.files();
      else if (field.value() !== undefined) values[field.customId] = field.value();
    }
    dialog.inert = true;
    try {
      await store.submitModal(interactionId, values, files);
      dialog.close();
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      error.textContent = refused.message;
      error.hidden = false;
    } finally {
      dialog.inert = false;
    }
  };
  document.body.append(dialog);
  dialog.showModal();
}

function complain(field) {
  const sentence = field.problem();
  field.error.textContent = sentence;
  field.error.hidden = !sentence;
  return !sentence;
}

function draw(component, fields) {
  if (component.type === 10) return markdown(component.content, store.names());
  if (component.type === 1) return component.components.map((inner) => labelled({ label: inner.label }, inner, fields));
  if (component.type === 18) return labelled(component, component.component, fields);
  return el("p", { class: "unknown" }, `A component of type ${component.type}, which this page cannot draw.`);
}

function labelled({ label, description }, component, fields) {
  const id = `field-${++count}`;
  const make = FIELDS[component.type];
  if (!make) return el("p", { class: "unknown" }, `A field of type ${component.type}, which this page cannot draw.`);
  const field = make(component, id);
  field.customId = component.custom_id;
  field.error = el("p", { class: "field-error", id: `${id}-error`, hidden: true });
  fields.push(field);
  const required = component.required !== false && component.type !== 23;
  const grouped = [21, 22].includes(component.type);
  const mark = { class: required ? "required" : null };
  return el(
    grouped ? "fieldset" : "div",
    { class: "modal-field" },
    grouped ? el("legend", mark, label) : el("label", { for: id, ...mark }, label),
    description ? el("p", { class: "field-help" }, description) : null,
    field.node,
    field.error,
  );
}

const REQUIRED = "This field is required.";

function text(component, id) {
  const long = component.style === 2;
  const input = el(long ? "textarea" : "input", { id, value: component.value ?? "", placeholder: component.placeholder, maxlength: component.max_length ?? 4000, ...(long ? { rows: "4" } : { type: "text" }) });
  return {
    node: input,
    focus: () => input.focus(),
    value: () => input.value,
    problem: () => {
      if (!input.value) return component.required === false ? "" : REQUIRED;
      const least = component.min_length ?? 0;
      return input.value.length < least ? `Write at least ${least} characters.` : "";
    },
  };
}

function several(count, least, most, required) {
  if (!count && !required) return "";
  if (count < Math.max(least, required ? 1 : 0)) return least > 1 ? `Choose at least ${least}.` : REQUIRED;
  return count > most ? `Choose at most ${most}.` : "";
}

function select(component, id) {
  const [least, most] = [component.min_values ?? 1, component.max_values ?? 1];
  const options = optionsOf(component);
  const input = el(
    "select",
    { id, multiple: most > 1, size: most > 1 ? Math.min(6, options.length) : null },
    most > 1 ? null : el("option", { value: "" }, component.placeholder ?? "Choose…"),
    options.map((option) => el("option", { value: option.value, selected: option.chosen, title: option.detail }, option.label)),
  );
  const value = () => [...input.selectedOptions].map((option) => option.value).filter(Boolean);
  return { node: input, focus: () => input.focus(), value, problem: () => several(value().length, least, most, component.required !== false) };
}

function boxes(type, one) {
  return (component, id) => {
    const name = `${id}-choice`;
    const node = el(
      "div",
      { id, class: "boxes" },
      component.options.map((option) =>
        el("label", {}, el("input", { type, name, value: option.value, checked: option.default }), el("span", {}, option.label, option.description ? el("small", {}, option.description) : null)),
      ),
    );
    const chosen = () => [...node.querySelectorAll("input:checked")].map((input) => input.value);
    const required = component.required !== false;
    return {
      node,
      focus: () => node.querySelector("input").focus(),
      value: () => (one ? chosen()[0] : chosen()),
      problem: () => (one ? (required && !chosen().length ? REQUIRED : "") : several(chosen().length, component.min_values ?? 1, component.max_values ?? component.options.length, required)),
    };
  };
}

function checkbox(component, id) {
  const input = el("input", { id, type: "checkbox", checked: component.default });
  return { node: input, focus: () => input.focus(), value: () => input.checked, problem: () => "" };
}

function upload(component, id) {
  const [least, most] = [component.min_values ?? 1, component.max_values ?? 1];
  const input = el("input", { id, type: "file", multiple: most > 1 });
  const files = () => [...input.files];
  return {
    node: input,
    focus: () => input.focus(),
    files,
    value: () => undefined,
    problem: () => {
      const limit = store.uploadLimit();
      const large = files().find((file) => file.size > limit);
      if (large) return `${large.name} has ${sizeText(large.size)}; at most ${sizeText(limit)} can be uploaded here.`;
      return several(files().length, least, most, component.required !== false);
    },
  };
}

const FIELDS = { 3: select, 4: text, 5: select, 6: select, 7: select, 8: select, 19: upload, 21: boxes("radio", true), 22: boxes("checkbox", false), 23: checkbox };
