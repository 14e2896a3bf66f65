"""The finished post: a video and what may follow it, a press away."""

from collections.abc import Iterator, Mapping

from discord import ui

from bot.cards import status_text
from bot.cards.job import Button, button, custom_id, download, rows_of, video
from bot.cards.languages.speech import tr
from bot.cards.parts import GREEN, view, words
from bot.cards.posts.notices import ready_for
from bot.cards.posts.remarks import remark_of
from bot.cards.wording import credits_text, model_text
from bot.core.jobs import Job
from bot.core.models import Choice

POST_BUTTONS = (Button.MORE, Button.DETAILS)
"""By one of these a post is known; those of earlier releases have the other one."""


def post_marks(job: Job) -> frozenset[str]:
    """What the buttons of a job's post lead to, one of them at least."""
    return frozenset(custom_id(each, job.id) for each in POST_BUTTONS)


def finished(
    job: Job, *, link: tuple[str, float] | None = None, remakes: Mapping[Choice, int] | None = None
) -> ui.LayoutView:
    """The finished post: the attached video, or a link and the unix second at which it ends.

    It has a button for each of `remakes`, which may be made of the same files for so much.
    """
    remakes = remakes or {}
    items: list[ui.Item[ui.LayoutView]] = [words(_ready(job))]
    buttons: list[ui.Button[ui.LayoutView]] = []
    if link is None:
        items.append(video(job))
    else:
        said, buttons = download(*link)
        items.append(words(tr("It could not be attached here."), said))
    if job.remark:
        items.append(words(remark_of(job)))
    if job.is_free and remakes:
        items.append(words(tr("Do you like it? Then make the real video:")))
        items += rows_of(_remake_buttons(job, remakes))
        remakes = {}
    facts = (
        status_text.made_in,
        status_text.not_open,
        status_text.motion_name,
        status_text.length,
        status_text.taken_from,
    )
    items.append(words(status_text.small_print(job, *(fact(job) for fact in facts))))
    items += rows_of([*buttons, *post_buttons(job, remakes)])
    return view(*items, colour=GREEN)


def _ready(job: Job) -> str:
    if not job.is_direct:
        return ready_for(job)
    return tr("Your draft is ready.") if job.is_free else tr("Your video is ready.")


def post_buttons(job: Job, remakes: Mapping[Choice, int]) -> list[ui.Button[ui.LayoutView]]:
    """What stands below a video: what may be made of its files for so much, and all else."""
    return [*_remake_buttons(job, remakes), button(tr("More…"), Button.MORE, job)]


def _remake_buttons(job: Job, remakes: Mapping[Choice, int]) -> Iterator[ui.Button[ui.LayoutView]]:
    for choice, cost in remakes.items():
        yield ui.Button(
            label=f"{_what(job, choice)} · {credits_text(cost)}",
            custom_id=custom_id(Button.MAKE, job.id, choice, cost),
        )


def _what(job: Job, choice: Choice) -> str:
    full = f"{model_text(choice.model)} {choice.quality}"
    if job.is_free:
        return full
    if choice == (job.model, job.quality):
        return tr("Again")
    return f"{tr('Better')} · {choice.quality if choice.model == job.model else full}"
