"""What people decide about jobs and credits: each with an actor and a reason, in the journal and
among the actions. Of what requesters decide about their own jobs the jobs themselves tell."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError

from bot.core import ledger
from bot.core.actions import OPERATOR, Action, ActionKind, Snapshot
from bot.core.jobs import CANCELLABLE, LEADS_TO, Delivered, Failure, Job, JobState, Outcome
from bot.core.ledger import EntryKind
from bot.core.people.reports import Settled
from bot.errors import LedgerError, Problem, Refused, StaleJob
from bot.store import journal
from bot.store.database import Database, transaction
from bot.store.group_commit import Changes
from bot.store.rows import failure_json
from bot.store.tables import actions, attempts, cases
from bot.store.transitions import (
    changed,
    describable,
    is_awaited,
    is_claimed,
    note_on,
    transition,
    update_attempt,
    update_job,
)


class Decisions:
    """Part of the store; each method is one event."""

    database: Database

    @transaction
    def doubt(self, connection: Connection, job: Job, at: float) -> Job:
        """Only a person can settle this job, and the server's moderators are told so.

        What is free is not worth that: it just fails.
        """
        if job.is_free:
            told = failure_json(Failure(Problem.GENERATION_FAILED))
            return transition(connection, job, JobState.FAILED, at, failure=told, lease=None)
        record_action(connection, _about(job, ActionKind.REVIEW, OPERATOR, "", at))
        return transition(connection, job, JobState.REVIEW, at, lease=None)

    @transaction
    def resolve(
        self,
        connection: Connection,
        job: Job,
        outcome: Outcome,
        *,
        run: tuple[str, float] | None = None,
        actor_id: int,
        reason: str,
        at: float,
    ) -> Job:
        """Settle a job in review; `run` is the request id it takes, and when that was submitted.

        Raises `StaleJob` when it is not in review as it was seen, and `Refused` for a run that
        another job has claimed meanwhile; then nothing changed.
        """
        if job.state is not JobState.REVIEW:
            raise StaleJob(f"Job {job.id} is not in review.")
        values: dict[Outcome, dict[str, Any]] = {
            Outcome.RAN: {},
            Outcome.AGAIN: {"attempt_id": None},
            Outcome.GIVE_UP: {"failure": failure_json(Failure(Problem.GIVEN_UP))},
        }
        after = transition(
            connection, job, LEADS_TO[outcome], at, settled=outcome, **values[outcome]
        )
        known = job.attempt.request_id if job.attempt else None
        if run is not None and run[0] != known:
            if known is not None or is_claimed(connection, run[0]):
                raise Refused(Problem.RUN_CLAIMED, request_id=run[0])
            update_attempt(connection, job, request_id=run[0], submitted_at=run[1])
            after = changed(connection, job.id)
        if outcome is Outcome.GIVE_UP:
            journal.settle(connection, job, EntryKind.RELEASE, at)
        if outcome is not Outcome.RAN:  # whatever is decided, the provider may bill it
            journal.keep_counting(connection, job, at)
        action = _about(job, ActionKind.RESOLVE, actor_id, reason, at)
        record_action(connection, replace(action, before=_seen(job), after=_seen(after)))
        return after

    @transaction
    def describe(self, connection: Connection, said: Job, at: float, *, as_moderator: bool) -> Job:
        """A finished job is described as `said` is, by its `described_by`. Raises `Refused`."""
        job, by = describable(connection, said, as_moderator=as_moderator), said.described_by
        if by != job.person_id:
            action = _about(job, ActionKind.DESCRIBE, by or 0, "", at)
            seen: list[Snapshot] = [{"description": each.description} for each in (job, said)]
            record_action(connection, replace(action, before=seen[0], after=seen[1]))
        return note_on(connection, job.id, description=said.description, described_by=by)

    @transaction
    def cancel(self, connection: Connection, job: Job, at: float) -> Job:
        """Its requester ends a job before its submit. Raises `Refused` when that has passed."""
        if job.state not in CANCELLABLE:
            late = Problem.STILL_IN_DOUBT if job.is_in_doubt else Problem.TOO_LATE_TO_CANCEL
            raise Refused(Problem.ALREADY_ENDED if job.ended else late, job=job.id)
        cancelled = transition(connection, job, JobState.CANCELLED, at, failure=None)
        journal.settle(connection, job, EntryKind.RELEASE, at)
        return cancelled

    @transaction
    def give_up(self, connection: Connection, job: Job, at: float) -> Job:
        """Its requester gives a job in doubt up, and has the credits back; budgets do not.

        Raises `Refused` for any other job, and `StaleJob` when somebody was faster.
        """
        if not job.is_in_doubt:
            late = Problem.ALREADY_ENDED if job.ended else Problem.NOT_IN_DOUBT
            raise Refused(late, job=job.id)
        failure = failure_json(Failure(Problem.GIVEN_UP_BY_REQUESTER))
        failed = transition(
            connection, job, JobState.FAILED, at, failure=failure, delivered=Delivered.KEPT
        )  # whoever gives it up need not be told so
        journal.settle(connection, job, EntryKind.RELEASE, at)
        journal.keep_counting(connection, job, at)
        return failed

    @transaction
    def ran_after_all(
        self,
        connection: Connection,
        job: Job,
        *,
        request_id: str,
        submitted_at: float,
        cost: float | None,
        is_billed: bool,
    ) -> bool:
        """The history shows the run of a lost attempt: it is this one's, and delivered to nobody.
        What is billed goes on counting in budgets.

        `False`, and nothing is changed, if it is another's, or may be: of a job with the very same
        inputs that somebody still waits for.
        """
        if is_claimed(connection, request_id) or is_awaited(connection, job):
            return False
        update_attempt(connection, job, request_id=request_id, submitted_at=submitted_at, cost=cost)
        if not is_billed:
            journal.stop_counting(connection, job)
        return True

    @transaction
    def had_run(
        self,
        connection: Connection,
        job: Job,
        *,
        image_url: str,
        video_url: str,
        request_id: str,
        submitted_at: float,
        at: float,
    ) -> Job | None:
        """The history shows a run of a queued job, from before a backup was restored: it is this
        one's, and its video may stand already. `None`, and nothing is changed, if it is another's.
        """
        if is_claimed(connection, request_id):
            return None
        attempt = {
            "job_id": job.id,
            "image_url": image_url,
            "video_url": video_url,
            "model": job.model,
            "quality": job.quality,
            "prompt": job.prompt,
            "began_at": submitted_at,
            "request_id": request_id,
            "submitted_at": submitted_at,
        }
        attempt_id = connection.scalar(insert(attempts).returning(attempts.c.id), attempt)
        sent = transition(connection, job, JobState.SUBMITTING, at, attempt_id=attempt_id)
        tried = {"delivery_channel_id": job.channel_id, "delivery_tried_at": submitted_at}
        return transition(connection, sent, JobState.RENDERING, at, **tried)

    @transaction
    def never_ran(self, connection: Connection, job: Job) -> None:
        """The history has proved that nothing came of an attempt: budgets count it no more."""
        journal.stop_counting(connection, job)

    @transaction
    def cost_is_known(
        self, connection: Connection, job: Job, cost: float, *, is_billed: bool
    ) -> None:
        """The history says what a run cost of which its job has no video."""
        update_attempt(connection, job, cost=cost)
        if not is_billed:
            journal.stop_counting(connection, job)

    @transaction
    def grant(
        self,
        connection: Connection,
        server_id: int,
        person_id: int,
        credits: int,
        *,
        actor_id: int,
        reason: str,
        at: float,
    ) -> None:
        """Give credits that stay. Raises `LedgerError` for none."""
        entry = ledger.grant(
            server_id=server_id,
            person_id=person_id,
            credits=credits,
            at=at,
            actor_id=actor_id,
            reason=reason,
        )
        _adjust(connection, ActionKind.GRANT, entry)

    @transaction
    def revoke(
        self,
        connection: Connection,
        server_id: int,
        person_id: int,
        credits: int,
        *,
        actor_id: int,
        reason: str,
        at: float,
    ) -> int:
        """Take granted credits away, as far as there are any, and say how many that were.

        Raises `LedgerError` for none.
        """
        has = journal.purses(connection, server_id, person_id)
        entry = ledger.revoke(
            has["granted"],
            server_id=server_id,
            person_id=person_id,
            credits=credits,
            at=at,
            actor_id=actor_id,
            reason=reason,
        )
        _adjust(connection, ActionKind.REVOKE, entry)
        return -entry.granted

    @transaction
    def set_granted(
        self,
        connection: Connection,
        server_id: int,
        person_id: int,
        credits: int,
        *,
        expected: int | None = None,
        actor_id: int,
        reason: str,
        at: float,
    ) -> int:
        """Bring the granted credits to this number, and say how many there were.

        Raises `Refused` where there are not as many as whoever decided has seen.
        """
        was = (journal.purses(connection, server_id, person_id))["granted"]
        if expected is not None and was != expected:
            raise Refused(Problem.GRANTED_CHANGED, has=was)
        more = credits - was
        given: dict[str, Any] = {
            "server_id": server_id,
            "person_id": person_id,
            "at": at,
            "actor_id": actor_id,
            "reason": reason,
        }
        if more > 0:
            _adjust(connection, ActionKind.SET, ledger.grant(**given, credits=more))
        elif more < 0:
            entry = ledger.revoke(was, **given, credits=-more)
            _adjust(connection, ActionKind.SET, entry)
        return was

    @transaction
    def cancel_for(
        self, connection: Connection, job: Job, *, actor_id: int, reason: str, at: float
    ) -> Job:
        """A moderator cancels a waiting job. Raises `Refused` when its submit has passed."""
        if job.state not in CANCELLABLE:
            late = Problem.ENDED_ALREADY if job.ended else Problem.SENT_OFF_ALREADY
            raise Refused(late, job=job.id)
        return cancel_as(connection, job, actor_id, reason, at)

    @transaction
    def remove(
        self, connection: Connection, job: Job, *, actor_id: int, reason: str, at: float
    ) -> Job:
        """Somebody has a finished video deleted: its requester, or a moderator with a reason.

        The journal is left as it is. Raises `Refused`, and `StaleJob` when somebody was faster.
        """
        return remove_as(connection, job, actor_id, reason, at)

    @transaction
    def refund(
        self, connection: Connection, job_id: str, *, actor_id: int, reason: str, at: float
    ) -> None:
        """Give a captured job's whole price back, once. Raises `LedgerError`."""
        held = journal.hold_of(connection, job_id)
        if held is None or not journal.is_captured(connection, job_id):
            raise LedgerError(f"Job {job_id} was not charged.")
        entry = ledger.refund(held, at=at, actor_id=actor_id, reason=reason)
        try:
            _adjust(connection, ActionKind.REFUND, entry)
        except IntegrityError:
            raise LedgerError(f"Job {job_id} was refunded before.") from None


def _adjust(connection: Connection, kind: ActionKind, entry: ledger.Entry) -> None:
    """Write an entry that somebody decided on, and record what it did to the wallet."""
    assert entry.actor_id is not None
    assert entry.reason is not None
    before = journal.purses(connection, entry.server_id, entry.person_id)
    journal.write_entry(connection, entry, held=0)
    action = Action(
        at=entry.at,
        actor_id=entry.actor_id,
        server_id=entry.server_id,
        action=kind,
        reason=entry.reason,
        job_id=entry.job_id,
        person_id=entry.person_id,
        before={"granted": before["granted"]},
        after={"granted": before["granted"] + entry.granted},
    )
    record_action(connection, action)


def cancel_as(connection: Connection, job: Job, actor_id: int, reason: str, at: float) -> Job:
    """End a waiting job for a moderator. Raises `StaleJob` when it is not waiting."""
    is_operator = actor_id == OPERATOR
    why = Problem.CANCELLED_BY_OPERATOR if is_operator else Problem.CANCELLED_BY_MODERATOR
    failure = failure_json(Failure(why))
    cancelled = transition(connection, job, JobState.CANCELLED, at, failure=failure)
    journal.settle(connection, job, EntryKind.RELEASE, at)
    action = _about(job, ActionKind.CANCEL, actor_id, reason, at)
    states: list[Snapshot] = [{"state": seen.state} for seen in (job, cancelled)]
    record_action(connection, replace(action, before=states[0], after=states[1]))
    return cancelled


def remove_as(connection: Connection, job: Job, actor_id: int, reason: str, at: float) -> Job:
    """Have a finished video deleted; what was reported of it is settled by that.

    Raises `Refused` and `StaleJob`.
    """
    if job.state is not JobState.DELIVERED:
        raise Refused(Problem.NOT_FINISHED, job=job.id)
    if job.removed_by_id is not None:
        raise Refused(Problem.REMOVED_BEFORE, by=job.removed_by_id)
    values: dict[str, Any] = {"removed_by_id": actor_id}
    values["video_deleted_at"] = at if job.video_deleted_at is None else job.video_deleted_at
    if job.delivered is Delivered.REPLY:  # nobody is told any more that it is there
        values["delivery_channel_id"] = job.channel_id
    if job.announced is False:
        values["announced"] = True
    removed = update_job(connection, job, **values)
    is_own = actor_id == job.person_id
    if not is_own:
        record_action(connection, _about(job, ActionKind.REMOVE, actor_id, reason, at))
    connection.execute(
        update(cases)
        .where(cases.c.job_id == job.id, cases.c.settled.is_(None))
        .values(
            settled=Settled.GONE if is_own else Settled.REMOVED,
            settled_by_id=actor_id,
            settled_at=at,
            revision=cases.c.revision + 1,
        )
    )
    return removed


def record_action(connection: Connection, action: Action) -> int:
    """Add a row to the actions; its number. Whoever listens hears of it once it is saved."""
    Changes.on(connection).acted = True
    values = {name: getattr(action, name) for name in Action.__dataclass_fields__}
    done = connection.execute(insert(actions).values(**values).returning(actions.c.id))
    return int(done.scalar_one())


def _about(job: Job, kind: ActionKind, actor_id: int, reason: str, at: float) -> Action:
    return Action(at, actor_id, job.server_id, kind, reason, job.id, job.person_id)


def _seen(job: Job) -> Snapshot:
    return {"state": job.state, "request_id": job.attempt.request_id if job.attempt else None}
