"""What moderators may do about the jobs of their server, and the operator about any."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeVar

from bot.cards.wording import clean
from bot.clock import Clock, within
from bot.core.actions import ActionKind, NearbyRun
from bot.core.jobs import CANCELLABLE, Attempt, Job, JobState, Outcome
from bot.core.ledger import EntryKind
from bot.core.typed.job_ids import job_id_in
from bot.errors import LedgerError, Problem, ProviderError, Refused
from bot.provider.providers import Provider, Providers
from bot.provider.runs import Row, canonical_id
from bot.services.optimistic import retry_when_stale
from bot.store.store import Store

T = TypeVar("T")

REASON_LIMIT_CHARS = 300
"""As many as every card shows."""

HISTORY_WITHIN_S = 20.0
"""Somebody waits: then they decide without it, or try again."""

NEARBY_S = 3600.0
"""Before and after a submit, for clocks may differ. What began later the bot finds by itself."""

OUT_OF_REVIEW: Mapping[ActionKind | None, Problem] = {
    ActionKind.RESOLVE: Problem.SETTLED_BEFORE,
    ActionKind.REVIEW: Problem.SETTLED_ITSELF,
}


def the_reason(text: str) -> str:
    """A reason as it is kept. Raises `Refused` for none."""
    reason = text.strip()[:REASON_LIMIT_CHARS]
    if not clean(reason):
        raise Refused(Problem.REASON_MISSING)
    return reason


class Moderation:
    """`server_id` is the server whose jobs may be touched; `None` is the operator's: every job.

    While a provider wants to be left alone, its history is not asked.
    """

    def __init__(
        self,
        *,
        store: Store,
        providers: Providers,
        wake: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self._store = store
        self._providers = providers
        self._wake = wake
        self._clock = clock

    async def in_review(self, server_id: int) -> list[Job]:
        """A server's jobs that only a person can settle, oldest first."""
        found = await self._store.read.find(state=JobState.REVIEW, server_id=server_id)
        return sorted(found, key=lambda job: job.created_at)

    async def resolve(
        self,
        job_id: str,
        outcome: Outcome,
        *,
        server_id: int | None,
        request_id: str | None,
        actor_id: int,
        reason: str,
    ) -> Job:
        """Settle a job in review. Raises `Refused`; then nothing has changed."""
        reason = the_reason(reason)
        if outcome is not Outcome.RAN and request_id:
            raise Refused(Problem.RUN_ID_NEEDLESS)

        async def decide() -> Job:
            job = await self.resolvable(job_id, server_id)
            run = await self._run(job, request_id) if outcome is Outcome.RAN else None
            return await self._store.resolve(
                job, outcome, run=run, actor_id=actor_id, reason=reason, at=self._clock.time()
            )

        settled = await retry_when_stale(decide)
        self._wake(settled.id)
        return settled

    async def cancel(
        self, job_id: str, *, server_id: int | None, actor_id: int, reason: str
    ) -> Job:
        """Cancel anybody's waiting job. Raises `Refused`; then nothing has changed."""
        reason = the_reason(reason)

        async def decide() -> Job:
            job = await self.job(job_id, server_id)
            return await self._store.cancel_for(
                job, actor_id=actor_id, reason=reason, at=self._clock.time()
            )

        cancelled = await retry_when_stale(decide)
        self._wake(cancelled.id)
        return cancelled

    async def refund(
        self, job_id: str, *, server_id: int | None, actor_id: int, reason: str
    ) -> Job:
        """Give a charged job's whole price back, once, as granted credits. Raises `Refused`."""
        reason = the_reason(reason)
        job = await self.refundable(job_id, server_id)
        try:
            await self._store.refund(
                job.id, actor_id=actor_id, reason=reason, at=self._clock.time()
            )
        except LedgerError as error:
            raise Refused(Problem.REFUNDED_ALREADY, job=job.id) from error
        self._wake(job.id)
        return job

    async def cancellable(self, job_id: str, server_id: int | None) -> Job:
        """A job of this server that still waits. Raises `Refused` as cancelling it would."""
        job = await self.job(job_id, server_id)
        if job.state not in CANCELLABLE:
            late = Problem.ENDED_ALREADY if job.ended else Problem.SENT_OFF_ALREADY
            raise Refused(late, job=job.id)
        return job

    async def refundable(self, job_id: str, server_id: int | None) -> Job:
        """A charged job of this server. Raises `Refused` as refunding it would."""
        job = await self.job(job_id, server_id)
        kinds = {entry.kind for entry in await self._store.read.entries_of(job.id)}
        if EntryKind.CAPTURE not in kinds:
            raise Refused(Problem.NOT_CHARGED, job=job.id)
        if EntryKind.REFUND in kinds:
            raise Refused(Problem.REFUNDED_ALREADY, job=job.id)
        return job

    async def resolvable(self, job_id: str, server_id: int | None) -> Job:
        """A job of this server in review. Raises `Refused` as settling it would."""
        job = await self.job(job_id, server_id)
        if job.state is not JobState.REVIEW:
            last = await self._store.read.last_of_review(job.id)
            problem = OUT_OF_REVIEW.get(last, Problem.NOT_IN_REVIEW)
            raise Refused(problem, job=job.id, state=job.state)
        return job

    async def runs_for(self, job: Job) -> list[NearbyRun]:
        """The runs that a job in review may take, the nearest in time first.

        Its own, where that is known; else those of exactly its inputs that nobody has claimed.
        Raises `Refused` where the history cannot be read, or not in time.
        """
        attempt = job.attempt
        assert attempt is not None
        request_id = attempt.request_id
        if request_id is None:
            runs = [run for run in await self.nearby_runs(job) if run.claimed_by is None]
        else:
            row = await self._read(job, lambda history: history.history_row(request_id))
            own = await self._told(job, attempt, [row] if row else [])
            runs = [replace(run, began_at=attempt.submitted_at) for run in own]
        return [run for run in runs if run.has_its_inputs]

    async def nearby_runs(self, job: Job) -> list[NearbyRun]:
        """All that the history has from around a job's submit; the rest is as with `runs_for`."""
        attempt = job.attempt
        assert attempt is not None
        since, until = attempt.began_at - NEARBY_S, attempt.began_at + NEARBY_S
        rows = await self._read(job, lambda history: history.rows(since, until))
        return await self._told(job, attempt, rows)

    async def is_refundable(self, job: Job) -> bool:
        """Whether it was charged and not refunded yet."""
        try:
            await self.refundable(job.id, job.server_id)
        except Refused:
            return False
        return True

    async def jobs(
        self,
        server_id: int,
        *,
        states: Collection[JobState] = tuple(JobState),
        person_id: int | None = None,
        limit: int,
        offset: int = 0,
    ) -> list[Job]:
        """A server's newest jobs in these states, without direct messages' unstarted offers."""
        return await self._store.read.jobs_in(
            server_id, states=states, person_id=person_id, limit=limit, offset=offset
        )

    async def job(self, job_id: str, server_id: int | None) -> Job:
        """A job of this server. Raises `Refused` for any other, without telling them apart."""
        found = job_id_in(job_id)
        job = await self._store.read.job(found) if found else None
        if job is None or server_id not in {None, job.server_id}:
            raise Refused(Problem.NO_JOB_HERE, job=job_id.strip()[:40] or "–")
        return job

    async def _run(self, job: Job, given: str | None) -> tuple[str, float]:
        """The run that a job is to take, and when it began: nobody else's, of the same inputs."""
        attempt = job.attempt
        assert attempt is not None
        if not (given and given.strip()):
            raise Refused(Problem.RUN_ID_MISSING)
        request_id = canonical_id(given.strip(" `\n"))
        if request_id is None:
            raise Refused(Problem.RUN_UNKNOWN, request_id=given.strip()[:80])
        if attempt.request_id is not None and request_id != attempt.request_id:
            raise Refused(Problem.RUN_KNOWN, job=job.id, request_id=attempt.request_id)
        if attempt.request_id is None and await self._store.read.is_claimed(request_id):
            raise Refused(Problem.RUN_CLAIMED, request_id=request_id)
        row = await self._read(job, lambda history: history.history_row(request_id))
        if row is None:
            raise Refused(Problem.RUN_UNKNOWN, request_id=request_id)
        if row.inputs != attempt.inputs:
            raise Refused(Problem.RUN_OF_OTHER_INPUTS, request_id=request_id)
        now = self._clock.time()
        return request_id, min(row.created_at or attempt.began_at, now)

    async def _read(self, job: Job, ask: Callable[[Provider], Awaitable[T]]) -> T:
        """What the history of a job's provider answers, in time. Raises `Refused`."""
        history = self._providers.of(job.model)
        if history.limiter.paused_s:
            raise Refused(Problem.HISTORY_UNREADABLE)
        try:
            return await within(ask(history), self._clock, HISTORY_WITHIN_S)
        except (ProviderError, TimeoutError) as error:
            raise Refused(Problem.HISTORY_UNREADABLE) from error

    async def _told(self, job: Job, attempt: Attempt, rows: Collection[Row]) -> list[NearbyRun]:
        claims = await self._store.read.claims([row.request_id for row in rows])
        runs = [
            NearbyRun(
                request_id=row.request_id,
                began_at=row.created_at,
                state=row.state,
                has_its_inputs=row.inputs == attempt.inputs,
                claimed_by=claims.get(row.request_id),
            )
            for row in rows
        ]
        return sorted(runs, key=lambda run: abs((run.began_at or 0.0) - attempt.began_at))
