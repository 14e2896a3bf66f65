"""Asking the store: no method here changes anything."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, text

from bot.core.actions import Action, ActionKind
from bot.core.admission import Standing
from bot.core.jobs import ENDED, RUNNING, Attempt, Delivered, Job, JobState, Quality
from bot.core.ledger import Balance, Entry
from bot.core.models import MODELS
from bot.core.queue import Queue, QueuedJob
from bot.core.rules import OperatorLimits, Rules
from bot.errors import Refused
from bot.store import journal, transitions
from bot.store.database import Database, query
from bot.store.rows import (
    HAS_VIDEO,
    IS_OFFER,
    IS_POST_GONE,
    IS_UNENDED,
    WAS_OFFER,
    action_from,
    attempt_from,
    entry_from,
    is_behind,
    job_from,
    select_jobs,
)
from bot.store.rule_rows import effective_rules, read_caps
from bot.store.tables import IS_WORTH_SHOWING, actions, attempts, entries, jobs, pauses, unproven

COSTS_NEEDED, _COSTS_LOOKED_AT = 3, 20
_LATEST = 1000
"""So many attempts are gone through, however seldom a model or a quality is asked for."""

_OF_A_MODEL = and_(
    attempts.c.id > select(func.max(attempts.c.id) - _LATEST).scalar_subquery(),
    attempts.c.model == bindparam("model"),
)
_COSTS = (
    select(attempts.c.cost / jobs.c.price)
    .join(jobs, jobs.c.id == attempts.c.job_id)
    .where(
        _OF_A_MODEL,
        attempts.c.quality == bindparam("quality"),
        attempts.c.cost > 0,
        attempts.c.result_url.is_not(None),  # what failed and was billed is no measure
        jobs.c.price > 0,
    )
    .order_by(attempts.c.id.desc())
    .limit(_COSTS_LOOKED_AT)
)


@dataclass(frozen=True, slots=True)
class Tally:
    """The bot at a glance: jobs by state, billed submits so far, credits spent since midnight, and
    how many pauses are in force."""

    jobs: dict[JobState, int]
    accepted: int
    budget_spent: int
    pauses: int


class Queries:
    """What is remembered, as of the moment of asking."""

    def __init__(self, database: Database, limits: OperatorLimits) -> None:
        self.database = database
        self._limits = limits

    @query
    def _jobs(
        self,
        connection: Connection,
        *where: Any,
        first: JobState | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Job]:
        """The newest first, or those in the `first` state before all others."""
        order = [jobs.c.created_at.desc(), jobs.c.id]
        if first is not None:
            order.insert(0, (jobs.c.state == first).desc())
        statement = select_jobs().where(*where).order_by(*order)
        rows = connection.execute(statement.limit(limit).offset(offset))
        return [job_from(row) for row in rows.mappings()]

    @query
    def job(self, connection: Connection, job_id: str) -> Job | None:
        """One job, or `None`."""
        row = connection.execute(transitions.ONE_JOB, {"job_id": job_id}).mappings().first()
        return job_from(row) if row else None

    async def job_of_origin(self, origin_id: int) -> Job | None:
        """The job that an interaction or a message made, or completed."""
        return next(
            iter(
                await self._jobs(
                    or_(jobs.c.origin_id == origin_id, jobs.c.completed_by_id == origin_id)
                )
            ),
            None,
        )

    async def offers_of(self, person_id: int) -> list[Job]:
        """What waits for this person's word, the newest first."""
        return await self._jobs(jobs.c.person_id == person_id, IS_OFFER)

    async def jobs_of(self, person_id: int, server_id: int | None, limit: int) -> list[Job]:
        """Somebody's newest jobs, in one server or (`None`) anywhere.

        Requests that ended before they were queued are no jobs that anybody would look for.
        """
        where = [jobs.c.person_id == person_id, text(IS_WORTH_SHOWING)]
        if server_id is not None:
            where.append(jobs.c.server_id == server_id)
        return await self._jobs(*where, limit=limit)

    async def unended(self) -> list[Job]:
        """Every job that is not in a final state, or whose requester is yet to be told of it."""
        return await self._jobs(IS_UNENDED)

    async def old_notices(self, before: float, limit: int) -> list[Job]:
        """Jobs that came to nothing, of which a message has told since before then."""
        return await self._jobs(
            jobs.c.state.in_((JobState.FAILED, JobState.CANCELLED)),
            jobs.c.delivery_message_id.is_not(None),
            jobs.c.delivery_tried_at < before,
            limit=limit,
        )

    async def posted_as(self, message_ids: Collection[int]) -> list[Job]:
        """The ended jobs of which one of these messages tells."""
        return await self._jobs(
            jobs.c.delivery_message_id.in_(message_ids), jobs.c.delivered.is_not(None)
        )

    @query
    def unproven(self, connection: Connection, since: float) -> list[tuple[Job, float]]:
        """Jobs as of attempts that may be billed, of which nobody knows yet what they cost, and
        since when budgets count these; since then (unix s), oldest first."""
        counted = (
            select(attempts, unproven.c.job_id, unproven.c.since)
            .join(unproven, unproven.c.attempt_id == attempts.c.id)
            .where(unproven.c.since >= since, attempts.c.cost.is_(None))
            .order_by(unproven.c.since, attempts.c.id)
        )
        return [
            (
                replace(transitions.read_job(connection, row["job_id"]), attempt=attempt_from(row)),
                row["since"],
            )
            for row in connection.execute(counted).mappings()
        ]

    async def behind(self, since: float) -> list[Job]:
        """Jobs whose card does not show their last state, or has not gone; see `is_behind`."""
        return await self._jobs(is_behind(since))

    async def find(
        self,
        *,
        state: JobState | None = None,
        server_id: int | None = None,
        person_id: int | None = None,
        limit: int | None = None,
    ) -> list[Job]:
        """The newest jobs of which all that is given holds."""
        wanted = {jobs.c.state: state, jobs.c.server_id: server_id, jobs.c.person_id: person_id}
        where = [column == value for column, value in wanted.items() if value is not None]
        return await self._jobs(*where, limit=limit)

    async def jobs_in(
        self,
        server_id: int,
        *,
        states: Collection[JobState],
        person_id: int | None,
        limit: int,
        offset: int,
    ) -> list[Job]:
        """A server's newest jobs in these states, those first that need a decision.

        An offer is its requester's own affair.
        """
        where = [
            jobs.c.server_id == server_id,
            jobs.c.state.in_(states),
            ~and_(WAS_OFFER, jobs.c.queued_at.is_(None)),
        ]
        if person_id is not None:
            where.append(jobs.c.person_id == person_id)
        return await self._jobs(*where, first=JobState.REVIEW, limit=limit, offset=offset)

    @query
    def submitted_motion_s(self, connection: Connection) -> float:
        """How long (s) the motions of all jobs are together whose videos may yet come."""
        submitted = jobs.c.state.in_(RUNNING | {JobState.REVIEW})
        return connection.scalar(select(func.sum(jobs.c.duration_s)).where(submitted)) or 0.0

    @query
    def unended_ids(self, connection: Connection) -> set[str]:
        """The jobs that are not in a final state."""
        unended = jobs.c.state.in_(set(JobState) - ENDED)  # for its index
        return set(connection.scalars(select(jobs.c.id).where(unended)))

    async def waiting_offers(self, quiet_since: float) -> list[Job]:
        """Offers with buttons, and half ones without news since then (unix s), oldest first."""
        is_ready = or_(jobs.c.duration_s.is_not(None), jobs.c.question.is_not(None))
        return (await self._jobs(IS_OFFER, or_(is_ready, jobs.c.state_since < quiet_since)))[::-1]

    @query
    def oldest_posted(self, connection: Connection, limit: int) -> list[Job]:
        """Jobs whose kept video also stands where its requester can see it, oldest first.

        Where its post was deleted, they were told until when `/jobs show` has it.
        """
        posted = select_jobs().where(HAS_VIDEO, jobs.c.delivered != Delivered.KEPT, ~IS_POST_GONE)
        oldest = posted.order_by(jobs.c.state_since, jobs.c.id).limit(limit)
        return [job_from(row) for row in connection.execute(oldest).mappings()]

    async def ended_with_video(self, before: float) -> list[Job]:
        """Jobs whose kept video is older than its time."""
        return await self._jobs(HAS_VIDEO, jobs.c.state_since < before)

    @query
    def balance(
        self,
        connection: Connection,
        server_id: int,
        person_id: int,
        at: float,
        roles: frozenset[int] = frozenset(),
    ) -> Balance:
        """Both purses and what is held, for somebody with these roles."""
        rules = effective_rules(connection, self._limits, server_id, roles)
        return journal.balance(connection, person_id, rules, at)

    @query
    def standing(
        self,
        connection: Connection,
        server_id: int,
        person_id: int,
        at: float,
        roles: frozenset[int] = frozenset(),
    ) -> tuple[Rules, Standing]:
        """The rules for somebody with these roles, and all that the policy holds against them."""
        rules = effective_rules(connection, self._limits, server_id, roles)
        return rules, journal.standing(connection, person_id, rules, at, self._limits.models[0])

    @query
    def queues(self, connection: Connection) -> dict[str, Queue]:
        """Of each provider: who waits, what is running, and the servers' caps."""
        found, caps = Queue.of_each(self._limits), read_caps(connection)
        for queue in found.values():
            queue.set_caps(caps)
        arrival = case((WAS_OFFER, jobs.c.queued_at), else_=jobs.c.created_at)
        active = select_jobs().where(jobs.c.state.in_(RUNNING))
        for job in map(job_from, connection.execute(active).mappings()):
            queue = found[MODELS[job.model].provider]
            if job.takes_a_slot:
                began, model = job.run_began_at, job.model
                queue.count_running(job.person_id, job.server_id, 1, began=began, model=model)
            if job.state is JobState.SUBMITTING:
                queue.count_submitting(job.person_id, 1, is_in_doubt=job.is_in_doubt)
        waiting = select(
            arrival, *(jobs.c[name] for name in ("id", "person_id", "server_id", "model"))
        )
        for queued in connection.execute(waiting.where(jobs.c.state == JobState.QUEUED)):
            found[MODELS[queued.model].provider].enter(QueuedJob(*queued))
        return found

    @query
    def running_caps(self, connection: Connection) -> dict[int, int]:
        """How many jobs one person may run at once in each server, or everywhere; see `Queue`."""
        return read_caps(connection)

    @query
    def held_back(self, connection: Connection, job: Job, at: float) -> Refused | None:
        """Why a queued job may not be sent off, if it may not."""
        rules = effective_rules(connection, self._limits, job.server_id)
        try:
            journal.may_submit(connection, job, rules, at)
        except Refused as refused:
            return refused
        return None

    @query
    def pauses(self, connection: Connection) -> dict[int, str]:
        """Where the operator has paused the bot (`EVERYWHERE`, or by server), and why."""
        rows = connection.execute(select(pauses.c.server_id, pauses.c.reason))
        return {row[0]: row[1] for row in rows}

    @query
    def run_times(
        self, connection: Connection, model: str, limit: int
    ) -> list[tuple[Quality, float, float]]:
        """A model's last runs: quality, seconds of motion, seconds from submit to finished."""
        statement = (
            select(attempts.c.quality, jobs.c.duration_s, attempts.c.run_s)
            .join(jobs, jobs.c.id == attempts.c.job_id)
            .where(_OF_A_MODEL, attempts.c.run_s.is_not(None))
            .order_by(attempts.c.id.desc())
            .limit(limit)
        )
        rows = connection.execute(statement, {"model": model})
        return [(row[0], row[1], row[2]) for row in rows]

    @query
    def usual_cost(self, connection: Connection, model: str, quality: Quality) -> float | None:
        """What a credit of a price has cost at the provider, by a model's latest such runs.

        In the provider's credits; `None` while too few runs are known.
        """
        costs = [
            float(cost) for cost in connection.scalars(_COSTS, {"model": model, "quality": quality})
        ]
        return median(costs) if len(costs) >= COSTS_NEEDED else None

    @query
    def is_claimed(self, connection: Connection, request_id: str) -> bool:
        """Whether any attempt already has this id of the provider's."""
        return transitions.is_claimed(connection, request_id)

    @query
    def is_contested(self, connection: Connection, job: Job) -> bool:
        """Whether another submit of the very same inputs as this job's is under way."""
        return transitions.is_contested(connection, job)

    @query
    def claims(self, connection: Connection, request_ids: Collection[str]) -> dict[str, str]:
        """The jobs that have these runs of the provider's, by request id."""
        of = select(attempts.c.request_id, attempts.c.job_id)
        rows = connection.execute(of.where(attempts.c.request_id.in_(request_ids)))
        return {row[0]: row[1] for row in rows}

    @query
    def attempts_of(self, connection: Connection, job_id: str) -> list[Attempt]:
        """A job's submits, oldest first."""
        statement = select(attempts).where(attempts.c.job_id == job_id).order_by(attempts.c.id)
        return [attempt_from(row) for row in (connection.execute(statement)).mappings()]

    @query
    def entries_of(self, connection: Connection, job_id: str) -> list[Entry]:
        """A job's rows of the journal, oldest first."""
        statement = select(entries).where(entries.c.job_id == job_id).order_by(entries.c.id)
        return [entry_from(row) for row in (connection.execute(statement)).mappings()]

    @query
    def actions_of(self, connection: Connection, job_id: str) -> list[Action]:
        """What people decided about a job, oldest first."""
        decided = actions.c.action != ActionKind.REVIEW
        about_it = select(actions).where(actions.c.job_id == job_id, decided)
        statement = about_it.order_by(actions.c.id)
        return [action_from(row) for row in (connection.execute(statement)).mappings()]

    @query
    def last_of_review(self, connection: Connection, job_id: str) -> ActionKind | None:
        """What was written last about a job in review: that it is, or that it was settled."""
        kinds = actions.c.action.in_((ActionKind.REVIEW, ActionKind.RESOLVE))
        about_it = select(actions.c.action).where(actions.c.job_id == job_id, kinds)
        last = connection.scalar(about_it.order_by(actions.c.id.desc()).limit(1))
        return ActionKind(last) if last else None

    @query
    def last_action(self, connection: Connection) -> int:
        """The number of the newest action; 0 before the first."""
        return connection.scalar(select(func.max(actions.c.id))) or 0

    @query
    def actions_after(
        self, connection: Connection, number: int
    ) -> list[tuple[int, ActionKind, str | None, int]]:
        """The later actions' numbers and kinds, and the jobs and servers they concern."""
        told = select(actions.c.id, actions.c.action, actions.c.job_id, actions.c.server_id)
        rows = connection.execute(told.where(actions.c.id > number).order_by(actions.c.id))
        return [(row[0], ActionKind(row[1]), row[2], row[3]) for row in rows]

    @query
    def tally(self, connection: Connection, at: float) -> Tally:
        """The bot at a glance."""
        by_state = select(jobs.c.state, func.count()).group_by(jobs.c.state)
        submits = select(func.count()).where(attempts.c.request_id.is_not(None))
        counts = {JobState(row[0]): row[1] for row in connection.execute(by_state)}
        accepted = connection.scalar(submits)
        paused = connection.scalar(select(func.count()).select_from(pauses)) or 0
        return Tally(counts, accepted or 0, journal.budget_spent(connection, at), paused)
