"""The sentence that tells why something was refused or failed, and what to do about it."""

import math
from collections.abc import Mapping

from bot.cards.languages.speech import mark, tr
from bot.cards.sentences.choices import CHOICES
from bot.cards.sentences.credits import CREDITS
from bot.cards.sentences.door import DOOR
from bot.cards.sentences.files import FILES
from bot.cards.sentences.jobs import JOBS
from bot.cards.sentences.links import LINKS
from bot.cards.sentences.moderators import MODERATORS
from bot.cards.sentences.motions import MOTIONS
from bot.cards.sentences.posts import POSTS
from bot.cards.sentences.reports import REPORTS
from bot.cards.sentences.service import SERVICE
from bot.cards.sentences.trays import TRAYS
from bot.cards.sentences.variants import Sentences, Variants
from bot.cards.wording import any_of, clean, credits_text, decimal_text, named_model, state_text
from bot.errors import Problem

SENTENCES: Sentences = {
    **CHOICES,
    **CREDITS,
    **DOOR,
    **FILES,
    **JOBS,
    **LINKS,
    **MODERATORS,
    **MOTIONS,
    **POSTS,
    **REPORTS,
    **SERVICE,
    **TRAYS,
}

HELPED_BY_MORE = frozenset({Problem.NO_CREDITS, Problem.NOTHING_LEFT, Problem.TOO_EXPENSIVE})
"""Behind these it is said who can give more credits."""

PERMISSIONS: Mapping[str, str] = {
    "view_channel": mark("View Channel"),
    "manage_messages": mark("Manage Messages"),
}
"""As Discord itself calls them, in each language."""

AMOUNTS = ("price", "budget", "allowance")
SIZES = ("size", "limit")
MOMENTS = frozenset({"renews_at", "until"})
SECONDS = frozenset({"duration_s", "limit_s", "start_s", "length_s", "least_s", "most_s"})


def sentence(problem: Problem, facts: Mapping[str, object]) -> str:
    """What is said of a problem; facts come from strangers and are made harmless."""
    known = SENTENCES[problem]
    said = tr(known.chosen(facts) if isinstance(known, Variants) else known, **told(facts))
    if problem in HELPED_BY_MORE:
        return f"{said} {gives_more(facts)}"
    return f"{said} {_gives_some(facts)}" if problem is Problem.NO_ALLOWANCE else said


def gives_more(facts: Mapping[str, object]) -> str:
    """Who gives more credits where these were refused."""
    if _has_moderators(facts):
        return tr("A moderator can give you more.")
    return tr("My operator can give you more.")


def _gives_some(facts: Mapping[str, object]) -> str:
    if _has_moderators(facts):
        return tr("A moderator can give you some.")
    return tr("My operator can give you some.")


def _has_moderators(facts: Mapping[str, object]) -> bool:
    """A server that pays for direct messages has them, too, and what was refused long ago may not
    say where."""
    return bool(facts.get("server_id", True))


def told(facts: Mapping[str, object]) -> dict[str, object]:
    """A refusal's facts, as its sentence takes them."""
    words = {name: _fact(name, value) for name, value in facts.items()}
    for name in AMOUNTS:
        if isinstance(credits := facts.get(name), int):
            words[f"{name}_text"] = credits_text(credits)
    for name in SIZES:
        if isinstance(size := facts.get(f"{name}_bytes"), int | float):
            words[f"{name}_mb"] = _millions(size)
    match facts:
        case {"width": int(width), "height": int(height), "limit_pixels": int(limit_pixels)}:
            words["size_mp"] = _millions(width * height)
            words["limit_mp"] = _millions(limit_pixels)
    return words


def _fact(name: str, value: object) -> object:
    """One fact, as it stands in its sentence: what is an id or a name, between backticks."""
    match value:
        case int() | float() if name in MOMENTS:
            return f"{value:.0f}"
        case int() | float() if name in SECONDS:
            return decimal_text(value)
        case str():
            return _text(name, value)
        case list() | tuple():
            return any_of([named_model(str(one)) for one in value]) if value else ""
    return value


def _text(name: str, value: str) -> str:
    match name:
        case "channels":
            return value
        case "name" | "job" | "request_id":
            return clean(value, 80, "code") or "–"
        case "model":
            return named_model(value)
        case "state":
            return state_text(value)
        case "lacks":
            return tr(PERMISSIONS[value]) if value in PERMISSIONS else clean(value)
        case "reason":
            return _own_sentence(clean(value))
    return clean(value)


def _millions(count: float) -> str:
    """So many, rounded up: what is too much is to look like it."""
    return decimal_text(math.ceil(count / 1e5) / 10)


def _own_sentence(reason: str) -> str:
    """Somebody else's words as the end of a sentence of ours."""
    return reason if reason.endswith((".", "!", "?", "…")) else f"{reason}."
