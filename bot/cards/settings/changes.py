"""What is asked before a server's settings change, and what is said once they have."""

from collections.abc import Mapping, Sequence

from discord import ui

from bot.cards import wording
from bot.cards.languages.speech import mark, tr
from bot.cards.parts import AMBER, BLURPLE, GREEN, Asked, view, words
from bot.cards.wording import credits_per, credits_text
from bot.core.actions import Snapshot
from bot.core.ledger import Period
from bot.core.rules import OperatorLimits, ServerRules

CHANGE_BUDGET: Mapping[Period, str] = {
    Period.DAY: mark("Change the budget of the whole server **from {before} to {after}** a day?"),
    Period.WEEK: mark("Change the budget of the whole server **from {before} to {after}** a week?"),
    Period.MONTH: mark(
        "Change the budget of the whole server **from {before} to {after}** a month?"
    ),
}


def changed(before: Snapshot, after: Snapshot, notes: Sequence[str] = ()) -> ui.LayoutView:
    """What held before → what holds now."""
    lines = wording.changes(before, after)
    if not lines:
        said = tr("### Nothing was changed"), tr("It was so already.")
        return view(words(*said, *notes), colour=BLURPLE)
    return view(words(tr("### Changed"), *lines, *notes), colour=GREEN)


def asks_budget(rules: ServerRules, budget: int | None) -> Asked:
    """Before the budget that a server has is changed."""
    assert rules.budget_credits is not None
    if budget is None:
        text = tr(
            "Take the budget of the whole server away? It is {amount}; then only the bot’s own "
            "daily budget holds.",
            amount=credits_per(rules.budget_credits, rules.period),
        )
        return Asked(text, tr("Take the budget away"))
    has, to = credits_text(rules.budget_credits), credits_text(budget)
    text = tr(CHANGE_BUDGET[rules.period], before=has, after=to)
    return Asked(text, tr("Change it to {credits}", credits=to))


def asks_no_audit(channel_id: int) -> Asked:
    """Before decisions are posted nowhere."""
    text = tr(
        "Post decisions nowhere any more? They are posted in {channel}, which will be told "
        "of this. `/quota history` has them all the same.",
        channel=f"<#{channel_id}>",
    )
    return Asked(text, tr("Post them nowhere"))


def everybody_reads(channel_id: int) -> str:
    """What an audit channel is not told that is no secret of the moderators."""
    return tr(
        "**Everybody can read {channel}.** Reports say there only that something was "
        "reported; choose a channel that only moderators see to have them in full.",
        channel=f"<#{channel_id}>",
    )


def audit_unasked() -> ui.LayoutView:
    """`/settings audit` without a channel, where there is none."""
    return view(words(tr("Decisions are posted nowhere. Give `channel` to change that.")))


def limits_unasked() -> ui.LayoutView:
    """`/settings limits` without any limit."""
    told = tr("Give `budget`, `running` or `waiting`. `/settings show` tells what holds now.")
    return view(words(tr("### Nothing was changed"), told), colour=AMBER)


def limit_notes(changes: Mapping[str, int | None], limits: OperatorLimits) -> list[str]:
    """Where the operator's own limits are lower than what was set."""
    notes = []
    if (changes.get("max_running_per_person") or 0) > limits.max_running_per_person:
        notes.append(
            tr(
                "The operator’s own limit of {limit} made at once for a person is lower, and "
                "holds.",
                limit=limits.max_running_per_person,
            )
        )
    if (changes.get("max_waiting_per_person") or 0) > limits.max_waiting_per_person:
        notes.append(
            tr(
                "The operator’s own limit of {limit} waiting at once for a person is lower, and "
                "holds.",
                limit=limits.max_waiting_per_person,
            )
        )
    return notes
