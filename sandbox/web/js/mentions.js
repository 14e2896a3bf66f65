// Naming people, roles and channels while one writes.

import { nameOf } from "./names.js";
import { store } from "./store.js";

const MOST_OFFERED = 25;
const CODE = /(```[^]*?```|`[^`\n]*`)/;
const ID = /^(?:<(?:@[!&]?|#))?(\d{17,20})>?$/;

/** Whom one could name here. */
export function peopleHere() {
  const guild = store.guildOf();
  if (guild) return guild.members.map(({ user }) => user);
  return [store.me, store.overview.bot];
}

/** People as a list offers them: `{label, detail, value}`, as are roles and channels. */
export function people() {
  return peopleHere().map((user) => ({ label: `@${nameOf(user)}`, detail: user.username, value: user.id }));
}

/** The server's roles, none in direct messages. */
export function roles() {
  return (store.guildOf()?.roles ?? []).map(({ id, name }) => ({ label: `@${bare(name)}`, value: id }));
}

/** The server's channels that one can see. */
export function channels() {
  return (store.guildOf()?.channels ?? []).map(({ id, name }) => ({ label: `#${name}`, value: id }));
}

const bare = (text) => text.replace(/^[@#]/, "");
const namesOf = ({ label, detail }) => [bare(label), ...(detail ? [detail] : [])].map((name) => name.toLowerCase());

/** What somebody may mean who has typed this much; what begins so comes first. */
export function offered(items, typed) {
  const wanted = bare(typed).toLowerCase();
  const begin = items.filter((item) => namesOf(item).some((name) => name.startsWith(wanted)));
  const hold = items.filter((item) => !begin.includes(item) && namesOf(item).some((name) => name.includes(wanted)));
  return [...begin, ...hold].slice(0, MOST_OFFERED);
}

/** The id that a whole name, a mention or an id stands for; undefined if it is none. */
export function idOf(items, text) {
  const wanted = bare(text.trim()).toLowerCase();
  return items.find((item) => namesOf(item).includes(wanted))?.value ?? ID.exec(text.trim())?.[1];
}

/** How one writes somebody into a message; `withIds` makes it what is sent. */
export function spoken(userId) {
  return people().find(({ value }) => value === userId)?.label ?? `<@${userId}>`;
}

/** A text as it is sent: the people whom it names are mentioned by their ids, but in code. */
export function withIds(text) {
  const ids = new Map(people().flatMap(({ label, detail, value }) => [[detail, value], [bare(label), value]]));
  const names = [...ids.keys()].sort((one, other) => other.length - one.length).map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const named = new RegExp(`(?<![\\p{L}\\p{N}_<@])@(${names.join("|")})(?![\\p{L}\\p{N}_])`, "gu");
  const parts = text.split(CODE);
  return parts.map((part, index) => (index % 2 ? part : part.replace(named, (_, name) => `<@${ids.get(name)}>`))).join("");
}
