// The box below: messages, their files, and commands.

import { el, sizeText } from "./dom.js";
import { CommandForm, leaves } from "./commands.js";
import { Suggestions } from "./lists.js";
import { offered, people, withIds } from "./mentions.js";
import { nameOf } from "./names.js";
import { store } from "./store.js";
import { toast } from "./toasts.js";
import { Refused } from "./wire.js";

const MOST_FILES = 10;
const TYPING_EVERY_MS = 8000;
const NAME_BEGUN = /(?<=^|\s)@([^\s@]*)$/;

/** Where one writes. */
export class Composer {
  #files = [];
  #replyTo = null;
  #form = null;
  #commands = [];
  #saidTyping = 0;
  #texts = new Map(); // channel id -> what was begun there

  constructor(root) {
    this.root = root;
    this.box = el("textarea", { id: "box", rows: "1", "aria-label": "Message" });
    this.suggestions = new Suggestions(this.box, { label: "Commands", chosen: (item) => (item.command ? this.#open(item.command) : this.#name(item)) });
    this.picker = el("input", { type: "file", multiple: true, class: "picker", id: "attach", "aria-label": "Attach files", onchange: () => this.#picked() });
    this.reply = el("div", { class: "replying", hidden: true });
    this.tray = el("ul", { class: "tray", "aria-label": "Files to send", hidden: true });
    this.send = el("button", { type: "submit", class: "send", "aria-label": "Send" }, "➤");
    this.message = el(
      "form",
      { class: "message-form", onsubmit: (event) => this.#submit(event) },
      this.reply,
      this.tray,
      el("div", { class: "box-line" }, el("label", { class: "attach", title: "Attach files" }, this.picker, el("span", { "aria-hidden": "true" }, "+")), this.box, this.send),
    );
    root.append(this.suggestions.box, this.message);
    this.box.oninput = () => this.#typed();
    this.box.onkeydown = (event) => this.#key(event);
    this.box.onblur = () => this.suggestions.close();
    this.box.onpaste = (event) => this.take([...event.clipboardData.files], event);
    store.on("went", () => this.#moved());
    store.on("places", () => this.#texts.clear());
    store.on("locale", () => this.#learn());
  }

  focus() {
    this.box.focus();
  }

  /** Begin a reply to a message. */
  replyTo(message) {
    this.#replyTo = message;
    this.reply.hidden = !message;
    if (!message) return;
    this.reply.replaceChildren(
      el("span", {}, "Replying to ", el("strong", {}, nameOf(message.author))),
      el("button", { type: "button", class: "plain", "aria-label": "Do not reply", onclick: () => this.replyTo(null) }, "✕"),
    );
    this.focus();
  }

  /** Write a text at the cursor. */
  insert(text) {
    this.box.setRangeText(text, this.box.selectionStart, this.box.selectionEnd, "end");
    this.#typed();
    this.focus();
  }

  /** Take files that were dropped on the page or pasted. */
  take(files, event) {
    if (!files.length) return;
    event?.preventDefault();
    if (this.#form) return this.#form.take(files);
    const limit = store.uploadLimit();
    for (const file of files) {
      if (!store.channel()?.can.attach) toast("You cannot attach files here.");
      else if (file.size > limit) toast(`${file.name} has ${sizeText(file.size)}; at most ${sizeText(limit)} can be uploaded here.`);
      else if (this.#files.length >= MOST_FILES) toast(`A message holds ${MOST_FILES} files at most.`);
      else this.#files.push(file);
    }
    this.#drawTray();
    this.focus();
  }

  #picked() {
    this.take([...this.picker.files]);
    this.picker.value = "";
  }

  #drawTray() {
    this.tray.hidden = !this.#files.length;
    this.tray.replaceChildren(
      ...this.#files.map((file, index) =>
        el(
          "li",
          {},
          file.type.startsWith("image/") ? el("img", { src: URL.createObjectURL(file), alt: "", onload: ({ target }) => URL.revokeObjectURL(target.src) }) : el("span", { class: "file-icon", "aria-hidden": "true" }, file.type.startsWith("video/") ? "🎬" : "📄"),
          el("span", { class: "tray-name" }, file.name),
          el("button", { type: "button", class: "plain", "aria-label": `Remove ${file.name}`, onclick: () => this.#drop(index) }, "✕"),
        ),
      ),
    );
  }

  #drop(index) {
    this.#files.splice(index, 1);
    this.#drawTray();
    this.focus();
  }

  #moved() {
    const channel = store.channel();
    this.#close();
    this.replyTo(null);
    this.#files = [];
    this.#drawTray();
    this.box.value = this.#texts.get(channel?.id) ?? "";
    const mayWrite = channel?.can.send || channel?.can.commands;
    this.box.disabled = this.send.disabled = !mayWrite;
    this.picker.disabled = !channel?.can.attach;
    const where = channel?.name ? `#${channel.name}` : `@${nameOf(channel?.recipient) ?? ""}`;
    this.box.placeholder = mayWrite ? `Message ${where}` : "You cannot write in this channel.";
    this.#fit();
    this.#learn();
    this.root.dataset.person = store.me.id;
  }

  /** Ask what one may use here; what is being typed is compared with it then. */
  async #learn() {
    const channel = store.channel();
    const { locale } = store.me;
    const found = channel?.can.commands ? leaves(await store.commands(channel.id)) : [];
    if (channel?.id !== store.channelId || locale !== store.me.locale) return;
    this.#commands = found;
    this.root.dataset.locale = locale;
    if (this.box.value.startsWith("/")) this.#suggest();
  }

  #typed() {
    const text = this.box.value;
    this.#texts.set(store.channelId, text);
    this.#fit();
    if (text === "/") this.#learn();
    if (text.startsWith("/")) return this.#suggest();
    this.#suggestPeople();
    if (text && Date.now() - this.#saidTyping > TYPING_EVERY_MS) {
      this.#saidTyping = Date.now();
      store.saysTyping().catch(() => {});
    }
  }

  #suggest() {
    const text = this.box.value;
    const wanted = text.slice(1).toLowerCase().trim();
    const bot = nameOf(store.overview.bot);
    const found = this.#commands.filter(({ name, spoken }) => [name, spoken].some((one) => one.startsWith(wanted) || one.includes(` ${wanted}`)));
    const items = found.map((command) => ({ label: `/${command.spoken}`, detail: command.about, side: bot, command }));
    this.suggestions.show(items, items.length ? "" : `There is no command ${text} here for you.`, "Commands");
  }

  /** What was begun with an @ just before the cursor. */
  #begun() {
    return NAME_BEGUN.exec(this.box.value.slice(0, this.box.selectionStart));
  }

  #suggestPeople() {
    const begun = this.#begun();
    this.suggestions.show(begun ? offered(people(), begun[1]) : [], "", "People");
  }

  #name(person) {
    const begun = this.#begun();
    if (begun) this.box.setSelectionRange(begun.index, this.box.selectionStart);
    this.insert(`${person.label} `);
  }

  #fit() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 200)}px`;
  }

  #key(event) {
    if (this.suggestions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.message.requestSubmit();
    } else if (event.key === "Escape" && this.#replyTo) {
      this.replyTo(null);
    }
  }

  /** Fill a command in: its options become fields. */
  #open(command) {
    this.#form = new CommandForm(command, () => {
      this.#close();
      this.focus();
    });
    this.box.value = "";
    this.#texts.delete(store.channelId);
    this.message.hidden = true;
    this.root.append(this.#form.node);
    this.#form.focus();
  }

  /** Open the form of a command that was named in a text. */
  openNamed(name) {
    const command = this.#commands.find((found) => found.name === name);
    if (command) this.#open(command);
  }

  #close() {
    this.#form?.node.remove();
    this.#form = null;
    this.message.hidden = false;
  }

  async #submit(event) {
    event.preventDefault();
    const text = this.box.value.trim();
    if (!text && !this.#files.length) return;
    if (text.startsWith("/")) return toast("Choose a command from the list, or begin your message with another sign.");
    if (!store.channel().can.send) return toast("You cannot write messages here, but you can use commands: type /");
    const files = this.#files;
    const replyTo = this.#replyTo?.id;
    this.send.disabled = true;
    try {
      await store.send(withIds(text), files, replyTo);
      this.box.value = "";
      this.#texts.delete(store.channelId);
      this.#files = [];
      this.#drawTray();
      this.replyTo(null);
      this.#fit();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      toast(error.message);
    } finally {
      this.send.disabled = false;
    }
  }
}
