// The line above the messages: where one is, and what can be opened from there.

import { el } from "./dom.js";
import { attempt } from "./menus.js";
import { nameOf } from "./names.js";
import { presence } from "./sidebar.js";
import { store } from "./store.js";
import { themeSwitch } from "./theme.js";

/** Fill the line in; returns what draws it anew. `isOpen` says of "places", "members" and "panel" whether they are open, `toggle` opens or closes one, `jump` goes to a message. */
export function topLine(root, { isOpen, toggle, jump }) {
  const icon = (sign, label, onclick, kind = "icon") => el("button", { type: "button", class: kind, "aria-label": label, title: label, onclick }, sign);
  const places = icon("☰", "Servers and channels", () => toggle("places"), "icon drawer");
  const members = icon("👥", "Members", () => toggle("members"));
  const panel = icon("🛠", "For testers", () => toggle("panel"));
  const name = el("h1");
  const topic = el("p", { class: "topic" });
  const link = el("input", { type: "search", name: "link", placeholder: "Paste a message link", "aria-label": "Go to a message by its link" });
  const finder = icon("🔗", "Paste a message link", () => find(!root.classList.contains("finding")), "icon finder");
  const find = (is) => {
    root.classList.toggle("finding", is);
    finder.setAttribute("aria-expanded", String(is));
    if (is) link.focus();
  };
  const follow = async (event) => {
    event.preventDefault();
    const found = await attempt(() => store.followLink(link.value.trim()));
    if (!found) return;
    link.value = "";
    find(false);
    jump(found.channelId, found.messageId);
  };
  const leave = ({ key }) => {
    if (key !== "Escape" || !root.classList.contains("finding")) return;
    find(false);
    finder.focus();
  };
  root.append(places, name, topic, finder, el("form", { class: "search", role: "search", onsubmit: follow, onkeydown: leave }, link), members, themeSwitch(), panel);
  find(false);
  return () => {
    const channel = store.channel();
    const called = channel?.name ?? nameOf(channel?.recipient) ?? "";
    name.replaceChildren(...(channel?.name ? [el("span", { class: "hash", "aria-hidden": "true" }, "#"), called] : [called]), ...(channel?.recipient ? [" ", presence(channel.recipient.id)] : []));
    name.title = called;
    topic.textContent = channel?.topic ?? "";
    places.setAttribute("aria-expanded", String(isOpen("places")));
    members.setAttribute("aria-pressed", String(isOpen("members")));
    panel.setAttribute("aria-pressed", String(isOpen("panel")));
    document.title = `${channel?.name ? `#${called}` : called} – Discord sandbox`;
  };
}
