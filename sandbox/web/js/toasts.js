// Short sentences that come up and go.

import { el } from "./dom.js";

const SHOWN_MS = 6000;
const MOST = 3;

/** Say something above the messages for a few seconds; it takes room of its own and covers nothing. */
export function toast(sentence) {
  const shown = document.getElementById("toasts");
  [...shown.children].find(({ textContent }) => textContent === sentence)?.remove();
  while (shown.childElementCount >= MOST) shown.firstChild.remove();
  const node = el("p", { class: "toast" }, sentence);
  shown.append(node);
  setTimeout(() => node.remove(), SHOWN_MS);
}
