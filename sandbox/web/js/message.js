// One message, drawn.

import { avatar, el } from "./dom.js";
import { embed } from "./embeds.js";
import { EPHEMERAL, LOADING } from "./history.js";
import { markdown, oneLine } from "./markdown.js";
import { fileBox, isVisible, medium } from "./media.js";
import { parts, walk } from "./parts.js";
import { nameOf } from "./names.js";
import { writtenAt } from "./times.js";

const GROUPED_MS = 7 * 60 * 1000;
const IS_SPOILER = 1 << 3;

/** Whether a message stands below the one before without a head of its own. */
export function isGrouped(message, before) {
  return Boolean(
    before &&
      before.author.id === message.author.id &&
      !message.message_reference &&
      !message.interaction_metadata &&
      !(before.flags & EPHEMERAL) &&
      new Date(message.timestamp) - new Date(before.timestamp) < GROUPED_MS,
  );
}

/** A message's element; `names` knows ids, `grouped` leaves its head out. */
export function drawMessage(message, names, grouped) {
  const { author, flags } = message;
  const ephemeral = flags & EPHEMERAL;
  const mine = message.mention_everyone || message.mentions.some(({ id }) => names.isMe(id));
  const name = nameOf(author);
  return el(
    "article",
    {
      class: ["message", grouped && "grouped", ephemeral && "ephemeral", mine && "mentions-me"].filter(Boolean).join(" "),
      "data-key": message.id,
      "data-message": message.id,
      tabindex: "-1",
      "aria-label": `${name}, ${writtenAt(message.timestamp)}`,
    },
    cause(message, names),
    grouped
      ? el("time", { class: "gutter-time", datetime: message.timestamp, "aria-hidden": "true" }, writtenAt(message.timestamp))
      : el("span", { class: "gutter", "data-user": author.id }, avatar(author.id, name)),
    el("div", { class: "body" }, grouped ? null : head(message, name), content(message, names), flags & LOADING ? thinking(name) : null, message.failure ? el("p", { class: "failure" }, `❗ ${message.failure}`) : null, files(message), forwarded(message, names), reactions(message), ephemeral ? onlyYou() : null),
    message.failure ? null : el("div", { class: "tools" }, ephemeral ? null : [tool("react", "Add a reaction", "🙂"), tool("reply", "Reply", "↩")], tool("menu", "More", "⋯")),
  );
}

function tool(action, label, sign) {
  return el("button", { type: "button", "data-tool": action, "aria-label": label, title: label, tabindex: "-1" }, sign);
}

function head(message, name) {
  const { author } = message;
  return el(
    "div",
    { class: "head" },
    el("button", { type: "button", class: "author", "data-user": author.id, tabindex: "-1" }, name),
    author.bot ? appTag() : null,
    el("time", { class: "written", datetime: message.timestamp }, writtenAt(message.timestamp)),
  );
}

function appTag() {
  return el("span", { class: "tag" }, "APP");
}

/** What it answers: a command that somebody used, or another message. */
function cause(message, names) {
  const origin = message.interaction_metadata;
  if (origin && (message.interaction || !message.message_reference)) {
    const what = message.interaction?.name;
    return el(
      "div",
      { class: "cause" },
      avatar(origin.user.id, nameOf(origin.user)),
      el("strong", {}, nameOf(origin.user)),
      what ? [" used ", el("span", { class: "command" }, isMenu(message) ? what : `/${what}`)] : " used this app",
    );
  }
  if (!message.message_reference) return null;
  if (message.message_snapshots) return el("div", { class: "cause" }, "Forwarded");
  const quoted = message.referenced_message;
  return el(
    "button",
    { type: "button", class: "cause", "data-quoted": message.message_reference.message_id, tabindex: "-1" },
    quoted
      ? [avatar(quoted.author.id, nameOf(quoted.author)), quoted.author.bot ? appTag() : null, el("strong", {}, nameOf(quoted.author)), " ", quoteOf(quoted, names)]
      : el("span", { class: "quote" }, "The message was deleted"),
  );
}

const isMenu = (message) => /[A-Z ]/.test(message.interaction.name) && !/^[a-z\d_-]+( [a-z\d_-]+)*$/.test(message.interaction.name);

function quoteOf(message, names) {
  const texts = [message.content, ...[...walk(message.components ?? [])].filter(({ type }) => type === 10).map(({ content: text }) => text)];
  const text = texts.filter((one) => one?.trim()).join("\n");
  if (text) return oneLine(text, names);
  return el("span", { class: "quote" }, message.attachments.length ? "Click to see the attachment" : "Click to see the message");
}

function content(message, names) {
  const edited = message.edited_timestamp && !(message.flags & EPHEMERAL)
    ? el("span", { class: "edited", title: writtenAt(message.edited_timestamp) }, "(edited)")
    : null;
  const text = message.content ? markdown(message.content, names) : null;
  if (text && edited) text.append(" ", edited);
  return [
    text,
    message.embeds.map((found) => embed(found, names)),
    message.components.length ? el("div", { class: "parts" }, parts(message.components, names)) : null,
    edited && !text ? el("div", { class: "edited-line" }, edited) : null,
  ];
}

/** Attachments that no component shows. */
function files(message) {
  const shown = new Set([...walk(message.components)].flatMap((part) => [...(part.items ?? []).map(({ media }) => media), part.media, part.file]).map((media) => media?.attachment_id));
  const left = message.attachments.filter(({ id }) => !shown.has(id)).map((file) => ({ ...file, spoiler: Boolean(file.flags & IS_SPOILER) }));
  if (!left.length) return null;
  const visible = left.filter(isVisible);
  return [
    visible.length
      ? el("div", { class: `gallery count-${Math.min(visible.length, 5)}` }, visible.map((file) => medium({ ...file, description: file.description ?? file.filename })))
      : null,
    left.filter((file) => !isVisible(file)).map(fileBox),
  ];
}

/** What a forward hands on, as it was then. */
function forwarded(message, names) {
  return (message.message_snapshots ?? []).map(({ message: shown }) => [content(shown, names), files(shown)]);
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  return el(
    "div",
    { class: "reactions" },
    message.reactions.map(({ emoji, count, me }) =>
      el(
        "button",
        { type: "button", class: me ? "reaction mine" : "reaction", "aria-pressed": me ? "true" : "false", "data-reaction": emoji.name, "aria-label": `${emoji.name}, ${count}` },
        el("span", { class: "emoji" }, emoji.name),
        el("span", {}, count),
      ),
    ),
  );
}

function thinking(name) {
  return el("div", { class: "thinking" }, el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), `${name} is thinking…`);
}

function onlyYou() {
  return el("div", { class: "only-you" }, el("span", { "aria-hidden": "true" }, "👁 "), "Only you can see this · ", el("button", { type: "button", class: "as-link", "data-tool": "dismiss" }, "Dismiss message"));
}

/** A command of one's own that has no answer yet. */
export function drawPending(pending, me, bot) {
  return el(
    "article",
    { class: "message pending", "data-key": `pending ${pending.id}`, tabindex: "-1" },
    el("div", { class: "cause" }, avatar(me.id, nameOf(me)), el("strong", {}, nameOf(me)), " used ", el("span", { class: "command" }, pending.command)),
    el("span", { class: "gutter" }, avatar(bot.id, nameOf(bot))),
    el("div", { class: "body" }, el("div", { class: "head" }, el("span", { class: "author" }, nameOf(bot)), appTag()), el("p", { class: "sending" }, "Sending command…")),
  );
}

/** What stands for a message that this page cannot draw: one must not take the others with it. */
export function drawBroken(message, error) {
  console.warn("A message cannot be drawn", message, error);
  return el("article", { class: "message", "data-key": message.id, "data-message": message.id, tabindex: "-1" }, el("p", { class: "body unknown" }, "A message that this page cannot draw."));
}
