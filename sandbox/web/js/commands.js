// Slash commands: those that one may use, and the form that fills one in.

import { el } from "./dom.js";
import { Field } from "./fields.js";
import { spokenAbout, spokenName } from "./names.js";
import { Refused } from "./wire.js";
import { store } from "./store.js";

const SUB_COMMAND = 1;
const GROUP = 2;
let count = 0;

/** Each command that can be used: `{name, spoken, about, options}`, with its full name as it is sent and as one reads it. */
export function leaves(commands) {
  return commands
    .filter(({ type }) => (type ?? 1) === 1)
    .flatMap((command) => below(command, command.name, spokenName(command)))
    .sort((one, other) => one.spoken.localeCompare(other.spoken));
}

function below(command, name, spoken) {
  const nested = (command.options ?? []).filter(({ type }) => type === SUB_COMMAND || type === GROUP);
  if (!nested.length) return [{ name, spoken, about: spokenAbout(command), options: command.options ?? [] }];
  return nested.flatMap((option) => below(option, `${name} ${option.name}`, `${spoken} ${spokenName(option)}`));
}

/** A command with its options as fields. `ended` is called when it was sent or given up. */
export class CommandForm {
  #fields = [];

  constructor(command, ended) {
    this.command = command;
    this.ended = ended;
    this.error = el("p", { class: "form-error", role: "alert", hidden: true });
    this.slots = el("span", { class: "slots" });
    this.more = el("span", { class: "more" });
    this.id = `command-${++count}`;
    this.about = el("ul", { class: "about", "aria-label": "Options", hidden: !command.options.length }, command.options.map((option) => this.#aboutLine(option)));
    this.node = el(
      "form",
      { class: "command-form", novalidate: true, "aria-label": `/${command.spoken}`, onsubmit: (event) => this.#submit(event), onkeydown: (event) => this.#key(event) },
      el("p", { class: "form-help" }, command.about),
      el(
        "div",
        { class: "form-line" },
        el("span", { class: "command-name" }, `/${command.spoken}`),
        this.slots,
        this.more,
        el("span", { class: "form-ends" }, el("button", { type: "button", class: "plain", "aria-label": "Give this command up", onclick: () => this.ended() }, "✕"), el("button", { type: "submit", class: "send" }, "Send")),
      ),
      this.error,
      this.about,
    );
    this.node.addEventListener("focusin", ({ target }) => this.#point(target.closest("[data-option]")?.dataset.option));
    for (const option of command.options.filter(({ required }) => required)) this.#add(option);
    this.#offerMore();
  }

  focus() {
    (this.#fields[0] ?? this).focusFirst();
  }

  focusFirst() {
    this.node.querySelector(".send").focus();
  }

  /** Files that were dropped on the page go to the first empty options for files. */
  take(files) {
    for (const file of files) {
      const empty = this.#fields.filter((one) => one.wantsFile);
      let field = empty.find((one) => one.speaksOf(file)) ?? empty[0];
      if (!field) {
        const option = this.command.options.find((one) => one.type === 11 && !this.#has(one));
        if (!option) return;
        field = this.#add(option);
        this.#offerMore();
      }
      field.take(file);
    }
  }

  #aboutId(option) {
    return `${this.id}-${option.name}`;
  }

  #aboutLine(option) {
    return el("li", { "data-about": option.name }, el("strong", { class: option.required ? "required" : null }, spokenName(option)), " ", el("span", { id: this.#aboutId(option) }, spokenAbout(option)));
  }

  /** Mark the line about the option that is being filled in. */
  #point(name) {
    for (const line of this.about.children) {
      const is = line.dataset.about === name;
      line.setAttribute("aria-current", String(is));
      if (is) line.scrollIntoView({ block: "nearest" });
    }
  }

  #has(option) {
    return this.#fields.some((field) => field.option.name === option.name);
  }

  #add(option) {
    const field = new Field(option, {
      aboutId: this.#aboutId(option),
      complete: (typed) => this.#complete(option, typed),
      removed: option.required ? null : () => this.#remove(field),
    });
    this.#fields.push(field);
    this.slots.append(field.node);
    return field;
  }

  #remove(field) {
    this.#fields = this.#fields.filter((one) => one !== field);
    field.node.remove();
    this.#offerMore();
    this.focusFirst();
  }

  #offerMore() {
    const left = this.command.options.filter((option) => !this.#has(option));
    this.more.replaceChildren(
      ...left.map((option) =>
        el(
          "button",
          {
            type: "button",
            class: "optional",
            "data-option": option.name,
            "aria-describedby": this.#aboutId(option),
            onclick: () => {
              const field = this.#add(option);
              this.#offerMore();
              field.focusFirst();
            },
          },
          `+ ${spokenName(option)}`,
        ),
      ),
    );
  }

  #values() {
    const options = Object.create(null); // an option may have any name
    const files = Object.create(null);
    for (const field of this.#fields) {
      if (field.file) files[field.option.name] = field.file;
      else if (field.value !== undefined) options[field.option.name] = field.value;
    }
    return { options, files };
  }

  async #complete(option, typed) {
    const options = { ...this.#values().options, [option.name]: typed };
    const found = await store.autocomplete(this.command.name, options, option.name);
    return found.choices;
  }

  #key(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    this.ended();
  }

  async #submit(event) {
    event.preventDefault();
    const wrong = this.#fields.filter((field) => !field.check());
    if (wrong.length) return wrong[0].focusFirst();
    const { options, files } = this.#values();
    this.node.inert = true;
    this.error.hidden = true;
    try {
      await store.use(this.command.name, options, files);
      this.ended();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.error.textContent = error.message;
      this.error.hidden = false;
    } finally {
      this.node.inert = false;
    }
  }
}
