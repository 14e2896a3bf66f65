"""Whose submits are next, as far as each model takes any."""

from collections.abc import Collection, Container
from dataclasses import dataclass
from functools import partial

from bot.core.models import MODELS
from bot.core.queue import Queue, QueuedJob
from bot.core.rules import OperatorLimits, slots
from bot.provider.breaker import CircuitBreaker
from bot.provider.breakers import Breakers

TRY_PATIENCE_S = 120.0
"""Then whoever leads a job tries one of its own: each may have left it to another, since no two
processes know just the same of who has failed and who was served. A transaction lets one at a time
go out all the same."""


@dataclass(frozen=True, slots=True)
class _NotLed:
    """The jobs that are led elsewhere, or rest."""

    led: Container[str]
    resting: Container[str]

    def __contains__(self, job_id: object) -> bool:
        return job_id not in self.led or job_id in self.resting


@dataclass(frozen=True, slots=True)
class NextSubmits:
    """Without those that are `resting`, or that somebody has `preparing`; `led` are this process's.

    All are jobs' ids.
    """

    breakers: Breakers
    resting: Collection[str]
    preparing: Collection[str]
    led: Container[str] = ()

    def of(self, provider: str, queue: Queue, limits: OperatorLimits, at: float) -> list[str]:
        """The jobs of one provider's queue whose turn it is at that time (unix s), in order."""
        if not queue:
            return []
        models = [slug for slug, known in MODELS.items() if known.provider == provider]
        most = slots(limits, models[0])
        open_ = {slug for slug in models if not queue.is_full(slug, most.of_model, at)}
        degraded = self.breakers.degraded.keys()
        free = queue.free(most.running, at)
        tries = [
            job
            for slug in degraded
            if slug in open_ and not queue.is_submitting(slug)
            for job in self._next_try(queue, slug, self.breakers.of(slug))
        ][: max(0, free)]
        turns = queue.next_turns(
            free - len(tries),
            self.resting,
            preparing=self.preparing,
            of_model=lambda model: model in open_ and model not in degraded,
        )
        return [queued.job_id for queued in (*tries, *turns)]

    def _next_try(self, queue: Queue, model: str, breaker: CircuitBreaker) -> list[QueuedJob]:
        """Whose submit finds out how a model is: nobody's whose last one failed, while there
        is somebody else. Every second time it is somebody who has had a video, or else who came
        last: many whose files are to blame may have come before.
        """
        suspects, served = breaker.suspects, breaker.served
        without: Container[str] = self.resting
        if breaker.idle_s >= TRY_PATIENCE_S:
            without = _NotLed(self.led, self.resting)
        if breaker.is_second_try:
            able = queue.able(without, suspects, model.__eq__)
            if able := [job for job in able if job.job_id not in self.preparing]:
                return [max(able, key=lambda job: (job.person_id in served, job))]
        turns = partial(
            queue.next_turns,
            1,
            without,
            preparing=self.preparing,
            of_model=model.__eq__,
        )
        return turns(without_people=suspects) or turns()
