"""`queued` to `fetching`: a turn in the line, the submit that costs money, the polls, the bytes.

The submit is saved before it is sent, and never repeated on doubt: every accepted one is a new,
billed run. A job that is found in `submitting` is looked up in the provider's history instead.
"""

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import structlog

from bot.cards import Outlook
from bot.clock import Clock
from bot.core import policy
from bot.core.jobs import Failure, Job, JobState
from bot.core.policy import Rules
from bot.core.schedule import PastRun, RequestBudget, RunTimes
from bot.errors import (
    DownloadError,
    DownloadRefused,
    InputsRejected,
    KeyRejected,
    NotAccepted,
    OutOfCredits,
    Problem,
    ProviderError,
    ProviderUnavailable,
    Refused,
    RequestUnknown,
    SubmitInDoubt,
)
from bot.fetch import Downloads
from bot.files import Files
from bot.media import Media
from bot.segmind import Result, Row, RunState, Segmind
from bot.store import Store

log = structlog.get_logger()

LINK_MARGIN_S = 3600.0
"""An input's link must outlive the wait in the provider's own queue."""

LOOK_AGAIN_S = 30.0
DOUBT_PATIENCE_S = 15 * 60.0
CLOCK_SKEW_S = 120.0
UNKNOWN_GRACE_S = 60.0
RUN_PATIENCE_S = 2 * 3600.0
FETCH_PATIENCE_S = 3600.0
FETCH_TIMEOUT_S = 300.0
RESULT_LIMIT_BYTES = 1_000_000_000
PAST_RUNS = 200


class Line:
    """Whether the provider takes submits, and how long to leave it alone when it does not."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0
        self._is_busy = False

    @property
    def is_down(self) -> bool:
        """Whether submits are useless now, and not only too many."""
        return self.left_s > 0 and not self._is_busy

    @property
    def is_ailing(self) -> bool:
        """Whether the last submit was turned away for more than their number."""
        return self._failures > 0 and not self._is_busy

    @property
    def is_doubtful(self) -> bool:
        """Whether the last submit was turned away: then one job at a time tries the next."""
        return self._failures > 0

    @property
    def left_s(self) -> float:
        """The seconds until it may be tried again."""
        return max(0.0, self._until - self._clock.time())

    def works(self) -> None:
        """A submit came through."""
        if self._failures:
            log.info("the provider takes requests again")
        self._failures, self._until = 0, 0.0

    def turned_away(self, error: NotAccepted) -> None:
        """A submit was not accepted, provably."""
        self._failures += 1
        self._is_busy = error.status == 429
        base_s = 60.0 if isinstance(error, KeyRejected | OutOfCredits) else 5.0
        wait_s = error.retry_after_s or min(600.0, base_s * 2 ** min(self._failures - 1, 7))
        self._until = self._clock.time() + wait_s
        report = log.error if isinstance(error, KeyRejected | OutOfCredits) else log.warning
        report(
            "the provider does not take requests",
            reason=str(error),
            status=error.status,
            advice=_advice(error),
            next_try_in_s=round(wait_s),
        )


def _advice(error: NotAccepted) -> str:
    match error:
        case KeyRejected():
            return "Check SEGMIND_API_KEY: the provider does not accept it."
        case OutOfCredits():
            return "Buy credits at the provider, or raise its spend cap."
        case _ if error.status == 429:
            return "Lower SEGMIND_REQUESTS_PER_MINUTE if this comes often."
        case _:
            return "Check SEGMIND_API_URL and the network; it is tried again by itself."


class Generation:
    """The stages at the provider. Each returns the seconds after which to look again."""

    def __init__(
        self,
        *,
        store: Store,
        segmind: Segmind,
        downloads: Downloads,
        media: Media,
        files: Files,
        rules: Callable[[int], Rules],
        clock: Clock,
        requests_per_minute: int,
        supplier: str,
        run_id: str,
    ) -> None:
        self.line = Line(clock)
        self._store = store
        self._segmind = segmind
        self._downloads = downloads
        self._media = media
        self._files = files
        self._rules = rules
        self._clock = clock
        self._supplier = supplier
        self._run_id = run_id
        self._budget = RequestBudget(requests_per_minute, clock.time())
        self._turn = asyncio.Lock()

    # --- queued -------------------------------------------------------------------------------

    async def start(self, job: Job) -> float:
        """Submit a queued job if it is its turn."""
        if wait_s := self.line.left_s:
            return wait_s
        if not await self._may_start(job):
            return LOOK_AGAIN_S
        if wait_s := self._budget.take(self._clock.time(), submit=True):
            return wait_s
        try:
            image_url, video_url = await self._links(job)
        except NotAccepted as error:  # the key is wrong for uploads too
            self.line.turned_away(error)
            return self.line.left_s
        except ProviderError as error:
            log.warning("an input could not be handed over", job=job.id, reason=str(error))
            return LOOK_AGAIN_S
        async with self._turn:
            if self.line.left_s or not await self._may_start(job):
                return LOOK_AGAIN_S
            submitting = await self._store.submit(
                job,
                image_url=image_url,
                video_url=video_url,
                lease=self._run_id,
                rules=self._rules(job.server_id),
                at=self._clock.time(),
            )
        return LOOK_AGAIN_S if submitting is None else await self._send(submitting)

    async def outlook(self, job: Job) -> Outlook:
        """What a job's card says of its future."""
        if job.state is JobState.QUEUED:
            if self.line.is_ailing:
                return Outlook(unavailable=True)
            queued, running, _ = await self._store.read.line()
            order = policy.next_fairly(queued, running, max_running_per_person=len(queued) + 1000)
            places = {entry.job_id: place for place, entry in enumerate(order, 1)}
            return Outlook(place=places.get(job.id))
        attempt = job.attempt
        if job.state is not JobState.RENDERING or not attempt or attempt.submitted_at is None:
            return Outlook()
        now = self._clock.time()
        left_s = (await self._run_times(job)).remaining_s(now - attempt.submitted_at)
        return Outlook(ready_at=now + left_s)

    async def startable(self) -> list[str]:
        """The queued jobs whose turn it is, in order."""
        queued, running, submitting = await self._store.read.line()
        rules = self._rules(0)
        free = rules.max_running - sum(running.values())
        if self.line.is_doubtful:
            free = min(free, 1 - submitting)
        order = policy.next_fairly(queued, running, rules.max_running_per_person)
        return [entry.job_id for entry in order[: max(0, free)]]

    async def _may_start(self, job: Job) -> bool:
        return job.id in await self.startable()

    async def _links(self, job: Job) -> tuple[str, str]:
        """Links to both inputs that live long enough; raises `ProviderError`."""
        assert job.subject is not None
        assert job.motion is not None
        image_url, video_url = job.subject.url, job.motion.url
        if self._expires_soon(image_url):
            image_url = await self._segmind.upload(self._files.subject(job.id), "image/png")
        if self._expires_soon(video_url):
            video_url = await self._segmind.upload(self._files.motion(job.id), "video/mp4")
        return image_url, video_url

    def _expires_soon(self, url: str) -> bool:
        """Discord's links carry their end as `ex`, hexadecimal unix seconds."""
        ends = parse_qs(urlsplit(url).query).get("ex", [""])[0]
        try:
            return int(ends, 16) < self._clock.time() + LINK_MARGIN_S
        except ValueError:
            return False

    # --- submitting ---------------------------------------------------------------------------

    async def _send(self, job: Job) -> float:
        """The one POST of an attempt."""
        attempt, quality = job.attempt, job.quality
        assert attempt is not None
        assert quality is not None
        try:
            request_id = await self._segmind.submit(
                image_url=attempt.image_url, video_url=attempt.video_url, quality=quality
            )
        except NotAccepted as error:
            self.line.turned_away(error)
            await self._store.not_accepted(job, self._clock.time())
            return self.line.left_s
        except InputsRejected as error:
            log.warning("inputs rejected", job=job.id, status=error.status, reason=str(error))
            await self._fail(job, Problem.PROVIDER_REJECTED, str(error))
            return 0
        except SubmitInDoubt as error:
            log.warning("submit in doubt", job=job.id, reason=str(error))
            return 2.0
        self.line.works()
        at = self._clock.time()
        after = await self._store.accepted(job, request_id, at, at)
        log.info("accepted", job=job.id, request_id=request_id)
        if after.state is JobState.SUBMITTING:
            log.error("the provider gave one request id twice", job=job.id, request_id=request_id)
            return 2.0
        return (await self._run_times(job)).next_poll_s(0.0)

    async def settle_doubt(self, job: Job) -> float:
        """A job that is found in `submitting`: did the provider take it?"""
        attempt, quality = job.attempt, job.quality
        assert attempt is not None
        assert quality is not None
        now = self._clock.time()
        try:
            rows = await self._segmind.find_rows(
                image_url=attempt.image_url,
                video_url=attempt.video_url,
                quality=quality,
                since=attempt.began_at - CLOCK_SKEW_S,
                until=now + CLOCK_SKEW_S,
            )
        except ProviderError as error:
            log.warning("history unavailable", job=job.id, reason=str(error))
            rows = []
        for row in rows:
            if not await self._store.read.is_claimed(row.request_id):
                log.info("found in the history", job=job.id, request_id=row.request_id)
                submitted_at = row.created_at or attempt.began_at
                await self._store.accepted(job, row.request_id, submitted_at, now)
                return 0
        age_s = now - attempt.began_at
        if age_s < DOUBT_PATIENCE_S:
            return min(60.0, max(3.0, age_s / 4))
        log.error("a submit could not be settled", job=job.id, advice="It waits in review.")
        await self._store.doubt(job, now)
        return 0

    # --- rendering ----------------------------------------------------------------------------

    async def poll(self, job: Job) -> float:
        """Ask once how a run goes."""
        attempt = job.attempt
        assert attempt is not None
        assert attempt.request_id is not None
        assert attempt.submitted_at is not None
        wait_s = self._budget.take(self._clock.time())
        if wait_s:
            return wait_s
        elapsed_s = self._clock.time() - attempt.submitted_at
        try:
            status = await self._segmind.status(attempt.request_id)
            if status.state is RunState.FAILED:
                await self._fail(job, Problem.GENERATION_FAILED, status.error)
                return 0
            if status.state is RunState.COMPLETED:
                result = await self._segmind.result(attempt.request_id)
                if result.state is RunState.FAILED or result.url:
                    return await self._finish(job, result)
                return await self._look_up(job, attempt.request_id, elapsed_s)
        except RequestUnknown:
            if elapsed_s < UNKNOWN_GRACE_S:
                return 5.0
            return await self._look_up(job, attempt.request_id, elapsed_s)
        except ProviderUnavailable as error:
            log.info("poll failed", job=job.id, reason=str(error))
            return error.retry_after_s or 10.0
        except ProviderError as error:
            log.error("polls are refused", job=job.id, reason=str(error), status=error.status)
            return 60.0
        if elapsed_s > RUN_PATIENCE_S:
            await self._store.doubt(job, self._clock.time())
            return 0
        return (await self._run_times(job)).next_poll_s(elapsed_s)

    async def _look_up(self, job: Job, request_id: str, elapsed_s: float) -> float:
        """Past its hour a run is only in the history."""
        try:
            row = await self._segmind.history_row(request_id)
        except ProviderError as error:
            log.warning("history unavailable", job=job.id, reason=str(error))
            return 60.0
        if row is not None and (row.state is RunState.FAILED or row.url):
            return await self._finish(job, row)
        if elapsed_s > RUN_PATIENCE_S:
            log.error("a run was lost sight of", job=job.id, request_id=request_id)
            await self._store.doubt(job, self._clock.time())
            return 0
        return 60.0

    async def _finish(self, job: Job, end: Result | Row) -> float:
        if end.state is RunState.FAILED:
            await self._fail(job, Problem.GENERATION_FAILED, end.error)
        else:
            assert end.url is not None
            await self._store.rendered(job, end.url, end.cost, self._clock.time())
        return 0

    async def _run_times(self, job: Job) -> RunTimes:
        assert job.quality is not None
        past = await self._store.read.run_times(PAST_RUNS)
        return RunTimes.learn([PastRun(*run) for run in past], job.quality, job.duration_s or 10.0)

    async def _fail(self, job: Job, problem: Problem, reason: str | None) -> None:
        facts = {"reason": reason or "no reason was given."}
        await self._store.fail(job, Failure(problem, {**facts}), self._clock.time())

    # --- fetching -----------------------------------------------------------------------------

    async def fetch(self, job: Job) -> float:
        """Bring the finished video to disk, whole, before it is paid for."""
        attempt = job.attempt
        assert attempt is not None
        assert attempt.result_url is not None
        path = self._files.video(job.id)
        try:
            await self._files.prepare(job.id)
            if not path.exists():
                await self._downloads.save(
                    attempt.result_url,
                    path,
                    limit_bytes=RESULT_LIMIT_BYTES,
                    timeout_s=FETCH_TIMEOUT_S,
                    supplier=self._supplier,
                )
            await self._media.inspect_result(path)
        except (DownloadError, Refused) as error:
            path.unlink(missing_ok=True)
            age_s = self._clock.time() - job.state_since
            log.warning("the video could not be fetched", job=job.id, reason=str(error))
            if age_s < FETCH_PATIENCE_S and not isinstance(error, DownloadRefused):
                return min(120.0, max(3.0, age_s / 4))
            await self._store.doubt(job, self._clock.time())
            return 0
        await self._store.fetched(job, self._clock.time())
        return 0
