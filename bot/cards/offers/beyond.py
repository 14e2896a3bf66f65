"""Why a price on an offer cannot be paid now, told behind what has it."""

from collections.abc import Mapping

from bot.cards.languages.speech import mark, tr
from bot.cards.offers.choices import name_of, shown
from bot.cards.refusals import gives_more
from bot.cards.wording import listed, part_text
from bot.core.accounts import Terms
from bot.errors import Problem, Refused

BEYOND: Mapping[Problem, str] = {
    Problem.NO_CREDITS: mark("more than you have. Your allowance renews <t:{renews_at:.0f}:R>."),
    Problem.NO_ALLOWANCE: mark("more than you have, and no allowance brings you new ones."),
    Problem.TOO_EXPENSIVE: mark("more than you can have at once. A shorter video costs less."),
    Problem.NO_SERVER_BUDGET: mark("this server’s budget for videos is set to nothing."),
    Problem.SERVER_BUDGET_SPENT: mark(
        "this server’s budget is spent. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.SERVER_BUDGET_TOO_LOW: mark(
        "more than is left of this server’s budget. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_SERVER_BUDGET: mark(
        "more than this server’s whole budget. A shorter video costs less."
    ),
    Problem.BUDGET_SPENT: mark(
        "today’s budget for everybody is spent. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.BUDGET_TOO_LOW: mark(
        "more than is left of today’s budget for everybody. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_BUDGET: mark(
        "more than a whole day’s budget for everybody. A shorter video costs less."
    ),
    Problem.PERSON_CAP_SPENT: mark(
        "you have used what one person may. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.PERSON_CAP_TOO_LOW: mark(
        "more than is left of what one person may use. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_PERSON_CAP: mark(
        "more than one person may use in a day. A shorter video costs less."
    ),
    Problem.SERVER_CAP_SPENT: mark(
        "what this server may use in a day is spent. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.SERVER_CAP_TOO_LOW: mark(
        "more than is left of what this server may use in a day. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_SERVER_CAP: mark(
        "more than this server may use in a day. A shorter video costs less."
    ),
    Problem.NO_DRAFTS_LEFT: mark("no more today. There are new ones <t:{renews_at:.0f}:R>."),
    Problem.PAUSED: mark("my operator has paused me for now."),
    Problem.PAUSED_HERE: mark("my operator has paused me here for now."),
    Problem.BLOCKED: mark("you are blocked here until <t:{until:.0f}:f>."),
    Problem.BLOCKED_FOR_GOOD: mark("you are blocked here."),
    Problem.BLOCKED_EVERYWHERE: mark("my operator has blocked you until <t:{until:.0f}:f>."),
    Problem.BLOCKED_EVERYWHERE_FOR_GOOD: mark("my operator has blocked you."),
}

GIVEN = frozenset({Problem.NO_CREDITS, Problem.TOO_EXPENSIVE, Problem.NO_ALLOWANCE})
"""What more credits would help against."""


def beyond(terms: Terms) -> list[str]:
    """A line for each reason why some of it cannot be paid now, and when that changes."""
    reasons: dict[str, list[str]] = {}
    for choice in shown(terms.prices, terms.preferred):
        if refused := terms.beyond.get(choice):
            name = name_of(choice, terms.prices)
            reasons.setdefault(_reason(refused), []).append(f"**{name}**")
    for part in terms.parts:
        if part.beyond:
            name = part_text(0.0, part.length_s)
            reasons.setdefault(_reason(part.beyond), []).append(f"**{name}**")
    told = [
        tr("{choices}: {reason}", choices=listed(names), reason=reason)
        for reason, names in reasons.items()
    ]
    all_of = [*map(terms.beyond.get, terms.prices), *(part.beyond for part in terms.parts)]
    lacking = [no.facts for no in all_of if no and no.problem in GIVEN]
    if all(all_of) and lacking:
        told.append(gives_more(lacking[0]))
    return told


def _reason(refused: Refused) -> str:
    return tr(BEYOND[refused.problem], **refused.facts)
