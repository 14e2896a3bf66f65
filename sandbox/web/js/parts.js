// Message components, old and new, as Discord draws them.

import { el } from "./dom.js";
import { fileBox, medium, SMALL } from "./media.js";
import { markdown } from "./markdown.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };

/** All of a message's components; `names` knows ids. */
export function parts(components, names) {
  return components.map((component) => draw(component, names));
}

function draw(component, names) {
  const drawn = DRAWN[component.type];
  const node = drawn ? drawn(component, names) : unknown(component);
  node.dataset.key ??= `${component.type}:${component.id ?? ""}`;
  return node;
}

function unknown(component) {
  return el("div", { class: "unknown" }, `A component of type ${component.type}, which this page cannot draw.`);
}

function button(component) {
  const style = STYLES[component.style] ?? "secondary";
  const inside = [emoji(component.emoji), component.label ? el("span", {}, component.label) : null];
  if (style === "link") {
    return el("a", { class: "button link", href: component.url, target: "_blank", rel: "noopener noreferrer" }, inside, el("span", { "aria-hidden": "true" }, " ↗"));
  }
  return el(
    "button",
    {
      type: "button",
      class: `button ${style}`,
      disabled: component.disabled,
      "data-press": component.custom_id,
      "aria-label": component.label ? null : (component.emoji?.name ?? "Button"),
    },
    inside,
  );
}

function emoji(found) {
  return found?.name ? el("span", { class: "emoji", "aria-hidden": "true" }, found.id ? `:${found.name}:` : found.name) : null;
}

const PLACEHOLDERS = { 3: "Make a selection", 5: "Select a person", 6: "Select a role", 7: "Select a person or role", 8: "Select a channel" };

function select(component, names) {
  const chosen = chosenIn(component, names);
  return el(
    "button",
    {
      type: "button",
      class: "select",
      disabled: component.disabled,
      "data-select": component.custom_id,
      "aria-haspopup": "listbox",
    },
    el("span", { class: chosen ? "" : "placeholder" }, chosen || component.placeholder || PLACEHOLDERS[component.type]),
    el("span", { class: "chevron", "aria-hidden": "true" }, "▾"),
  );
}

function chosenIn(component, names) {
  if (component.type === 3) {
    return component.options.filter((option) => option.default).map((option) => option.label).join(", ");
  }
  return (component.default_values ?? []).map(({ id, type }) => names[type]?.(id) ?? id).join(", ");
}

function container(component, names) {
  const node = el("div", { class: component.spoiler ? "container spoiler" : "container" }, parts(component.components, names));
  if (component.accent_color !== null && component.accent_color !== undefined) {
    node.style.setProperty("--accent-edge", `#${component.accent_color.toString(16).padStart(6, "0")}`);
    node.classList.add("accented");
  }
  return node;
}

const DRAWN = {
  1: (row, names) => el("div", { class: "row" }, parts(row.components, names)),
  2: button,
  3: select,
  5: select,
  6: select,
  7: select,
  8: select,
  9: (section, names) =>
    el("div", { class: "section" }, el("div", { class: "section-text" }, parts(section.components, names)), draw(section.accessory, names)),
  10: (text, names) => markdown(text.content, names),
  11: ({ media, description, spoiler }) => el("div", { class: "thumbnail" }, medium({ ...media, description, spoiler }, SMALL)),
  12: (gallery) =>
    el(
      "div",
      { class: `gallery count-${Math.min(gallery.items.length, 5)}` },
      gallery.items.map((item) => medium({ ...item.media, description: item.description, spoiler: item.spoiler })),
    ),
  13: (file) => fileBox({ url: file.file.url, filename: file.name, size: file.size, spoiler: file.spoiler }),
  14: (separator) => el("div", { class: `separator spacing-${separator.spacing}${separator.divider ? " line" : ""}`, role: "separator" }),
  17: container,
};

/** Every component below these, parents first. */
export function* walk(components) {
  for (const component of components) {
    yield component;
    yield* walk(component.components ?? []);
    if (component.accessory) yield component.accessory;
    if (component.component) yield component.component;
  }
}
