"""The events of a job's life. Every change names the state and the revision that it leaves."""

from dataclasses import dataclass

from sqlalchemy import insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core import admission
from bot.core.admission import Ask
from bot.core.jobs import (
    CANCELLABLE,
    Delivered,
    Failure,
    Job,
    JobState,
    Quality,
    Source,
    Upload,
)
from bot.core.ledger import EntryKind
from bot.core.queue import may_start
from bot.core.rules import OperatorLimits
from bot.errors import Problem, Refused
from bot.store import journal
from bot.store.audit_log import AuditLog
from bot.store.database import Database, transaction
from bot.store.decisions import Decisions
from bot.store.queries import Queries
from bot.store.rows import failure_json, upload_json
from bot.store.rule_rows import effective_rules
from bot.store.rulebook import Rulebook
from bot.store.tables import attempts, explained, jobs
from bot.store.transitions import is_claimed, read_job, transition, update_attempt, update_job

MAX_SUBMITTING = 8
"""At most so many submits may be in doubt after a crash."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is known of a job before its first row; `above_id` is the channel above a thread."""

    id: str
    source: Source
    origin_id: int
    server_id: int
    channel_id: int
    person_id: int
    upload_limit_bytes: int
    is_direct: bool = False
    above_id: int | None = None
    subject: Upload | None = None
    motion: Upload | None = None
    quality: Quality | None = None
    token: str | None = None
    token_expires_at: float = 0.0

    @property
    def ask(self) -> Ask:
        """What the policy wants to know of it."""
        above = () if self.above_id is None else (self.above_id,)
        channels = () if self.is_direct else (self.channel_id, *above)
        return Ask(frozenset(channels), self.quality)


class Store(Decisions):
    """What happens to jobs and money; `read` asks about them, `Decisions` are people's.

    Times (`at`) are unix seconds and come from the caller. What is allowed is looked up in the
    transaction that needs it, from the operator's limits, the server's rules in `rulebook`, and the
    roles that the caller has seen.
    """

    def __init__(self, database: Database, limits: OperatorLimits) -> None:
        self.database = database
        self.limits = limits
        self.read = Queries(database, limits)
        self.rulebook = Rulebook(database)
        self.audit_log = AuditLog(database)

    @transaction
    async def begin(
        self,
        connection: AsyncConnection,
        new: NewJob,
        at: float,
        roles: frozenset[int] = frozenset(),
    ) -> Job | None:
        """Save a request as `checking`; `None` if its event made a job before.

        Raises `Refused` where the policy says no before any download. A new offer ends the
        person's earlier one.
        """
        known = select(jobs.c.id).where(
            or_(jobs.c.origin_id == new.origin_id, jobs.c.completed_by_id == new.origin_id)
        )
        if await connection.scalar(known) is not None:
            return None
        if new.source is Source.MESSAGE:
            await connection.execute(
                update(jobs)
                .where(
                    jobs.c.person_id == new.person_id,
                    jobs.c.state == JobState.CHECKING,
                    jobs.c.source == Source.MESSAGE,
                )
                .values(state=JobState.CANCELLED, state_since=at, revision=jobs.c.revision + 1)
            )
        else:
            rules = await effective_rules(connection, self.limits, new.server_id, roles)
            standing = await journal.standing(connection, new.person_id, rules, at)
            admission.may_ask(rules, standing, new.ask, at)
        await connection.execute(
            insert(jobs).values(
                id=new.id,
                revision=1,
                state=JobState.CHECKING,
                state_since=at,
                source=new.source,
                origin_id=new.origin_id,
                server_id=new.server_id,
                channel_id=new.channel_id,
                person_id=new.person_id,
                is_direct=new.is_direct,
                created_at=at,
                subject=upload_json(new.subject),
                motion=upload_json(new.motion),
                quality=new.quality,
                upload_limit_bytes=new.upload_limit_bytes,
                card_token=new.token,
                card_token_expires_at=new.token_expires_at,
            )
        )
        return await read_job(connection, new.id)

    @transaction
    async def add_to_offer(
        self,
        connection: AsyncConnection,
        job: Job,
        message_id: int,
        *,
        subject: Upload | None = None,
        motion: Upload | None = None,
    ) -> Job:
        """A further message brings an offer's other file, or replaces one of them."""
        files = {"subject": upload_json(subject), "motion": upload_json(motion)}
        given = {name: value for name, value in files.items() if value is not None}
        return await update_job(
            connection, job, completed_by_id=message_id, duration_s=None, **given
        )

    @transaction
    async def offer_checked(self, connection: AsyncConnection, job: Job, duration_s: float) -> Job:
        """Both files are on disk and good: the offer now waits for its button."""
        return await update_job(connection, job, duration_s=duration_s)

    @transaction
    async def admit(
        self,
        connection: AsyncConnection,
        job: Job,
        *,
        quality: Quality,
        duration_s: float,
        price: int,
        at: float,
        roles: frozenset[int] = frozenset(),
        server_id: int | None = None,
    ) -> Job:
        """Hold the price and queue the job, together. Raises `Refused`; then nothing changed.

        `server_id` names whose wallet pays, where that is another than the job's so far.
        """
        if server_id is not None and server_id != job.server_id:
            job = await update_job(connection, job, server_id=server_id)
        rules = await effective_rules(connection, self.limits, job.server_id, roles)
        standing = await journal.standing(connection, job.person_id, rules, at)
        if job.is_offer:
            admission.may_ask(rules, standing, Ask(quality=quality), at)
        admission.may_hold(rules, standing, price, at)
        queued = await transition(
            connection,
            job,
            JobState.QUEUED,
            at,
            quality=quality,
            duration_s=duration_s,
            price=price,
            queued_at=at,
        )
        await journal.place_hold(connection, job, price, standing.balance, at)
        return queued

    @transaction
    async def fail(self, connection: AsyncConnection, job: Job, failure: Failure, at: float) -> Job:
        """End a job without a video, and give its credits back."""
        failed = await transition(
            connection, job, JobState.FAILED, at, failure=failure_json(failure), lease=None
        )
        await journal.settle(connection, job, EntryKind.RELEASE, at)
        return failed

    @transaction
    async def cancel(self, connection: AsyncConnection, job: Job, at: float) -> Job:
        """End a job before its submit. Raises `Refused` when that has passed."""
        if job.state not in CANCELLABLE:
            late = Problem.ALREADY_ENDED if job.ended else Problem.TOO_LATE_TO_CANCEL
            raise Refused(late, job=job.id)
        cancelled = await transition(connection, job, JobState.CANCELLED, at)
        await journal.settle(connection, job, EntryKind.RELEASE, at)
        return cancelled

    # --- at the provider ----------------------------------------------------------------------

    @transaction
    async def submit(
        self,
        connection: AsyncConnection,
        job: Job,
        *,
        image_url: str,
        video_url: str,
        lease: str,
        at: float,
    ) -> Job | None:
        """Save the intent to submit with its exact inputs; `None` while no slot is free."""
        rules = await effective_rules(connection, self.limits, job.server_id)
        standing = await journal.standing(connection, job.person_id, rules, at)
        in_doubt = select(jobs.c.id).where(jobs.c.state == JobState.SUBMITTING)
        in_flight = len((await connection.execute(in_doubt)).all())
        if in_flight >= MAX_SUBMITTING or not may_start(rules, standing):
            return None
        attempt_id = await connection.scalar(
            insert(attempts)
            .values(
                job_id=job.id,
                image_url=image_url,
                video_url=video_url,
                quality=job.quality,
                began_at=at,
            )
            .returning(attempts.c.id)
        )
        return await transition(
            connection, job, JobState.SUBMITTING, at, attempt_id=attempt_id, lease=lease
        )

    @transaction
    async def accepted(
        self, connection: AsyncConnection, job: Job, request_id: str, submitted_at: float, at: float
    ) -> Job:
        """The provider has it: save its id before the first poll.

        An id that another attempt has claimed puts this job in doubt: it stays `submitting`,
        without a lease, to be looked up in the history.
        """
        if await is_claimed(connection, request_id):
            return await update_job(connection, job, lease=None)
        await update_attempt(connection, job, request_id=request_id, submitted_at=submitted_at)
        return await transition(connection, job, JobState.RENDERING, at, lease=None)

    @transaction
    async def not_accepted(self, connection: AsyncConnection, job: Job, at: float) -> Job:
        """The submit provably made no job: back to its place in the queue, with its hold."""
        return await transition(connection, job, JobState.QUEUED, at, attempt_id=None, lease=None)

    @transaction
    async def doubt(self, connection: AsyncConnection, job: Job, at: float) -> Job:
        """Only a person can settle this job."""
        return await transition(connection, job, JobState.REVIEW, at, lease=None)

    @transaction
    async def resumed(self, connection: AsyncConnection, job: Job, at: float) -> Job:
        """The history knows how the run of a job in review has ended: it goes on."""
        return await transition(connection, job, JobState.RENDERING, at)

    @transaction
    async def rendered(
        self,
        connection: AsyncConnection,
        job: Job,
        url: str,
        cost: float | None,
        at: float,
        *,
        is_timed: bool = True,
    ) -> Job:
        """The provider finished: its result is to be fetched. Only a timed run teaches anything."""
        began = job.attempt.submitted_at if job.attempt else None
        run_s = max(1.0, at - began) if is_timed and began is not None else None
        await update_attempt(connection, job, result_url=url, cost=cost, run_s=run_s)
        return await transition(connection, job, JobState.FETCHING, at)

    @transaction
    async def fetched(self, connection: AsyncConnection, job: Job, at: float) -> Job:
        """The video is whole and on disk: capture the hold."""
        delivering = await transition(connection, job, JobState.DELIVERING, at)
        await journal.settle(connection, job, EntryKind.CAPTURE, at)
        return delivering

    @transaction
    async def delivery_begins(
        self, connection: AsyncConnection, job: Job, channel_id: int, at: float
    ) -> Job:
        """The first try to post the video in this channel, saved before it is made."""
        return await update_job(
            connection, job, delivery_channel_id=channel_id, delivery_tried_at=at
        )

    @transaction
    async def reply_begins(self, connection: AsyncConnection, job: Job, message_id: int) -> Job:
        """The first try to put the video into the reply, saved before it is made."""
        return await update_job(connection, job, delivery_message_id=message_id)

    @transaction
    async def delivered(
        self,
        connection: AsyncConnection,
        job: Job,
        how: Delivered,
        message_id: int | None,
        at: float,
    ) -> Job:
        """The video stands where the person can see it, or is kept for them."""
        return await transition(
            connection,
            job,
            JobState.DELIVERED,
            at,
            delivered=how,
            delivery_message_id=message_id,
        )

    @transaction
    async def card_is(self, connection: AsyncConnection, job_id: str, message_id: int) -> None:
        """The job's card has this message id."""
        this = update(jobs).where(jobs.c.id == job_id)
        await connection.execute(this.values(card_message_id=message_id))

    @transaction
    async def card_shows(self, connection: AsyncConnection, job_id: str, fingerprint: str) -> None:
        """The job's card shows this now: a state, and perhaps a note behind it."""
        await connection.execute(
            update(jobs).where(jobs.c.id == job_id).values(card_shown=fingerprint)
        )

    @transaction
    async def video_deleted(self, connection: AsyncConnection, job_id: str, at: float) -> None:
        """The finished video's time is over and its file is gone."""
        this = update(jobs).where(jobs.c.id == job_id)
        await connection.execute(this.values(video_deleted_at=at))

    @transaction
    async def explain_once(
        self, connection: AsyncConnection, person_id: int, again_after_s: float, at: float
    ) -> bool:
        """Whether this person is to be told now how direct messages work."""
        person = explained.c.person_id == person_id
        told = await connection.scalar(select(explained.c.at).where(person))
        if told is not None and at - told < again_after_s:
            return False
        await connection.execute(
            upsert(explained)
            .values(person_id=person_id, at=at)
            .on_conflict_do_update(index_elements=["person_id"], set_={"at": at})
        )
        return True
