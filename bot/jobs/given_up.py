"""Runs that brought their job no video and may be billed: what came of them.

A job was given up, or tried anew, before anybody knew whether the provider had it; or its run
failed, and nothing said what that cost. Budgets count each until the history has proved that
nothing ran, or that it was free. A run that shows is noted, and delivered to nobody.
"""

import structlog

from bot.clock import Clock
from bot.core.jobs import Job
from bot.errors import ProviderError
from bot.jobs.lookups import Lookups, find_unclaimed
from bot.provider.providers import Providers
from bot.provider.runs import FINAL, UNSUCCESSFUL, Row
from bot.store.store import Store

log = structlog.get_logger()

LOOK_EVERY_S = 300.0
LOOK_FOR_S = 2 * 24 * 3600.0
"""So long after a job was given up it is looked for; then budgets keep what they have counted."""

MOST_A_ROUND = 3


class GivenUp:
    """Looks a few of them up in each round; unended jobs do not wait for that."""

    def __init__(
        self,
        *,
        store: Store,
        providers: Providers,
        lookups: Lookups,
        clock: Clock,
    ) -> None:
        self._store = store
        self._providers = providers
        self._lookups = lookups
        self._clock = clock
        self._looked_at: dict[str, float] = {}

    async def look(self) -> None:
        """One round: those that were looked for longest ago."""
        at, now = self._clock.time(), self._clock.monotonic()
        followed = await self._store.read.unproven(at - LOOK_FOR_S)
        looked_at = {_key(job): self._looked_at.get(_key(job), -LOOK_FOR_S) for job, _ in followed}
        for key in self._looked_at.keys() - looked_at.keys():
            self._lookups.forget(key)
        for job, _ in followed:
            if job.ended:  # what was read while somebody waited for it counts no more
                self._lookups.forget(job.id)
        self._looked_at = looked_at
        due = [
            job
            for job, since in followed
            if now - looked_at[_key(job)] >= _pause_s(job, at - since)
        ]
        for job in sorted(due, key=lambda job: looked_at[_key(job)])[:MOST_A_ROUND]:
            if self._providers.of(job.model).limiter.wait_s():
                continue
            looked_at[_key(job)] = now
            await self.look_for(job)

    async def look_for(self, job: Job) -> None:
        """Ask the history once about one of them, which is the job's `attempt`."""
        assert job.attempt is not None
        request_id, now = job.attempt.request_id, self._clock.time()
        try:
            if request_id is not None:
                row = await self._providers.of(job.model).history_row(request_id)
            else:
                row = await find_unclaimed(self._providers, self._store, job, now)
        except ProviderError as error:
            log.info("the history does not say what a run cost", job=job.id, reason=str(error))
            return
        if row is not None and row.state in FINAL:
            await self._note(job, row, now)
        elif row is None and request_id is None and self._lookups.record_missing(_key(job)):
            await self._store.never_ran(job)
            self._lookups.forget(_key(job))
            log.info("a lost submit never ran", job=job.id)

    async def _note(self, job: Job, row: Row, now: float) -> None:
        """What the history says of a run that is over."""
        assert job.attempt is not None
        if job.attempt.request_id is None:
            is_its_own = await self._store.ran_after_all(
                job,
                request_id=row.request_id,
                submitted_at=min(row.created_at or job.attempt.began_at, now),
                cost=row.cost,
                is_billed=not row.is_free,
            )
            if not is_its_own:
                return
        elif row.cost is not None:
            await self._store.cost_is_known(job, row.cost, is_billed=not row.is_free)
        if row.state in UNSUCCESSFUL:
            self._lookups.record_bill(job, row.cost)
        elif row.cost or job.attempt.request_id is None:
            facts = {"request_id": row.request_id, "cost": row.cost}
            log.warning("a video was made that nobody waits for", job=job.id, **facts)


def _key(job: Job) -> str:
    """One attempt, of a job of which several may be followed."""
    assert job.attempt is not None
    return f"{job.id} {job.attempt.id}"


def _pause_s(job: Job, age_s: float) -> float:
    """What a known run cost is asked ever more rarely; whether one began, until it is proved."""
    assert job.attempt is not None
    return LOOK_EVERY_S if job.attempt.request_id is None else max(LOOK_EVERY_S, age_s / 4)
