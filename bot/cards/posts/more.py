"""What else can be done with a finished video: a card for whoever has asked, and its forms."""

from dataclasses import dataclass

from discord import ui

from bot.cards import status_text
from bot.cards.job import Button, alt_text, button, custom_id, download, rows_of, video
from bot.cards.languages.speech import tr
from bot.cards.parts import GREEN, say, view, words
from bot.cards.wording import clean, cost_text, credits_text
from bot.core.jobs import Job
from bot.core.models import Choice


@dataclass(frozen=True, slots=True)
class Possible:
    """What whoever looks at a job's post may do with it.

    `again` is what another picture would be made as, and its price, while the files are there
    `files_until` (unix s). `is_own`: they have asked for it; `may_describe` is so for moderators
    too, and so is `may_delete`. `may_report`: there are moderators, who look after the post.
    """

    again: tuple[Choice, int] | None
    files_until: float | None
    is_own: bool
    may_describe: bool
    may_delete: bool = False
    may_report: bool = False


def more(job: Job, possible: Possible) -> ui.LayoutView:
    """The card of a post's *More…*."""
    making: list[ui.Button[ui.LayoutView]] = []
    if possible.again and possible.files_until:
        choice, cost = possible.again
        making = [
            ui.Button(
                label=f"{tr('Another picture')} · {cost_text(cost)}",
                custom_id=custom_id(Button.PICTURE, job.id, choice, cost),
            ),
            button(tr("Another motion"), Button.MOTION, job),
        ]
        kept = tr(
            "Its picture and motion are kept until <t:{files_until:.0f}:f>: until then you can "
            "make it again, or swap one of them.",
            files_until=possible.files_until,
        )
    else:
        kept = tr(
            "Its picture and motion are no longer kept: to make it again, give them to `/mimic` "
            "once more."
        )
    rows = [*rows_of(making), *rows_of(_about(job, possible))]
    return view(
        words(f"### {tr('What next?')}", kept),
        *rows,
        words(status_text.small_print(job, status_text.made_in(job), status_text.length(job))),
    )


def _about(job: Job, possible: Possible) -> list[ui.Button[ui.LayoutView]]:
    """What is done with the video itself; further ones go to the end."""
    buttons = [button(tr("Send to my DMs"), Button.SEND, job)]
    if possible.may_describe:
        buttons.append(button(tr("Describe"), Button.DESCRIBE, job))
    if possible.is_own:
        buttons.append(button(tr("Details"), Button.DETAILS, job))
    if possible.may_delete:
        buttons.append(button(tr("Delete…"), Button.DELETE, job))
    if possible.may_report:
        buttons.append(button(tr("Report…"), Button.REPORT, job))
    return buttons


def picture_costs(credits: int) -> str:
    """Below the field of another picture."""
    if not credits:
        return tr("It is free.")
    return tr("The motion stays. It costs {credits}.", credits=credits_text(credits))


def motion_costs(credits: int | None) -> str:
    """Below the field of another motion; what ten seconds of it cost, if that is known."""
    if not credits:
        return tr("The picture stays.")
    return tr("The picture stays. Ten seconds cost {credits}.", credits=credits_text(credits))


def described(job: Job, *, is_shown: bool) -> ui.LayoutView:
    """What the video shows was said."""
    words_of_it = clean(alt_text(job), 1500)
    if is_shown:
        return say(tr("Its post says so now: “{description}”", description=words_of_it), GREEN)
    told = tr("I will say so wherever I show it again: “{description}”", description=words_of_it)
    return say(told, GREEN)


def copied(job: Job, *, link: tuple[str, float] | None = None) -> ui.LayoutView:
    """A finished video in the direct messages of whoever wanted a copy."""
    items: list[ui.Item[ui.LayoutView]] = [words(tr("Here is the video that you wanted."))]
    buttons: list[ui.Button[ui.LayoutView]] = []
    if link is None:
        items.append(video(job))
    else:
        said, buttons = download(*link)
        items.append(words(said))
    if job.delivery_message_id is not None:
        buttons.append(ui.Button(label=tr("Go to its post"), url=status_text.link_to_post(job)))
    return view(*items, *rows_of(buttons), colour=GREEN)


def copy_sent() -> ui.LayoutView:
    """It is in their direct messages."""
    return say(tr("It is in your direct messages."), GREEN)
