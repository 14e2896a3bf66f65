"""Numbers, times, strangers' texts and settings in words, as all cards have them."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import accumulate, takewhile
from typing import Literal
from unicodedata import category

from bot.core.actions import Snapshot
from bot.core.jobs import QUALITIES
from bot.core.ledger import Period
from bot.core.models import MODELS
from bot.core.polling import MINUTE_S

EMOJI_JOINER = "\N{ZERO WIDTH JOINER}"
"""Families and professions are several emoji in one."""

EVERY = {Period.DAY: "a day", Period.WEEK: "a week", Period.MONTH: "a month"}

LABELS: Mapping[str, str] = {
    "allowance_credits": "Allowance",
    "period": "Renews",
    "budget_credits": "Budget of the whole server",
    "max_running_per_person": "Made at once, per person",
    "max_waiting_per_person": "Waiting at once, per person",
    "channels": "Channels",
    "qualities": "Qualities",
    "models": "Models",
    "direct_use": "Pays for members’ direct messages",
    "audit_channel_id": "Audit channel",
    "granted": "Bonus credits",
    "description": "It shows",
    "state": "State",
    "request_id": "Run",
    "blocked": "Blocked",
    "motion": "Motion",
}
"""What the fields of a snapshot are called."""

UNSET: Mapping[str, str] = {
    "allowance_credits": "the operator’s default",
    "budget_credits": "none of its own",
    "max_running_per_person": "the operator’s limit",
    "max_waiting_per_person": "the operator’s limit",
    "channels": "everywhere",
    "qualities": "nothing more",
    "models": "nothing more",
}
"""What it means that a field says nothing; otherwise "none"."""


Within = Literal["markdown", "code", "plain"]
"""Where a text stands: among our words, between backticks, or where Discord draws nothing."""

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
    return "1 credit" if credits == 1 else f"{credits} credits"


def bonus_text(credits: int) -> str:
    """A number of granted credits in words."""
    return "1 bonus credit" if credits == 1 else f"{credits} bonus credits"


def cost_text(credits: int) -> str:
    """What something costs, in words."""
    return credits_text(credits) if credits else "free"


def seconds_text(seconds: float) -> str:
    """A length of time as people write it."""
    if seconds < 60:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def ago(seconds: float) -> str:
    """How long something is past, where Discord counts nothing: "3 minutes ago"."""
    for unit, length_s in (("day", 86400.0), ("hour", 3600.0), ("minute", MINUTE_S)):
        if seconds >= length_s:
            count = int(seconds // length_s)
            return f"1 {unit} ago" if count == 1 else f"{count} {unit}s ago"
    return "just now"


def usually(between_s: tuple[float, float]) -> str:
    """In which time (s) eight of ten are done: "usually 2 to 4 minutes"."""
    step_s, unit = (MINUTE_S, "minute") if between_s[1] > MINUTE_S else (1.0, "second")
    least, most = (round(seconds / step_s) for seconds in between_s)
    units = unit if most == 1 else f"{unit}s"
    if least == most:
        return f"usually about {most} {units}"
    return f"usually {least} to {most} {units}" if least else f"usually up to {most} {units}"


def part_text(start_s: float, length_s: float) -> str:
    """A part of a video: "first 10 s", or "10 s from 1:05"."""
    if not start_s:
        return f"first {seconds_text(length_s)}"
    minutes, seconds = divmod(round(start_s, 1), 60)
    at = f"{minutes:.0f}:{seconds:04.1f}".removesuffix(".0")
    return f"{seconds_text(length_s)} from {at}"


def changes(before: Snapshot | None, after: Snapshot | None, *, most_listed: int = 25) -> list[str]:
    """A line for each field: what held before → what holds now."""
    was, now = before or {}, after or {}
    fields = [name for name in now if name in LABELS and was.get(name) != now[name]]
    of_role = "role_id" in now
    return [
        f"**{LABELS[name]}**: "
        + " → ".join(_told(name, seen, of_role, most_listed) for seen in (was, now))
        for name in fields
    ]


def _told(name: str, seen: Snapshot, of_role: bool, most_listed: int) -> str:
    """One field of a snapshot in words."""
    value = seen.get(name)
    if name == "blocked" and value:
        ends_at = seen.get("until")
        return f"until <t:{ends_at:.0f}:f>" if isinstance(ends_at, int | float) else "for good"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "qualities" and isinstance(value, list):
        value = [quality for quality in QUALITIES if quality in value]
    if (value is None and name == "models") or value == list(QUALITIES):
        return "all that there are"
    if value is None or value == []:
        plain = of_role and name == "allowance_credits"
        return "none of its own" if plain else UNSET.get(name, "none")
    if isinstance(value, list):
        more = len(value) - most_listed
        shown = [_one(name, one) for one in value]
        return listed([*shown[:most_listed], *([f"and {more} more"] if more > 0 else [])])
    match name:
        case "audit_channel_id":
            return f"<#{value}>"
        case "period":
            return f"each {value}"
        case "request_id":
            return f"`{clean(str(value), 80, 'code')}`"
        case "granted":
            return credits_text(int(value))
        case "allowance_credits" | "budget_credits":
            period = seen.get("period")
            every = f" {EVERY[Period(period)]}" if isinstance(period, str) else ""
            return credits_text(int(value)) + every
        case _:
            return clean(str(value), 80)


def _one(name: str, value: str) -> str:
    if name == "models" and value in MODELS:
        return MODELS[value].name
    return f"<#{value}>" if name == "channels" else clean(value, 20)


def listed(parts: Sequence[str]) -> str:
    """One after the other."""
    return ", ".join(parts)


def told(facts: Mapping[str, object]) -> dict[str, object]:
    """A refusal's facts, as its sentence takes them; they come from strangers."""
    words = {name: _fact(name, value) for name, value in facts.items()}
    limit = facts.get("budget", facts.get("allowance"))
    words["in_all"] = f", {credits_text(limit)}," if isinstance(limit, int) else ""
    words["giver"] = giver(facts)
    words["shorter"] = " A shorter video costs less." if facts.get("left") else ""
    if facts.get("left") == 0:
        words["left"] = "none"
    if isinstance(reason := words.get("reason"), str):
        words["reason"] = _own_sentence(reason)
    for name in ("size", "limit"):
        size = facts.get(f"{name}_bytes")
        if isinstance(size, int | float):
            words[f"{name}_mb"] = _millions(size)
    match facts:
        case {"width": int(width), "height": int(height), "limit_pixels": int(limit_pixels)}:
            words["size_mp"] = _millions(width * height)
            words["limit_mp"] = _millions(limit_pixels)
    for name in ("duration_s", "limit_s", "start_s", "length_s"):
        value = facts.get(name)
        if isinstance(value, int | float):
            words[name] = f"{value:.1f}".removesuffix(".0")
    price = facts.get("price")
    if isinstance(price, int):
        words["price_text"] = credits_text(price)
    for name in ("renews_at", "until"):
        moment = facts.get(name)
        if isinstance(moment, int | float):
            words[name] = f"{moment:.0f}"
    return words


def giver(facts: Mapping[str, object]) -> str:
    """Who gives credits where these were refused; a server that pays for direct messages has
    moderators, too, and what was refused long ago may not say where."""
    return "A moderator" if facts.get("server_id", True) else "My operator"


def _fact(name: str, value: object) -> object:
    """One fact, as it stands in its sentence: what is an id or a name, between backticks."""
    if not isinstance(value, str) or name == "channels":
        return value
    if name in {"name", "job", "request_id"}:
        return clean(value, 80, "code") or "–"
    return clean(value)


def _millions(count: float) -> str:
    """So many, rounded up: what is too much is to look like it."""
    return f"{math.ceil(count / 1e5) / 10:.1f}".removesuffix(".0")


def _own_sentence(reason: str) -> str:
    """Somebody else's words as the end of a sentence of ours."""
    return reason if reason.endswith((".", "!", "?", "…")) else f"{reason}."
