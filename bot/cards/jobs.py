"""A server's jobs as its moderators see them, page by page, with what can be done about each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import discord
from discord import ui

from bot.cards import news
from bot.cards.job import view, words
from bot.cards.paging import Leaf, controls
from bot.core.jobs import CANCELLABLE, Job, JobState

JOBS_PER_PAGE = 5
"""Each takes up to four of the forty components that a message may have."""

FILTERS: Mapping[str, tuple[str, frozenset[JobState]]] = {
    "all": ("All jobs", frozenset(JobState)),
    "waiting": ("Waiting", frozenset({JobState.CHECKING, JobState.QUEUED})),
    "running": (
        "Being made",
        frozenset(
            {
                JobState.SUBMITTING,
                JobState.RENDERING,
                JobState.FETCHING,
                JobState.DELIVERING,
            }
        ),
    ),
    "review": ("Needing a decision", frozenset({JobState.REVIEW})),
    "done": ("Done", frozenset({JobState.DELIVERED})),
    "failed": ("Failed", frozenset({JobState.FAILED})),
    "cancelled": ("Cancelled", frozenset({JobState.CANCELLED})),
}
"""The label of each filter, and the states that it shows."""


class JobDeed(StrEnum):
    """What a moderator may do about a job from its line."""

    CANCEL = "cancel"
    REFUND = "refund"
    RESOLVE = "resolve"


DEED_PATTERN = (
    rf"marionette-job:(?P<deed>{'|'.join(JobDeed)})"
    r":(?P<server>\d{1,20}):(?P<actor>\d{1,20}):(?P<job>[a-z0-9]{1,20})"
)
LABELS = {JobDeed.CANCEL: "Cancel…", JobDeed.REFUND: "Refund…", JobDeed.RESOLVE: "Settle…"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A job, and whether its price can still be given back."""

    job: Job
    is_refundable: bool

    @property
    def deeds(self) -> list[JobDeed]:
        """What can be done about it."""
        possible = {
            JobDeed.CANCEL: self.job.state in CANCELLABLE,
            JobDeed.REFUND: self.is_refundable,
            JobDeed.RESOLVE: self.job.state is JobState.REVIEW,
        }
        return [deed for deed, is_possible in possible.items() if is_possible]


def states_of(name: str) -> frozenset[JobState]:
    """What a filter shows; everything for one that there is not."""
    return FILTERS.get(name, FILTERS["all"])[1]


def jobs(leaf: Leaf, listed: Sequence[Listed], *, has_next: bool) -> ui.LayoutView:
    """One page of a server's jobs, newest first."""
    whose = f"<@{leaf.person_id}>’s jobs" if leaf.person_id else "Jobs"
    number = f" · page {leaf.number + 1}" if leaf.number or has_next else ""
    items: list[ui.Item[ui.LayoutView]] = [words(f"### {whose} in this server{number}")]
    if not listed:
        items.append(words("There are none."))
    for one in listed:
        items.append(words(_line(one)))
        if one.deeds:
            items.append(ui.ActionRow(*(_button(leaf, one.job, deed) for deed in one.deeds)))
    labels = {name: label for name, (label, _) in FILTERS.items()}
    return view(*items, *controls(leaf, labels, has_next=has_next))


def _line(one: Listed) -> str:
    job = one.job
    is_paid = job.state in {JobState.DELIVERING, JobState.DELIVERED}
    refunded = "refunded" if is_paid and not one.is_refundable else None
    parts = [news.title(job), job.quality, news.price_text(job), refunded]
    facts = " · ".join(part for part in parts if part)
    return f"`{job.id}` · <@{job.person_id}> · <t:{job.created_at:.0f}:R>\n-# {facts}"


def _button(leaf: Leaf, job: Job, deed: JobDeed) -> ui.Button[ui.LayoutView]:
    is_plain = deed is JobDeed.RESOLVE
    return ui.Button(
        label=LABELS[deed],
        style=discord.ButtonStyle.primary if is_plain else discord.ButtonStyle.secondary,
        custom_id=f"marionette-job:{deed}:{leaf.server_id}:{leaf.actor_id}:{job.id}",
    )
