"""`queued` and `submitting`: a turn in the queue, and the one POST that costs money.

It is saved before it is sent, and never repeated on doubt: every accepted one is a new, billed
run. A job that is found in `submitting` is looked up in the provider's history instead.
"""

import asyncio
from collections.abc import Callable, Container

import structlog

from bot.alarms import Alarms
from bot.clock import Clock
from bot.core.admission import BLOCKED
from bot.core.jobs import Failure, Job, JobState
from bot.core.models import MODELS
from bot.errors import (
    AccountRefused,
    Fact,
    InputsRejected,
    KeyRejected,
    NotAccepted,
    Problem,
    ProviderBusy,
    ProviderError,
    Refused,
    StaleJob,
    SubmitInDoubt,
)
from bot.jobs.files import Files
from bot.jobs.inputs import Inputs
from bot.jobs.live import Jobs
from bot.jobs.lookups import REVIEW_EVERY_S, Lookups, find_unclaimed
from bot.jobs.spread.aside import Aside
from bot.jobs.strays.runs import ASK_AGAIN_S, NotKnownYet, Strays
from bot.provider.breaker import SOURCE
from bot.provider.breakers import Breakers
from bot.provider.failures import problem_in, rejected_for
from bot.provider.next_submits import NextSubmits
from bot.provider.providers import Providers
from bot.provider.rejections import RejectionsOfEach
from bot.provider.runs import Row
from bot.store.store import Store

log = structlog.get_logger()

LOOK_AGAIN_S = 30.0
TOOK_IT_S = 2.0
"""Another process was faster, and its news is on the way: then it is known whose turn is next."""

AFTER_A_FAILED_UPLOAD_S = 120.0
RETRY_AFTER_S = 60.0
FIRST_LOOK_S = 2.0
FREE_TRIES = 3
PROBE_REQUEST_ID = "00000000-0000-4000-8000-000000000000"
NOBODY = 0
FAILED_PROBES_LIMIT = 10
"""After so many a submit is tried after all: perhaps the provider only dislikes the probe."""


class Submits:
    """Each step returns the seconds after which to look again."""

    def __init__(
        self,
        *,
        store: Store,
        jobs: Jobs,
        providers: Providers,
        inputs: Inputs,
        files: Files,
        breakers: Breakers,
        lookups: Lookups,
        strays: Strays,
        alarms: Alarms,
        clock: Clock,
        run_id: str,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._providers = providers
        self._inputs = inputs
        self._files = files
        self._breakers = breakers
        self._clock = clock
        self._run_id = run_id
        self._turn = asyncio.Lock()
        self._aside = Aside(store.database.news, breakers, clock)
        self._lookups = lookups
        self._strays = strays
        self._rejections = RejectionsOfEach(alarms, SOURCE, store.database.news)
        self.led: Callable[[], Container[str]] = tuple
        """The jobs that are followed here."""

    def hear(self, heard: Callable[[], None]) -> None:
        """Be told when another process's news may have changed whose turn it is."""
        self._aside.on_heard.append(heard)
        self._breakers.on_heard.append(heard)

    async def start(self, job: Job) -> float:
        """Submit a queued job if it is its turn."""
        self._aside.is_led_here(job.id)
        breaker = self._breakers.of(job.model)
        if wait_s := breaker.submit_wait_s:
            return wait_s
        if job.id not in await self.startable():
            return LOOK_AGAIN_S
        if wait_s := self._providers.of(job.model).limiter.wait_s(submit=True):
            return wait_s
        if breaker.is_degraded and not await self._probe(job.model):
            return breaker.submit_wait_s
        with self._aside.prepares(job.id):
            links = await self._prepare(job)
        return await self._submit(job, *links) if isinstance(links, tuple) else links

    async def _prepare(self, job: Job) -> tuple[str, str] | float:
        """Links to a job's files, once it is to be sent; else when to look again (s).

        That may take minutes, in which the job keeps its place, but nobody waits behind it: the
        slot is whose submit comes first.
        """
        if (look_again_s := await self._look_back(job)) is not None:
            return look_again_s
        if self._store.limits.has_spending_caps:  # before its files are uploaded for nothing
            held_back = await self._store.read.held_back(job, self._clock.time())
            if held_back:
                return await self._hold_back(job, held_back)
        try:
            links = await self._inputs.links(job)
        except InputsRejected as error:
            await self._reject(job, error)
            return 0
        except FileNotFoundError:
            log.error(
                "a job's files are gone", job=job.id, advice="Restore media with the database."
            )
            await self._fail(job, Problem.INTERRUPTED)
            return 0
        except AccountRefused as error:
            return await self._record_rejection(job, error)
        except (ProviderError, OSError) as error:
            log.warning("an input could not be handed over", job=job.id, reason=str(error))
            return self._defer(job, AFTER_A_FAILED_UPLOAD_S)
        await self._files.delete_video(job.id)
        return links

    async def _submit(self, job: Job, image_url: str, video_url: str) -> float:
        """Save the intent, if it is still this job's turn, and send it."""
        breaker = self._breakers.of(job.model)
        async with self._turn:
            if breaker.submit_wait_s or job.id not in await self.startable():
                return LOOK_AGAIN_S
            try:
                submitting = await self._store.submit(
                    job,
                    image_url=image_url,
                    video_url=video_url,
                    lease=self._run_id,
                    at=self._clock.time(),
                    one_at_a_time=breaker.is_degraded,
                )
            except Refused as refused:
                return await self._hold_back(job, refused)
        return TOOK_IT_S if submitting is None else await self._send(submitting)

    async def _hold_back(self, job: Job, refused: Refused) -> float:
        """Somebody has decided since its hold: a blocked person's job ends, any other waits."""
        if refused.problem in BLOCKED:
            await self._store.rulebook.cancel_blocked(job, self._clock.time())
            return 0
        log.info("a job is held back", job=job.id, reason=refused.problem)
        return self._defer(job, LOOK_AGAIN_S)

    async def _look_back(self, job: Job) -> float | None:
        """Before the first POST of a job that was here before this start: it may have run since a
        backup that was restored. `None` when it is to be sent."""
        if not self._strays.may_have(job):
            return None
        if wait_s := self._wait_s(job.model):
            return wait_s
        try:
            row = await self._strays.run_of(job)
        except NotKnownYet as error:
            if not error.is_given_up:
                return self._defer(job, ASK_AGAIN_S)
            self._strays.settle(job)
            await self._fail(job, Problem.MAY_HAVE_RUN)
            return 0
        return None if row is None else await self._take(job, row)

    async def _take(self, job: Job, row: Row) -> float:
        """A run that was this job's is not bought again, and its video not shown again."""
        now = self._clock.time()
        async with self._turn:
            taken = await self._store.had_run(
                job,
                image_url=row.inputs.image_url,
                video_url=row.inputs.video_url,
                request_id=row.request_id,
                submitted_at=min(row.created_at or job.created_at, now),
                at=now,
            )
        if taken is None:  # another has it, since it was read
            return 0
        self._strays.settle(job)
        log.warning("a queued job had run before this start", job=job.id, request_id=row.request_id)
        return 0

    async def startable(self) -> list[str]:
        """The queued jobs whose turn it is, in order, but for those that are being prepared."""
        if self._breakers.has_twin:
            return []
        queues = await self._jobs.queues()
        resting, preparing = self._aside.resting(queues.values()), self._aside.preparing()
        next_submits = NextSubmits(self._breakers, resting, preparing, self.led())
        limits, at = self._store.limits, self._clock.time()
        return [
            job_id
            for name, queue in queues.items()
            for job_id in next_submits.of(name, queue, limits, at)
        ]

    async def probe(self) -> None:
        """In an outage, ask whether anything is answered: until then nobody new is let in."""
        for model in self._breakers.to_probe:
            if not self._wait_s(model):
                await self._probe(model)

    async def _probe(self, model: str) -> bool:
        """Ask something free before another POST is lost or rejected; whether to submit."""
        breaker = self._breakers.of(model)
        is_disliked = breaker.failed_probes >= FAILED_PROBES_LIMIT
        if not is_disliked and not await self._is_probe_answered(model):
            return False
        breaker.record_probe_success()
        return True

    async def _is_probe_answered(self, model: str) -> bool:
        try:
            await self._providers.of(model).status(PROBE_REQUEST_ID)
        except ProviderError as error:
            status = error.status or 500
            if status == 401 and not MODELS[model].is_free:
                self._breakers.record_rejection(model, NOBODY, KeyRejected(str(error), status=401))
                return False
            if status == 429:
                busy = ProviderBusy(str(error), status=429, retry_after_s=error.retry_after_s)
                self._breakers.record_rejection(model, NOBODY, busy)
                return False
            if status >= 500 or status == 401:
                self._breakers.of(model).record_probe_failure(str(error))
                return False
        return True  # also "I do not know this request": a provider that works says that

    def _wait_s(self, model: str) -> float:
        return self._providers.of(model).limiter.wait_s()

    def rest(self, job: Job) -> None:
        """A job's run has just failed and is to be tried again: not at once."""
        self._defer(job, RETRY_AFTER_S)

    def _defer(self, job: Job, wait_s: float) -> float:
        self._aside.rest(job, wait_s)
        return wait_s

    # --- submitting ---------------------------------------------------------------------------

    async def _send(self, job: Job) -> float:
        """The one POST of an attempt."""
        self._strays.settle(job)
        breaker = self._breakers.of(job.model)
        assert job.attempt is not None
        try:
            await self._refuse_taken(job)
            request_id = await self._providers.of(job.model).submit(job.attempt)
        except NotAccepted as error:
            return await self._record_rejection(job, error)
        except InputsRejected as error:
            if await self._inputs.renew(job):
                await self._store.not_accepted(job, self._clock.time())
                return self._defer(job, 1.0)
            await self._reject(job, error)
            return 0
        except SubmitInDoubt as error:
            breaker.record_lost_submit(job.person_id, str(error))
            return 0
        self._record_success(job)
        at = self._clock.time()
        after = await self._store.accepted(job, request_id, at, at)
        log.info("accepted", job=job.id, request_id=request_id)
        if after.state is JobState.SUBMITTING:
            log.error("the provider gave one request id twice", job=job.id, request_id=request_id)
            return FIRST_LOOK_S
        return 0

    async def _refuse_taken(self, job: Job) -> None:
        """Another process may have taken this one for dead meanwhile. Raises `StaleJob`."""
        now = await self._store.read.job(job.id) if self._store.database.is_shared else job
        if now is None or now.revision != job.revision:
            raise StaleJob(f"Job {job.id} is another process's: nothing is sent.")

    async def _record_rejection(self, job: Job, error: NotAccepted) -> float:
        if self._breakers.of(job.model).is_poison(job.id, error):
            await self._reject(job, error)
            return 0
        rest_s = self._breakers.record_rejection(job.model, job.person_id, error)
        if job.state is JobState.SUBMITTING:
            await self._store.not_accepted(job, self._clock.time())
        return self._defer(job, rest_s + 1)

    async def _reject(self, job: Job, error: ProviderError) -> None:
        said = str(error)
        if isinstance(error, NotAccepted):  # though others came through
            problem = problem_in(said, otherwise=Problem.GENERATION_FAILED)
        else:
            problem = rejected_for(said)
        log.warning(
            "inputs rejected", job=job.id, problem=problem, status=error.status, reason=said
        )
        self._rejections.of(job.model).record(job.person_id, said, problem)
        await self._fail(job, problem, reason=said)

    async def _fail(self, job: Job, problem: Problem, **facts: Fact) -> None:
        self._forget(job)
        await self._store.fail(job, Failure(problem, facts), self._clock.time())

    def _record_success(self, job: Job) -> None:
        self._breakers.of(job.model).record_success(job.person_id)
        self._rejections.of(job.model).record_success()
        self._forget(job)

    def _forget(self, job: Job) -> None:
        self._breakers.forget(job.id)
        self._aside.forget(job.id)

    async def settle_doubt(self, job: Job) -> float:
        """A job that is found in `submitting`: did the provider take it?

        Nobody waits for its answer any more: that was lost, or could not be saved, or whoever
        waited was killed. So it gives its slot to others first.
        """
        if job.lease is not None:
            await self._store.answer_lost(job)
            return FIRST_LOOK_S
        if wait_s := self._wait_s(job.model):
            return wait_s
        try:
            found = await self._look_up(job)
        except ProviderError as error:
            if not self._lookups.record_failure(job.id, error):
                return error.retry_after_s or 30.0
        else:
            self._lookups.record_answer()
            if found:
                self._record_success(job)
                self._lookups.forget(job.id)
                return 0
            if job.is_free:
                return await self._make_anew(job)
            if not self._lookups.record_missing(job.id):
                left_s = self._lookups.known_in_s(job.id) or 60.0
                return max(3.0, min(60.0, left_s, self._lookups.elapsed_s(job.id) / 4))
        log.error("a submit could not be settled", job=job.id, advice="It waits in review.")
        self._lookups.forget(job.id)
        await self._store.doubt(job, self._clock.time())
        return 0

    async def _make_anew(self, job: Job) -> float:
        """A free run that was lost is sent again, but not for ever: it may break its maker."""
        self._lookups.forget(job.id)
        if len(await self._store.read.attempts_of(job.id)) >= FREE_TRIES:
            await self._fail(job, Problem.GENERATION_FAILED)
            return 0
        await self._store.not_accepted(job, self._clock.time())
        return self._defer(job, self._breakers.of(job.model).submit_wait_s)

    async def reconsider(self, job: Job) -> float:
        """A job in review whose submit was lost: the history may know more by now."""
        if wait_s := self._wait_s(job.model):
            return wait_s
        try:
            return 0 if await self._look_up(job) else REVIEW_EVERY_S
        except ProviderError:
            return REVIEW_EVERY_S

    async def _look_up(self, job: Job) -> bool:
        """Whether the history has an unclaimed row of these inputs, which then is this job's."""
        now = self._clock.time()
        row = await find_unclaimed(self._providers, self._store, job, now)
        if row is None:
            return False
        assert job.attempt is not None
        log.info("found in the history", job=job.id, request_id=row.request_id)
        submitted_at = min(row.created_at or job.attempt.began_at, now)
        await self._store.accepted(job, row.request_id, submitted_at, now)
        return True
