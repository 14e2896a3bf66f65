// The side panel for whoever tests: a message's JSON, the wire's traffic, and what can go wrong.

import { el, morph } from "./dom.js";
import { attempt } from "./menus.js";
import { store } from "./store.js";

const TABS = { controls: "Controls", json: "JSON", traffic: "Traffic" };

/** The panel; closed until somebody wants it. `toggled` hears when it opens or closes. */
export class Panel {
  #tab = "controls";
  #inspected = null; // {channelId, messageId}

  constructor(root, toggled) {
    this.root = root;
    this.toggled = toggled;
    this.tabs = el("div", { role: "tablist", class: "tabs" });
    this.content = el("div", { class: "panel-content", role: "tabpanel", tabindex: "0" });
    root.append(el("header", {}, el("h2", {}, "For testers"), el("button", { type: "button", class: "plain", "aria-label": "Close the panel", onclick: () => this.toggle(false) }, "✕")), this.tabs, this.content);
    for (const [name, label] of Object.entries(TABS)) {
      this.tabs.append(el("button", { type: "button", role: "tab", "data-tab": name, onclick: () => this.#show(name) }, label));
    }
    store.on("controls", () => this.#redraw("controls"));
    this.tabs.addEventListener("keydown", (event) => this.#walkTabs(event));
    root.addEventListener("keydown", ({ key }) => key === "Escape" && this.toggle(false));
    store.on("messages", () => this.#redraw("json"));
    store.on("traffic", (entry) => this.#add(entry));
  }

  /** Open or close it. */
  toggle(open = this.root.hidden) {
    this.root.hidden = !open;
    if (open) this.#show(this.#tab);
    else store.watchTraffic(false);
    this.toggled();
  }

  /** Open it with a message's JSON, which follows the message's changes. */
  inspect(message) {
    this.#inspected = { channelId: message.channel_id, messageId: message.id };
    this.#tab = "json";
    this.toggle(true);
  }

  #walkTabs({ key, target }) {
    const next = { ArrowRight: target.nextSibling, ArrowLeft: target.previousSibling }[key];
    if (!next) return;
    this.#show(next.dataset.tab);
    next.focus();
  }

  #show(tab) {
    this.#tab = tab;
    for (const node of this.tabs.children) {
      node.setAttribute("aria-selected", String(node.dataset.tab === tab));
      node.tabIndex = node.dataset.tab === tab ? 0 : -1;
    }
    store.watchTraffic(tab === "traffic");
    this.content.replaceChildren();
    this.#redraw(tab);
  }

  #redraw(tab) {
    if (this.root.hidden || this.#tab !== tab) return;
    if (tab === "controls") return this.#drawControls();
    const fresh = this.content.cloneNode(false);
    if (tab === "json") fresh.append(this.#json());
    else fresh.append(el("p", { class: "panel-help" }, "Calls and events appear here as they happen. Open one to see what it carried."));
    morph(this.content, fresh);
  }

  #drawControls() {
    const focused = document.activeElement?.id;
    this.content.replaceChildren(...controls());
    if (focused?.startsWith("control-")) document.getElementById(focused)?.focus();
  }

  #json() {
    if (!this.#inspected) return el("p", { class: "panel-help" }, "Right-click a message and choose “Show its JSON”.");
    const { channelId, messageId } = this.#inspected;
    const message = store.message(channelId, messageId);
    if (!message) return el("p", { class: "panel-help" }, "That message is gone.");
    return el("pre", { class: "json" }, JSON.stringify(message, null, 2));
  }

  #add(entry) {
    if (this.root.hidden || this.#tab !== "traffic") return;
    this.content.querySelector(".panel-help")?.remove();
    this.content.prepend(trafficRow(entry));
    while (this.content.childElementCount > 300) this.content.lastChild.remove();
  }
}

function trafficRow(entry) {
  const bad = entry.status >= 400;
  const arrow = entry.direction === "in" ? "→" : "←";
  const time = new Date(entry.at * 1000).toISOString().slice(11, 23);
  const row = el(
    "details",
    { class: bad ? "entry bad" : "entry" },
    el("summary", {}, el("span", { class: "entry-time" }, time), ` ${arrow} `, el("span", { class: `entry-kind ${entry.kind}` }, entry.kind), ` ${entry.title}`, entry.status ? el("strong", {}, ` ${entry.status}`) : null),
  );
  row.ontoggle = () => {
    if (!row.open || row.childElementCount > 1) return;
    const found = [["sent", entry.body], ["answered", entry.answer]].filter(([, value]) => value !== null && value !== undefined);
    row.append(...found.flatMap(([label, value]) => [el("h4", {}, label), el("pre", { class: "json" }, JSON.stringify(value, null, 2))]));
    if (!found.length) row.append(el("p", { class: "panel-help" }, "It carried nothing."));
  };
  return row;
}

function controls() {
  const groups = Map.groupBy ? Map.groupBy(store.controls, ({ group }) => group) : grouped(store.controls);
  return [...groups].map(([group, found]) => el("section", { class: "controls", "data-key": group }, el("h3", {}, group), found.map(control)));
}

function grouped(found) {
  const groups = new Map();
  for (const one of found) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return groups;
}

/** Set a control; after a refusal everything shows again how it is. */
async function set(id, value) {
  await attempt(() => store.control(id, value));
  store.refreshControls();
}

function control(found) {
  const id = `control-${found.id}`;
  const help = found.help ? el("small", { id: `${id}-help` }, found.help) : null;
  const inside = KINDS[found.kind](found, id);
  if (help) (inside.matches("button") ? inside : inside.querySelector("input, select")).setAttribute("aria-describedby", help.id);
  return el("div", { class: `control of-${found.kind}`, "data-key": found.id }, inside, help);
}

const KINDS = {
  button: ({ id, label }, htmlId) => el("button", { id: htmlId, type: "button", class: "button secondary", onclick: () => set(id, true) }, label),
  switch: ({ id, label, value }, htmlId) => el("label", {}, el("input", { id: htmlId, type: "checkbox", role: "switch", checked: value, onchange: ({ target }) => set(id, target.checked) }), label),
  choice: ({ id, label, value, choices }, htmlId) =>
    el("label", {}, label, el("select", { id: htmlId, onchange: ({ target }) => set(id, target.value) }, choices.map((choice) => el("option", { value: choice.value, selected: choice.value === value }, choice.label)))),
  number: ({ id, label, value, unit }, htmlId) => {
    const input = el("input", { id: htmlId, type: "number", value: value ?? "", step: "any" });
    const submit = (event) => {
      event.preventDefault();
      set(id, input.valueAsNumber);
    };
    return el("form", { onsubmit: submit }, el("label", { for: htmlId }, label), el("span", { class: "number" }, input, unit ? el("span", {}, unit) : null, el("button", { type: "submit", class: "button secondary" }, "Set")));
  },
};
