"""What has happened to credits and rules, as moderators read it: page by page, and as a table."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from unicodedata import category, normalize

import discord
from discord import ui

from bot.cards import wording
from bot.cards.languages.speech import mark, tr, tr_many
from bot.cards.paging import PageRef, controls
from bot.cards.parts import view, words
from bot.cards.posts.reports import reason_text
from bot.cards.wording import clean, credits_text
from bot.core.accounts import Page
from bot.core.actions import HISTORY_KINDS, OPERATOR, ActionKind, HistoryLine, Snapshot
from bot.core.ledger import EntryKind

FILTERS: Mapping[str, tuple[str, frozenset[str]]] = {
    "all": (mark("Everything"), frozenset(HISTORY_KINDS)),
    "videos": (
        mark("What videos took"),
        frozenset({EntryKind.HOLD, EntryKind.CAPTURE, EntryKind.RELEASE}),
    ),
    "given": (
        mark("Given, taken away, refunded"),
        frozenset({EntryKind.GRANT, EntryKind.REVOKE, EntryKind.REFUND, ActionKind.REPAIR}),
    ),
    "jobs": (
        mark("Decisions about jobs"),
        frozenset({ActionKind.CANCEL, ActionKind.RESOLVE, ActionKind.DESCRIBE}),
    ),
    "reports": (
        mark("What was deleted or reported"),
        frozenset({ActionKind.REMOVE, ActionKind.DISMISS}),
    ),
    "blocks": (mark("Blocks"), frozenset({ActionKind.BLOCK, ActionKind.UNBLOCK})),
    "rules": (
        mark("Allowances, settings, pauses"),
        frozenset({ActionKind.ALLOWANCE, ActionKind.SETTINGS, ActionKind.PAUSE, ActionKind.RESUME}),
    ),
    "motions": (mark("The library of motions"), frozenset({ActionKind.LIBRARY})),
}
"""The label of each filter, and the kinds of lines that it shows."""


class Said(NamedTuple):
    """What is said of one thing that happened, if somebody did it, and if the operator did."""

    by_somebody: str
    by_operator: str


SAID: Mapping[str, str | Said] = {
    EntryKind.HOLD: mark("**−{amount}** reserved for {person}’s {job}"),
    EntryKind.CAPTURE: mark("**−{amount}** for {person}’s {job}"),
    EntryKind.RELEASE: mark("{person}’s {job} came to nothing and cost nothing"),
    EntryKind.GRANT: Said(
        mark("**+{amount}** bonus for {person} from {actor}"),
        mark("**+{amount}** bonus for {person} from the operator"),
    ),
    EntryKind.REVOKE: Said(
        mark("**−{amount}** taken from {person} by {actor}"),
        mark("**−{amount}** taken from {person} by the operator"),
    ),
    EntryKind.REFUND: Said(
        mark("**+{amount}** refunded to {person} for {job} by {actor}"),
        mark("**+{amount}** refunded to {person} for {job} by the operator"),
    ),
    ActionKind.CANCEL: Said(
        mark("{actor} cancelled {person}’s {job}"),
        mark("the operator cancelled {person}’s {job}"),
    ),
    ActionKind.RESOLVE: Said(
        mark("{actor} settled {person}’s {job}"),
        mark("the operator settled {person}’s {job}"),
    ),
    ActionKind.DESCRIBE: Said(
        mark("{actor} said anew what {person}’s {job} shows"),
        mark("the operator said anew what {person}’s {job} shows"),
    ),
    ActionKind.REMOVE: Said(
        mark("{actor} deleted {person}’s {job}"),
        mark("the operator deleted {person}’s {job}"),
    ),
    ActionKind.DISMISS: Said(
        mark("{actor} dismissed reports of {person}’s {job}"),
        mark("the operator dismissed reports of {person}’s {job}"),
    ),
    ActionKind.BLOCK: Said(
        mark("{actor} blocked {person} until <t:{until:.0f}:f>"),
        mark("the operator blocked {person} until <t:{until:.0f}:f>"),
    ),
    ActionKind.UNBLOCK: Said(
        mark("{actor} unblocked {person}"),
        mark("the operator unblocked {person}"),
    ),
    ActionKind.REPAIR: Said(
        mark("{actor} repaired {person}’s wallet"),
        mark("the operator repaired {person}’s wallet"),
    ),
    ActionKind.PAUSE: Said(
        mark("{actor} paused me here"),
        mark("the operator paused me here"),
    ),
    ActionKind.RESUME: Said(
        mark("{actor} let me go on here"),
        mark("the operator let me go on here"),
    ),
    ActionKind.LIBRARY: Said(
        mark("{actor} changed the library: {changes}"),
        mark("the operator changed the library: {changes}"),
    ),
}
"""What happened, by the kind of line, where lines are by video; of all others, what was changed."""

BLOCKED_FOR_GOOD = Said(
    mark("{actor} blocked {person} for good"),
    mark("the operator blocked {person} for good"),
)
ABOUT_A_MESSAGE: Mapping[str, Said] = {
    ActionKind.REMOVE: Said(
        mark("{actor} deleted {person}’s message"),
        mark("the operator deleted {person}’s message"),
    ),
    ActionKind.DISMISS: Said(
        mark("{actor} dismissed reports of {person}’s message"),
        mark("the operator dismissed reports of {person}’s message"),
    ),
}
"""Where what was reported is no video of ours."""

CHANGED = Said(
    mark("{actor} changed {changes}"),
    mark("the operator changed {changes}"),
)
CHANGED_FOR_A_ROLE = Said(
    mark("{actor} changed {role}’s {changes}"),
    mark("the operator changed {role}’s {changes}"),
)
CHANGED_NOTHING = Said(
    mark("{actor} changed nothing"),
    mark("the operator changed nothing"),
)

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
    if page_ref.person_id:
        title = [tr("### What happened here with <@{person}>", person=page_ref.person_id)]
    else:
        title = [tr("### What happened here")]
    if page.pages > 1:
        title.append(tr("page {number} of {pages}", number=page.number + 1, pages=page.pages))
    lines = [line_text(line) for line in page.lines] or [tr("Nothing yet.")]
    labels = {name: tr(label) for name, (label, _) in FILTERS.items()}
    return view(
        words(" · ".join(title), *lines),
        *controls(page_ref, labels, has_next=page.number + 1 < page.pages, with_csv=True),
    )


def line_text(line: HistoryLine) -> str:
    """One thing that happened, with when, who and why."""
    what = _what(line)
    if line.reason:
        reason = clean(reason_text(line.reason), REASON_LIMIT_CHARS)
        what = tr("{what}: {reason}", what=what, reason=reason)
    return f"<t:{line.at:.0f}:R> · {what}"


def _what(line: HistoryLine) -> str:
    after = line.after or {}
    changes = wording.changes(line.before, line.after, most_listed=SHOWN_IN_A_LIST)
    said = _sentence(line, after, is_changed=bool(changes))
    if isinstance(said, Said):
        is_operators = line.actor_id in {None, OPERATOR}
        said = said.by_operator if is_operators else said.by_somebody
    return tr(
        said,
        person=f"<@{line.person_id}>",
        job=f"`{line.job_id}`",
        amount=credits_text(abs(line.credits or 0)),
        actor=f"<@{line.actor_id}>",
        until=after.get("until"),
        role=f"<@&{after.get('role_id')}>",
        changes=" · ".join(changes) or tr("nothing"),
    )


def _sentence(line: HistoryLine, after: Snapshot, *, is_changed: bool) -> str | Said:
    """What is said of it, with room for its facts."""
    if line.kind in ABOUT_A_MESSAGE and line.job_id is None:
        return ABOUT_A_MESSAGE[line.kind]
    if line.kind == ActionKind.BLOCK and not isinstance(after.get("until"), int | float):
        return BLOCKED_FOR_GOOD
    if said := SAID.get(line.kind):
        return said
    if not is_changed:
        return CHANGED_NOTHING
    return CHANGED_FOR_A_ROLE if after.get("role_id") else CHANGED


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
    if count == of:
        said = tr_many("All {count} line, newest first.", "All {count} lines, newest first.", of)
    else:
        said = tr_many(
            "The newest {shown} of {count} line.",
            "The newest {shown} of {count} lines.",
            of,
            shown=count,
        )
    return view(words(f"{said} {tr('Times are UTC.')}"), ui.File(f"attachment://{CSV_NAME}"))


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
