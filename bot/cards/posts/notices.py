"""The notices of a job: what tells its requester what an edit of its card would tell nobody."""

from discord import ui

from bot.cards import status_text
from bot.cards.job import COLOURS, Button, button
from bot.cards.languages.speech import tr
from bot.cards.parts import GREEN, view, words
from bot.cards.progress import news
from bot.cards.status_text import Outlook
from bot.core.jobs import Job


def failed(job: Job) -> ui.LayoutView:
    """That a job came to nothing: why, what to do, and that nothing was charged."""
    told = tr("{person}, there is no video this time.", person=f"<@{job.person_id}>")
    return view(
        words(f"### {status_text.title(job)}", f"{told} {news.latest(job, Outlook())}"),
        words(status_text.facts(job)),
        ui.ActionRow(button(tr("Details"), Button.DETAILS, job)),
        colour=COLOURS[job.state],
    )


def waits(job: Job) -> ui.LayoutView:
    """That somebody has to decide about a job."""
    card = status_text.link_to(job, job.card.message_id)
    told = tr("{person}, your video has to wait.", person=f"<@{job.person_id}>")
    return view(
        words(f"### {status_text.title(job)}", f"{told} {news.latest(job, Outlook())}"),
        words(status_text.facts(job)),
        _leading(tr("Go to its card"), card),
        colour=COLOURS[job.state],
    )


def ready(job: Job) -> ui.LayoutView:
    """That a reply, whose edit notifies nobody, has its video by now."""
    title = tr("Your draft is ready") if job.is_free else tr("Your video is ready")
    return view(
        words(f"### {title}", tr("It stands where you asked for it.")),
        words(status_text.small_print(job, status_text.made_in(job), status_text.length(job))),
        _leading(tr("Go to it"), status_text.link_to_post(job)),
        colour=GREEN,
    )


def ready_here(job: Job) -> ui.LayoutView:
    """Of a finished post, below it, to whom no direct message reaches: the one that mentions them,
    with the way to the post."""
    link = _leading(tr("Go to it"), status_text.link_to_post(job))
    return view(words(ready_for(job)), link, colour=GREEN)


def ready_for(job: Job) -> str:
    """That its video is there, in a sentence that mentions its requester."""
    person = f"<@{job.person_id}>"
    if job.is_free:
        return tr("{person}, your draft is ready.", person=person)
    return tr("{person}, your video is ready.", person=person)


def _leading(label: str, url: str) -> ui.ActionRow[ui.LayoutView]:
    return ui.ActionRow(ui.Button[ui.LayoutView](label=label, url=url))
