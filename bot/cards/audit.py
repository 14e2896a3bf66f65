"""What the audit channel is told of an action: who, whom, what, why, before → after."""

from collections.abc import Mapping

from discord import ui

from bot.cards import rule_words
from bot.cards.job import GREY, view, words
from bot.cards.sentences import clean
from bot.core.actions import OPERATOR, Action, Deed

TITLES: Mapping[Deed, str] = {
    Deed.RESOLVE: "A video in review was settled",
    Deed.GRANT: "Credits were granted",
    Deed.REVOKE: "Credits were taken away",
    Deed.REFUND: "A video was refunded",
    Deed.REPAIR: "A wallet was repaired",
    Deed.SET: "Granted credits were set",
    Deed.CANCEL: "A video was cancelled",
    Deed.BLOCK: "Somebody was blocked",
    Deed.UNBLOCK: "A block was lifted",
    Deed.ALLOWANCE: "An allowance was changed",
    Deed.SETTINGS: "The settings were changed",
}
REASON_LIMIT_CHARS = 500


def action(number: int, done: Action) -> ui.LayoutView:
    """One action; its mentions are to be sent so that they ping nobody."""
    actor = "the operator" if done.actor_id == OPERATOR else f"<@{done.actor_id}>"
    role_id = (done.after or {}).get("role_id")
    reason = clean(done.reason, REASON_LIMIT_CHARS)
    return view(
        words(
            f"### {TITLES[done.action]}",
            f"**By**: {actor}",
            f"**For**: <@{done.person_id}>" if done.person_id else None,
            f"**For the role**: <@&{role_id}>" if role_id else None,
            f"**Video**: `{done.job_id}`" if done.job_id else None,
            *rule_words.changes(done.before, done.after),
            f"**Why**: {reason}" if reason else None,
            f"-# <t:{done.at:.0f}:f> · action {number}",
        ),
        colour=GREY,
    )
