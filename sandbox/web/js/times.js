// Times: as Discord writes them, and those that count by themselves.

import { el } from "./dom.js";

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const OWN = formats("en-GB"); // the page's own words are English
let read = OWN;

function formats(locale) {
  const each = Object.entries(STYLES).map(([style, options]) => [style, new Intl.DateTimeFormat(locale, options)]);
  return { ...Object.fromEntries(each), R: new Intl.RelativeTimeFormat(locale, { numeric: "auto" }) };
}
const UNITS = [
  ["year", 365 * 24 * 3600],
  ["month", 30 * 24 * 3600],
  ["day", 24 * 3600],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

let ahead_s = 0;

/** Let this be now: so many seconds ahead of real time, as testers have moved the clock. */
export function moveClock(seconds) {
  ahead_s = seconds;
  count();
}

/** Let times in messages be read in this language from now on, those that stand there too. */
export function speakTimes(locale) {
  read = locale.startsWith("en") ? OWN : formats(locale);
  for (const node of document.querySelectorAll("time[data-style]")) {
    const text = stampText(Date.parse(node.dateTime) / 1000, node.dataset.style);
    if (node.textContent !== text) node.textContent = text;
  }
}

const now = () => Date.now() + ahead_s * 1000;

/** "in 2 minutes", "5 seconds ago": `unix_s` as it counts at this moment. */
export function relativeText(unix_s, now_s = now() / 1000) {
  const left = Math.round(unix_s - now_s);
  const [unit, length] = UNITS.find(([, size], at) => rounded(left, UNITS[at + 1]?.[1] ?? 1) >= size) ?? UNITS.at(-1);
  return read.R.format(Math.round(left / length), unit);
}

/** How long that is to the nearest of these: what is 60 minutes by it is called an hour. */
function rounded(seconds, length) {
  const exact = Math.abs(seconds);
  return Math.max(exact, Math.round(exact / length) * length);
}

/** `<t:unix:style>`; style R counts by itself. */
export function timeElement(unix_s, style = "f") {
  const date = new Date(unix_s * 1000);
  if (Number.isNaN(date.getTime())) return el("span", {}, "Invalid date");
  return el(
    "time",
    {
      class: "stamp",
      datetime: date.toISOString(),
      title: read.F.format(date),
      "data-style": style,
      "aria-live": "off",
      "data-counts": style === "R" ? unix_s : null,
    },
    stampText(unix_s, style),
  );
}

function stampText(unix_s, style) {
  return style === "R" ? relativeText(unix_s) : (read[style] ?? read.f).format(new Date(unix_s * 1000));
}

/** When a message was written: the time alone if it was today. */
export function writtenAt(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "Invalid date";
  const today = new Date(now()).toDateString() === date.toDateString();
  return today ? OWN.t.format(date) : `${OWN.d.format(date)}, ${OWN.t.format(date)}`;
}

/** A day as a divider names it. */
export function dayText(iso) {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? "Invalid date" : OWN.D.format(date);
}

function count() {
  if (document.hidden) return;
  for (const node of document.querySelectorAll("time[data-counts]")) {
    const text = relativeText(Number(node.dataset.counts));
    if (node.textContent !== text) node.textContent = text;
  }
}

setInterval(count, 1000);
