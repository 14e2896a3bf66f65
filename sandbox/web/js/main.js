// The page: wires its parts together.

import { Composer } from "./composer.js";
import { attempt, messageMenu, openSelect, reactionMenu, userMenu } from "./menus.js";
import { spoken } from "./mentions.js";
import { openModal } from "./modal.js";
import { Panel } from "./panel.js";
import { members, sidebar } from "./sidebar.js";
import { nameOf } from "./names.js";
import { store } from "./store.js";
import { Timeline } from "./timeline.js";
import { moveClock, speakTimes } from "./times.js";
import { toast } from "./toasts.js";
import { topLine } from "./top.js";
import { Refused } from "./wire.js";

const NARROW = matchMedia("(max-width: 48rem)"); // as in narrow.css
const find = (id) => document.getElementById(id);
const places = find("places");
const timeline = new Timeline(find("timeline"), find("below"));
const composer = new Composer(find("composer"));
const panel = new Panel(find("panel"), () => drawTop());
const drawMembers = members(find("members"));
const acts = {
  reply: (message) => composer.replyTo(message),
  inspect: (message) => {
    find("members").hidden = true;
    panel.inspect(message);
  },
  mention: (id) => {
    if (NARROW.matches) openMembers(false); // else they hide the box
    composer.insert(`${spoken(id)} `);
  },
};

// --- the top line, and what opens from it ----------------------------------------------------------

const drawTop = topLine(find("top"), {
  isOpen: (what) => (what === "places" ? places.classList.contains("open") : !find(what).hidden),
  toggle: (what) => ({ places: openPlaces, members: openMembers, panel: openPanel })[what](),
  jump,
});

async function jump(channelId, messageId) {
  if (!messageId) return store.go(channelId);
  if (await store.find(channelId, messageId)) timeline.reveal(messageId);
  else toast("That message is gone, or not for you to see.");
}

function openMembers(open = find("members").hidden) {
  find("members").hidden = !open;
  panel.toggle(false);
  drawMembers();
}

function openPanel() {
  find("members").hidden = true;
  panel.toggle();
}

function openPlaces(open = !places.classList.contains("open")) {
  places.classList.toggle("open", open);
  drawTop();
}

function drawNotice() {
  const notice = find("notice");
  const { overview, connected, online } = store;
  const bot = overview?.bot;
  if (!connected) notice.textContent = "Reconnecting to the sandbox…";
  else if (bot && !online.has(bot.id)) notice.textContent = `${nameOf(bot)} is offline: what you write now does not reach it.`;
  notice.hidden = connected && (!bot || online.has(bot.id));
}

function drawTyping() {
  const names = store.typing().map((id) => nameOf(store.user(id)) ?? "Somebody");
  find("typing").textContent = names.length ? `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing…` : "";
}

// --- what one does to messages -----------------------------------------------------------------

const messageOf = (node) => {
  const id = node.closest("[data-message]")?.dataset.message;
  return id && store.message(store.channelId, id);
};

find("timeline").addEventListener("click", (event) => {
  const { target } = event;
  const hit = (selector) => target.closest(selector);
  if (hit("[data-quoted]")) return jump(store.channelId, hit("[data-quoted]").dataset.quoted);
  const spoiler = hit(".spoiler:not([data-revealed])");
  if (spoiler) {
    event.preventDefault();
    spoiler.setAttribute("data-revealed", "");
    return;
  }
  const message = messageOf(target);
  const jumpTo = hit("[data-channel]");
  if (jumpTo) {
    event.preventDefault();
    jump(jumpTo.dataset.channel, jumpTo.dataset.message);
  } else if (hit("[data-command]")) {
    composer.openNamed(hit("[data-command]").dataset.command);
  } else if (hit("[data-tool=dismiss]")) {
    store.dismiss(hit("[data-message]").dataset.message);
  } else if (hit("[data-user]")) {
    userMenu(hit("[data-user]").dataset.user, pointOf(event, target), target, acts);
  } else if (message) {
    clickIn(message, event, hit);
  }
});

function clickIn(message, event, hit) {
  const tool = hit("[data-tool]");
  if (hit("[data-press]")) press(message, hit("[data-press]"), "press");
  else if (hit("[data-select]")) openSelect(message, hit("[data-select]").dataset.select, hit("[data-select]"), (values) => press(message, hit("[data-select]"), "select", values));
  else if (hit("[data-reaction]")) {
    const reaction = hit("[data-reaction]");
    attempt(() => store.react(message, reaction.dataset.reaction, !reaction.classList.contains("mine")));
  } else if (tool?.dataset.tool === "react") reactionMenu(message, pointOf(event, tool), tool);
  else if (tool?.dataset.tool === "reply") composer.replyTo(message);
  else if (tool?.dataset.tool === "menu") messageMenu(message, pointOf(event, tool), tool, acts);
}

/** Press a button: it waits until the app has answered, and says if the app did not. */
async function press(message, node, kind, values) {
  const customId = node.dataset[kind];
  node.setAttribute("data-busy", "");
  try {
    await store.click(message, customId, values);
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    node.removeAttribute("data-busy");
    toast(refused.message);
  }
}

store.on("interaction", ({ messageId, customId, state, error }) => {
  if (!messageId || state === "pending") return;
  const article = document.querySelector(`article[data-message="${CSS.escape(messageId)}"]`);
  const part = [...(article?.querySelectorAll("[data-press], [data-select]") ?? [])].find((node) => (node.dataset.press ?? node.dataset.select) === customId);
  part?.removeAttribute("data-busy");
  if (state === "failed") toast(error === "The application did not respond" ? "This interaction failed: the app did not respond." : error);
});

find("timeline").addEventListener("contextmenu", (event) => {
  if (event.target.closest("a, video, textarea, input") && !event.target.closest(".medium, .file")) return;
  const user = event.target.closest("[data-user]");
  const message = messageOf(event.target);
  if (!user && !message) return;
  event.preventDefault();
  const back = event.target.closest(".message");
  if (user) userMenu(user.dataset.user, pointOf(event, user), back, acts);
  else messageMenu(message, pointOf(event, back), back, acts);
});

find("members").addEventListener("click", (event) => {
  const member = event.target.closest("[data-user]");
  if (member) userMenu(member.dataset.user, pointOf(event, member), member, acts);
});

/** Where a menu opens: at the pointer, or below what was pressed by key. */
function pointOf(event, node) {
  if (event.clientX || event.clientY) return { x: event.clientX, y: event.clientY };
  const { left, bottom } = node.getBoundingClientRect();
  return { x: left + 8, y: Math.min(bottom, innerHeight - 40) };
}

find("timeline").addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (key === "Enter" && target.matches(".message")) {
    const message = messageOf(target);
    if (message) messageMenu(message, pointOf(event, target), target, acts);
  } else if ([" ", "Enter"].includes(key) && target.matches(".spoiler")) {
    event.preventDefault();
    target.setAttribute("data-revealed", "");
  }
});

// --- the whole window ------------------------------------------------------------------------------

let dragged = 0;
const dropping = (is) => document.body.classList.toggle("dropping", is);
addEventListener("dragenter", (event) => {
  if (event.dataTransfer.types.includes("Files")) dropping(++dragged > 0);
});
addEventListener("dragleave", () => dropping((dragged = Math.max(0, dragged - 1)) > 0));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  dropping((dragged = 0) > 0);
  event.preventDefault();
  composer.take([...event.dataTransfer.files]);
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && places.classList.contains("open")) openPlaces(false);
});
find("timeline").addEventListener("pointerdown", () => openPlaces(false));

function remember() {
  history.replaceState(null, "", `#me=${store.me.id}&at=${store.channelId}`);
}

sidebar({ rail: find("rail"), title: find("side-title"), channels: find("channels"), who: find("who") }, () => {
  openPlaces(false);
  composer.focus();
});
store.on("went", () => {
  remember();
  drawTop();
  drawTyping();
});
store.on("presence", () => {
  drawTop();
  drawNotice();
});
store.on("connection", drawNotice);
store.on("typing", drawTyping);
store.on("modal", openModal);
for (const news of ["places", "locale"]) store.on(news, () => speakTimes(store.me.locale));
store.on("controls", () => moveClock(store.controls.find(({ id }) => id === "clock")?.value ?? 0));

const asked = new URLSearchParams(location.hash.slice(1));
attempt(() => store.start(asked.get("me"), asked.get("at"))).then(() => composer.focus());
