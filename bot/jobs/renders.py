"""`rendering` and `fetching`: the polls that buy news, and the bytes that are paid for."""

import structlog

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.core.jobs import Failure, Job
from bot.core.queue import may_retry
from bot.errors import (
    AccountRefused,
    DownloadError,
    Problem,
    ProviderError,
    ProviderUnavailable,
    Refused,
    RequestUnknown,
)
from bot.jobs.deadlines import RetryDeadline
from bot.jobs.files import Files
from bot.jobs.forecast import Forecast
from bot.jobs.live import Jobs
from bot.jobs.lookups import REVIEW_EVERY_S, Lookups
from bot.media.downloads import Downloads
from bot.media.inspect import Media
from bot.provider.breakers import Breakers
from bot.provider.failures import problem_in
from bot.provider.providers import Providers
from bot.provider.rejections import RejectionsOfEach, clear_for_account, raise_for_account
from bot.provider.runs import FINAL, GOING_ON, Row, RunState, Status
from bot.store.store import Store

log = structlog.get_logger()

SOURCE = "polls"
UNKNOWN_GRACE_S = 60.0
RESULT_LIFE_S = 3600.0
"""Status and result live one hour from submission; after that only the history knows a run."""

RUN_LIMIT_S = 2 * 3600.0
FETCH_LIMIT_S = 6 * 3600.0
"""So long a file that cannot be had is waited for; then the job leaves its slot."""

PROOF_EVERY_S, PROOF_LIMIT_S = 30.0, 120.0
"""So long the history is asked whether a failed run cost nothing; somebody waits meanwhile."""

COST_TOLERANCE = 1.5
LONGEST_RUN_S = 24 * 3600.0
FETCH_TIMEOUT_S = 300.0
RESULT_LIMIT_BYTES = 1_000_000_000
MOST_ODD_WORDS = 50
"""Of so many the operator is told; a provider that makes new ones all the time is no news."""


class Renders:
    """Each step returns the seconds after which to look again."""

    def __init__(
        self,
        *,
        store: Store,
        jobs: Jobs,
        providers: Providers,
        downloads: Downloads,
        media: Media,
        files: Files,
        forecast: Forecast,
        breakers: Breakers,
        alarms: Alarms,
        clock: Clock,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._providers = providers
        self._downloads = downloads
        self._media = media
        self._files = files
        self._forecast = forecast
        self._breakers = breakers
        self._alarms = alarms
        self._clock = clock
        self._lookups = Lookups(alarms, clock)
        self._rejections = RejectionsOfEach(alarms, SOURCE, store.database.news)
        self._fetches = RetryDeadline(clock, limit_s=FETCH_LIMIT_S)
        self._proofs = RetryDeadline(clock, limit_s=PROOF_LIMIT_S)
        self._seen_running: set[str] = set()
        self._odd_words: set[str] = set()

    async def poll(self, job: Job) -> float:
        """Ask once how a run goes."""
        attempt = job.attempt
        assert attempt is not None
        assert attempt.request_id is not None
        assert attempt.submitted_at is not None
        elapsed_s = self._clock.time() - attempt.submitted_at
        if 0 <= elapsed_s < 1:  # just submitted: nothing is ready that soon
            return await self._next_poll_s(job, 0.0)
        if elapsed_s < 0:  # the clock was set back: it may have been submitted at any time
            elapsed_s = RESULT_LIFE_S
        if wait_s := self._providers.of(job.model).limiter.wait_s():
            return wait_s
        try:
            return await self._ask(job, attempt.request_id, elapsed_s)
        except RequestUnknown:
            self._breakers.of(job.model).record_poll_success(job.id)
            if elapsed_s >= UNKNOWN_GRACE_S:
                return await self._look_up(job, attempt.request_id, elapsed_s)
            return 5.0
        except ProviderUnavailable as error:
            log.info("poll failed", job=job.id, reason=str(error))
            if self._providers.of(job.model).limiter.paused_s:
                return self._providers.of(job.model).limiter.paused_s
            self._breakers.of(job.model).record_poll_failure(job.id)
            wait_s = error.retry_after_s or 10.0
        except AccountRefused as error:
            raise_for_account(self._alarms, error, SOURCE)
            wait_s = 60.0
        if elapsed_s > RESULT_LIFE_S:
            return await self._look_up(job, attempt.request_id, elapsed_s)
        return wait_s

    async def _ask(self, job: Job, request_id: str, elapsed_s: float) -> float:
        """Where a run is, and its result once there is one. Raises `ProviderError`."""
        status = await self._providers.of(job.model).status(request_id)
        clear_for_account(self._alarms, SOURCE)
        self._breakers.of(job.model).record_poll_success(job.id)
        self._note_word(job, status)
        if status.state is RunState.FAILED:
            return await self._fail(job, status.error, told_cost=status.cost)
        if status.state in FINAL:
            return await self._conclude(job, request_id, status, elapsed_s)
        self._seen_running.add(job.id)
        if elapsed_s > RUN_LIMIT_S:
            return await self._look_up(job, request_id, elapsed_s)
        return await self._next_poll_s(job, elapsed_s)

    def _note_word(self, job: Job, status: Status) -> None:
        """Tell the operator once of each word for a state that the documentation does not have."""
        word = status.odd_word
        if word and word not in self._odd_words and len(self._odd_words) < MOST_ODD_WORDS:
            self._odd_words.add(word)
            log.warning(
                "the provider calls a state by another name",
                word=word,
                taken_for=status.state,
                reason=status.error,
                job=job.id,
            )

    async def _conclude(self, job: Job, request_id: str, status: Status, elapsed_s: float) -> float:
        """A run that is over, perhaps under a name of its own: its result says how, or its row.

        Raises `ProviderError`. An end without success may have no result at all.
        """
        try:
            result = await self._providers.of(job.model).result(request_id)
        except RequestUnknown:
            pass
        except ProviderUnavailable:
            if status.state is RunState.COMPLETED or self._providers.of(job.model).limiter.paused_s:
                raise
        else:
            if result.state is RunState.FAILED:
                return await self._fail(job, result.error, told_cost=result.cost)
            if result.url:
                return await self._take(job, result.url, result.cost, result.remark)
        said = status.error or f"The provider calls it {status.odd_word or status.state}."
        return await self._look_up(job, request_id, elapsed_s, end=said)

    async def _next_poll_s(self, job: Job, elapsed_s: float) -> float:
        """All runs together stay within the request budget."""
        times, queue = await self._forecast.run_times(job), await self._jobs.queue(job.model)
        limiter = self._providers.of(job.model).limiter
        share = times.affordable_share(queue.running + limiter.kept_back, limiter.per_minute)
        return times.next_poll_s(elapsed_s, share)

    async def _look_up(
        self, job: Job, request_id: str, elapsed_s: float, *, end: str | None = None
    ) -> float:
        """Past its hour, or when it has no answer, a run is looked for in the history.

        `end` is what is known of its end: then there is nothing to wait for but a late row.
        """
        try:
            row = await self._providers.of(job.model).history_row(request_id)
        except ProviderError as error:
            if not self._lookups.record_failure(job.id, error):
                return error.retry_after_s or 60.0
        else:
            self._lookups.record_answer()
            if row is not None and _is_settled(row):
                return await self._finish(job, row, end)
            if row is None and job.is_free:  # its maker was started anew, and knows it no more
                return await self._fail(job, "Nobody knows this run any more.")
            state = row.state if row else None
            if end is None and state in GOING_ON and elapsed_s < LONGEST_RUN_S:
                return 60.0
            is_over = end is not None or state in FINAL
            is_late = self._lookups.record_missing(job.id)
            if not is_late or not (is_over or elapsed_s >= RUN_LIMIT_S):
                return 60.0
        log.error("a run was lost sight of", job=job.id, request_id=request_id, reason=end)
        self._forget(job)
        await self._store.doubt(job, self._clock.time())
        return 0

    async def reconsider(self, job: Job) -> float:
        """A job in review whose run is known: once the history has its end, it goes on."""
        attempt = job.attempt
        assert attempt is not None
        assert attempt.request_id is not None
        if wait_s := self._providers.of(job.model).limiter.wait_s():
            return wait_s
        try:
            row = await self._providers.of(job.model).history_row(attempt.request_id)
        except ProviderError:
            return REVIEW_EVERY_S
        if row is None or not _is_settled(row):
            return REVIEW_EVERY_S
        if row.url and attempt.result_url:  # its file could not be had: it goes on with the file
            try:
                await self._bring(job, row.url)
            except (DownloadError, Refused):
                return REVIEW_EVERY_S
        await self._store.resumed(job, self._clock.time())
        return 0

    async def _finish(self, job: Job, row: Row, said: str | None) -> float:
        """As the history tells it; `said` is what else is known of an end without a video."""
        if row.state is RunState.FAILED or row.url is None:
            return await self._fail(job, row.error or said, row)
        return await self._take(job, row.url, row.cost)

    async def _fail(
        self,
        job: Job,
        reason: str | None,
        row: Row | None = None,
        told_cost: float | None = None,
    ) -> float:
        """A run made nothing: tried again where that may help and it provably cost nothing.

        The proof is its row in the history, which may come late; an answer that tells of a cost
        proves no more than that there is one. Of what is not proved `GivenUp` finds out later, and
        nobody waits for that.
        """
        said = reason or "It gave no reason."
        problem = problem_in(said, otherwise=Problem.GENERATION_FAILED)
        earlier = job.failure.problem if job.failure else None
        may_help = may_retry(problem, earlier, retries=0)
        if may_help and row is None and not job.is_free:
            row = await self._final_row(job)
            if row is None and not self._proofs.has_passed(job.id):
                return PROOF_EVERY_S
            if row and row.url and row.state is not RunState.FAILED:
                return await self._take(job, row.url, row.cost)
        is_proved = row is not None and row.state is RunState.FAILED and row.cost == 0
        is_free = job.is_free or is_proved
        cost = row.cost if row and (row.cost or row.is_free) else told_cost or None
        failure, at = Failure(problem, {"reason": said}), self._clock.time()
        told = {"job": job.id, "problem": problem, "reason": said}
        if may_help and is_free and await self._store.try_again(job, failure, at):
            log.info("a run failed and is tried again", **told)
        else:
            log.warning("a run failed", **told)
            self._rejections.of(job.model).record(job.person_id, said, problem)
            await self._store.fail(job, failure, at, cost)
        self._lookups.record_bill(job, cost)
        self._forget(job)
        return 0

    async def _final_row(self, job: Job) -> Row | None:
        """What the history says of a run that is over, once it says that."""
        assert job.attempt is not None
        assert job.attempt.request_id is not None
        self._proofs.record_try(job.id)
        try:
            row = await self._providers.of(job.model).history_row(job.attempt.request_id)
        except ProviderError as error:
            log.info("no proof yet that a run cost nothing", job=job.id, reason=str(error))
            return None
        return row if row and row.state in FINAL else None

    async def _take(self, job: Job, url: str, cost: float | None, remark: str = "") -> float:
        at = self._clock.time()
        self._rejections.of(job.model).record_success()
        is_timed = self._is_timed(job, at)
        await self._store.rendered(job, url, cost, at, is_timed=is_timed, remark=remark)
        self._forget(job)
        await self._compare_cost(job, cost)
        return 0

    async def _compare_cost(self, job: Job, cost: float | None) -> None:
        """Tell the operator of a run that was billed as if it were a much longer one."""
        assert job.quality is not None
        assert job.price is not None
        if job.is_free:
            return
        usual = await self._store.read.usual_cost(job.model, job.quality)
        if cost is None or usual is None:
            return
        expected = usual * job.price
        if cost > expected * COST_TOLERANCE:
            facts = {"cost": round(cost, 4), "expected": round(expected, 4)}
            self._alarms.raise_(Alarm.COST, SOURCE, job=job.id, **facts)
        else:
            self._alarms.clear(Alarm.COST, SOURCE)

    def _is_timed(self, job: Job, at: float) -> bool:
        """Whether its run time is known: it was seen running, and the clock tells a likely one."""
        began = job.attempt.submitted_at if job.attempt else None
        is_likely = began is not None and 0 < at - began < RESULT_LIFE_S
        return job.id in self._seen_running and is_likely

    def _forget(self, job: Job) -> None:
        self._lookups.forget(job.id)
        self._proofs.forget(job.id)
        self._breakers.forget(job.id)
        self._seen_running.discard(job.id)

    async def fetch(self, job: Job) -> float:
        """Bring the finished video to disk, whole, before it is paid for."""
        attempt = job.attempt
        assert attempt is not None
        assert attempt.result_url is not None
        try:
            await self._bring(job, attempt.result_url)
        except (DownloadError, Refused) as error:
            log.warning("the video could not be fetched", job=job.id, reason=str(error))
            self._fetches.record_try(job.id)
            if not self._fetches.has_passed(job.id):
                return min(600.0, max(3.0, self._fetches.elapsed_s(job.id) / 4))
            self._fetches.forget(job.id)
            await self._store.doubt(job, self._clock.time())
            return 0
        self._fetches.forget(job.id)
        await self._store.fetched(job, self._clock.time())
        return 0

    async def _bring(self, job: Job, url: str) -> None:
        """A good video on disk. Raises `DownloadError`, `Refused`, or `CannotSave`."""
        path = self._files.video(job.id)
        if not path.exists():
            await self._downloads.save(
                url,
                path,
                limit_bytes=RESULT_LIMIT_BYTES,
                timeout_s=FETCH_TIMEOUT_S,
                supplier=self._providers.of(job.model).url,
            )
        try:
            await self._media.inspect_result(path, job.person_id)
        except Refused:
            path.unlink(missing_ok=True)
            raise


def _is_settled(row: Row) -> bool:
    """Whether the history tells all of a run: its video, or that it made none and was not billed.

    Only of a FAILED is that documented; any other end must say that nothing was deducted.
    """
    return row.url is not None or row.state is RunState.FAILED or row.is_free
