// The messages of the current place, kept in order and changed in place.

import { el, morph } from "./dom.js";
import { forgetVideos, watchVideos } from "./media.js";
import { drawBroken, drawMessage, drawPending, isGrouped } from "./message.js";
import { nameOf } from "./names.js";
import { store } from "./store.js";
import { dayText } from "./times.js";

const STICKY_PX = 80;
const NEAR_TOP_PX = 400;
const SHOWN_MS = 2500;
const MOST_DRAWN = 400;

function draw(message, names, before) {
  try {
    return drawMessage(message, names, isGrouped(message, before));
  } catch (error) {
    return drawBroken(message, error);
  }
}

/** The middle of the page; `below` is the button that leads back to the newest messages. */
export class Timeline {
  #drawn = new Map(); // message id -> its element
  #stale = new Set();
  #frame = 0;
  #sticks = true;
  #top = 0;
  #loading = false;

  constructor(root, below) {
    this.root = root;
    this.below = below;
    below.onclick = () => this.#stick();
    this.list = el("div", { class: "list" });
    this.waiting = el("div", { class: "list" });
    root.append(this.list, this.waiting);
    root.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    root.addEventListener("keydown", (event) => this.#walk(event));
    const sizes = new ResizeObserver(() => this.#sticks && this.#toEnd());
    sizes.observe(this.list);
    sizes.observe(this.root);
    store.on("went", () => this.#empty());
    store.on("messages", (news) => this.#heard(news));
    store.on("pending", () => this.#drawWaiting());
    store.on("acted", () => this.#stick());
  }

  /** Show a message for a moment, so that the eye finds it. */
  reveal(messageId) {
    this.#drawNow();
    const node = this.#drawn.get(messageId);
    if (!node) return;
    this.#sticks = false;
    node.scrollIntoView({ block: "center" });
    node.focus({ preventScroll: true });
    node.classList.add("found");
    setTimeout(() => node.classList.remove("found"), SHOWN_MS);
  }

  #empty() {
    forgetVideos(this.list);
    this.#drawn.clear();
    this.#stale.clear();
    this.#sticks = this.below.hidden = true;
    this.#drawAll();
    this.#drawWaiting();
  }

  #heard({ channelId, changed, gone, whole }) {
    if (channelId !== store.channelId) return;
    if (whole) return this.#drawAll();
    this.#stale.add(changed ?? gone);
    this.#frame ||= requestAnimationFrame(() => this.#drawNow());
  }

  #drawNow() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.#stale.size) return;
    const messages = store.messages();
    const names = store.names();
    const at = new Map(messages.map(({ id }, index) => [id, index]));
    for (const id of this.#stale) {
      const index = at.get(id);
      if (index === undefined) this.#remove(id);
      else this.#put(messages, index, names);
    }
    const touched = [...this.#stale].map((id) => at.get(id)).filter((index) => index !== undefined);
    this.#stale.clear();
    for (const index of touched) if (messages[index + 1]) this.#put(messages, index + 1, names);
    if (!this.#sticks) return;
    if (messages.length > MOST_DRAWN) store.forgetEarlier(store.channelId, MOST_DRAWN / 2);
    this.#toEnd();
  }

  #remove(id) {
    const node = this.#drawn.get(id);
    if (!node) return;
    forgetVideos(node);
    node.remove();
    this.#drawn.delete(id);
    this.#dividers();
  }

  /** Draw one message where it belongs, or change its element. */
  #put(messages, index, names) {
    const message = messages[index];
    const fresh = draw(message, names, messages[index - 1]);
    const known = this.#drawn.get(message.id);
    if (known) {
      morph(known, fresh);
      watchVideos(known);
      return;
    }
    this.#drawn.set(message.id, fresh);
    const next = messages.slice(index + 1).find(({ id }) => this.#drawn.has(id));
    this.list.insertBefore(fresh, next ? this.#drawn.get(next.id) : null);
    watchVideos(fresh);
    this.#dividers();
  }

  #drawAll() {
    const messages = store.messages();
    const names = store.names();
    const height = this.root.scrollHeight;
    const known = this.#drawn;
    this.#drawn = new Map();
    const nodes = messages.map((message, index) => {
      const fresh = draw(message, names, messages[index - 1]);
      const old = known.get(message.id);
      if (old) morph(old, fresh);
      const node = old ?? fresh;
      this.#drawn.set(message.id, node);
      return node;
    });
    for (const [id, node] of known) if (!this.#drawn.has(id)) forgetVideos(node);
    this.list.replaceChildren(this.#beginning(), ...nodes);
    for (const node of nodes) watchVideos(node);
    this.#dividers();
    if (this.#sticks) this.#toEnd();
    else this.root.scrollTop += this.root.scrollHeight - height;
  }

  #beginning() {
    if (store.isLoading()) return el("p", { class: "beginning" }, "Loading…");
    if (!store.isComplete()) return el("p", { class: "beginning" }, "Loading earlier messages…");
    const channel = store.channel();
    if (!channel) return el("p", { class: "beginning" }, "There is no channel that you may see.");
    const text = channel.name
      ? [el("h3", {}, `Welcome to #${channel.name}`), el("p", {}, "This is where it begins. Type / below to see what you can use.")]
      : [el("h3", {}, nameOf(channel.recipient)), el("p", {}, "This is where your direct messages begin.")];
    return el("div", { class: "beginning" }, text);
  }

  /** A line with the date above the first message of each day. */
  #dividers() {
    for (const node of this.list.querySelectorAll(".day")) node.remove();
    let day = null;
    for (const message of store.messages()) {
      const text = dayText(message.timestamp);
      if (text !== day && this.#drawn.has(message.id)) {
        this.#drawn.get(message.id).before(el("div", { class: "day", role: "separator" }, el("span", {}, text)));
      }
      day = text;
    }
  }

  #drawWaiting() {
    const fresh = el("div", { class: "list" }, store.pending().map((pending) => drawPending(pending, store.me, store.overview.bot)));
    morph(this.waiting, fresh);
    if (this.#sticks) this.#toEnd();
  }

  #toEnd() {
    this.root.scrollTop = this.root.scrollHeight;
  }

  #stick() {
    this.#sticks = true;
    this.below.hidden = true;
    this.#toEnd();
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.root;
    if (scrollHeight - scrollTop - clientHeight < STICKY_PX) this.#sticks = true;
    else if (scrollTop < this.#top) this.#sticks = false; // somebody went up; growing moves nothing up
    this.#top = scrollTop;
    this.below.hidden = this.#sticks;
    const fills = scrollHeight > clientHeight;
    if (scrollTop < NEAR_TOP_PX && !(this.#sticks && fills)) this.#more();
  }

  async #more() {
    if (this.#loading) return;
    this.#loading = true;
    try {
      await store.earlier(store.channelId);
    } finally {
      this.#loading = false;
    }
  }

  /** The arrow keys go from message to message, Home and End to the first and the last. */
  #walk(event) {
    if (event.target !== this.root && !event.target.matches(".message")) return;
    const nodes = [...this.root.querySelectorAll(".message")];
    const at = nodes.indexOf(event.target);
    const next = { ArrowUp: at < 0 ? nodes.at(-1) : nodes[at - 1], ArrowDown: nodes[at + 1], Home: nodes[0], End: nodes.at(-1) }[event.key];
    if (!next) return;
    event.preventDefault();
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
}
