"""What the audit channel is told of an action: who, whom, what, why, before → after."""

from collections.abc import Mapping

import discord
from discord import ui

from bot.cards import wording
from bot.cards.languages.speech import mark, tr
from bot.cards.parts import AMBER, GREY, view, words
from bot.cards.posts.reports import reason_text
from bot.cards.wording import clean
from bot.core.actions import OPERATOR, Action, ActionKind

TITLES: Mapping[ActionKind, str] = {
    ActionKind.REVIEW: mark("A video waits for a decision"),
    ActionKind.RESOLVE: mark("A video in review was settled"),
    ActionKind.GRANT: mark("Bonus credits were given"),
    ActionKind.REVOKE: mark("Credits were taken away"),
    ActionKind.REFUND: mark("A video was refunded"),
    ActionKind.REPAIR: mark("A wallet was repaired"),
    ActionKind.SET: mark("Bonus credits were set"),
    ActionKind.CANCEL: mark("A video was cancelled"),
    ActionKind.DESCRIBE: mark("What a video shows was said anew"),
    ActionKind.REMOVE: mark("Something was deleted"),
    ActionKind.DISMISS: mark("A report was dismissed"),
    ActionKind.BLOCK: mark("Somebody was blocked"),
    ActionKind.UNBLOCK: mark("A block was lifted"),
    ActionKind.ALLOWANCE: mark("An allowance was changed"),
    ActionKind.SETTINGS: mark("The settings were changed"),
    ActionKind.PAUSE: mark("The bot was paused here"),
    ActionKind.RESUME: mark("The bot goes on here"),
    ActionKind.LIBRARY: mark("The library of motions was changed"),
}
REASON_LIMIT_CHARS = 500
REVIEW_PATTERN = r"marionette-review:(?P<job>[a-z0-9]{1,20})"


def action(number: int, done: Action) -> ui.LayoutView:
    """One action; its mentions are to be sent so that they ping nobody."""
    if done.action is ActionKind.REVIEW:
        return _review(number, done)
    role_id = (done.after or {}).get("role_id")
    reason = clean(reason_text(done.reason), REASON_LIMIT_CHARS)
    return view(
        words(
            f"### {tr(TITLES[done.action])}",
            tr("**By**: the operator")
            if done.actor_id == OPERATOR
            else tr("**By**: {person}", person=f"<@{done.actor_id}>"),
            tr("**For**: {person}", person=f"<@{done.person_id}>") if done.person_id else None,
            tr("**For the role**: {role}", role=f"<@&{role_id}>") if role_id else None,
            tr("**Video**: `{job}`", job=done.job_id) if done.job_id else None,
            *wording.changes(done.before, done.after),
            tr("**Why**: {reason}", reason=reason) if reason else None,
            _when(number, done),
        ),
        colour=GREY,
    )


def _review(number: int, asked: Action) -> ui.LayoutView:
    """With a button that outlives a restart; see `REVIEW_PATTERN`."""
    settle: ui.Button[ui.LayoutView] = ui.Button(
        label=tr("Settle…"),
        style=discord.ButtonStyle.primary,
        custom_id=f"marionette-review:{asked.job_id}",
    )
    return view(
        words(
            f"### {tr(TITLES[asked.action])}",
            tr("**For**: {person}", person=f"<@{asked.person_id}>"),
            tr("**Video**: `{job}`", job=asked.job_id),
            tr(
                "What became of it at the video service is not certain, so its credits stay "
                "reserved. It is settled by the moderators: press **Settle…** to see what can be "
                "done."
            ),
            _when(number, asked),
        ),
        ui.ActionRow(settle),
        colour=AMBER,
    )


def _when(number: int, told: Action) -> str:
    return tr("-# <t:{at:.0f}:f> · action {number}", at=told.at, number=number)
