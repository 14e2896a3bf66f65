// Discord's markdown, drawn as elements. Nothing is ever parsed as HTML.

import { el } from "./dom.js";
import { timeElement } from "./times.js";

// Each rule: what it looks like, and what it becomes; `inner` draws what is inside it.
const INLINE = [
  [/^\\([^\p{L}\p{N}\s])/u, ([, mark]) => mark],
  [/^(`+)(?!`)([^]*?[^`])\1(?!`)/, ([, , code]) => el("code", {}, code.replace(/^ (.*) $/, "$1"))],
  [/^<(https?:\/\/[^\s<>]+)>/, ([, url], _, names) => link(url, [url], names)],
  [/^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, ([, unix, style]) => timeElement(Number(unix), style)],
  [/^<@!?(\d{1,20})>/, ([, id], _, names) => mention(`@${names.user(id)}`, names.isMe(id), { "data-user": id })],
  [/^<@&(\d{1,20})>/, ([, id], _, names) => mention(`@${names.role(id)}`, names.isMine(id))],
  [/^<#(\d{1,20})>/, ([, id], _, names) => channelMention(id, names)],
  [/^<\/([^:>]{1,100}):\d{1,20}>/, ([, name]) => mention(`/${name}`, false, { "data-command": name })],
  [/^<a?:(\w{2,32}):(\d{1,20})>/, ([, name, id]) => ownEmoji(name, id)],
  [/^@(everyone|here)\b/, ([text]) => mention(text, true)],
  [/^\[((?:\[[^\]]*\]|[^[\]])*)\]\(<?(https?:\/\/[^\s<>)]+)>?(?: "[^"]*")?\)/, ([, text, url], inner, names) => link(url, inner(text), names)],
  [/^https?:\/\/[^\s<>]*[^\s<>.,;:!?'")\]]/, ([url], _, names) => link(url, [url], names)],
  [/^\|\|([^]+?)\|\|/, ([, text], inner) => spoiler(inner(text))],
  [/^\*\*\*([^]+?)\*\*\*(?!\*)/, ([, text], inner) => el("strong", {}, el("em", {}, inner(text)))],
  [/^\*\*([^]+?)\*\*(?!\*)/, ([, text], inner) => el("strong", {}, inner(text))],
  [/^__([^]+?)__(?!_)/, ([, text], inner) => el("u", {}, inner(text))],
  [/^\*(?=\S)([^*]+?)\*(?!\*)/, ([, text], inner) => el("em", {}, inner(text))],
  [/^_(?=\S)([^_]+?)_(?![\p{L}\p{N}_])/u, ([, text], inner) => el("em", {}, inner(text))],
  [/^~~([^]+?)~~/, ([, text], inner) => el("s", {}, inner(text))],
];

function mention(text, mine, more = {}) {
  return el("span", { class: mine ? "mention mine" : "mention", ...more }, text);
}

/** An application's emoji: its picture, or its name where there is none. */
function ownEmoji(name, id) {
  const text = `:${name}:`;
  const failed = ({ target }) => target.replaceWith(el("span", {}, text));
  // keyed, so that none is redrawn as another one: a picture keeps its source
  return el("img", { class: "own-emoji", src: `/emojis/${id}.webp`, alt: text, title: text, draggable: "false", "data-key": `emoji-${id}`, onerror: failed });
}

function channelMention(id, names) {
  if (!names.knows(id)) return mention("#unknown", false);
  return el("button", { class: "mention", type: "button", "data-channel": id }, `#${names.channel(id)}`);
}

function link(url, children, names) {
  const place = url.match(/^https:\/\/(?:\w+\.)?discord(?:app)?\.com\/channels\/(@me|\d+)\/(\d+)(?:\/(\d+))?$/);
  if (place && names.knows(place[2])) {
    const [, , channel, message] = place;
    const label = children[0] === url ? [`#${names.channel(channel)}`, message ? " › message" : ""] : children;
    return el("a", { href: url, class: "jump", "data-channel": channel, "data-message": message }, label);
  }
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}

/** What shows only when it is clicked. */
export function spoiler(children) {
  return el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Spoiler: press to show" }, el("span", {}, children));
}

// A word is taken whole, so that snake_case_names keep their underscores.
const WORD = /^[\p{L}\p{N}]+(?:_+[\p{L}\p{N}]+)*/u;

function inline(text, names) {
  const found = [];
  let plain = "";
  while (text) {
    const hit = match(text, names);
    if (!hit) {
      const word = WORD.exec(text)?.[0] ?? [...text][0];
      plain += word;
      text = text.slice(word.length);
      continue;
    }
    if (plain) found.push(plain);
    plain = "";
    found.push(hit.node);
    text = text.slice(hit.length);
  }
  if (plain) found.push(plain);
  return found;
}

function match(text, names) {
  for (const [pattern, draw] of INLINE) {
    const found = pattern.exec(text);
    if (found) {
      return { node: draw(found, (inside) => inline(inside, names), names), length: found[0].length };
    }
  }
  return null;
}

const BLOCKS = [
  [/^```(?:([\w+-]+)\n)?([^]*?)```\n?/, ([, language, code]) => el("pre", { "data-language": language }, el("code", {}, code.replace(/^\n+/, "").trimEnd()))],
  [/^(#{1,3}) +(.+?)(?:\n|$)/, ([, marks, text], names) => el(`h${marks.length + 2}`, { class: `md-h${marks.length}` }, inline(text, names))],
  [/^-# +(.+?)(?:\n|$)/, ([, text], names) => el("small", { class: "subtext" }, inline(text, names))],
  [/^>>> ?([^]*)/, ([, text], names) => el("blockquote", {}, blocks(text, names))],
  [/^(?:> ?[^\n]*(?:\n|$))+/, ([text], names) => el("blockquote", {}, blocks(text.replace(/^> ?/gm, "").replace(/\n$/, ""), names))],
  [/^(?: *(?:[-*]|\d+\.) +[^\n]+(?:\n|$)(?: {2,}[^\n]+(?:\n|$))*)+/, ([text], names) => list(text.replace(/\n$/, "").split("\n"), names)],
];

const ITEM = /^( *)([-*]|\d+\.) +(.*)/;

/** Lines as lists: one below another where dots change to numbers. */
function list(lines, names) {
  const depth = ITEM.exec(lines[0])[1].length;
  const lists = [];
  for (const line of lines) {
    const [, indent, mark, text] = ITEM.exec(line) ?? [];
    if (mark === undefined || indent.length > depth) {
      lists.at(-1).items.at(-1).below.push(line);
      continue;
    }
    const numbered = /\d/.test(mark);
    if (lists.at(-1)?.numbered !== numbered) lists.push({ numbered, start: parseInt(mark, 10), items: [] });
    lists.at(-1).items.push({ text, below: [] });
  }
  return lists.map(({ numbered, start, items }) =>
    el(numbered ? "ol" : "ul", numbered ? { start } : {}, items.map((item) => listItem(item, names))),
  );
}

function listItem({ text, below }, names) {
  const [first] = below;
  if (first === undefined) return el("li", {}, inline(text, names));
  const rest = ITEM.test(first) ? list(below, names) : [el("br"), inline(below.map((line) => line.trim()).join("\n"), names)];
  return el("li", {}, inline(text, names), rest);
}

function blocks(text, names) {
  const found = [];
  let plain = "";
  const flush = () => {
    if (plain) found.push(...inline(plain, names));
    plain = "";
  };
  while (text) {
    const hit = BLOCKS.map(([pattern, draw]) => [pattern.exec(text), draw]).find(([matched]) => matched);
    if (hit) {
      plain = plain.replace(/\n$/, "");
      flush();
      found.push(...[hit[1](hit[0], names)].flat());
      text = text.slice(hit[0][0].length);
      continue;
    }
    const fence = text.indexOf("```", 1);
    const line = text.indexOf("\n") + 1 || text.length;
    const end = fence > 0 && fence < line ? fence : line;
    plain += text.slice(0, end);
    text = text.slice(end);
  }
  flush();
  return found;
}

/** A text as elements; `names` knows people, roles and channels by id. */
export function markdown(text, names) {
  return el("div", { class: "md" }, blocks(text, names));
}

const FENCES = /```(?:[\w+-]+\n)?([^]*?)```/g;
const LINE_MARKS = /^ *(?:(?:#{1,3}|-#|>{1,3}|[-*]|\d+\.) +)+/gm;

/** A text in one line, for what quotes it: nothing in it can be pressed. */
export function oneLine(text, names) {
  const line = text.replace(FENCES, "$1").replace(LINE_MARKS, "").replace(/\s+/g, " ").trim();
  const quote = el("span", { class: "quote" }, inline(line, names));
  for (const node of quote.querySelectorAll("a, button, [role=button]")) {
    node.replaceWith(el("span", { class: node.className }, [...node.childNodes]));
  }
  return quote;
}
