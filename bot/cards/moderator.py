"""What moderators are asked before something happens, and what they are told once it has."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import discord
from discord import ui

from bot.cards.languages.speech import mark, tr, tr_many
from bot.cards.parts import AMBER, GREEN, Asked, say, view, words
from bot.cards.wording import bonus_text, clean, credits_per, credits_text
from bot.core.accounts import Eligibility
from bot.core.actions import Spender
from bot.core.jobs import Job
from bot.core.ledger import Period
from bot.core.rules import ServerRules

ALLOWANCE: Mapping[Period, str] = {
    Period.DAY: mark("**{credits}** each day"),
    Period.WEEK: mark("**{credits}** each week"),
    Period.MONTH: mark("**{credits}** each month"),
}
RENEWS_THEN: Mapping[tuple[Period, Period], str] = {
    (Period.DAY, Period.WEEK): mark(
        "All of this server’s allowances and its budget then renew **each day** instead of each "
        "week, and count what was spent since the day began."
    ),
    (Period.DAY, Period.MONTH): mark(
        "All of this server’s allowances and its budget then renew **each day** instead of each "
        "month, and count what was spent since the day began."
    ),
    (Period.WEEK, Period.DAY): mark(
        "All of this server’s allowances and its budget then renew **each week** instead of each "
        "day, and count what was spent since the week began."
    ),
    (Period.WEEK, Period.MONTH): mark(
        "All of this server’s allowances and its budget then renew **each week** instead of each "
        "month, and count what was spent since the week began."
    ),
    (Period.MONTH, Period.DAY): mark(
        "All of this server’s allowances and its budget then renew **each month** instead of each "
        "day, and count what was spent since the month began."
    ),
    (Period.MONTH, Period.WEEK): mark(
        "All of this server’s allowances and its budget then renew **each month** instead of each "
        "week, and count what was spent since the month began."
    ),
}
"""Of a period that is to be, and of the one that is."""


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
        ui.Button(label=tr("Never mind"), custom_id=f"marionette-ask:{Answer.NO}:{token}"),
    )
    return view(words(asked.text), row, colour=AMBER)


def done(text: str) -> ui.LayoutView:
    """What was done."""
    return say(text, GREEN)


def unchanged() -> ui.LayoutView:
    """A question was answered with no."""
    return say(tr("Nothing was changed."))


# --- credits ------------------------------------------------------------------------------------


def asks_grant(person_id: int, credits: int, reason: str) -> Asked:
    """Before many credits are given."""
    text = tr("Give {person} **{bonus}**?", person=f"<@{person_id}>", bonus=bonus_text(credits))
    yes = tr("Give {credits}", credits=credits_text(credits))
    return Asked(f"{text} {_reason(reason)}", yes)


def granted(person_id: int, credits: int, now: int) -> ui.LayoutView:
    """Credits were given; `now` is how many granted ones there are."""
    return done(
        tr(
            "Gave {person} {credits}: they have {bonus} now.",
            person=f"<@{person_id}>",
            credits=credits_text(credits),
            bonus=bonus_text(now),
        )
    )


def asks_revoke(person_id: int, credits: int, has: int, reason: str) -> Asked:
    """Before credits are taken away, of as many."""
    person = f"<@{person_id}>"
    if credits == has:
        text = tr("Take **all of {person}’s {has}** bonus credits away?", person=person, has=has)
    else:
        text = tr(
            "Take **{credits} of {person}’s {has}** bonus credits away?",
            credits=credits,
            person=person,
            has=has,
        )
    yes = tr("Take {credits} away", credits=credits_text(credits))
    return Asked(f"{text} {_reason(reason)}", yes)


def revoked(person_id: int, credits: int, now: int) -> ui.LayoutView:
    """Credits were taken away."""
    person, taken = f"<@{person_id}>", credits_text(credits)
    if not now:
        text = tr(
            "Took {credits} from {person}: they have no bonus credits left.",
            credits=taken,
            person=person,
        )
        return done(text)
    return done(
        tr(
            "Took {credits} from {person}: they have {bonus} left.",
            credits=taken,
            person=person,
            bonus=bonus_text(now),
        )
    )


def asks_set(person_id: int, credits: int, has: int, reason: str) -> Asked:
    """Before granted credits are brought to another number."""
    text = tr(
        "Bring {person}’s bonus credits **from {before} to {after}**?",
        person=f"<@{person_id}>",
        before=has,
        after=credits,
    )
    return Asked(f"{text} {_reason(reason)}", tr("Set them to {credits}", credits=credits))


def was_set(person_id: int, credits: int, was: int) -> ui.LayoutView:
    """Granted credits were brought to this number."""
    person, bonus = f"<@{person_id}>", bonus_text(credits)
    if was == credits:
        return say(
            tr("{person} has {bonus} already. Nothing was changed.", person=person, bonus=bonus)
        )
    return done(
        tr("{person} has {bonus} now; before it was {was}.", person=person, bonus=bonus, was=was)
    )


def asks_default_allowance(credits: int) -> Asked:
    """Before everybody's allowance is left to the operator again."""
    text = tr(
        "Give everybody **the operator’s usual allowance** of {credits} instead of "
        "the one set here? Bonus credits and roles’ allowances remain.",
        credits=credits_text(credits),
    )
    return Asked(text, tr("Give the usual allowance"))


def has_default_allowance(credits: int) -> ui.LayoutView:
    """The operator's allowance holds here, and there is none to take away."""
    return say(
        tr(
            "The operator’s usual allowance of {credits} holds here already. Nothing was changed.",
            credits=credits_text(credits),
        )
    )


def asks_allowance(
    rules: ServerRules, credits: int, has: int, period: Period | None, role_id: int | None
) -> Asked:
    """Before an allowance shrinks, ends or grows by much, or everybody's period changes."""
    if credits:
        amount = tr(ALLOWANCE[period or rules.period], credits=credits_text(credits))
        text = _gives(amount, has if has != credits else 0, role_id)
    elif role_id:
        text = tr(
            "Take the allowance of {role} away? Its members then have everybody’s.",
            role=f"<@&{role_id}>",
        )
    else:
        text = tr("Give **no allowance** to everybody? Bonus credits and roles’ allowances remain.")
    if period and period != rules.period:
        text = f"{text} {tr(RENEWS_THEN[period, rules.period])}"
    return Asked(text, tr("Change the allowance"))


def _gives(amount: str, instead_of: int, role_id: int | None) -> str:
    role = f"<@&{role_id}>"
    if role_id and instead_of:
        return tr(
            "Give {role} {amount} instead of {before}?", role=role, amount=amount, before=instead_of
        )
    if role_id:
        return tr("Give {role} {amount}?", role=role, amount=amount)
    if instead_of:
        return tr("Give everybody {amount} instead of {before}?", amount=amount, before=instead_of)
    return tr("Give everybody {amount}?", amount=amount)


def allowance(
    rules: ServerRules, credits: int, role_id: int | None, everybodys: int, renews_at: float
) -> ui.LayoutView:
    """What holds now; `everybodys` is the allowance without a role."""
    role, amount = f"<@&{role_id}>", credits_per(credits, rules.period)
    if role_id and not credits:
        return done(tr("{role} has no allowance of its own now.", role=role))
    if role_id and credits <= everybodys:
        return done(
            tr(
                "{role} has {credits} of its own now, which adds nothing: everybody has "
                "{everybodys}.",
                role=role,
                credits=credits_text(credits),
                everybodys=everybodys,
            )
        )
    if not credits:
        return done(tr("Nobody has an allowance here now, but for the roles that have their own."))
    if role_id:
        holds = tr(
            "Members with {role} have {amount} now, unless everybody or another role of theirs has "
            "more.",
            role=role,
            amount=amount,
        )
    else:
        holds = tr("Everybody has {amount} now.", amount=amount)
    return done(f"{holds} {tr('It renews <t:{renews_at:.0f}:R>.', renews_at=renews_at)}")


# --- blocks -------------------------------------------------------------------------------------


def asks_block(look: Eligibility, name: str, ends_at: float | None, reason: str) -> Asked:
    """Before somebody is blocked, who goes by that name here."""
    person, waiting = f"<@{look.person_id}>", look.standing.waiting_here
    sentences = [
        tr("Block {person} **for good**, until somebody lifts it?", person=person)
        if ends_at is None
        else tr(
            "Block {person} until **<t:{ends_at:.0f}:F>** (<t:{ends_at:.0f}:R>)?",
            person=person,
            ends_at=ends_at,
        )
    ]
    if waiting:
        sentences.append(
            tr_many(
                "This cancels {count} waiting job of theirs.",
                "This cancels {count} waiting jobs of theirs.",
                waiting,
            )
        )
    if look.standing.block:
        sentences.append(tr("This takes the place of the block they have."))
    sentences += [tr("They are told why."), _reason(reason)]
    return Asked(" ".join(sentences), tr("Block {name}", name=clean(name, 60, "plain")))


def blocked(person_id: int, ends_at: float | None, cancelled: int) -> ui.LayoutView:
    """Somebody was blocked."""
    person = f"<@{person_id}>"
    if ends_at is None:
        text = tr("{person} is blocked **for good**, until somebody lifts it.", person=person)
    else:
        text = tr(
            "{person} is blocked until **<t:{ends_at:.0f}:F>** (<t:{ends_at:.0f}:R>).",
            person=person,
            ends_at=ends_at,
        )
    if not cancelled:
        return done(text)
    jobs = tr_many(
        "Cancelled {count} waiting job; what was reserved is given back.",
        "Cancelled {count} waiting jobs; what was reserved is given back.",
        cancelled,
    )
    return done(f"{text} {jobs}")


def unblocked(person_id: int) -> ui.LayoutView:
    """A block was lifted."""
    return done(tr("{person} may ask for videos here again.", person=f"<@{person_id}>"))


# --- jobs ---------------------------------------------------------------------------------------


def asks_cancel(job: Job, reason: str) -> Asked:
    """Before a waiting job is cancelled."""
    text = tr("Cancel {person}’s waiting job `{job}`?", person=f"<@{job.person_id}>", job=job.id)
    if job.price:
        back = tr("{credits} reserved for it go back to them.", credits=credits_text(job.price))
        text = f"{text} {back}"
    return Asked(f"{text} {_reason(reason)}", tr("Cancel this video"))


def cancelled(job: Job) -> ui.LayoutView:
    """A waiting job was cancelled."""
    return done(
        tr(
            "`{job}` is cancelled, and {person} is not charged for it.",
            job=job.id,
            person=f"<@{job.person_id}>",
        )
    )


def asks_refund(job: Job, reason: str) -> Asked:
    """Before a job's price is given back."""
    back = credits_text(job.price or 0)
    text = tr(
        "Refund {person} **{credits}** for `{job}`? They come as bonus credits, and the video "
        "stays.",
        person=f"<@{job.person_id}>",
        credits=back,
        job=job.id,
    )
    return Asked(f"{text} {_reason(reason)}", tr("Refund {credits}", credits=back))


def refunded(job: Job) -> ui.LayoutView:
    """A job's price was given back."""
    return done(
        tr(
            "{person} has {credits} back for `{job}`.",
            person=f"<@{job.person_id}>",
            credits=credits_text(job.price or 0),
            job=job.id,
        )
    )


# --- the server ---------------------------------------------------------------------------------


def top(spenders: Sequence[Spender], since: float) -> ui.LayoutView:
    """Who has spent most."""
    if not spenders:
        return say(tr("Nobody has spent anything here since <t:{since:.0f}:D>.", since=since))
    lines = [
        f"{place}. <@{one.person_id}> · **{credits_text(one.credits)}** · {_videos(one.videos)}"
        for place, one in enumerate(spenders, 1)
    ]
    return view(words(tr("### Who has spent most since <t:{since:.0f}:D>", since=since), *lines))


def _videos(count: int) -> str:
    return tr_many("{count} video", "{count} videos", count)


def _reason(reason: str) -> str:
    return tr("Reason: {reason}", reason=clean(reason))
