"""What has happened to credits and rules, as moderators read it: page by page, and as a table."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from unicodedata import category, normalize

import discord
from discord import ui

from bot.cards import wording
from bot.cards.paging import PageRef, controls
from bot.cards.parts import view, words
from bot.cards.wording import clean, credits_text
from bot.core.accounts import Page
from bot.core.actions import HISTORY_KINDS, OPERATOR, ActionKind, HistoryLine, Snapshot
from bot.core.ledger import EntryKind

FILTERS: Mapping[str, tuple[str, frozenset[str]]] = {
    "all": ("Everything", frozenset(HISTORY_KINDS)),
    "videos": (
        "What videos took",
        frozenset({EntryKind.HOLD, EntryKind.CAPTURE, EntryKind.RELEASE}),
    ),
    "given": (
        "Given, taken away, refunded",
        frozenset({EntryKind.GRANT, EntryKind.REVOKE, EntryKind.REFUND, ActionKind.REPAIR}),
    ),
    "jobs": (
        "Decisions about jobs",
        frozenset({ActionKind.CANCEL, ActionKind.RESOLVE, ActionKind.DESCRIBE}),
    ),
    "reports": (
        "What was deleted or reported",
        frozenset({ActionKind.REMOVE, ActionKind.DISMISS}),
    ),
    "blocks": ("Blocks", frozenset({ActionKind.BLOCK, ActionKind.UNBLOCK})),
    "rules": (
        "Allowances, settings, pauses",
        frozenset({ActionKind.ALLOWANCE, ActionKind.SETTINGS, ActionKind.PAUSE, ActionKind.RESUME}),
    ),
    "motions": ("The library of motions", frozenset({ActionKind.LIBRARY})),
}
"""The label of each filter, and the kinds of lines that it shows."""

SAID: Mapping[str, str] = {
    EntryKind.HOLD: "**−{amount}** reserved for {person}’s {job}",
    EntryKind.CAPTURE: "**−{amount}** for {person}’s {job}",
    EntryKind.RELEASE: "{person}’s {job} came to nothing and cost nothing",
    EntryKind.GRANT: "**+{amount}** bonus for {person} from {actor}",
    EntryKind.REVOKE: "**−{amount}** taken from {person} by {actor}",
    EntryKind.REFUND: "**+{amount}** refunded to {person} for {job} by {actor}",
    ActionKind.CANCEL: "{actor} cancelled {person}’s {job}",
    ActionKind.RESOLVE: "{actor} settled {person}’s {job}",
    ActionKind.DESCRIBE: "{actor} said anew what {person}’s {job} shows",
    ActionKind.REMOVE: "{actor} deleted {person}’s {job}",
    ActionKind.DISMISS: "{actor} dismissed reports of {person}’s {job}",
    ActionKind.BLOCK: "{actor} blocked {person} {until}",
    ActionKind.UNBLOCK: "{actor} unblocked {person}",
    ActionKind.REPAIR: "{actor} repaired {person}’s wallet",
    ActionKind.PAUSE: "{actor} paused me here",
    ActionKind.RESUME: "{actor} let me go on here",
    ActionKind.LIBRARY: "{actor} changed the library: {changes}",
}
"""What happened, by the kind of line, where lines are by video; of all others, what was changed."""

CSV_NAME = "marionette-history.csv"
UTF8_MARK = b"\xef\xbb\xbf"
"""By which spreadsheets know that it is no other encoding."""

FORMULA = frozenset("=+-@")
SPLITS = re.compile("([,;|])")
BREAKS = frozenset({"Cc", "Zl", "Zp"})
"""The categories of what ends a line, or is a tab."""

HEADER = ("at", "kind", "credits", "person", "job", "actor", "reason", "before", "after")
REASON_LIMIT_CHARS = 80
SHOWN_IN_A_LIST = 3
"""Ten lines must fit a card of 4,000 characters; the file has all of it."""


def kinds_of(name: str) -> frozenset[str]:
    """What a filter shows; everything for one that there is not."""
    return FILTERS.get(name, FILTERS["all"])[1]


def history(page_ref: PageRef, page: Page) -> ui.LayoutView:
    """One page of a server's past, or of one person's there."""
    whose = f" with <@{page_ref.person_id}>" if page_ref.person_id else ""
    number = f" · page {page.number + 1} of {page.pages}" if page.pages > 1 else ""
    lines = [line_text(line) for line in page.lines] or ["Nothing yet."]
    labels = {name: label for name, (label, _) in FILTERS.items()}
    return view(
        words(f"### What happened here{whose}{number}", *lines),
        *controls(page_ref, labels, has_next=page.number + 1 < page.pages, with_csv=True),
    )


def line_text(line: HistoryLine) -> str:
    """One thing that happened, with when, who and why."""
    reason = f": {clean(line.reason, REASON_LIMIT_CHARS)}" if line.reason else ""
    return f"<t:{line.at:.0f}:R> · {_what(line)}{reason}"


def _what(line: HistoryLine) -> str:
    return SAID.get(line.kind, "{actor} changed {changes}").format(
        person=f"<@{line.person_id}>" if line.person_id else "everybody",
        job=f"`{line.job_id}`" if line.job_id else "message",
        amount=credits_text(abs(line.credits or 0)),
        actor=_actor(line),
        until=_until((line.after or {}).get("until")),
        changes=_changes(line.before, line.after),
    )


def _actor(line: HistoryLine) -> str:
    return "the operator" if line.actor_id in {None, OPERATOR} else f"<@{line.actor_id}>"


def _until(moment: object) -> str:
    return f"until <t:{moment:.0f}:f>" if isinstance(moment, int | float) else "for good"


def _changes(before: Snapshot | None, after: Snapshot | None) -> str:
    """What is different now, field by field; a role stands before its own."""
    role = (after or {}).get("role_id")
    whose = f"<@&{role}>’s " if role else ""
    return whose + (
        " · ".join(wording.changes(before, after, most_listed=SHOWN_IN_A_LIST)) or "nothing"
    )


def _value(value: object) -> str:
    if isinstance(value, list):
        return clean(", ".join(map(str, value)), 80, "plain") or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


class Table:
    """The newest lines as a CSV file of at most `limit_bytes`; `count` says how many they are."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._told = io.BytesIO()
        self._told.write(UTF8_MARK + _row(HEADER))
        self.count = 0

    def take(self, lines: Iterable[HistoryLine]) -> bool:
        """Add older lines; whether there was room for all of them."""
        for line in lines:
            row = _row(_cells(line))
            if self._told.tell() + len(row) > self._limit_bytes:
                return False
            self._told.write(row)
            self.count += 1
        return True

    def file(self) -> discord.File:
        """To be attached."""
        self._told.seek(0)
        return discord.File(self._told, CSV_NAME)


def exported(count: int, of: int) -> ui.LayoutView:
    """What comes with the table."""
    lines = "1 line" if of == 1 else f"{of} lines"
    said = f"All {lines}, newest first." if count == of else f"The newest {count} of {lines}."
    return view(words(f"{said} Times are UTC."), ui.File(f"attachment://{CSV_NAME}"))


def _cells(line: HistoryLine) -> list[object]:
    at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="seconds")
    actor = "operator" if line.actor_id == OPERATOR else _mention(line.actor_id)
    person, facts = _mention(line.person_id), [_facts(line.before), _facts(line.after)]
    return [at, line.kind, line.credits, person, line.job_id, actor, line.reason, *facts]


def _mention(person_id: int | None) -> str | None:
    """As it can be pasted into Discord; a bare number of that size a spreadsheet would round."""
    return None if not person_id else f"<@{person_id}>"


def _facts(seen: Snapshot | None) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in (seen or {}).items())


def _row(cells: Iterable[object]) -> bytes:
    into = io.StringIO()
    csv.writer(into, lineterminator="\r\n").writerow(map(_harmless, cells))
    return into.getvalue().encode()


def _harmless(cell: object) -> object:
    """A spreadsheet takes a text that begins like a formula for one, and runs it.

    Where a cell begins is for the spreadsheet to say: in half of the world it splits a line at each
    semicolon, and looks at quotes at the beginning of what it splits off alone.
    """
    if not isinstance(cell, str):
        return cell
    line = "".join(" " if category(letter) in BREAKS else letter for letter in cell)
    return "".join(f"'{part}" if _is_formula(part) else part for part in SPLITS.split(line))


def _is_formula(part: str) -> bool:
    seen = (letter for letter in normalize("NFKC", part) if category(letter)[0] not in "CZ")
    return next((letter for letter in seen if letter != '"'), "") in FORMULA
