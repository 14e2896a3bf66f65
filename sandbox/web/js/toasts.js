// Short sentences that come up and go.

import { el } from "./dom.js";

const SHOWN_MS = 6000;

/** Say something in a corner for a few seconds. */
export function toast(sentence) {
  const node = el("p", { class: "toast" }, sentence);
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), SHOWN_MS);
}
