// One option of a slash command as a field of its form.

import { el, sizeText } from "./dom.js";
import { Suggestions } from "./lists.js";
import { channels, idOf, offered, people, roles } from "./mentions.js";
import { spokenName } from "./names.js";
import { store } from "./store.js";
import { Refused } from "./wire.js";

const [INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT] = [4, 5, 6, 7, 8, 9, 10, 11];
const COMPLETE_AFTER_MS = 150;
let count = 0;

/** A field, described by the element `aboutId`. `complete` asks the app for choices; `removed` is called for an option given up. */
export class Field {
  file = null;
  #chosen = null; // what autocompletion gave: a text is shown, a value is sent
  #asked = 0;

  constructor(option, { aboutId, complete, removed }) {
    this.option = option;
    this.named = NAMED[option.type];
    this.id = `option-${++count}`;
    this.complete = complete;
    this.problem = el("span", { class: "field-error", id: `${this.id}-error`, hidden: true });
    this.input = this.#input();
    this.node = el(
      "span",
      { class: option.type === ATTACHMENT ? "field for-file" : "field", "data-option": option.name },
      el("label", { for: this.id, class: option.required ? "required" : null }, spokenName(option)),
      this.input,
      this.suggestions?.box,
      removed ? el("button", { type: "button", class: "plain", "aria-label": `Leave ${spokenName(option)} out`, onclick: removed }, "✕") : null,
      this.problem,
    );
    this.control.setAttribute("aria-describedby", `${aboutId} ${this.problem.id}`);
    if (option.required) this.control.setAttribute("aria-required", "true");
    if (option.type === ATTACHMENT) this.#droppable();
  }

  get control() {
    return this.input.matches("input, select") ? this.input : this.input.querySelector("input");
  }

  get wantsFile() {
    return this.option.type === ATTACHMENT && !this.file;
  }

  /** Whether the option's words name a file's kind, such as "video": a guess where it belongs. */
  speaksOf(file) {
    const words = `${this.option.name} ${this.option.description}`.toLowerCase();
    const kinds = { image: ["image", "picture", "photo"], video: ["video", "clip"] }[file.type.split("/")[0]];
    return Boolean(kinds?.some((kind) => words.includes(kind)));
  }

  focusFirst() {
    this.control.focus();
  }

  #input() {
    const { option, id } = this;
    const list = choicesOf(option);
    if (list) {
      const empty = el("option", { value: "" }, option.required ? "Choose…" : "not given");
      return el("select", { id, onchange: () => this.check() }, empty, list.map((choice, index) => el("option", { value: String(index), "data-value": choice.value }, spokenName(choice))));
    }
    if (option.type === ATTACHMENT) return this.#fileBox();
    const isNumber = [INTEGER, NUMBER].includes(option.type);
    const input = el("input", { id, type: "text", inputmode: isNumber ? "decimal" : null, maxlength: option.max_length });
    if (option.autocomplete || this.named) {
      this.suggestions = new Suggestions(input, { label: `Choices for ${spokenName(option)}`, chosen: (item) => this.#choose(item) });
      input.onfocus = () => this.#suggest();
      input.oninput = () => {
        this.suggestions.close(); // what was offered for fewer letters must not be taken by mistake
        this.#suggest();
      };
      input.onblur = () => {
        this.suggestions.close();
        this.#spellOut();
      };
      input.addEventListener("keydown", (event) => this.suggestions.key(event)); // an `on…` handler that returns false would eat the key
    }
    return input;
  }

  #choose(item) {
    this.#chosen = { name: item.label, value: item.value };
    this.input.value = item.label;
  }

  /** A mention or an id of what is known here becomes its name. */
  #spellOut() {
    const found = this.named?.().find(({ value }) => value === this.value);
    if (found) this.input.value = found.label;
  }

  #suggest() {
    if (this.named) return this.suggestions.show(offered(this.named(), this.input.value));
    const asked = ++this.#asked;
    setTimeout(async () => {
      if (asked !== this.#asked) return;
      try {
        const choices = await this.complete(this.input.value);
        if (asked !== this.#asked || document.activeElement !== this.input) return;
        const items = choices.map(({ name, value }) => ({ label: name, value }));
        this.suggestions.show(items, items.length ? "" : "No options match your search.");
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.suggestions.show([], error.message);
      }
    }, COMPLETE_AFTER_MS);
  }

  #fileBox() {
    this.picker = el("input", { type: "file", id: this.id, class: "picker", onchange: () => this.take(this.picker.files[0]) });
    this.shown = el("span", { class: "picked" }, "Drop a file here, or press to choose");
    return el("span", { class: "file-box" }, this.picker, this.shown);
  }

  /** Put a file into this field. */
  take(file) {
    if (!file) return;
    const limit = store.uploadLimit();
    if (file.size > limit) {
      return this.#complain(`${file.name} has ${sizeText(file.size)}; at most ${sizeText(limit)} can be uploaded here.`);
    }
    this.file = file;
    const preview = file.type.startsWith("image/") ? el("img", { src: URL.createObjectURL(file), alt: "", onload: ({ target }) => URL.revokeObjectURL(target.src) }) : null;
    this.shown.replaceChildren(...[preview, el("span", {}, file.name), el("small", {}, sizeText(file.size))].filter(Boolean));
    this.#complain("");
  }

  #droppable() {
    this.node.ondragover = (event) => {
      event.preventDefault();
      this.node.classList.add("over");
    };
    this.node.ondragleave = () => this.node.classList.remove("over");
    this.node.ondrop = (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.node.classList.remove("over");
      this.take(event.dataTransfer.files[0]);
    };
  }

  /** What is sent; undefined while it is empty. */
  get value() {
    const { type } = this.option;
    if (type === ATTACHMENT) return undefined;
    if (this.input.matches("select")) {
      const choice = choicesOf(this.option)[this.input.value];
      return choice?.value;
    }
    const text = this.input.value;
    if (!text) return undefined;
    if (this.#chosen?.name === text) return this.#chosen.value;
    if (this.named) return idOf(this.named(), text);
    return [INTEGER, NUMBER].includes(type) ? Number(text) : text;
  }

  /** Whether it can be sent so; says why not. */
  check() {
    const { option } = this;
    const empty = option.type === ATTACHMENT ? !this.file : this.value === undefined;
    if (this.named && empty && this.input.value) return this.#complain("Choose one from the list.");
    if (option.required && empty) return this.#complain("This option is required.");
    if (Number.isNaN(this.value)) return this.#complain("Write a number.");
    return this.#complain("");
  }

  #complain(sentence) {
    this.problem.textContent = sentence;
    this.problem.hidden = !sentence;
    this.control.setAttribute("aria-invalid", String(Boolean(sentence)));
    return !sentence;
  }
}

/** The few fixed choices that an option has. */
function choicesOf({ type, choices }) {
  if (type === BOOLEAN) return [{ name: "True", value: true }, { name: "False", value: false }];
  return choices?.length ? choices : null;
}

/** What of the place an option can name. */
const NAMED = { [USER]: people, [CHANNEL]: channels, [ROLE]: roles, [MENTIONABLE]: () => [...people(), ...roles()] };
