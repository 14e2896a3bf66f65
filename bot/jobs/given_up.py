"""Jobs that were given up before anybody knew whether the provider had them: what came of them.

Budgets count them until the history has proved that nothing ran. A run that shows is noted, and
delivered to nobody.
"""

import structlog

from bot.clock import Clock
from bot.core.jobs import Job
from bot.errors import ProviderError
from bot.jobs.lookups import Lookups, find_unclaimed
from bot.provider.client import Segmind
from bot.provider.limiter import RateLimiter
from bot.provider.replies import FINAL, UNSUCCESSFUL
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
        segmind: Segmind,
        lookups: Lookups,
        limiter: RateLimiter,
        clock: Clock,
    ) -> None:
        self._store = store
        self._segmind = segmind
        self._lookups = lookups
        self._limiter = limiter
        self._clock = clock
        self._looked_at: dict[str, float] = {}

    async def look(self) -> None:
        """One round: those that were looked for longest ago."""
        unproven = await self._store.read.unproven(self._clock.time() - LOOK_FOR_S)
        now = self._clock.monotonic()
        looked_at = {job.id: self._looked_at.get(job.id, now - LOOK_EVERY_S) for job in unproven}
        for job_id in self._looked_at.keys() - looked_at.keys():
            self._lookups.forget(job_id)
        self._looked_at = looked_at
        due = [job for job in unproven if now - looked_at[job.id] >= LOOK_EVERY_S]
        for job in sorted(due, key=lambda job: looked_at[job.id])[:MOST_A_ROUND]:
            if self._limiter.wait_s():
                return
            looked_at[job.id] = now
            await self.look_for(job)

    async def look_for(self, job: Job) -> None:
        """Ask the history once about one of them."""
        now = self._clock.time()
        try:
            row = await find_unclaimed(self._segmind, self._store, job, now)
        except ProviderError as error:
            log.info("history unavailable for a job given up", job=job.id, reason=str(error))
            return
        if row is None:
            if self._lookups.record_missing(job.id):
                await self._store.never_ran(job)
                self._lookups.forget(job.id)
                log.info("a job that was given up never ran", job=job.id)
        elif row.state in FINAL:
            assert job.attempt is not None
            is_its_own = await self._store.ran_after_all(
                job,
                request_id=row.request_id,
                submitted_at=min(row.created_at or job.attempt.began_at, now),
                cost=row.cost,
                is_billed=not (row.state in UNSUCCESSFUL and row.cost == 0),
            )
            if is_its_own:
                facts = {"request_id": row.request_id, "cost": row.cost}
                log.warning("a job that was given up ran after all", job=job.id, **facts)
