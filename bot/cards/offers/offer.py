"""The offer: a request before it starts, with a button for what it may become."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import discord
from discord import ui

from bot.cards import status_text
from bot.cards.job import Button, custom_id, rows_of
from bot.cards.languages.speech import mark, tr
from bot.cards.offers.beyond import beyond
from bot.cards.offers.choices import name_of, paid, shown, uses, usual
from bot.cards.offers.motions import GIVE, motion_select
from bot.cards.parts import view, words
from bot.cards.refusals import sentence
from bot.cards.wording import clean, cost_text, credits_text, listed, model_text, seconds_text
from bot.core.accounts import PartTerms, Terms
from bot.core.jobs import Job, Source
from bot.core.library.motions import STARTERS
from bot.core.models import Choice
from bot.core.uploads import Upload
from bot.errors import Problem

ASKS: Mapping[Problem, str] = {
    Problem.MOTION_TOO_LONG: mark("### Which part of this video?"),
    Problem.NOBODY_SEEN: mark("### Make it anyway?"),
    Problem.DEAR: mark("### Make it?"),
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
        items.append(words(f"{wrong} {tr('The rest of what you sent is still here.')}"))
    if job.subject and job.motion and terms:
        items.append(_asked(job, job.motion, terms))
    else:
        items.append(_lacking(job))
    is_in_title = terms is not None and job.question is None
    given = [file for file in (job.subject, job.motion) if file]
    items += _shown_files([file for file in given if not (is_in_title and file.motion_ref)])
    if _may_choose(job):
        choose = motion_select(f"marionette-motions:{GIVE}:{job.id}", [*STARTERS.values()])
        items.append(ui.ActionRow(choose))
    items += _answers(job, terms)
    items += _small_print(job)
    return view(*items)


def _lacking(job: Job) -> ui.TextDisplay[ui.LayoutView]:
    """What is still to be sent, or is being looked at."""
    how = status_text.how_to_send_more(job)
    if job.subject is None:
        got = tr("Got the motion. Now send me the **picture** that should move.")
        return words(f"{got}{how}")
    if job.motion is None:
        got = tr("Got your picture. Now send me the **video** whose motion it should follow.")
        or_choose = f" {tr('Or choose a motion below.')}" if _may_choose(job) else ""
        return words(f"{got}{how}{or_choose}")
    is_taken = status_text.taken_from(job) is not None
    if job.motion.motion_ref:
        return words(tr("Looking at the picture…") if is_taken else tr("Looking at your picture…"))
    if is_taken:
        return words(tr("Looking at the picture and the video…"))
    return words(tr("Looking at your picture and your video…"))


def _asked(job: Job, motion: Upload, terms: Terms) -> ui.TextDisplay[ui.LayoutView]:
    """What its requester is asked, and what decides about the answer."""
    means = _means(terms) if _is_private(job) else None
    if job.question:
        why = sentence(job.question.problem, job.question.facts), _made_as(terms)
        asks = tr(ASKS[job.question.problem])
        return words(asks, " ".join(filter(None, why)), means, *beyond(terms))
    if name := _named(motion):
        asks = tr("### Shall I make this picture move like {motion}?", motion=name)
    else:
        asks = tr("### Shall I make this picture move like this video?")
    what = f"{_motion(job)}. {_uses(terms)}"
    return words(asks, what, _not_open(terms), means, *beyond(terms))


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
    ends_at = job.offer_ends_at
    if job.moved_from_id is not None:
        yield words(
            tr(
                "-# I may not write in <#{channel}>. Somebody who looks after it can give me "
                "**View Channel** and **Send Messages**.",
                channel=job.moved_from_id,
            )
        )
    if _is_tray(job):
        whose = None if job.is_direct else status_text.taken_from(job)
        told = [
            tr("Once started, it says: {whose}.", whose=whose) if whose else None,
            tr("To swap a file, take one of another message."),
            tr("Unused, it goes away <t:{at:.0f}:R>: `/tray` shows it again.", at=ends_at),
        ]
        yield words(f"-# {' '.join(filter(None, told))}")
    elif not job.is_direct or job.source is not Source.MESSAGE:
        told = [
            None if job.is_direct else tr("Only whoever asked can press this."),
            tr("Unused, it goes away <t:{at:.0f}:R>.", at=ends_at),
        ]
        yield words(f"-# {' '.join(filter(None, told))}")


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
        yield words(tr("Given as a link: {files}", files=listed(linked)))
    for name in filter(None, map(_named, given)):
        yield words(tr("Motion: {name}", name=name))


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
            label = tr("Another part…") if job.question is None else tr("Choose…")
            part_id = custom_id(Button.NAME_PART, job.id)
            others.append(ui.Button(label=label, custom_id=part_id))
    never = ui.Button[ui.LayoutView](
        label=tr("Empty it") if _is_tray(job) else tr("Never mind"),
        custom_id=custom_id(Button.CANCEL, job.id),
    )
    yield from rows_of([*others, never])


def _start_button(job: Job, choice: Choice, terms: Terms) -> ui.Button[ui.LayoutView]:
    is_usual = choice == usual(terms.prices, terms.preferred)
    is_dear = job.question is not None and job.question.problem is Problem.DEAR
    name = tr("Make it") if is_dear else name_of(choice, terms.prices)
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
    of = tr("First {length}", length=seconds_text(part.length_s))
    return ui.Button(
        label=f"{of} · {cost_text(part.price)}",
        style=discord.ButtonStyle.primary,
        custom_id=custom_id(
            Button.START_TRAY if job.source is Source.TRAY else Button.TAKE_FIRST,
            *(job.id, part.choice, part.length_s),
            at_most=part.price,
        ),
        disabled=part.beyond is not None,
    )


def _made_as(terms: Terms) -> str | None:
    """As what the parts would be made that have a button."""
    choices = {_full_name(part.choice) for part in terms.parts}
    if not choices:
        return None
    return tr(
        "The first seconds are made by {choices}; of any other part I tell you the price first.",
        choices=listed(sorted(choices)),
    )


def _full_name(choice: Choice) -> str:
    return f"{model_text(choice.model)} {choice.quality}"


class Means(NamedTuple):
    """What somebody has; and what they would have left, after all that there is or one of it."""

    has: str
    left: str
    left_after: str


OF_THEIR_OWN = Means(
    mark("You have **{credits}**."),
    mark("You have **{credits}**, and **{left}** left after this."),
    mark("You have **{credits}**, and **{left}** left after {choice}."),
)
OF_A_SERVER = Means(
    mark("You have **{credits}** there."),
    mark("You have **{credits}** there, and **{left}** left after this."),
    mark("You have **{credits}** there, and **{left}** left after {choice}."),
)


def _means(terms: Terms) -> str:
    """What its requester has, and would have left of it after the usual; for them alone."""
    means = OF_THEIR_OWN if terms.payer is None else OF_A_SERVER
    has, priced = credits_text(terms.credits), paid(terms.prices)
    if not priced or (choice := usual(priced)) in terms.beyond:
        told = tr(means.has, credits=has)
    else:
        told = tr(
            means.left if len(priced) == 1 else means.left_after,
            credits=has,
            left=terms.credits - priced[choice],
            choice=name_of(choice, terms.prices),
        )
    if terms.payer is None:
        return told
    pays = tr("Your credits in {server} pay for it.", server=clean(terms.payer, 100))
    return f"{pays} {told}"


def _shown(terms: Terms) -> list[Choice]:
    return shown(terms.prices, terms.preferred)


def _uses(terms: Terms) -> str:
    return uses(terms.prices, terms.preferred) if len(terms.prices) > 1 else ""


def _not_open(terms: Terms) -> str | None:
    """Why nothing here is what they have chosen as their usual."""
    likes = terms.preferred
    if likes is None or likes in terms.prices:
        return None
    return tr("**{choice}**, your usual, is not to be had here.", choice=_full_name(likes))


def _motion(job: Job) -> str:
    return ", ".join(filter(None, (_length(job), status_text.sent_as(job))))


def _length(job: Job) -> str | None:
    """How long the motion is; of a part of a video also which."""
    length = status_text.length(job)
    if length is None:
        return None
    if not status_text.is_cut(job):
        return tr("{length} of motion", length=length)
    assert job.cut is not None
    if job.cut.start_s:
        return tr("{part} of your video", part=length)
    first = seconds_text(job.duration_s or job.cut.length_s or 0.0)
    return tr("First {length} of your video", length=first)


def explanation(prices: Mapping[Choice, int]) -> ui.LayoutView:
    """How direct messages work; `prices` are for ten seconds of motion."""
    choice = usual(paid(prices) or prices)
    return view(
        words(
            tr("### I make a still picture move like a video"),
            tr(
                "Send me a **picture** and a **video** or GIF, in one message or one after the "
                "other; or a picture alone, and then choose one of my motions. Of a long video you "
                "choose a part. I show you the price first, and nothing is spent until you press "
                "the button."
            ),
            tr(
                "-# Ten seconds of motion cost {credits} at {quality}. `/credits` shows what you "
                "have.",
                credits=credits_text(prices[choice]),
                quality=choice.quality,
            ),
        )
    )
