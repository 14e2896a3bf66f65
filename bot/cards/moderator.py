"""What moderators are asked before something happens, and what they are told once it has."""

from collections.abc import Sequence
from enum import StrEnum

import discord
from discord import ui

from bot.cards.parts import AMBER, GREEN, Asked, say, view, words
from bot.cards.wording import bonus_text, clean, credits_text
from bot.core.accounts import Eligibility
from bot.core.actions import Spender
from bot.core.jobs import Job
from bot.core.ledger import Period
from bot.core.rules import ServerRules

PER = {Period.DAY: "a day", Period.WEEK: "a week", Period.MONTH: "a month"}
PERIODS = {Period.DAY: "each day", Period.WEEK: "each week", Period.MONTH: "each month"}


class Answer(StrEnum):
    """The two buttons of a question."""

    YES = "yes"
    NO = "no"


ANSWER_PATTERN = rf"marionette-ask:(?P<answer>{'|'.join(Answer)}):(?P<token>[0-9a-f]{{16}})"


def question(asked: Asked, token: str) -> ui.LayoutView:
    """What will happen, and the two buttons that decide; see `ANSWER_PATTERN`."""
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow(
        ui.Button(
            label=asked.yes,
            style=discord.ButtonStyle.danger,
            custom_id=f"marionette-ask:{Answer.YES}:{token}",
        ),
        ui.Button(label="Never mind", custom_id=f"marionette-ask:{Answer.NO}:{token}"),
    )
    return view(words(asked.text), row, colour=AMBER)


def done(text: str) -> ui.LayoutView:
    """What was done."""
    return say(text, GREEN)


def unchanged() -> ui.LayoutView:
    """A question was answered with no."""
    return say("Nothing was changed.")


# --- credits ------------------------------------------------------------------------------------


def asks_grant(person_id: int, credits: int, reason: str) -> Asked:
    """Before many credits are given."""
    text = f"Give <@{person_id}> **{bonus_text(credits)}**? {_reason(reason)}"
    return Asked(text, f"Give {credits_text(credits)}")


def granted(person_id: int, credits: int, now: int) -> ui.LayoutView:
    """Credits were given; `now` is how many granted ones there are."""
    return done(f"Gave <@{person_id}> {credits_text(credits)}: they have {bonus_text(now)} now.")


def asks_revoke(person_id: int, credits: int, has: int, reason: str) -> Asked:
    """Before credits are taken away, of as many."""
    which = (
        f"all of <@{person_id}>’s {has}"
        if credits == has
        else f"{credits} of <@{person_id}>’s {has}"
    )
    text = f"Take **{which}** bonus credits away? {_reason(reason)}"
    return Asked(text, f"Take {credits_text(credits)} away")


def revoked(person_id: int, credits: int, now: int) -> ui.LayoutView:
    """Credits were taken away."""
    left = f"they have {bonus_text(now)} left" if now else "they have no bonus credits left"
    return done(f"Took {credits_text(credits)} from <@{person_id}>: {left}.")


def asks_set(person_id: int, credits: int, has: int, reason: str) -> Asked:
    """Before granted credits are brought to another number."""
    text = f"Bring <@{person_id}>’s bonus credits **from {has} to {credits}**? {_reason(reason)}"
    return Asked(text, f"Set them to {credits}")


def was_set(person_id: int, credits: int, was: int) -> ui.LayoutView:
    """Granted credits were brought to this number."""
    if was == credits:
        return say(f"<@{person_id}> has {bonus_text(credits)} already. Nothing was changed.")
    return done(f"<@{person_id}> has {bonus_text(credits)} now; before it was {was}.")


def asks_default_allowance(credits: int) -> Asked:
    """Before everybody's allowance is left to the operator again."""
    text = (
        f"Give everybody **the operator’s usual allowance** of {credits_text(credits)} instead of "
        "the one set here? Bonus credits and roles’ allowances remain."
    )
    return Asked(text, "Give the usual allowance")


def has_default_allowance(credits: int) -> ui.LayoutView:
    """The operator's allowance holds here, and there is none to take away."""
    return say(
        f"The operator’s usual allowance of {credits_text(credits)} holds here already. Nothing "
        "was changed."
    )


def asks_allowance(
    rules: ServerRules, credits: int, has: int, period: Period | None, role_id: int | None
) -> Asked:
    """Before an allowance shrinks, ends or grows by much, or everybody's period changes."""
    if not credits and role_id:
        what = f"Take the allowance of <@&{role_id}> away? Its members then have everybody’s."
    elif not credits:
        what = "Give **no allowance** to everybody? Bonus credits and roles’ allowances remain."
    else:
        who = f"<@&{role_id}>" if role_id else "everybody"
        instead = f" instead of {has}" if has and has != credits else ""
        each = PERIODS[period or rules.period]
        what = f"Give {who} **{credits_text(credits)}** {each}{instead}?"
    if period and period != rules.period:
        what += (
            f" All of this server’s allowances and its budget then renew **{PERIODS[period]}** "
            f"instead of {PERIODS[rules.period]}, and count what was spent since the "
            f"{period.value} began."
        )
    return Asked(what, "Change the allowance")


def allowance(
    rules: ServerRules, credits: int, role_id: int | None, everybodys: int, renews_at: float
) -> ui.LayoutView:
    """What holds now; `everybodys` is the allowance without a role."""
    renews = f"It renews <t:{renews_at:.0f}:R>."
    if role_id and not credits:
        return done(f"<@&{role_id}> has no allowance of its own now.")
    if role_id and credits <= everybodys:
        return done(
            f"<@&{role_id}> has {credits_text(credits)} of its own now, which adds nothing: "
            f"everybody has {everybodys}."
        )
    if role_id:
        return done(
            f"Members with <@&{role_id}> have {credits_text(credits)} {PER[rules.period]} now, "
            f"unless everybody or another role of theirs has more. {renews}"
        )
    if not credits:
        return done("Nobody has an allowance here now, but for the roles that have their own.")
    return done(f"Everybody has {credits_text(credits)} {PER[rules.period]} now. {renews}")


# --- blocks -------------------------------------------------------------------------------------


def asks_block(look: Eligibility, name: str, ends_at: float | None, reason: str) -> Asked:
    """Before somebody is blocked, who goes by that name here."""
    waiting = look.standing.waiting_here
    cancelled = f" This cancels {_waiting_jobs(waiting)} of theirs." if waiting else ""
    replaced = " This takes the place of the block they have." if look.standing.block else ""
    text = (
        f"Block <@{look.person_id}> {_until(ends_at)}?{cancelled}{replaced} "
        f"They are told why. {_reason(reason)}"
    )
    return Asked(text, f"Block {clean(name, 60, 'plain')}")


def blocked(person_id: int, ends_at: float | None, cancelled: int) -> ui.LayoutView:
    """Somebody was blocked."""
    jobs = (
        f" Cancelled {_waiting_jobs(cancelled)}; what was reserved is given back."
        if cancelled
        else ""
    )
    return done(f"<@{person_id}> is blocked {_until(ends_at)}.{jobs}")


def unblocked(person_id: int) -> ui.LayoutView:
    """A block was lifted."""
    return done(f"<@{person_id}> may ask for videos here again.")


# --- jobs ---------------------------------------------------------------------------------------


def asks_cancel(job: Job, reason: str) -> Asked:
    """Before a waiting job is cancelled."""
    back = f" {credits_text(job.price)} reserved for it go back to them." if job.price else ""
    text = f"Cancel <@{job.person_id}>’s waiting job `{job.id}`?{back} {_reason(reason)}"
    return Asked(text, "Cancel this video")


def cancelled(job: Job) -> ui.LayoutView:
    """A waiting job was cancelled."""
    return done(f"`{job.id}` is cancelled, and <@{job.person_id}> is not charged for it.")


def asks_refund(job: Job, reason: str) -> Asked:
    """Before a job's price is given back."""
    back = credits_text(job.price or 0)
    text = (
        f"Refund <@{job.person_id}> **{back}** for `{job.id}`? They come as bonus credits, and "
        f"the video stays. {_reason(reason)}"
    )
    return Asked(text, f"Refund {back}")


def refunded(job: Job) -> ui.LayoutView:
    """A job's price was given back."""
    return done(f"<@{job.person_id}> has {credits_text(job.price or 0)} back for `{job.id}`.")


# --- the server ---------------------------------------------------------------------------------


def top(spenders: Sequence[Spender], since: float) -> ui.LayoutView:
    """Who has spent most."""
    began = f"since <t:{since:.0f}:D>"
    if not spenders:
        return say(f"Nobody has spent anything here {began}.")
    lines = [
        f"{place}. <@{one.person_id}> · **{credits_text(one.credits)}** · {_videos(one.videos)}"
        for place, one in enumerate(spenders, 1)
    ]
    return view(words(f"### Who has spent most {began}", *lines))


def _until(ends_at: float | None) -> str:
    if ends_at is None:
        return "**for good**, until somebody lifts it"
    return f"until **<t:{ends_at:.0f}:F>** (<t:{ends_at:.0f}:R>)"


def _waiting_jobs(count: int) -> str:
    return "1 waiting job" if count == 1 else f"{count} waiting jobs"


def _videos(count: int) -> str:
    return "1 video" if count == 1 else f"{count} videos"


def _reason(reason: str) -> str:
    return f"Reason: {clean(reason)}"
