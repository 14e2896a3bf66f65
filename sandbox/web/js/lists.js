// A list to choose from while typing in a field: it opens above or below, the field keeps the focus.

import { el } from "./dom.js";

let count = 0;

/** Suggestions for one field. `chosen` gets the item that was picked. */
export class Suggestions {
  #items = [];
  #at = 0;

  constructor(field, { label, chosen, place = "above" }) {
    this.field = field;
    this.chosen = chosen;
    this.id = `suggestions-${++count}`;
    this.box = el("ul", { class: `suggestions ${place}`, role: "listbox", id: this.id, "aria-label": label, hidden: true });
    for (const [name, value] of Object.entries({ role: "combobox", "aria-controls": this.id, "aria-expanded": "false", "aria-autocomplete": "list", autocomplete: "off" })) {
      field.setAttribute(name, value);
    }
    this.box.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const row = event.target.closest("[role=option]");
      if (row) this.#pick(Number(row.dataset.index));
    });
  }

  get isOpen() {
    return !this.box.hidden;
  }

  /** Show items `{label, detail, side}`; none closes the list. `note` stands instead of them, `label` names the list. */
  show(items, note = "", label = "") {
    if (label) this.box.setAttribute("aria-label", label);
    this.#items = items;
    this.#at = 0;
    this.box.hidden = !items.length && !note;
    this.field.setAttribute("aria-expanded", String(this.isOpen));
    this.box.replaceChildren(
      ...items.map((item, index) =>
        el(
          "li",
          { role: "option", id: `${this.id}-${index}`, "data-index": index },
          el("span", { class: "option-label" }, item.label),
          item.detail ? el("span", { class: "option-detail" }, item.detail) : null,
          item.side ? el("span", { class: "option-side" }, item.side) : null,
        ),
      ),
      ...(note ? [el("li", { class: "note" }, note)] : []),
    );
    this.#mark();
  }

  close() {
    this.show([]);
  }

  /** Take a key of the field's; true if it was for the list. */
  key(event) {
    if (!this.isOpen) return false;
    if (event.key === "Escape") this.close();
    else if (!this.#items.length) return false;
    else if (event.key === "ArrowDown") this.#move(1);
    else if (event.key === "ArrowUp") this.#move(-1);
    else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) this.#pick(this.#at);
    else return false;
    event.preventDefault();
    return true;
  }

  #move(by) {
    this.#at = (this.#at + by + this.#items.length) % this.#items.length;
    this.#mark();
  }

  #mark() {
    const rows = this.box.querySelectorAll("[role=option]");
    rows.forEach((row, index) => row.setAttribute("aria-selected", String(index === this.#at)));
    rows[this.#at]?.scrollIntoView({ block: "nearest" });
    if (rows.length) this.field.setAttribute("aria-activedescendant", `${this.id}-${this.#at}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  #pick(index) {
    const item = this.#items[index];
    this.close();
    if (item) this.chosen(item);
  }
}
