"""What stands in somebody's way, said about them to who can change it."""

from collections.abc import Mapping

from bot.cards.languages.speech import mark, tr
from bot.cards.refusals import sentence
from bot.errors import Problem, Refused

OBSTACLES: Mapping[Problem, str] = {
    Problem.SERVER_NOT_ALLOWED: mark("The operator of this bot has not opened it for this server."),
    Problem.BLOCKED: mark("They are blocked until <t:{until:.0f}:F> (<t:{until:.0f}:R>)."),
    Problem.BLOCKED_FOR_GOOD: mark(
        "They are blocked, until somebody lifts it with `/quota unblock`."
    ),
    Problem.BLOCKED_EVERYWHERE: mark(
        "The operator has blocked them in the whole bot until <t:{until:.0f}:F> "
        "(<t:{until:.0f}:R>)."
    ),
    Problem.BLOCKED_EVERYWHERE_FOR_GOOD: mark(
        "The operator has blocked them in the whole bot for good."
    ),
    Problem.TOO_MANY_WAITING: mark(
        "They have {limit} requests waiting, as many as one person may have anywhere."
    ),
    Problem.TOO_MANY_WAITING_HERE: mark(
        "They have {limit} waiting here, as many as this server allows one person."
    ),
    Problem.QUEUE_FULL: mark("The line of the whole bot is full: {limit} requests are waiting."),
    Problem.NOTHING_LEFT: mark(
        "They have no credits left. Their allowance renews <t:{renews_at:.0f}:R>; `/quota grant` "
        "gives them more at once."
    ),
    Problem.NO_ALLOWANCE: mark(
        "They have no credits and no allowance: `/quota grant` gives them some, `/quota allowance` "
        "everybody."
    ),
    Problem.NO_SERVER_BUDGET: mark(
        "This server’s budget is set to nothing; `/settings` changes it."
    ),
    Problem.SERVER_BUDGET_SPENT: mark(
        "This server’s budget is spent. It renews <t:{renews_at:.0f}:R>; `/settings` changes it."
    ),
    Problem.BUDGET_SPENT: mark(
        "Today’s budget of the whole bot is spent. It renews <t:{renews_at:.0f}:R>; only the "
        "operator can change it."
    ),
    Problem.SERVER_CAP_SPENT: mark(
        "What the operator lets this server use in a day, {budget}, is spent. It renews "
        "<t:{renews_at:.0f}:R>; only the operator can change it."
    ),
    Problem.PERSON_CAP_SPENT: mark(
        "They have used what the operator lets one person use in a day, {budget}, all servers "
        "together. It renews <t:{renews_at:.0f}:R>; only the operator can change it."
    ),
}
"""What a moderator or the operator can change; the rest reads as it does for everybody."""


def obstacle(refused: Refused) -> str:
    """One thing that stands in somebody's way, said about them."""
    if said := OBSTACLES.get(refused.problem):
        return tr(said, **refused.facts)
    return sentence(refused.problem, refused.facts)
