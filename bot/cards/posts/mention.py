"""What tells of a finished post, below it, whom no direct message reaches."""

from discord import ui

from bot.cards.parts import GREEN, view, words
from bot.cards.status_text import link_to_post
from bot.core.jobs import Job


def ready_here(job: Job) -> ui.LayoutView:
    """The one message that mentions them, with the way to the post."""
    what = "draft" if job.is_free else "video"
    link = ui.Button[ui.LayoutView](label="Go to it", url=link_to_post(job))
    said = words(f"<@{job.person_id}>, your {what} is ready.")
    return view(said, ui.ActionRow(link), colour=GREEN)
