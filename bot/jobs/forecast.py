"""What can be said of a job's future: its place in the queue, when its video will be ready."""

import math

from bot.cards.status_text import Outlook
from bot.clock import Clock
from bot.core.jobs import Job, JobState, Quality
from bot.core.models import MODELS, Choice, Rates, prices
from bot.core.polling import MINUTE_S, PastRun, RunTimes
from bot.core.rules import rules_for, slots
from bot.errors import Problem, Refused
from bot.jobs.live import Jobs
from bot.jobs.lookups import Lookups
from bot.jobs.upload_limit import link_to
from bot.provider.breakers import Breakers
from bot.store.store import Store

PAST_RUNS = 200
RENEWED_S = 60.0
"""What is told of the queue, and what is learned of run times, is as of then at most."""


class Forecast:
    """Learns from what has happened."""

    def __init__(
        self,
        *,
        store: Store,
        jobs: Jobs,
        breakers: Breakers,
        lookups: Lookups,
        rates: Rates,
        clock: Clock,
        keep_days: float,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._breakers = breakers
        self._lookups = lookups
        self._rates = rates
        self._clock = clock
        self._keep_s = keep_days * 24 * 3600
        self._past: dict[str, list[PastRun]] = {}
        self._past_read_at = -math.inf
        self._learned: dict[tuple[str, Quality, int], RunTimes] = {}
        self._places: dict[str, tuple[int, float]] = {}
        self._places_at = -math.inf

    async def run_times(self, job: Job) -> RunTimes:
        """How long runs like this one take, as of a minute ago at most."""
        assert job.quality is not None
        if self._clock.monotonic() - self._past_read_at >= RENEWED_S:
            self._past_read_at = self._clock.monotonic()
            self._past, self._learned = {}, {}
        past, learned = self._past, self._learned
        if job.model not in past:
            runs = await self._store.read.run_times(job.model, PAST_RUNS)
            past[job.model] = [PastRun(*run) for run in runs]
        kind = job.quality, round(job.duration_s or 10.0)
        if (job.model, *kind) not in learned:
            usual_s = MODELS[job.model].usual_run_s
            learned[job.model, *kind] = RunTimes.learn(past[job.model], *kind, usual_s)
        return learned[job.model, *kind]

    async def outlook(self, job: Job) -> Outlook:
        """What a job's card says of its future."""
        now = self._clock.time()
        if job.state is JobState.QUEUED:
            held_back = await self._held_back(job)
            return Outlook(held_back=held_back) if held_back else await self._turn(job)
        if job.is_in_doubt:
            return Outlook(known_by=self._known_by(job, now))
        if job.state is JobState.DELIVERED:
            kept_until = job.state_since + self._keep_s
            if job.video_deleted_at is not None:  # the provider's link is what is left
                kept_until = min(kept_until, link_to(job)[1])
            return Outlook(kept_until=kept_until)
        attempt = job.attempt
        if job.state is not JobState.RENDERING or not attempt or attempt.submitted_at is None:
            return Outlook()
        usual_s = (await self.run_times(job)).usual_s
        is_late = now - attempt.submitted_at > usual_s[1]
        return Outlook(usual_s=usual_s, is_late=is_late)

    async def _instead(self, job: Job) -> tuple[Choice, int] | None:
        """The cheapest of what others, that are not known to be down and are open, would make."""
        if len(self._store.limits.models) == 1:
            return None
        server = await self._store.rulebook.of(job.server_id)
        rules = rules_for(self._store.limits, job.server_id, server)
        working = {
            choice: cost
            for choice, cost in prices(job.duration_s or 0.0, self._rates).items()
            if cost and rules.allow(choice) and not self._breakers.of(choice.model).is_unavailable
        }
        return min(working.items(), key=lambda one: one[1]) if working else None

    def _known_by(self, job: Job, now: float) -> float | None:
        """The minute at whose end it is known what became of a doubt; `None` if nobody can say."""
        left_s = self._lookups.known_in_s(job.id)
        return math.ceil((now + left_s) / MINUTE_S) * MINUTE_S if left_s else None

    async def _held_back(self, job: Job) -> Refused | None:
        """Why it may not be sent off; asked only where that can be."""
        if self._breakers.has_twin:
            return Refused(Problem.TWIN)
        queue = await self._jobs.queue(job.model)
        if queue.is_paused(job.server_id) or self._store.limits.has_spending_caps:
            return await self._store.read.held_back(job, self._clock.time())
        return None

    async def _turn(self, job: Job) -> Outlook:
        queue = await self._jobs.queue(job.model)
        breaker = self._breakers.of(job.model)
        if breaker.is_unavailable:
            # Once it answers again, whoever can start finds out; without a place nobody can.
            most = slots(self._store.limits, job.model).running
            free = queue.free(most, self._clock.time())
            has_place = bool(queue.next_turns(min(1, free), of_model=job.model.__eq__))
            if has_place or not breaker.is_half_open:
                return Outlook(unavailable=True, instead=await self._instead(job))
        if self._lookups.is_held_back(job.id):
            return Outlook(held_back=Refused(Problem.NOT_FOUND_OUT_YET))
        if queue.waits_for_own(job.person_id, job.server_id):
            return Outlook(waits_for_own=True)
        now = self._clock.time()
        if self._clock.monotonic() - self._places_at >= RENEWED_S:
            self._places_at = self._clock.monotonic()
            self._places = {
                job_id: (place, now)
                for each in (await self._jobs.queues()).values()
                for job_id, place in each.places().items()
            }
        elif job.id not in self._places and job.id in queue:
            self._places[job.id] = queue.place_of(job.id), now
        place, as_of = self._places.get(job.id, (None, None))
        return Outlook(place=place, place_as_of=as_of)
