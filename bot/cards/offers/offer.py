"""The offer: a request before it starts, with a button for what it may become."""

from collections.abc import Iterator, Mapping, Sequence

import discord
from discord import ui

from bot.cards import status_text
from bot.cards.job import Button, custom_id, rows_of
from bot.cards.offers.choices import name_of, paid, shown, uses, usual
from bot.cards.offers.motions import GIVE, motion_select
from bot.cards.parts import view, words
from bot.cards.refusals import gives_more, sentence
from bot.cards.wording import clean, cost_text, credits_text, listed, part_text
from bot.core.accounts import PartTerms, Terms
from bot.core.jobs import Job, Source
from bot.core.library.motions import STARTERS
from bot.core.models import MODELS, Choice
from bot.core.uploads import Upload
from bot.errors import Problem

ASKS: Mapping[Problem, str] = {
    Problem.MOTION_TOO_LONG: "Which part of this video?",
    Problem.NOBODY_SEEN: "Make it anyway?",
    Problem.DEAR: "Make it?",
}
"""What a card asks about each of `QUESTIONS`."""


def offer(job: Job, terms: Terms | None) -> ui.LayoutView:
    """A request that waits: its files, the price of each quality, and its buttons.

    Without terms it says what is still missing or being looked at. Where its requester is asked
    something, the buttons are the answers.
    """
    items: list[ui.Item[ui.LayoutView]] = []
    if job.failure:
        wrong = sentence(job.failure.problem, job.failure.facts)
        items.append(words(f"{wrong} The rest of what you sent is still here."))
    how = status_text.how_to_send_more(job)
    or_choose = " Or choose a motion below." if _may_choose(job) else ""
    if job.subject is None:
        items.append(words(f"Got the motion. Now send me the **picture** that should move.{how}"))
    elif job.motion is None:
        items.append(
            words(
                "Got your picture. Now send me the **video** whose motion it should follow."
                f"{how}{or_choose}"
            )
        )
    elif terms is None:
        whose = "the" if status_text.taken_from(job) else "your"
        also = "" if job.motion.motion_ref else f" and {whose} video"
        items.append(words(f"Looking at {whose} picture{also}…"))
    elif job.question:
        items.append(
            words(
                f"### {ASKS[job.question.problem]}",
                f"{sentence(job.question.problem, job.question.facts)}{_made_as(terms)}",
                _means(terms) if _is_private(job) else None,
                *_beyond(terms),
            )
        )
    else:
        items.append(
            words(
                f"### Shall I make this picture move like {_named(job.motion) or 'this video'}?",
                f"{_motion(job)}. {_uses(terms)}",
                _not_open(terms),
                _means(terms) if _is_private(job) else None,
                *_beyond(terms),
            )
        )
    is_in_title = terms is not None and job.question is None
    given = [file for file in (job.subject, job.motion) if file]
    items += _shown_files([file for file in given if not (is_in_title and file.motion_ref)])
    if _may_choose(job):
        choose = motion_select(f"marionette-motions:{GIVE}:{job.id}", [*STARTERS.values()])
        items.append(ui.ActionRow(choose))
    items += _answers(job, terms)
    items += _small_print(job)
    return view(*items)


def _may_choose(job: Job) -> bool:
    """Whether it lacks a motion alone, and a press comes from where it was asked for."""
    return job.moved_from_id is None and job.subject is not None and job.motion is None


def _is_private(job: Job) -> bool:
    """Whether nobody else reads along."""
    return job.is_shown_directly or _is_tray(job)


def _is_tray(job: Job) -> bool:
    """Whether nothing of it has been started, so that only its requester sees it."""
    return job.source is Source.TRAY and job.promised is None


def _small_print(job: Job) -> Iterator[ui.Item[ui.LayoutView]]:
    ends = f"Unused, it goes away <t:{job.offer_ends_at:.0f}:R>"
    if job.moved_from_id is not None:
        yield words(_moved(job.moved_from_id))
    if _is_tray(job):
        whose = status_text.taken_from(job)
        told = f"Once started, it says: {whose}. " if whose and not job.is_direct else ""
        yield words(
            f"-# {told}To swap a file, take one of another message. {ends}: `/tray` shows it again."
        )
    elif not job.is_direct or job.source is not Source.MESSAGE:
        whose = "" if job.is_direct else "Only whoever asked can press this. "
        yield words(f"-# {whose}{ends}.")


def _moved(channel_id: int) -> str:
    return (
        f"-# I may not write in <#{channel_id}>. Somebody who looks after it can give me **View "
        "Channel** and **Send Messages**."
    )


def _shown_files(given: Sequence[Upload]) -> Iterator[ui.Item[ui.LayoutView]]:
    """What people gave: attachments as pictures. A link may be signed for them alone, and may lead
    to something else by now: of that only its name is shown."""
    attached = [file for file in given if file.is_attached]
    if attached:
        yield ui.MediaGallery(
            *(
                discord.MediaGalleryItem(
                    file.url, description=clean(file.name, 200, "plain"), spoiler=file.is_spoiler
                )
                for file in attached
            )
        )
    if linked := [f"`{clean(file.name, 80, 'code')}`" for file in given if file.is_link]:
        yield words(f"Given as a link: {listed(linked)}")
    for name in filter(None, map(_named, given)):
        yield words(f"Motion: {name}")


def _named(file: Upload) -> str | None:
    """What a motion of a library is called, as it is shown."""
    return f"`{clean(file.name, 80, 'code')}`" if file.motion_ref else None


def _answers(job: Job, terms: Terms | None) -> Iterator[ui.Item[ui.LayoutView]]:
    """The buttons: what it may become, and below that what else may be said."""
    others: list[ui.Button[ui.LayoutView]] = []
    if terms is not None and job.subject and job.motion:
        choices = [_start_button(job, choice, terms) for choice in _shown(terms)]
        if parts := [*choices, *(_part_button(job, part) for part in terms.parts)]:
            yield from rows_of(parts)
        if job.motion.whole_s:
            label = "Another part…" if job.question is None else "Choose…"
            part_id = custom_id(Button.NAME_PART, job.id)
            others.append(ui.Button(label=label, custom_id=part_id))
    never = ui.Button[ui.LayoutView](
        label="Empty it" if _is_tray(job) else "Never mind",
        custom_id=custom_id(Button.CANCEL, job.id),
    )
    yield from rows_of([*others, never])


def _start_button(job: Job, choice: Choice, terms: Terms) -> ui.Button[ui.LayoutView]:
    is_usual = choice == usual(terms.prices, terms.preferred)
    is_dear = job.question is not None and job.question.problem is Problem.DEAR
    name = "Make it" if is_dear else name_of(choice, terms.prices)
    return ui.Button(
        label=f"{name} · {cost_text(terms.prices[choice])}",
        style=discord.ButtonStyle.primary if is_usual else discord.ButtonStyle.secondary,
        custom_id=custom_id(
            Button.START_TRAY if job.source is Source.TRAY else Button.START,
            job.id,
            choice,
            at_most=terms.prices[choice],
        ),
        disabled=choice in terms.beyond,
    )


def _part_button(job: Job, part: PartTerms) -> ui.Button[ui.LayoutView]:
    of = part_text(0.0, part.length_s)
    return ui.Button(
        label=f"{of[0].upper()}{of[1:]} · {cost_text(part.price)}",
        style=discord.ButtonStyle.primary,
        custom_id=custom_id(
            Button.START_TRAY if job.source is Source.TRAY else Button.TAKE_FIRST,
            *(job.id, part.choice, part.length_s),
            at_most=part.price,
        ),
        disabled=part.beyond is not None,
    )


def _made_as(terms: Terms) -> str:
    """As what the parts would be made that have a button."""
    choices = {f"{MODELS[part.choice.model].name} {part.choice.quality}" for part in terms.parts}
    if not choices:
        return ""
    return (
        f" The first seconds are made by {listed(sorted(choices))}; of any other part I tell you "
        "the price first."
    )


def _means(terms: Terms) -> str:
    """What its requester has, and would have left; for them alone."""
    has = f"You have **{credits_text(terms.credits)}**"
    after = _left_after(terms)
    if terms.payer is None:
        return f"{has}{after}."
    return f"Your credits in {clean(terms.payer, 100)} pay for it. {has} there{after}."


def _left_after(terms: Terms) -> str:
    """Of what is usual, where it can be paid."""
    priced = paid(terms.prices)
    if not priced or (choice := usual(priced)) in terms.beyond:
        return ""
    left = terms.credits - priced[choice]
    if len(priced) == 1:
        return f", and **{left}** left after this"
    return f", and **{left}** left after {name_of(choice, terms.prices)}"


_TOO_LONG = "A shorter video costs less."
BEYOND: Mapping[Problem, str] = {
    Problem.NO_CREDITS: "more than you have. Your allowance renews <t:{renews_at:.0f}:R>.",
    Problem.NO_ALLOWANCE: "more than you have, and no allowance brings you new ones.",
    Problem.TOO_EXPENSIVE: f"more than you can have at once. {_TOO_LONG}",
    Problem.NO_SERVER_BUDGET: "this server’s budget for videos is set to nothing.",
    Problem.SERVER_BUDGET_SPENT: "this server’s budget is spent. It renews <t:{renews_at:.0f}:R>.",
    Problem.SERVER_BUDGET_TOO_LOW: (
        "more than is left of this server’s budget. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_SERVER_BUDGET: f"more than this server’s whole budget. {_TOO_LONG}",
    Problem.BUDGET_SPENT: (
        "today’s budget for everybody is spent. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.BUDGET_TOO_LOW: (
        "more than is left of today’s budget for everybody. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_BUDGET: f"more than a whole day’s budget for everybody. {_TOO_LONG}",
    Problem.PERSON_CAP_SPENT: "you have used what one person may. It renews <t:{renews_at:.0f}:R>.",
    Problem.PERSON_CAP_TOO_LOW: (
        "more than is left of what one person may use. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_PERSON_CAP: f"more than one person may use in a day. {_TOO_LONG}",
    Problem.SERVER_CAP_SPENT: (
        "what this server may use in a day is spent. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.SERVER_CAP_TOO_LOW: (
        "more than is left of what this server may use in a day. It renews <t:{renews_at:.0f}:R>."
    ),
    Problem.OVER_SERVER_CAP: f"more than this server may use in a day. {_TOO_LONG}",
    Problem.NO_DRAFTS_LEFT: "no more today. There are new ones <t:{renews_at:.0f}:R>.",
    Problem.PAUSED: "my operator has paused me for now.",
    Problem.PAUSED_HERE: "my operator has paused me here for now.",
    Problem.BLOCKED: "you are blocked here until <t:{until:.0f}:f>.",
    Problem.BLOCKED_FOR_GOOD: "you are blocked here.",
    Problem.BLOCKED_EVERYWHERE: "my operator has blocked you until <t:{until:.0f}:f>.",
    Problem.BLOCKED_EVERYWHERE_FOR_GOOD: "my operator has blocked you.",
}
"""Why a price on an offer cannot be paid now, told behind the qualities that have it."""

GIVEN = frozenset({Problem.NO_CREDITS, Problem.TOO_EXPENSIVE, Problem.NO_ALLOWANCE})
"""What more credits would help against."""


def _beyond(terms: Terms) -> list[str]:
    """A line for each reason why some of it cannot be paid now, and when that changes."""
    reasons: dict[str, list[str]] = {}
    for choice in _shown(terms):
        if refused := terms.beyond.get(choice):
            reason = BEYOND[refused.problem].format_map(refused.facts)
            reasons.setdefault(reason, []).append(f"**{name_of(choice, terms.prices)}**")
    for part in terms.parts:
        if part.beyond:
            reason = BEYOND[part.beyond.problem].format_map(part.beyond.facts)
            reasons.setdefault(reason, []).append(f"**{part_text(0.0, part.length_s)}**")
    told = [f"{listed(names)}: {reason}" for reason, names in reasons.items()]
    all_of = [*map(terms.beyond.get, terms.prices), *(part.beyond for part in terms.parts)]
    lacking = [no.facts for no in all_of if no and no.problem in GIVEN]
    if all(all_of) and lacking:
        told.append(gives_more(lacking[0]))
    return told


def _shown(terms: Terms) -> list[Choice]:
    return shown(terms.prices, terms.preferred)


def _uses(terms: Terms) -> str:
    return uses(terms.prices, terms.preferred) if len(terms.prices) > 1 else ""


def _not_open(terms: Terms) -> str | None:
    """Why nothing here is what they have chosen as their usual."""
    likes = terms.preferred
    if likes is None or likes in terms.prices:
        return None
    return f"**{MODELS[likes.model].name} {likes.quality}**, your usual, is not to be had here."


def _motion(job: Job) -> str:
    length = status_text.length(job) or ""
    whole = "your video" if status_text.is_cut(job) else "motion"
    parts = f"{length[:1].upper()}{length[1:]} of {whole}", status_text.sent_as(job)
    return ", ".join(filter(None, parts))


def explanation(prices: Mapping[Choice, int]) -> ui.LayoutView:
    """How direct messages work; `prices` are for ten seconds of motion."""
    choice = usual(paid(prices) or prices)
    return view(
        words(
            "### I make a still picture move like a video",
            "Send me a **picture** and a **video** or GIF, in one message or one after the other; "
            "or a picture alone, and then choose one of my motions. Of a long video you choose a "
            "part. I show you the price first, and nothing is spent until you press the button.",
            f"-# Ten seconds of motion cost {credits_text(prices[choice])} at {choice.quality}. "
            "`/credits` shows what you have.",
        )
    )
