"""A server's jobs as its moderators see them, page by page, with what can be done about each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import discord
from discord import ui

from bot.cards import status_text
from bot.cards.languages.speech import mark, tr, tr_many
from bot.cards.paging import PageRef, controls
from bot.cards.parts import AMBER, view, words
from bot.cards.wording import seconds_text
from bot.core.actions import NearbyRun
from bot.core.jobs import CANCELLABLE, Job, JobState, Outcome

JOBS_PER_PAGE = 5
"""Each takes up to four of the forty components that a message may have."""

FILTERS: Mapping[str, tuple[str, frozenset[JobState]]] = {
    "all": (mark("All jobs"), frozenset(JobState)),
    "waiting": (mark("Waiting"), frozenset({JobState.CHECKING, JobState.QUEUED})),
    "running": (
        mark("Being made"),
        frozenset(
            {
                JobState.SUBMITTING,
                JobState.RENDERING,
                JobState.FETCHING,
                JobState.DELIVERING,
            }
        ),
    ),
    "review": (mark("Needing a decision"), frozenset({JobState.REVIEW})),
    "done": (mark("Done"), frozenset({JobState.DELIVERED})),
    "failed": (mark("Failed"), frozenset({JobState.FAILED})),
    "cancelled": (mark("Cancelled"), frozenset({JobState.CANCELLED})),
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
LABELS: Mapping[JobAction, str] = {
    JobAction.CANCEL: mark("Cancel…"),
    JobAction.REFUND: mark("Refund…"),
    JobAction.RESOLVE: mark("Settle…"),
}

SETTLE_PATTERN = (
    rf"marionette-settle:(?P<outcome>{'|'.join(Outcome)})"
    r":(?P<server>\d{1,20}):(?P<actor>\d{1,20}):(?P<job>[a-z0-9]{1,20})"
)
MOST_OPTIONS = 25
LONGEST_VALUE_CHARS = 100
RUN_STATES: Mapping[str, str] = {
    "QUEUED": mark("not begun yet"),
    "PROCESSING": mark("still being made"),
    "COMPLETED": mark("finished"),
    "FAILED": mark("failed"),
    "ENDED": mark("ended without a video"),
}
UNTOLD = mark("how it stands is not told")


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
    items: list[ui.Item[ui.LayoutView]] = [words(_heading(page_ref, has_next=has_next))]
    if not listed:
        items.append(words(tr("There are none.")))
    for one in listed:
        items.append(words(_line(one)))
        if one.actions:
            items.append(
                ui.ActionRow(*(_button(page_ref, one.job, action) for action in one.actions))
            )
    labels = {name: tr(label) for name, (label, _) in FILTERS.items()}
    return view(*items, *controls(page_ref, labels, has_next=has_next))


def _heading(page_ref: PageRef, *, has_next: bool) -> str:
    if page_ref.person_id:
        whose = tr("### {person}’s jobs in this server", person=f"<@{page_ref.person_id}>")
    else:
        whose = tr("### Jobs in this server")
    if not (page_ref.number or has_next):
        return whose
    return f"{whose} · {tr('page {number}', number=page_ref.number + 1)}"


def _line(one: Listed) -> str:
    job = one.job
    is_paid = job.state in {JobState.DELIVERING, JobState.DELIVERED}
    is_refunded = is_paid and not job.is_free and not one.is_refundable
    refunded = tr("refunded") if is_refunded else None
    parts = [status_text.title(job), job.quality, status_text.price_text(job), refunded]
    facts = " · ".join(part for part in parts if part)
    return f"`{job.id}` · <@{job.person_id}> · <t:{job.created_at:.0f}:R>\n-# {facts}"


def _button(page_ref: PageRef, job: Job, action: JobAction) -> ui.Button[ui.LayoutView]:
    is_plain = action is JobAction.RESOLVE
    return ui.Button(
        label=tr(LABELS[action]),
        style=discord.ButtonStyle.primary if is_plain else discord.ButtonStyle.secondary,
        custom_id=f"marionette-job:{action}:{page_ref.server_id}:{page_ref.actor_id}:{job.id}",
    )


def settling(actor_id: int, job: Job, runs: Sequence[NearbyRun] | None) -> ui.LayoutView:
    """What can be decided about a job in review; see `SETTLE_PATTERN`.

    `runs` are those that it may take, the nearest in time first; `None`: they cannot be looked up.
    """
    assert job.attempt is not None
    sent_at = job.attempt.began_at
    offered = [run for run in runs or () if len(run.request_id) <= LONGEST_VALUE_CHARS]
    offered = offered[:MOST_OPTIONS]
    parts = [job.quality, status_text.length(job), status_text.price_text(job)]
    items: list[ui.Item[ui.LayoutView]] = [
        words(
            tr("### What became of `{job}`?", job=job.id),
            f"<@{job.person_id}> · {' · '.join(part for part in parts if part)}",
            tr(
                "Asked for <t:{asked_at:.0f}:f>, sent off <t:{sent_at:.0f}:f>.",
                asked_at=job.created_at,
                sent_at=sent_at,
            ),
            _found(runs, len(offered)),
        )
    ]
    if offered:
        items.append(ui.ActionRow(_runs(actor_id, job, sent_at, offered)))
    again: ui.Button[ui.LayoutView] = ui.Button(
        label=tr("It did not run: try again…"), custom_id=_settle_id(Outcome.AGAIN, actor_id, job)
    )
    give_up: ui.Button[ui.LayoutView] = ui.Button(
        label=tr("Give up…"), custom_id=_settle_id(Outcome.GIVE_UP, actor_id, job)
    )
    items.append(ui.ActionRow(again, give_up))
    items.append(
        words(
            tr(
                "-# What is tried again is sent once more: if it did run after all, it is paid for "
                "twice. What is given up gives its credits back."
            )
        )
    )
    return view(*items, colour=AMBER)


def _found(runs: Sequence[NearbyRun] | None, offered: int) -> str:
    """What the provider's history tells."""
    if runs is None:
        return tr(
            "The video service’s history cannot be read right now, so no run can be chosen. Open "
            "this again later, or decide without it:"
        )
    if not runs:
        return tr(
            "The video service’s history shows no run that this could be: none of exactly these "
            "files and this quality, from around that time, that no other video has. A run can "
            "take some minutes to show. So it did not run, or nobody can tell:"
        )
    found = tr_many(
        "The video service’s history shows {count} run that this could be.",
        "The video service’s history shows {count} runs that this could be.",
        len(runs),
    )
    if not (more := len(runs) - offered):
        return found
    left_out = tr(
        "The nearest {offered} can be chosen; {more} more are left out.", offered=offered, more=more
    )
    return f"{found} {left_out}"


def _runs(
    actor_id: int, job: Job, sent_at: float, offered: Sequence[NearbyRun]
) -> ui.Select[ui.LayoutView]:
    return ui.Select(
        custom_id=_settle_id(Outcome.RAN, actor_id, job),
        placeholder=tr("It ran: choose the run that it takes"),
        options=[
            discord.SelectOption(
                label=_moment(run, sent_at), value=run.request_id, description=_standing(run, job)
            )
            for run in offered
        ],
    )


def _moment(run: NearbyRun, sent_at: float) -> str:
    """When a run began; an option draws no times of Discord's."""
    if run.began_at is None:
        return tr("At a time that the history does not tell")
    after_s = round(run.began_at - sent_at)
    apart = seconds_text(abs(after_s))
    at = datetime.fromtimestamp(run.began_at, UTC)
    if after_s >= 0:
        told = tr("{apart} after it was sent off", apart=apart)
    else:
        told = tr("{apart} before it was sent off", apart=apart)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC · {told}"


def _standing(run: NearbyRun, job: Job) -> str:
    state = tr(RUN_STATES.get(run.state or "", UNTOLD))
    own = tr("the run that it has") if run.claimed_by else None
    return " · ".join(filter(None, (job.quality, status_text.length(job), state, own)))


def _settle_id(outcome: Outcome, actor_id: int, job: Job) -> str:
    return f"marionette-settle:{outcome}:{job.server_id}:{actor_id}:{job.id}"
