"""A server's jobs as its moderators see them, page by page, with what can be done about each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import discord
from discord import ui

from bot.cards import status_text
from bot.cards.paging import PageRef, controls
from bot.cards.parts import view, words
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


class JobAction(StrEnum):
    """What a moderator may do about a job from its line."""

    CANCEL = "cancel"
    REFUND = "refund"
    RESOLVE = "resolve"


JOB_ACTION_PATTERN = (
    rf"marionette-job:(?P<deed>{'|'.join(JobAction)})"
    r":(?P<server>\d{1,20}):(?P<actor>\d{1,20}):(?P<job>[a-z0-9]{1,20})"
)
LABELS = {JobAction.CANCEL: "Cancel…", JobAction.REFUND: "Refund…", JobAction.RESOLVE: "Settle…"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A job, and whether its price can still be given back."""

    job: Job
    is_refundable: bool

    @property
    def actions(self) -> list[JobAction]:
        """What can be done about it."""
        possible = {
            JobAction.CANCEL: self.job.state in CANCELLABLE,
            JobAction.REFUND: self.is_refundable,
            JobAction.RESOLVE: self.job.state is JobState.REVIEW,
        }
        return [action for action, is_possible in possible.items() if is_possible]


def states_of(name: str) -> frozenset[JobState]:
    """What a filter shows; everything for one that there is not."""
    return FILTERS.get(name, FILTERS["all"])[1]


def jobs(page_ref: PageRef, listed: Sequence[Listed], *, has_next: bool) -> ui.LayoutView:
    """One page of a server's jobs, newest first."""
    whose = f"<@{page_ref.person_id}>’s jobs" if page_ref.person_id else "Jobs"
    number = f" · page {page_ref.number + 1}" if page_ref.number or has_next else ""
    items: list[ui.Item[ui.LayoutView]] = [words(f"### {whose} in this server{number}")]
    if not listed:
        items.append(words("There are none."))
    for one in listed:
        items.append(words(_line(one)))
        if one.actions:
            items.append(
                ui.ActionRow(*(_button(page_ref, one.job, action) for action in one.actions))
            )
    labels = {name: label for name, (label, _) in FILTERS.items()}
    return view(*items, *controls(page_ref, labels, has_next=has_next))


def _line(one: Listed) -> str:
    job = one.job
    is_paid = job.state in {JobState.DELIVERING, JobState.DELIVERED}
    refunded = "refunded" if is_paid and not one.is_refundable else None
    parts = [status_text.title(job), job.quality, status_text.price_text(job), refunded]
    facts = " · ".join(part for part in parts if part)
    return f"`{job.id}` · <@{job.person_id}> · <t:{job.created_at:.0f}:R>\n-# {facts}"


def _button(page_ref: PageRef, job: Job, action: JobAction) -> ui.Button[ui.LayoutView]:
    is_plain = action is JobAction.RESOLVE
    return ui.Button(
        label=LABELS[action],
        style=discord.ButtonStyle.primary if is_plain else discord.ButtonStyle.secondary,
        custom_id=f"marionette-job:{action}:{page_ref.server_id}:{page_ref.actor_id}:{job.id}",
    )
