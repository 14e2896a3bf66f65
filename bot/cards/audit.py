"""What the audit channel is told of an action: who, whom, what, why, before → after."""

from collections.abc import Mapping

import discord
from discord import ui

from bot.cards import wording
from bot.cards.parts import AMBER, GREY, view, words
from bot.cards.wording import clean
from bot.core.actions import OPERATOR, Action, ActionKind

TITLES: Mapping[ActionKind, str] = {
    ActionKind.REVIEW: "A video waits for a decision",
    ActionKind.RESOLVE: "A video in review was settled",
    ActionKind.GRANT: "Bonus credits were given",
    ActionKind.REVOKE: "Credits were taken away",
    ActionKind.REFUND: "A video was refunded",
    ActionKind.REPAIR: "A wallet was repaired",
    ActionKind.SET: "Bonus credits were set",
    ActionKind.CANCEL: "A video was cancelled",
    ActionKind.DESCRIBE: "What a video shows was said anew",
    ActionKind.REMOVE: "Something was deleted",
    ActionKind.DISMISS: "A report was dismissed",
    ActionKind.BLOCK: "Somebody was blocked",
    ActionKind.UNBLOCK: "A block was lifted",
    ActionKind.ALLOWANCE: "An allowance was changed",
    ActionKind.SETTINGS: "The settings were changed",
    ActionKind.PAUSE: "The bot was paused here",
    ActionKind.RESUME: "The bot goes on here",
    ActionKind.LIBRARY: "The library of motions was changed",
}
REASON_LIMIT_CHARS = 500
REVIEW_PATTERN = r"marionette-review:(?P<job>[a-z0-9]{1,20})"


def action(number: int, done: Action) -> ui.LayoutView:
    """One action; its mentions are to be sent so that they ping nobody."""
    if done.action is ActionKind.REVIEW:
        return _review(number, done)
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
            *wording.changes(done.before, done.after),
            f"**Why**: {reason}" if reason else None,
            f"-# <t:{done.at:.0f}:f> · action {number}",
        ),
        colour=GREY,
    )


def _review(number: int, asked: Action) -> ui.LayoutView:
    """With a button that outlives a restart; see `REVIEW_PATTERN`."""
    settle: ui.Button[ui.LayoutView] = ui.Button(
        label="Settle…",
        style=discord.ButtonStyle.primary,
        custom_id=f"marionette-review:{asked.job_id}",
    )
    return view(
        words(
            f"### {TITLES[asked.action]}",
            f"**For**: <@{asked.person_id}>",
            f"**Video**: `{asked.job_id}`",
            "What became of it at the video service is not certain, so its credits stay reserved. "
            "It is settled by the moderators: press **Settle…** to see what can be done.",
            f"-# <t:{asked.at:.0f}:f> · action {number}",
        ),
        ui.ActionRow(settle),
        colour=AMBER,
    )
