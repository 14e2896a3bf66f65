"""What can be said of a job's future: its place in the queue, when its video will be ready."""

from dataclasses import replace

from bot.cards.status_text import Outlook, Pace
from bot.clock import Clock
from bot.core.jobs import Job, JobState
from bot.core.polling import PastRun, RunTimes
from bot.core.queue import fair_order, waits_for_own
from bot.provider.breaker import CircuitBreaker
from bot.store.store import Store

PAST_RUNS = 200
ANSWER_S = 15.0
"""A submit is answered at once, or it is in doubt."""

LATE = 1.5
"""So many times the typical run time is more than chance."""


class Forecast:
    """Learns from what has happened."""

    def __init__(self, store: Store, breaker: CircuitBreaker, clock: Clock) -> None:
        self._store = store
        self._breaker = breaker
        self._clock = clock

    async def run_times(self, job: Job) -> RunTimes:
        """How long runs like this one take."""
        assert job.quality is not None
        past = await self._store.read.run_times(PAST_RUNS)
        return RunTimes.learn([PastRun(*run) for run in past], job.quality, job.duration_s or 10.0)

    async def outlook(self, job: Job) -> Outlook:
        """What a job's card says of its future."""
        now = self._clock.time()
        if job.state is JobState.QUEUED:
            return await self._turn(job)
        if job.state is JobState.SUBMITTING:
            return Outlook(is_in_doubt=now - job.state_since > ANSWER_S)
        attempt = job.attempt
        if job.state is not JobState.RENDERING or not attempt or attempt.submitted_at is None:
            return Outlook()
        elapsed_s = max(0.0, now - attempt.submitted_at)
        times = await self.run_times(job)
        if elapsed_s > LATE * times.typical_s:
            return Outlook(pace=Pace.LATE)
        if elapsed_s > times.typical_s:
            return Outlook(pace=Pace.DUE)
        return Outlook(ready_at=now + times.remaining_s(elapsed_s))

    async def _turn(self, job: Job) -> Outlook:
        if self._breaker.is_unavailable:
            return Outlook(unavailable=True)
        queue = await self._store.read.queue()
        most = self._store.limits.max_running_per_person
        if waits_for_own(queue, job.person_id, job.server_id, most):
            return Outlook(waits_for_own=True)
        everybody = replace(queue, caps={})
        order = fair_order(everybody, max_running_per_person=len(queue.queued) + 1000)
        places = {entry.job_id: place for place, entry in enumerate(order, 1)}
        return Outlook(place=places.get(job.id))
