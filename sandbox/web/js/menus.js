// What opens beside something: menus of a message or a person, a select's choices, reactions.

import { el } from "./dom.js";
import { EPHEMERAL } from "./history.js";
import { peopleHere } from "./mentions.js";
import { walk } from "./parts.js";
import { nameOf, spokenName } from "./names.js";
import { store } from "./store.js";
import { toast } from "./toasts.js";
import { Refused } from "./wire.js";

const REACTIONS = ["👍", "❤️", "😂", "🎉", "👀", "🔥", "😮", "😢", "👎", "✅"];
const USER_COMMAND = 2;
const MESSAGE_COMMAND = 3;

/** Do something that the sandbox may refuse; a refusal is said. */
export async function attempt(what) {
  try {
    return await what();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
    return undefined;
  }
}

let open = null;

/** Open a box at a place of the window; it closes on a click elsewhere and on Escape. */
function openBox(node, { x, y }, back) {
  closeMenu();
  node.classList.add("floating");
  node.popover = "auto";
  document.body.append(node);
  node.showPopover();
  const { width, height } = node.getBoundingClientRect();
  node.style.left = `${Math.max(4, Math.min(x, innerWidth - width - 4))}px`;
  node.style.top = `${Math.max(4, y + height > innerHeight - 4 ? y - height : y)}px`;
  node.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    node.remove();
    if (open === node) open = null;
    if (document.activeElement === document.body) back?.focus?.({ preventScroll: true });
  });
  open = node;
  (node.querySelector("[role^=menuitem], [role=option], input, button") ?? node).focus();
}

/** Close what is open. */
export function closeMenu() {
  open?.hidePopover();
}

function menu(label, groups, at, back) {
  const node = el("div", { role: "menu", class: "menu", "aria-label": label });
  for (const items of groups.map((group) => group.filter(Boolean)).filter((group) => group.length)) {
    if (node.childElementCount) node.append(el("hr"));
    node.append(...items.map(([text, act, more]) => el("button", { type: "button", role: "menuitem", class: more ?? "", onclick: () => { closeMenu(); act(); } }, text)));
  }
  node.onkeydown = (event) => walkThrough(node, "[role=menuitem]", event);
  openBox(node, at, back);
}

function walkThrough(node, selector, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const rows = [...node.querySelectorAll(selector)];
  rows[(rows.indexOf(document.activeElement) + step + rows.length) % rows.length]?.focus();
}

const below = (node) => {
  const { left, bottom } = node.getBoundingClientRect();
  return { x: left, y: bottom + 4 };
};

/** The menu of a message. `acts` are what the page itself does. */
export async function messageMenu(message, at, back, acts) {
  const channel = store.channel();
  const hidden = message.flags & EPHEMERAL;
  const apps = channel.can.commands && !hidden ? (await attempt(() => store.commands())) ?? [] : [];
  const mine = message.author.id === store.me.id;
  menu(
    "What to do with this message",
    [
      apps.filter(({ type }) => type === MESSAGE_COMMAND).map((command) => [`Apps › ${spokenName(command)}`, () => attempt(() => store.useMenu(command, message.id))]),
      [
        !hidden && channel.can.react && ["Add a reaction", () => reactionMenu(message, at, back)],
        !hidden && channel.can.send && ["Reply", () => acts.reply(message)],
        !hidden && ["Copy message link", () => copy(linkTo(message))],
        ["Copy message ID", () => copy(message.id)],
        ["Show its JSON", () => acts.inspect(message)],
      ],
      [
        hidden && ["Dismiss message", () => store.dismiss(message.id)],
        !hidden && (mine || channel.can.manage_messages) && ["Delete message", () => attempt(() => store.delete(message)), "danger"],
      ],
    ],
    at,
    back,
  );
}

/** The menu of a person. */
export async function userMenu(userId, at, back, acts) {
  const apps = store.channel().can.commands ? (await attempt(() => store.commands())) ?? [] : [];
  const person = store.people.some(({ id }) => id === userId) && userId !== store.me.id;
  menu(
    nameOf(store.user(userId)) ?? "Person",
    [
      apps.filter(({ type }) => type === USER_COMMAND).map((command) => [`Apps › ${spokenName(command)}`, () => attempt(() => store.useMenu(command, userId))]),
      [
        ["Mention", () => acts.mention(userId)],
        person && [`Be ${nameOf(store.user(userId))}`, () => store.be(userId)],
        ["Copy user ID", () => copy(userId)],
      ],
    ],
    at,
    back,
  );
}

/** Choose a reaction. */
export function reactionMenu(message, at, back) {
  const node = el(
    "div",
    { class: "menu reactions-menu", role: "menu", "aria-label": "Reactions" },
    REACTIONS.map((emoji) => el("button", { type: "button", role: "menuitem", class: "emoji", onclick: () => { closeMenu(); attempt(() => store.react(message, emoji, true)); } }, emoji)),
  );
  node.onkeydown = (event) => walkThrough(node, "[role=menuitem]", { key: { ArrowRight: "ArrowDown", ArrowLeft: "ArrowUp" }[event.key] ?? event.key, preventDefault: () => event.preventDefault() });
  openBox(node, at, back);
}

function linkTo(message) {
  return `https://discord.com/channels/${store.guildOf(message.channel_id)?.id ?? "@me"}/${message.channel_id}/${message.id}`;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast(text);
  }
}

/** What a select offers: `{label, detail, value, chosen}`; also used by forms. */
export function optionsOf(component) {
  const guild = store.guildOf();
  const defaults = new Set((component.default_values ?? []).map(({ id }) => id));
  const entity = (label, value) => ({ label, value, chosen: defaults.has(value) });
  const people = peopleHere().map((user) => entity(nameOf(user), user.id));
  const roles = (guild?.roles ?? []).map((role) => entity(role.name, role.id));
  switch (component.type) {
    case 3:
      return component.options.map((option) => ({ label: option.label, detail: option.description, value: option.value, chosen: option.default }));
    case 5:
      return people;
    case 6:
      return roles;
    case 7:
      return [...people, ...roles];
    default:
      return (guild?.channels ?? []).map(({ id, name }) => entity(`#${name}`, id));
  }
}

/** Open a select of a message; what is chosen is sent at once, or with a button if it may be several. */
export function openSelect(message, customId, anchor, sent) {
  const component = [...walk(message.components)].find((part) => part.custom_id === customId);
  const [least, most] = [component.min_values ?? 1, component.max_values ?? 1];
  const options = optionsOf(component);
  const chosen = new Set(options.filter((option) => option.chosen).map(({ value }) => value));
  const finish = () => {
    closeMenu();
    sent([...chosen]);
  };
  const several = most > 1 || least === 0;
  const done = several ? el("button", { type: "button", class: "button primary", onclick: finish }, "Done") : null;
  const rows = options.map((option) => {
    const row = el(
      "button",
      { type: "button", role: "option", "aria-selected": String(chosen.has(option.value)), onclick: () => choose(option, row) },
      el("span", { class: "option-label" }, option.label),
      option.detail ? el("span", { class: "option-detail" }, option.detail) : null,
    );
    return row;
  });
  const choose = (option, row) => {
    if (!several) {
      chosen.clear();
      chosen.add(option.value);
      return finish();
    }
    if (!chosen.delete(option.value) && chosen.size < most) chosen.add(option.value);
    row.setAttribute("aria-selected", String(chosen.has(option.value)));
    done.disabled = chosen.size < least;
  };
  const node = el("div", { class: "menu choices" }, el("div", { role: "listbox", "aria-multiselectable": String(several), "aria-label": component.placeholder ?? "Choices" }, rows), done);
  if (done) done.disabled = chosen.size < least;
  node.onkeydown = (event) => walkThrough(node, "[role=option]", event);
  openBox(node, below(anchor), anchor);
}
