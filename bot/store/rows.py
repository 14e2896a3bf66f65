"""Rows into what the program thinks in, and back."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, exists, func, or_, select, text

from bot.core.actions import Action, ActionKind
from bot.core.admission import NewJob
from bot.core.jobs import ENDED, Attempt, Card, Delivered, Failure, Job, JobState, Outcome, Source
from bot.core.ledger import Entry, EntryKind
from bot.core.people.languages import asked_for
from bot.core.uploads import Cut, Origin, Upload
from bot.errors import Fact, Problem
from bot.store.tables import CAME_TO_NOTHING, COSTS_NOTHING, actions, attempts, jobs

_TOLD = (
    *("id", "source", "origin_id", "server_id", "channel_id", "person_id"),
    *("is_direct", "is_open", "model", "prompt", "quality", "files_of", "promised"),
    *("upload_limit_bytes", "files_until", "description", "instead_of", "language"),
)
_ATTEMPT = tuple(Attempt.__dataclass_fields__)

IS_OFFER: ColumnElement[bool] = and_(jobs.c.state == JobState.CHECKING, jobs.c.is_open)
"""As `Job.is_offer`: it waits outside the limits."""

WAS_OFFER: ColumnElement[bool] = or_(jobs.c.is_open, jobs.c.promised.is_not(None))
"""As `Job.was_offer`."""

OWES_NOTICE: ColumnElement[bool] = or_(
    and_(
        jobs.c.state.in_((JobState.FAILED, JobState.CANCELLED)),
        jobs.c.failure.is_not(None),
        jobs.c.queued_at.is_not(None),
        jobs.c.delivered.is_(None),
    ),
    and_(
        jobs.c.delivered == Delivered.REPLY,
        func.coalesce(jobs.c.delivery_channel_id, 0) != jobs.c.channel_id,
    ),
    and_(jobs.c.state == JobState.DELIVERED, jobs.c.announced.is_(False)),
)
"""As `Job.owes_notice` has it."""

IS_UNENDED: ColumnElement[bool] = or_(jobs.c.state.not_in(ENDED), OWES_NOTICE)
"""Something of it is still to be done."""

IS_FORGETTABLE: ColumnElement[bool] = and_(
    text(CAME_TO_NOTHING),
    jobs.c.attempt_id.is_(None),
    ~exists().where(actions.c.job_id == jobs.c.id),
)
"""A request that came to nothing before anything was held, and that nobody has decided about."""

IS_POST_GONE: ColumnElement[bool] = and_(
    jobs.c.state == JobState.DELIVERED,
    jobs.c.delivered.in_((Delivered.CHANNEL, Delivered.DIRECT)),
    jobs.c.delivery_message_id.is_(None),
)
"""As `Job.is_post_gone` has it."""

IS_FLEETING: ColumnElement[bool] = and_(
    jobs.c.state.in_((JobState.FAILED, JobState.CANCELLED)),
    or_(
        jobs.c.failure.is_(None),
        and_(jobs.c.source == Source.MESSAGE, jobs.c.queued_at.is_(None)),
    ),
    ~jobs.c.is_direct,
    jobs.c.moved_from_id.is_(None),
    ~and_(
        jobs.c.state == JobState.CANCELLED,
        WAS_OFFER,
        jobs.c.queued_at.is_(None),
        jobs.c.failure.is_(None),
    ),
)
"""As `Job.is_fleeting` has it."""

HAS_VIDEO: ColumnElement[bool] = and_(
    jobs.c.state == JobState.DELIVERED, jobs.c.video_deleted_at.is_(None)
)
"""The finished video is kept here."""

IS_IN_DOUBT: ColumnElement[bool] = and_(jobs.c.state == JobState.SUBMITTING, jobs.c.lease.is_(None))
"""As `Job.is_in_doubt`."""

IS_FREE: ColumnElement[bool] = text(COSTS_NOTHING)  # type: ignore[assignment]
"""As `Job.is_free`."""

HAS_RUN: ColumnElement[bool] = and_(
    jobs.c.state.in_((JobState.RENDERING, JobState.FETCHING)), attempts.c.submitted_at.is_not(None)
)
"""As `Job.run_began_at`."""


def is_behind(since: float) -> ColumnElement[bool]:
    """Whether a card does not show its job's last state; or has not gone, of what is fleeting and
    has ended since then (unix s)."""
    shown = jobs.c.card_shown
    is_removed = jobs.c.removed_by_id.is_not(None)
    is_fleeting = and_(IS_FLEETING, jobs.c.state_since >= since)
    is_due = or_(and_(IS_POST_GONE, ~is_removed), is_fleeting)
    has_card = or_(
        jobs.c.card_message_id.is_not(None),
        jobs.c.card_token.is_not(None),
        jobs.c.source == Source.MESSAGE,
    )
    is_stale = or_(
        shown.is_(None),
        ~shown.startswith(jobs.c.state),
        and_(is_due, ~shown.endswith("gone")),
        and_(is_removed, ~shown.endswith("removed")),
    )
    return and_(is_stale, has_card)


def select_jobs() -> Select[Any]:
    """Jobs with their current attempt; feed its rows to `job_from`."""
    return select(
        jobs,
        *(attempts.c[name].label(f"attempt_{name}") for name in _ATTEMPT if name != "id"),
    ).select_from(jobs.outerjoin(attempts, jobs.c.attempt_id == attempts.c.id))


def job_from(row: RowMapping) -> Job:
    """One row of `select_jobs`."""
    return Job(
        **{name: row[name] for name in _SAME},
        state=JobState(row["state"]),
        source=Source(row["source"]),
        card=Card(
            message_id=row["card_message_id"],
            token=row["card_token"],
            token_expires_at=row["card_token_expires_at"],
            shown=row["card_shown"],
        ),
        subject=upload_from(row["subject"]),
        motion=upload_from(row["motion"]),
        attempt=_attempt(row),
        failure=_failure(row["failure"]),
        delivered=Delivered(row["delivered"]) if row["delivered"] else None,
        settled=Outcome(row["settled"]) if row["settled"] else None,
        question=_failure(row["question"]),
        cut=Cut(**row["cut"]) if row["cut"] else None,
        instead_of=tuple(row["instead_of"]) if row["instead_of"] else None,
        language=asked_for(row["language"]),
    )


_SAME = (
    "id",
    "revision",
    "state_since",
    "origin_id",
    "completed_by_id",
    "server_id",
    "channel_id",
    "person_id",
    "is_direct",
    "moved_from_id",
    "files_of",
    "files_until",
    "created_at",
    "model",
    "prompt",
    "quality",
    "duration_s",
    "price",
    "upload_limit_bytes",
    "queued_at",
    "lease",
    "delivery_channel_id",
    "delivery_message_id",
    "delivery_tried_at",
    "video_deleted_at",
    "remark",
    "description",
    "described_by",
    "is_open",
    "promised",
    "announced",
    "removed_by_id",
)


def _attempt(row: RowMapping) -> Attempt | None:
    if row["attempt_id"] is None:
        return None
    return Attempt(**{name: row[f"attempt_{name}"] for name in _ATTEMPT})


def attempt_from(row: RowMapping) -> Attempt:
    """One row of `attempts`."""
    return Attempt(**{name: row[name] for name in _ATTEMPT})


PLACES_BEFORE = {
    "in the picture": "picture",
    "in the video": "video",
    "in the picture or in the video": "both",
}
CHOICES = frozenset({"allowed", "makes", "offered", "others"})
NO_CHOICE_BEFORE = "another model"


def _failure(value: dict[str, Any] | None) -> Failure | None:
    if not value:
        return None
    facts = {name: _fact(name, fact) for name, fact in value["facts"].items()}
    return Failure(Problem(value["problem"]), facts)


def _fact(name: str, fact: Fact) -> Fact:
    """A fact as it is kept now; before, some were kept in the words of their English sentence."""
    if not isinstance(fact, str):
        return fact
    if name in CHOICES:
        return [] if fact == NO_CHOICE_BEFORE else fact.split(" or ")
    return PLACES_BEFORE.get(fact, fact) if name == "where" else fact


def failure_json(failure: Failure) -> dict[str, Any]:
    """What `_failure` reads."""
    return {"problem": failure.problem.value, "facts": failure.facts}


def upload_from(value: dict[str, Any] | None) -> Upload | None:
    """What `upload_json` has written."""
    if value is None:
        return None
    sent_size, origin = value.get("sent_size"), value.get("origin")
    told = {
        "sent_size": tuple(sent_size) if sent_size else None,
        "replaces": upload_from(value.get("replaces")),
        "origin": Origin(**origin) if origin else None,
    }
    return Upload(**value | told)


def row_of(new: NewJob, at: float) -> dict[str, Any]:
    """The first row of a job that is asked for now."""
    return {name: getattr(new, name) for name in _TOLD} | {
        "revision": 1,
        "state": JobState.CHECKING,
        "state_since": at,
        "created_at": at,
        "subject": upload_json(new.subject),
        "motion": upload_json(new.motion),
        "cut": asdict(new.cut) if new.cut else None,
        "card_token": new.token,
        "card_token_expires_at": new.token_expires_at,
    }


def upload_json(upload: Upload | None) -> dict[str, Any] | None:
    """What `upload_from` reads."""
    if upload is None:
        return None
    told = {"url": upload.url, "name": upload.name, "size_bytes": upload.size_bytes}
    seldom = {
        "is_spoiler": upload.is_spoiler,
        "sent_size": upload.sent_size,
        "given_as": upload.given_as,
        "sent_as": upload.sent_as,
        "whole_s": upload.whole_s,
        "replaces": upload_json(upload.replaces),
        "is_link": upload.is_link,
        "among": upload.among,
        "motion_ref": upload.motion_ref,
        "lasts_s": upload.lasts_s,
        "is_another": upload.is_another,
        "origin": asdict(upload.origin) if upload.origin else None,
        "given_in": upload.given_in,
    }
    # Only where they say something, so that an earlier release can read all other jobs.
    return told | {name: value for name, value in seldom.items() if value}


def entry_from(row: RowMapping) -> Entry:
    """One row of `entries`."""
    return Entry(
        server_id=row["server_id"],
        person_id=row["person_id"],
        kind=EntryKind(row["kind"]),
        at=row["at"],
        allowance=row["allowance"],
        granted=row["granted"],
        job_id=row["job_id"],
        actor_id=row["actor_id"],
        reason=row["reason"],
    )


def action_from(row: RowMapping) -> Action:
    """One row of `actions`."""
    fields = {name: row[name] for name in Action.__dataclass_fields__}
    return Action(**fields | {"action": ActionKind(row["action"])})
