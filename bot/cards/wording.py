"""Numbers, times, strangers' texts and settings in words, as all cards have them."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, reduce
from itertools import accumulate, takewhile
from typing import Literal
from unicodedata import category

from babel.numbers import format_decimal

from bot.cards.languages.speech import OWN_NAMES, mark, spoken, tr, tr_many
from bot.core.actions import Snapshot
from bot.core.jobs import QUALITIES, JobState
from bot.core.ledger import Period
from bot.core.models import MODELS
from bot.core.people.languages import Language
from bot.core.polling import MINUTE_S

EMOJI_JOINER = "\N{ZERO WIDTH JOINER}"
"""Families and professions are several emoji in one."""

HOUR_S, DAY_S = 3600.0, 86400.0

IN_A_PERIOD = {
    Period.DAY: mark("{credits} a day"),
    Period.WEEK: mark("{credits} a week"),
    Period.MONTH: mark("{credits} a month"),
}

EACH = {
    Period.DAY: mark("each day"),
    Period.WEEK: mark("each week"),
    Period.MONTH: mark("each month"),
}

STATES: Mapping[str, str] = {
    JobState.CHECKING: mark("checking"),
    JobState.QUEUED: mark("queued"),
    JobState.SUBMITTING: mark("submitting"),
    JobState.RENDERING: mark("rendering"),
    JobState.REVIEW: mark("review"),
    JobState.FETCHING: mark("fetching"),
    JobState.DELIVERING: mark("delivering"),
    JobState.DELIVERED: mark("delivered"),
    JobState.FAILED: mark("failed"),
    JobState.CANCELLED: mark("cancelled"),
}

LABELS: Mapping[str, str] = {
    "allowance_credits": mark("Allowance"),
    "period": mark("Renews"),
    "budget_credits": mark("Budget of the whole server"),
    "max_running_per_person": mark("Made at once, per person"),
    "max_waiting_per_person": mark("Waiting at once, per person"),
    "channels": mark("Channels"),
    "qualities": mark("Qualities"),
    "models": mark("Models"),
    "direct_use": mark("Pays for members’ direct messages"),
    "audit_channel_id": mark("Audit channel"),
    "language": mark("Language"),
    "granted": mark("Bonus credits"),
    "description": mark("It shows"),
    "state": mark("State"),
    "request_id": mark("Run"),
    "blocked": mark("Blocked"),
    "motion": mark("Motion"),
}
"""What the fields of a snapshot are called."""

NONE = mark("none")
UNSET: Mapping[str, str] = {
    "language": mark("the server’s own in Discord"),
    "allowance_credits": mark("the operator’s default"),
    "budget_credits": mark("none of its own"),
    "max_running_per_person": mark("the operator’s limit"),
    "max_waiting_per_person": mark("the operator’s limit"),
    "channels": mark("everywhere"),
    "qualities": mark("nothing more"),
    "models": mark("nothing more"),
}
"""What it means that a field says nothing; otherwise "none"."""


Within = Literal["markdown", "code", "plain"]
"""Where a text stands: among our words, between backticks, or where Discord draws nothing."""

_MODEL_NAMES = frozenset(model.name for model in MODELS.values())
_PIECES = re.compile(r"://|\]\(|.")
_DRAWN = frozenset("\\`*_~|<[]")
_APART = "@\N{ZERO WIDTH SPACE}"
"""An @ that begins no mention: not even Discord's search for whom to ping sees one."""


def clean(text: str, limit: int = 300, within: Within = "markdown") -> str:
    """Text from outside, as it was written, on one line of at most so many characters.

    Everything visible stays, and nothing of it is drawn, linked or pinged.
    """
    flat = " ".join("".join(map(_visible, text)).split())
    pieces = [_harmless(piece, within) for piece in _PIECES.findall(flat)]
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    fitting = sum(1 for _ in takewhile(lambda end: end < limit, accumulate(map(len, pieces))))
    return "".join(pieces[:fitting]) + "…"


def _visible(letter: str) -> str:
    """What breaks a line is a space, and what turns or hides letters is nothing."""
    kind = category(letter)
    if kind == "Cf":
        return letter if letter == EMOJI_JOINER else ""
    return " " if kind in {"Cc", "Cs"} or kind[0] == "Z" else letter


def _harmless(piece: str, within: Within) -> str:
    if within == "plain":
        return piece
    if piece == "@":
        return _APART
    if within == "code":  # where nothing can be escaped
        return "\N{MODIFIER LETTER GRAVE ACCENT}" if piece == "`" else piece
    if piece == "://":
        return ":\\//"
    if piece == "](":
        return "\\]\\("
    return f"\\{piece}" if piece in _DRAWN else piece


def credits_text(credits: int) -> str:
    """A number of credits in words."""
    return tr_many("{count} credit", "{count} credits", credits)


def bonus_text(credits: int) -> str:
    """A number of granted credits in words."""
    return tr_many("{count} bonus credit", "{count} bonus credits", credits)


def cost_text(credits: int) -> str:
    """What something costs, in words."""
    return credits_text(credits) if credits else tr("free")


def credits_per(credits: int, period: Period) -> str:
    """What comes anew each time: "5 credits a day"."""
    return tr(IN_A_PERIOD[period], credits=credits_text(credits))


def decimal_text(value: float) -> str:
    """A number with at most one decimal, which has its language's mark: "2.5", and "2" for 2.0."""
    return _decimal(f"{value:.1f}", spoken())


@lru_cache(maxsize=1000)
def _decimal(rounded: str, language: Language) -> str:
    """Each card has some, mostly the same, and babel takes its time."""
    return format_decimal(Decimal(rounded), "0.#", locale=language)


def seconds_text(seconds: float) -> str:
    """A length of time as people write it."""
    if seconds < 60:
        return tr("{seconds} s", seconds=decimal_text(seconds))
    minutes, rest = divmod(round(seconds), 60)
    if rest:
        return tr("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
    return tr("{minutes} min", minutes=minutes)


def ago(seconds: float) -> str:
    """How long something is past, where Discord counts nothing: "3 minutes ago"."""
    if seconds >= DAY_S:
        return tr_many("{count} day ago", "{count} days ago", int(seconds // DAY_S))
    if seconds >= HOUR_S:
        return tr_many("{count} hour ago", "{count} hours ago", int(seconds // HOUR_S))
    if seconds >= MINUTE_S:
        return tr_many("{count} minute ago", "{count} minutes ago", int(seconds // MINUTE_S))
    return tr("just now")


def usually(between_s: tuple[float, float]) -> str:
    """In which time (s) eight of ten are done: "Usually 2 to 4 minutes"."""
    if between_s[1] <= MINUTE_S:
        return _usual_seconds(*map(round, between_s))
    return _usual_minutes(*(round(seconds / MINUTE_S) for seconds in between_s))


def _usual_seconds(least: int, most: int) -> str:
    if least == most:
        return tr_many("Usually about {count} second", "Usually about {count} seconds", most)
    if least:
        return tr("Usually {least} to {most} seconds", least=least, most=most)
    return tr_many("Usually up to {count} second", "Usually up to {count} seconds", most)


def _usual_minutes(least: int, most: int) -> str:
    if least == most:
        return tr_many("Usually about {count} minute", "Usually about {count} minutes", most)
    if least:
        return tr("Usually {least} to {most} minutes", least=least, most=most)
    return tr_many("Usually up to {count} minute", "Usually up to {count} minutes", most)


def part_text(start_s: float, length_s: float) -> str:
    """A part of a video: "first 10 s", or "10 s from 1:05"."""
    length = seconds_text(length_s)
    if not start_s:
        return tr("first {length}", length=length)
    minutes, seconds = divmod(round(start_s, 1), 60)
    start = f"{minutes:.0f}:{'0' if seconds < 10 else ''}{decimal_text(seconds)}"
    return tr("{length} from {start}", length=length, start=start)


def changes(before: Snapshot | None, after: Snapshot | None, *, most_listed: int = 25) -> list[str]:
    """A line for each field: what held before → what holds now."""
    was, now = before or {}, after or {}
    fields = [name for name in now if name in LABELS and was.get(name) != now[name]]
    of_role = "role_id" in now
    return [
        tr(
            "**{field}**: {before} → {after}",
            field=tr(LABELS[name]),
            before=_told(name, was, of_role, most_listed),
            after=_told(name, now, of_role, most_listed),
        )
        for name in fields
    ]


def _told(name: str, seen: Snapshot, of_role: bool, most_listed: int) -> str:
    """One field of a snapshot in words."""
    value = seen.get(name)
    if name == "qualities" and isinstance(value, list):
        value = [quality for quality in QUALITIES if quality in value]
    if (value is None and name == "models") or value == list(QUALITIES):
        return tr("all that there are")
    if value is None or value == []:
        plain = of_role and name == "allowance_credits"
        return tr("none of its own") if plain else tr(UNSET.get(name, NONE))
    if isinstance(value, list):
        shown = [_one(name, one) for one in value[:most_listed]]
        more = len(value) - most_listed
        return listed([*shown, *([tr("and {more} more", more=more)] if more > 0 else [])])
    return _single(name, value, seen)


def _single(name: str, value: str | float, seen: Snapshot) -> str:
    """A field that has one value."""
    match name:
        case "blocked" if value:
            ends_at = seen.get("until")
            is_timed = isinstance(ends_at, int | float)
            return tr("until <t:{until:.0f}:f>", until=ends_at) if is_timed else tr("for good")
        case _ if isinstance(value, bool):
            return tr("yes") if value else tr("no")
        case "audit_channel_id":
            return f"<#{value}>"
        case "period":
            return tr(EACH[Period(str(value))])
        case "request_id":
            return f"`{clean(str(value), 80, 'code')}`"
        case "granted":
            return credits_text(int(value))
        case "allowance_credits" | "budget_credits":
            if (period := seen.get("period")) is None:
                return credits_text(int(value))
            return credits_per(int(value), Period(str(period)))
        case "language" if value in OWN_NAMES:
            return OWN_NAMES[Language(str(value))]
        case "state":
            return state_text(str(value))
        case _:
            return clean(str(value), 80)


def _one(name: str, value: str) -> str:
    if name == "models" and value in MODELS:
        return model_text(value)
    return f"<#{value}>" if name == "channels" else clean(value, 20)


def model_text(slug: str) -> str:
    """What a model is called; one that is not known any more keeps its slug."""
    return tr(MODELS[slug].name) if slug in MODELS else slug


def named_model(name: str) -> str:
    """The same of one that is known by its English name, as refusals keep it."""
    return tr(name) if name in _MODEL_NAMES else clean(name)


def state_text(state: str) -> str:
    """Where a job is, in a word."""
    return tr(STATES[state]) if state in STATES else clean(state, 80)


def listed(parts: Sequence[str]) -> str:
    """One after the other."""
    return ", ".join(parts)


def any_of(parts: Sequence[str]) -> str:
    """Some of which one may be chosen: "360p or 540p"."""
    return reduce(lambda these, last: tr("{these} or {last}", these=these, last=last), parts)
