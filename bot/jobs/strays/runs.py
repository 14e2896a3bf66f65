"""What a job may have been before this start: sent off by a bot whose database is lost.

A restored backup has jobs in its queue that may have run, and been billed, since it was made. So
before the first POST of a job that was here at the start, the history is asked for a stray run with
its inputs. One reading answers for all of them.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.clock import Clock
from bot.core.jobs import Job, JobState, Outcome, RunInputs
from bot.errors import DownloadError, ProviderError
from bot.jobs.deadlines import RetryDeadline
from bot.jobs.files import Files
from bot.jobs.given_up import LOOK_FOR_S
from bot.jobs.live import Jobs
from bot.jobs.lookups import MISSING_LIMIT_S, UNREADABLE_LIMIT_S, Lookups, window
from bot.jobs.strays.sameness import Sameness, is_beside, is_same_link
from bot.media.downloads import Downloads
from bot.provider.providers import Providers
from bot.provider.runs import UNSUCCESSFUL, Row, url_in
from bot.store.store import Store

log = structlog.get_logger()

ASK_AGAIN_S = 60.0


class NotKnownYet(Exception):
    """Whether a job was sent off before this start cannot be said now; ask again later.

    `is_given_up`: that has been tried for so long that nobody waits for it any more.
    """

    def __init__(self, why: str, *, is_given_up: bool = False) -> None:
        super().__init__(why)
        self.is_given_up = is_given_up


@dataclass(frozen=True, slots=True)
class _Reading:
    """The stray runs that began since then (unix s), as the history had them `at` (monotonic s)."""

    since: float
    at: float
    strays: tuple[Row, ...]


class Strays:
    """The runs that no job has and none waits for; `run_of` gives each job its own."""

    def __init__(
        self,
        *,
        store: Store,
        jobs: Jobs,
        providers: Providers,
        downloads: Downloads,
        files: Files,
        lookups: Lookups,
        clock: Clock,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._providers = providers
        self._sameness = Sameness(downloads, clock)
        self._files = files
        self._lookups = lookups
        self._clock = clock
        self._started_at = clock.monotonic()
        self._reading: _Reading | None = None
        self._is_restored = False
        self._failed_at: float | None = None
        self._one_asks = asyncio.Lock()
        self._answered: set[str] = set()
        self._unknown = RetryDeadline(clock, limit_s=UNREADABLE_LIMIT_S)

    def may_have(self, job: Job) -> bool:
        """Whether a job may have a run of which this database knows nothing.

        Somebody who has looked into it since this start, and wants another one, knows better.
        """
        found = self._jobs.as_found(job.id)
        if found is None or job.is_free or job.id in self._answered:
            return False
        return job.settled is not Outcome.AGAIN or found.settled is Outcome.AGAIN

    async def run_of(self, job: Job) -> Row | None:
        """The run that was this job's before this start, or that there is none.

        Raises `NotKnownYet`. A reading without any strays is taken at its word; once there was
        one, this is no ordinary start, and late rows are waited for.
        """
        try:
            reading = await self._read(job)
            found = await self._find(job, reading)
        except (ProviderError, DownloadError, OSError) as error:
            self._lookups.hold_back(job.id)
            self._unknown.record_try(job.id)
            given_up = self._unknown.has_passed(job.id)
            log.info("not known whether it ran before this start", job=job.id, reason=str(error))
            raise NotKnownYet(str(error), is_given_up=given_up) from error
        if found is None and self._is_restored and not self._is_final(reading):
            self._lookups.hold_back(job.id)
            raise NotKnownYet("The history has runs that no job knows, and may have more.")
        self._lookups.forget(job.id)
        return found

    def settle(self, job: Job) -> None:
        """It is known, or was given up: what comes of this job from now on, this program does."""
        self._answered.add(job.id)
        self._unknown.forget(job.id)
        self._lookups.forget(job.id)

    async def _read(self, job: Job) -> _Reading:
        """The stray runs that may be this job's. Raises `ProviderError`; tried once for all."""
        since, until = window(job.created_at, self._clock.time())
        async with self._one_asks:
            now = self._clock.monotonic()
            if self._reading and self._reading.since <= since and self._is_good(self._reading, now):
                return self._reading
            if self._failed_at is not None and now - self._failed_at < ASK_AGAIN_S:
                raise ProviderError("The history could not be read a moment ago.")
            try:
                self._reading = await self._read_since(await self._earliest(since), until, now)
            except ProviderError as error:
                self._failed_at = now
                self._lookups.tell(job.id, error)
                raise
            self._failed_at = None
            self._lookups.record_answer()
            return self._reading

    async def _earliest(self, since: float) -> float:
        """Back to where one reading answers for all that wait."""
        waiting = await self._store.read.find(state=JobState.QUEUED)
        now = self._clock.time()
        return min([since, *(window(job.created_at, now)[0] for job in waiting)])

    async def _read_since(self, since: float, until: float, at: float) -> _Reading:
        rows = await self._providers.rows(since, until)
        awaited = await self._awaited()  # before the claims: one may be claimed meanwhile
        claims = await self._store.read.claims([row.request_id for row in rows])
        strays = []
        for row in rows:
            if row.request_id in claims:
                continue
            if row.inputs in awaited:  # whoever is waited for comes first
                awaited.remove(row.inputs)
                continue
            strays.append(row)
        if strays and not self._is_restored:
            self._is_restored = True
            log.warning(
                "the history has runs that no job knows",
                runs=[row.request_id for row in strays[:20]],
                count=len(strays),
                advice="After a restored backup these may belong to jobs in the queue.",
            )
        return _Reading(since, at, tuple(sorted(strays, key=lambda row: row.state in UNSUCCESSFUL)))

    async def _awaited(self) -> list[RunInputs]:
        """The inputs of the submits whose answers are lost, or under way."""
        read, now = self._store.read, self._clock.time()
        doubted = [
            *await read.find(state=JobState.SUBMITTING),
            *await read.find(state=JobState.REVIEW),
            *(job for job, _ in await read.unproven(now - LOOK_FOR_S)),
        ]
        return [
            job.attempt.inputs for job in doubted if job.attempt and job.attempt.request_id is None
        ]

    def _is_good(self, reading: _Reading, now: float) -> bool:
        """Whether another one would say no more: strays bring late ones along."""
        if self._is_restored and not self._is_final(reading):
            return now - reading.at < ASK_AGAIN_S
        return self._is_final(reading) or now - self._started_at < MISSING_LIMIT_S

    def _is_final(self, reading: _Reading) -> bool:
        """Whether even the last run of before this start must have shown by then."""
        return reading.at - self._started_at >= MISSING_LIMIT_S

    async def _find(self, job: Job, reading: _Reading) -> Row | None:
        """Of several, one that has or may yet bring a video comes first."""
        since = window(job.created_at, self._clock.time())[0]
        for row in reading.strays:
            is_timely = row.created_at is None or row.created_at >= since
            is_alike = row.inputs.wish == job.wish
            if not (is_timely and is_alike) or await self._store.read.is_claimed(row.request_id):
                continue
            if await self._is_its_own(job, row):
                return row
        return None

    async def _is_its_own(self, job: Job, row: Row) -> bool:
        """Whether a run was made of a job's two files, or has made what is kept as its video."""
        image_url, video_url = url_in(row.inputs.image_url), url_in(row.inputs.video_url)
        assert job.subject is not None
        assert job.motion is not None
        if image_url is None or video_url is None:
            return False
        subject, motion = self._files.subject(job.id), self._files.motion(job.id)
        if await self._is_same(job, image_url, job.subject.url, subject):
            return await self._is_same(job, video_url, job.motion.url, motion)
        made = self._files.video(job.id)  # it outlives the files that it was made of
        if row.url is None or subject.exists() or not made.exists():
            return False
        return await self._has_bytes(job, row.url, made)

    async def _is_same(self, job: Job, url: str, link: str, kept: Path) -> bool:
        if is_same_link(url, link):
            return True
        if is_beside(url, link) or not await asyncio.to_thread(kept.exists):
            return False
        return await self._has_bytes(job, url, kept)

    async def _has_bytes(self, job: Job, url: str, kept: Path) -> bool:
        supplier = self._providers.of(job.model).url
        return await self._sameness.is_same(url, kept, job.person_id, supplier)
