"""Whether somebody is in the files, which is found out for nothing before anything is paid."""

import structlog

from bot.clock import Clock, within
from bot.core.jobs import Failure, Job
from bot.core.models import MODELS, Rates
from bot.errors import Problem, ProviderError
from bot.jobs.inputs import Inputs
from bot.provider.providers import Providers

log = structlog.get_logger()

PATIENCE_S, AFTER_A_FAILURE_S = 20.0, 60.0
"""Whoever pays waits no longer for it, and nobody for a while where it has come to nothing."""

MOST_LOOKS = 8
"""At once, one for each person: nobody waits for more than a few looks of others'."""

NOBODY = {
    (False, True): "picture",
    (True, False): "video",
    (False, False): "both",
}


class Sight:
    """Asks whoever looks at files for nothing; where nobody can be asked, all is taken as it is."""

    def __init__(self, providers: Providers, inputs: Inputs, rates: Rates, clock: Clock) -> None:
        self._clock = clock
        self._not_before = 0.0
        self._looker = providers.looker
        self._inputs = inputs
        self._looked_for: set[int] = set()
        self._free = next((slug for slug in rates.by_model if MODELS[slug].is_free), None)

    async def question(self, job: Job) -> Failure | None:
        """What a job's requester is asked because nobody is seen in its files, if that is so.

        A draft is not asked about: it tells by itself.
        """
        is_draft = job.quality is not None and MODELS[job.model].is_free
        if self._looker is None or self._free is None or is_draft:
            return None
        if job.person_id in self._looked_for or len(self._looked_for) >= MOST_LOOKS:
            return None
        if self._clock.monotonic() < self._not_before:
            return None
        self._looked_for.add(job.person_id)
        try:
            seen = await within(self._look(job), self._clock, PATIENCE_S)
        except (ProviderError, OSError, TimeoutError) as error:
            self._not_before = self._clock.monotonic() + AFTER_A_FAILURE_S
            log.info("nobody has looked who is in the files", job=job.id, reason=str(error))
            return None
        finally:
            self._looked_for.discard(job.person_id)
        where = NOBODY.get((seen[0], seen[1]))
        return Failure(Problem.NOBODY_SEEN, {"where": where}) if where else None

    async def _look(self, job: Job) -> tuple[bool, bool]:
        assert self._looker is not None
        return await self._looker.look(*await self._inputs.links(job, self._free))
