// Dark or light: as the reader's system has it, or as they have chosen.

import { el } from "./dom.js";

const KEY = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

/** A switch of the theme; what differs from the system is remembered, else the system is followed. */
export function themeSwitch() {
  const button = el("button", { type: "button", class: "icon", role: "switch", title: "Dark theme", "aria-label": "Dark theme" }, "🌓");
  const show = () => button.setAttribute("aria-checked", String(isDark()));
  button.onclick = () => {
    choose(isDark() ? "light" : "dark");
    show();
  };
  system.addEventListener("change", show);
  show();
  return button;
}

function choose(theme) {
  if ((theme === "dark") === system.matches) {
    delete root.dataset.theme;
    localStorage.removeItem(KEY);
  } else {
    root.dataset.theme = theme;
    localStorage.setItem(KEY, theme);
  }
}

const remembered = localStorage.getItem(KEY);
if (remembered) root.dataset.theme = remembered;
