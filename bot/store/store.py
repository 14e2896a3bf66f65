"""The events of a job's life. Every change names the state and the revision that it leaves."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, or_, select

from bot.core import admission
from bot.core.admission import Ask, NewJob
from bot.core.jobs import Delivered, Failure, Job, JobState, Quality, Source
from bot.core.ledger import EntryKind
from bot.core.models import Choice
from bot.core.queue import may_retry, may_start
from bot.core.rules import OperatorLimits
from bot.core.uploads import Upload
from bot.errors import Problem, StaleJob
from bot.store import journal
from bot.store.audit_log import AuditLog
from bot.store.database import Database, transaction
from bot.store.decisions import Decisions
from bot.store.group_commit import Changes
from bot.store.offers.answers import Questions, end_offers, looked_at
from bot.store.people import announcing
from bot.store.people.explained import Explained
from bot.store.people.preferences import Choosing, PreferenceBook, read_preferences
from bot.store.people.trays import TrayBook, refuse_private
from bot.store.queries import Queries
from bot.store.rows import (
    IS_FORGETTABLE,
    failure_json,
    job_from,
    row_of,
    select_jobs,
    upload_json,
)
from bot.store.rule_rows import effective_rules
from bot.store.rulebook import Rulebook
from bot.store.tables import attempts, jobs
from bot.store.transitions import (
    changed,
    is_claimed,
    note_on,
    refuse_twice,
    runs_for_nothing,
    transition,
    update_attempt,
    update_job,
)

_NEW_JOB = insert(jobs)
_ORIGIN: ColumnElement[Any] = bindparam("origin_id")
_KNOWN = select(jobs.c.id).where(
    or_(jobs.c.origin_id == _ORIGIN, jobs.c.completed_by_id == _ORIGIN)
)
_NEW_ATTEMPT = insert(attempts).returning(attempts.c.id)


class Store(Decisions, Questions, Explained):
    """What happens to jobs and money; `read` asks about them, `Decisions` are people's.

    Times (`at`) are unix seconds and the caller's. What is allowed is looked up in the transaction
    that needs it: the operator's limits, the server's `rulebook`, the roles that the caller saw.
    """

    def __init__(self, database: Database, limits: OperatorLimits) -> None:
        self.database = database
        self.limits = limits
        self.read = Queries(database, limits)
        self.rulebook = Rulebook(database)
        self.audit_log = AuditLog(database)
        self.preferences = PreferenceBook(database)
        self.trays = TrayBook(database, limits)

    @transaction
    def begin(
        self,
        connection: Connection,
        new: NewJob,
        at: float,
        roles: frozenset[int] = frozenset(),
        choosing: Choosing | None = None,
    ) -> Job | None:
        """Save a request as `checking`; `None` if its event made a job before.

        Raises `Refused` where the policy says no before any download. A new offer ends the
        person's earlier one: in direct messages theirs, in servers whichever it is. What a command
        has made is settled by `choosing`.
        """
        if connection.scalar(_KNOWN, {"origin_id": new.origin_id}) is not None:
            return None
        if new.source is Source.MESSAGE:
            alike = or_(jobs.c.is_direct == new.is_direct, jobs.c.channel_id == new.channel_id)
            end_offers(connection, new.person_id, jobs.c.source == Source.MESSAGE, alike, at=at)
        else:
            rules = effective_rules(connection, self.limits, new.server_id, roles)
            if choosing is not None:
                new = choosing(new, read_preferences(connection, new.person_id), rules)
            standing = journal.standing(connection, new.person_id, rules, at, new.model)
            admission.may_ask(rules, standing, new.ask, at)
            refuse_twice(connection, new, at)
            refuse_private(connection, new.person_id, new.subject, new.motion)
        connection.execute(_NEW_JOB, row_of(new, at))
        return changed(connection, new.id)

    @transaction
    def abandon(self, connection: Connection, origin_id: int, at: float) -> Job | None:
        """End the job of an interaction that was answered otherwise, if there is one."""
        this = select_jobs().where(jobs.c.origin_id == origin_id, jobs.c.state == JobState.CHECKING)
        if (row := connection.execute(this).mappings().first()) is None:
            return None
        failure = failure_json(Failure(Problem.INTERRUPTED))
        return transition(connection, job_from(row), JobState.FAILED, at, failure=failure)

    @transaction
    def add_to_offer(
        self,
        connection: Connection,
        job: Job,
        message_id: int,
        *,
        at: float,
        subject: Upload | None = None,
        motion: Upload | None = None,
    ) -> Job:
        """A further message brings an offer's other file, or takes the place of one of them."""
        news: dict[str, Any] = {"completed_by_id": message_id, "state_since": at}
        news |= {"duration_s": None, "failure": None, "question": None}
        if subject is not None:
            news["subject"] = upload_json(subject.in_place_of(job.subject))
        if motion is not None:
            news |= {"motion": upload_json(motion.in_place_of(job.motion)), "cut": None}
        return update_job(connection, job, **news)

    @transaction
    def refuse_upload(
        self, connection: Connection, job: Job, failure: Failure, *, is_motion: bool
    ) -> Job:
        """One file of an offer is wrong: what it took the place of is back."""
        wrong = job.motion if is_motion else job.subject
        kept = {"motion" if is_motion else "subject": upload_json(wrong and wrong.replaces)}
        kept |= {"cut": None} if is_motion else {}
        return update_job(connection, job, failure=failure_json(failure), **kept)

    @transaction
    def offer_checked(
        self, connection: Connection, job: Job, duration_s: float, *, at: float
    ) -> Job:
        """Both files are on disk and good, each as the look has left it; a button is next."""
        return update_job(connection, job, duration_s=duration_s, state_since=at, **looked_at(job))

    @transaction
    def move_offer(self, connection: Connection, job: Job, channel_id: int) -> Job:
        """An offer that cannot be shown where it was asked for is shown in another channel."""
        return update_job(connection, job, channel_id=channel_id, moved_from_id=job.channel_id)

    @transaction
    def swap_files(self, connection: Connection, job: Job) -> Job:
        """What an offer has as its picture is its motion, and the other way round."""
        files = {"subject": upload_json(job.motion), "motion": upload_json(job.subject)}
        return update_job(connection, job, **files)

    @transaction
    def admit(
        self,
        connection: Connection,
        job: Job,
        *,
        quality: Quality,
        model: str | None = None,
        duration_s: float,
        price: int,
        at: float,
        roles: frozenset[int] = frozenset(),
        server_id: int | None = None,
    ) -> Job:
        """Hold the price and queue the job, its files as the look has left them, together.

        `model` and `server_id`, whose wallet pays, are named where they change. Raises `Refused`.
        """
        choice = Choice(model or job.model, quality)
        if server_id is not None and server_id != job.server_id:
            job = update_job(connection, job, server_id=server_id)
        rules = effective_rules(connection, self.limits, job.server_id, roles)
        standing = journal.standing(connection, job.person_id, rules, at, choice.model)
        if job.is_offer:
            admission.may_ask(rules, standing, Ask(choice=choice), at)
        admission.may_hold(rules, standing, price, at)
        queued = transition(
            connection,
            job,
            JobState.QUEUED,
            at,
            model=choice.model,
            quality=choice.quality,
            duration_s=duration_s,
            price=price,
            queued_at=at,
            failure=None,
            question=None,
            subject=upload_json(job.subject),
            motion=upload_json(job.motion),
        )
        journal.place_hold(connection, job, price, standing.balance, at)
        return queued

    @transaction
    def fail(
        self,
        connection: Connection,
        job: Job,
        failure: Failure,
        at: float,
        cost: float | None = None,
    ) -> Job:
        """End a job without a video: credits go back; budgets count its run unless `cost` is 0."""
        if cost is not None:
            update_attempt(connection, job, cost=cost)
        told = failure_json(failure)
        failed = transition(connection, job, JobState.FAILED, at, failure=told, lease=None)
        journal.settle(connection, job, EntryKind.RELEASE, at)
        if job.attempt and job.attempt.request_id and cost != 0:
            journal.keep_counting(connection, job, at)
        return failed

    # --- at the provider ----------------------------------------------------------------------

    @transaction
    def submit(
        self,
        connection: Connection,
        job: Job,
        *,
        image_url: str,
        video_url: str,
        lease: str,
        at: float,
        one_at_a_time: bool = False,
    ) -> Job | None:
        """Save the intent to submit with its exact inputs; `None` while no slot is free, or, where
        that is to go out alone, while another submit to the model waits for its answer.

        `lease` is the run of the program that waits for the answer. Raises `Refused` where a pause,
        a block or a cap keeps it from being sent off; then nothing changed.
        """
        rules = effective_rules(connection, self.limits, job.server_id)
        journal.may_submit(connection, job, rules, at)
        load = journal.load(connection, job.person_id, rules, at, job.model)
        if not may_start(rules, load, job.model, one_at_a_time=one_at_a_time):
            return None
        attempt = {
            "job_id": job.id,
            "image_url": image_url,
            "video_url": video_url,
            "model": job.model,
            "quality": job.quality,
            "prompt": job.prompt,
            "began_at": at,
        }
        begun = {"attempt_id": connection.scalar(_NEW_ATTEMPT, attempt), "lease": lease}
        return transition(connection, job, JobState.SUBMITTING, at, **begun)

    @transaction
    def answer_lost(self, connection: Connection, job: Job) -> Job:
        """Nobody waits for the answer to this job's submit any more: it is in doubt."""
        if job.state is not JobState.SUBMITTING:
            raise StaleJob(f"Job {job.id} has no submit without an answer.")
        return update_job(connection, job, lease=None)

    @transaction
    def accepted(
        self, connection: Connection, job: Job, request_id: str, submitted_at: float, at: float
    ) -> Job:
        """The provider has it: save its id before the first poll.

        An id that another attempt has claimed puts this job in doubt, to be looked up in the
        history.
        """
        if is_claimed(connection, request_id):
            return update_job(connection, job, lease=None)
        update_attempt(connection, job, request_id=request_id, submitted_at=submitted_at)
        return transition(connection, job, JobState.RENDERING, at, lease=None)

    @transaction
    def not_accepted(self, connection: Connection, job: Job, at: float) -> Job:
        """The submit provably made no job: back to its place in the queue, with its hold."""
        return transition(connection, job, JobState.QUEUED, at, attempt_id=None, lease=None)

    @transaction
    def try_again(
        self, connection: Connection, job: Job, failure: Failure, at: float
    ) -> Job | None:
        """Its run failed and provably cost nothing: back to its place in the queue, with its hold.

        `None`, and nothing is changed, once such failures have been followed by runs enough.
        """
        earlier = job.failure.problem if job.failure else None
        if not may_retry(failure.problem, earlier, runs_for_nothing(connection, job)):
            return None
        update_attempt(connection, job, cost=0.0)
        told = failure_json(failure)
        return transition(connection, job, JobState.QUEUED, at, attempt_id=None, failure=told)

    @transaction
    def resumed(self, connection: Connection, job: Job, at: float) -> Job:
        """The history knows how the run of a job in review has ended: it goes on."""
        return transition(connection, job, JobState.RENDERING, at)

    @transaction
    def rendered(
        self,
        connection: Connection,
        job: Job,
        url: str,
        cost: float | None,
        at: float,
        *,
        is_timed: bool = True,
        remark: str = "",
    ) -> Job:
        """The provider finished: its result is to be fetched. Only a timed run teaches anything."""
        began = job.attempt.submitted_at if job.attempt else None
        run_s = max(1.0, at - began) if is_timed and began is not None else None
        update_attempt(connection, job, result_url=url, cost=cost, run_s=run_s)
        return transition(connection, job, JobState.FETCHING, at, failure=None, remark=remark)

    @transaction
    def fetched(self, connection: Connection, job: Job, at: float) -> Job:
        """The video is whole and on disk: capture the hold."""
        delivering = transition(connection, job, JobState.DELIVERING, at)
        journal.settle(connection, job, EntryKind.CAPTURE, at)
        return delivering

    @transaction
    def delivery_begins(self, connection: Connection, job: Job, channel_id: int, at: float) -> Job:
        """The first try to tell the job's end in this channel, saved before it is made."""
        begun = announcing.on_post(connection, job, channel_id, at)
        begun |= {"delivery_channel_id": channel_id, "delivery_tried_at": at}
        return update_job(connection, job, **begun)

    @transaction
    def reply_begins(self, connection: Connection, job: Job, message_id: int) -> Job:
        """The first try to put the video into the reply, saved before it is made."""
        return update_job(connection, job, delivery_message_id=message_id)

    @transaction
    def delivered(
        self, connection: Connection, job: Job, how: Delivered, message_id: int | None, at: float
    ) -> Job:
        """The video stands where the person can see it, or is kept for them."""
        told: dict[str, Any] = {"delivered": how, "delivery_message_id": message_id}
        told |= announcing.on_delivery(connection, job, how, at)
        return transition(connection, job, JobState.DELIVERED, at, **told)

    @transaction
    def notice_given(
        self, connection: Connection, job: Job, how: Delivered, message_id: int | None
    ) -> Job:
        """A job's requester knows where it is, as far as they can be reached."""
        if job.state is JobState.DELIVERED:  # where it was asked for, and there it stands
            return update_job(connection, job, **announcing.on_announcement(connection, job, how))
        return update_job(connection, job, delivered=how, delivery_message_id=message_id)

    @transaction
    def post_is_gone(self, connection: Connection, job_id: str) -> None:
        """The message that told the job's end was deleted."""
        note_on(connection, job_id, delivery_message_id=None)

    @transaction
    def card_is(self, connection: Connection, job_id: str, message_id: int | None) -> None:
        """The job's card has this message id; `None` where it has none after all.

        The first reply to a command is what its job has waited for.
        """
        job = note_on(connection, job_id, card_message_id=message_id)
        if job.state is JobState.CHECKING and job.source is not Source.MESSAGE:
            Changes.on(connection).moved.add(job_id)

    @transaction
    def card_shows(self, connection: Connection, job_id: str, fingerprint: str) -> None:
        """The job's card shows this now: a state, and perhaps a note behind it."""
        note_on(connection, job_id, card_shown=fingerprint)

    @transaction
    def video_deleted(self, connection: Connection, job_id: str, at: float) -> None:
        """The finished video's time is over and its file is gone."""
        note_on(connection, job_id, video_deleted_at=at)

    @transaction
    def forget_unqueued(self, connection: Connection, before: float, most: int) -> int:
        """Delete requests that ended before then unqueued, at most so many; how many those were."""
        old = select(jobs.c.id).where(IS_FORGETTABLE, jobs.c.state_since < before)
        oldest = old.order_by(jobs.c.state_since).limit(most)
        return connection.execute(delete(jobs).where(jobs.c.id.in_(oldest))).rowcount
