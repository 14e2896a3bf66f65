"""`checking`: both files are fetched and looked at, the price is known, the hold is placed."""

import asyncio
from pathlib import Path
from typing import Protocol

import structlog

from bot.accounts.wallets import Wallets
from bot.clock import Clock
from bot.core.jobs import Failure, Job, Source, Upload
from bot.core.pricing import Rates, price
from bot.errors import CannotSave, DownloadError, DownloadRefused, Fact, Problem, Refused, StaleJob
from bot.jobs.deadlines import RetryDeadline
from bot.jobs.files import Files
from bot.media.downloads import Downloads
from bot.media.inspect import IMAGE_LIMIT_BYTES, VIDEO_LIMIT_BYTES, Media
from bot.store.store import Store

log = structlog.get_logger()

REPLY_PATIENCE_S = 5.0
"""Discord wants the first reply within 3 s; later there will be none."""

OFFER_LIFE_S = 24 * 3600.0
DOWNLOAD_TIMEOUT_S = 90.0
DOWNLOAD_TRIES = 3
DOWNLOADS_AT_ONCE = 4


class Replies(Protocol):
    """What is asked of Discord here."""

    async def find_reply(self, job: Job) -> int | None:
        """The message id of the reply to the job's interaction, if there is one."""


class Intake:
    """The first stage of a job. Each step may be repeated."""

    def __init__(
        self,
        *,
        store: Store,
        downloads: Downloads,
        media: Media,
        files: Files,
        replies: Replies,
        wallets: Wallets,
        rates: Rates,
        clock: Clock,
        supplier: str,
    ) -> None:
        self._store = store
        self._downloads = downloads
        self._media = media
        self._files = files
        self._replies = replies
        self._wallets = wallets
        self._rates = rates
        self._clock = clock
        self._supplier = supplier
        self._slots = asyncio.Semaphore(DOWNLOADS_AT_ONCE)
        self._seen_alone: set[str] = set()
        self._replies_due = RetryDeadline(clock, limit_s=REPLY_PATIENCE_S, min_tries=1)

    async def check(self, job: Job) -> float | None:
        """Do what can be done; the seconds after which to look again, `None` for not by itself."""
        if job.source is Source.SLASH and job.card.message_id is None:
            return await self._await_reply(job)
        if job.is_offer:
            left_s = job.created_at + OFFER_LIFE_S - self._clock.time()
            if left_s <= 0:
                await self._store.cancel(job, self._clock.time())
                return 0
            if job.duration_s is not None:
                return left_s
        try:
            if job.subject is None or job.motion is None:
                await self._look_at_half(job)
                return max(0.0, job.created_at + OFFER_LIFE_S - self._clock.time())
            duration_s = await self._look(job)
            await self._take(job, duration_s)
        except Refused as refused:
            await self._fail(job, refused.problem, refused.facts)
        return 0

    async def _await_reply(self, job: Job) -> float:
        message_id = await self._replies.find_reply(job)
        if message_id is not None:
            self._replies_due.forget(job.id)
            await self._store.card_is(job.id, message_id)
            return 0
        self._replies_due.record_try(job.id)
        if not self._replies_due.has_passed(job.id):
            return REPLY_PATIENCE_S
        self._replies_due.forget(job.id)
        await self._fail(job, Problem.INTERRUPTED, {})
        return 0

    async def _look(self, job: Job) -> float:
        """The motion's length in seconds. Raises `Refused`."""
        assert job.subject is not None
        assert job.motion is not None
        subject, motion = self._files.subject(job.id), self._files.motion(job.id)
        await self._download(job.subject, subject, "image", IMAGE_LIMIT_BYTES)
        await self._download(job.motion, motion, "video", VIDEO_LIMIT_BYTES)
        return await self._media.inspect_pair(
            subject,
            motion,
            image_name=job.subject.name,
            video_name=job.motion.name,
            person_id=job.person_id,
        )

    async def _look_at_half(self, job: Job) -> None:
        """Say what is wrong with an offer's only file before the other one comes."""
        upload = job.subject or job.motion
        if upload is None or upload.url in self._seen_alone:
            return
        if job.subject:
            path = self._files.subject(job.id)
            await self._download(upload, path, "image", IMAGE_LIMIT_BYTES)
            await self._media.inspect_image(path, upload.name, job.person_id)
        else:
            path = self._files.motion(job.id)
            await self._download(upload, path, "video", VIDEO_LIMIT_BYTES)
            await self._media.inspect_video(path, upload.name, job.person_id)
        self._seen_alone.add(upload.url)

    async def _download(self, upload: Upload, path: Path, what: str, limit_bytes: int) -> None:
        for tries_left in reversed(range(DOWNLOAD_TRIES)):
            try:
                async with self._slots:
                    await self._downloads.save(
                        upload.url,
                        path,
                        limit_bytes=limit_bytes,
                        timeout_s=DOWNLOAD_TIMEOUT_S,
                        supplier=self._supplier,
                    )
            except DownloadRefused as refused:
                if not refused.too_large:
                    log.warning("download refused", reason=str(refused))
                    raise Refused(Problem.DOWNLOAD_FAILED, what=what) from refused
                problem = Problem.IMAGE_TOO_LARGE if what == "image" else Problem.VIDEO_TOO_LARGE
                raise Refused(
                    problem, size_bytes=upload.size_bytes, limit_bytes=limit_bytes
                ) from refused
            except CannotSave as error:  # said now, for nobody would wait until there is room
                raise Refused(Problem.CANNOT_SAVE) from error
            except DownloadError as error:
                log.info("download failed", what=what, reason=str(error), tries_left=tries_left)
                if not tries_left:
                    raise Refused(Problem.DOWNLOAD_FAILED, what=what) from error
                await self._clock.sleep(1.0)
            else:
                return

    async def _take(self, job: Job, duration_s: float) -> None:
        if job.is_offer:
            await self._store.offer_checked(job, duration_s)
            return
        assert job.quality is not None
        await self._store.admit(
            job,
            quality=job.quality,
            duration_s=duration_s,
            price=price(job.quality, duration_s, self._rates),
            roles=await self._wallets.roles_of(job),
            at=self._clock.time(),
        )

    async def _fail(self, job: Job, problem: Problem, facts: dict[str, Fact]) -> None:
        try:
            await self._store.fail(job, Failure(problem, facts), self._clock.time())
        except StaleJob:
            log.info("job moved on before it could fail", job=job.id)
