"""`checking`: both files are fetched and looked at, the price is known, the hold is placed."""

import asyncio
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from zlib import crc32

import structlog

from bot.accounts.wallets import Wallets
from bot.clock import Clock
from bot.core.jobs import Failure, Job, Source, Upload
from bot.core.ledger import Period, period_end
from bot.core.models import Choice, Rates, price
from bot.errors import CannotSave, DownloadError, DownloadRefused, Fact, Problem, Refused, StaleJob
from bot.jobs.deadlines import RetryDeadline
from bot.jobs.disk import Disk
from bot.jobs.files import Files
from bot.media.downloads import Downloads
from bot.media.inspect import IMAGE_LIMIT_BYTES, VIDEO_LIMIT_BYTES, ImageFacts, Media, VideoFacts
from bot.media.turns import Turns
from bot.store.store import Store

log = structlog.get_logger()

REPLY_PATIENCE_S = 5.0
"""Discord wants the first reply within 3 s; later there will be none."""

WHOSE_PATIENCE_S, WHOSE_EVERY_S = 10.0, 2.5
"""A reply that was found, and not made, is another bot's if it is about another job by then."""

RENEWAL_SPREAD_S = 60
"""Allowances and budgets renew for all at once, and cards are not all edited in one second."""

CROWDED_OFFER_LIFE_S = 3600.0
"""While the disk is crowded, offers live no longer: their files cost nobody anything."""

DOWNLOAD_TIMEOUT_S = 90.0
DOWNLOAD_TRIES = 3
DOWNLOADS_AT_ONCE = 4


class What(StrEnum):
    """Which of a job's files."""

    IMAGE = "image"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; while it only says "thinking", nobody knows whose it is (`None`)."""

    message_id: int
    is_ours: bool | None


class Replies(Protocol):
    """What is asked of Discord here."""

    async def find_reply(self, job: Job) -> Reply | None:
        """The reply to the job's interaction, if there is one."""


class Intake:
    """The first stage of a job. Each step may be repeated."""

    def __init__(
        self,
        *,
        store: Store,
        downloads: Downloads,
        media: Media,
        files: Files,
        disk: Disk,
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
        self._disk = disk
        self._replies = replies
        self._wallets = wallets
        self._rates = rates
        self._clock = clock
        self._supplier = supplier
        self._turns = Turns(DOWNLOADS_AT_ONCE, clock)
        self._seen_alone: set[str] = set()
        self._fetched: dict[Path, str] = {}
        self._replies_due = RetryDeadline(clock, limit_s=REPLY_PATIENCE_S, min_tries=1)
        self._unclear = RetryDeadline(clock, limit_s=WHOSE_PATIENCE_S)
        self._found: set[str] = set()

    async def check(self, job: Job) -> float | None:
        """Do what can be done; the seconds after which to look again, `None` for not by itself."""
        if job.source is Source.SLASH and job.card.message_id is None:
            return await self._await_reply(job)
        if not job.is_offer:
            await self._look_at(job)
            return 0
        left_s = job.offer_ends_at - self._clock.time()
        if self._disk.is_crowded:
            left_s = min(left_s, job.created_at + CROWDED_OFFER_LIFE_S - self._clock.time())
        if left_s <= 0:
            await self._store.cancel(job, self._clock.time())
            return 0
        if job.duration_s is not None:
            return min(left_s, self._renewed_after_s(job), CROWDED_OFFER_LIFE_S)
        if self._is_seen(job):
            return min(left_s, CROWDED_OFFER_LIFE_S)
        await self._look_at(job)
        return 0

    def _renewed_after_s(self, job: Job) -> float:
        """When an offer's card may say that its requester has more, or less: after midnight."""
        now = self._clock.time()
        spread_s = crc32(job.id.encode()) % RENEWAL_SPREAD_S
        return period_end(Period.DAY, now) - now + spread_s

    async def _await_reply(self, job: Job) -> float:
        """Its answer was lost, or Discord had one already: from us, or from another bot."""
        reply = await self._replies.find_reply(job)
        if reply is None:
            self._replies_due.record_try(job.id)
            if not self._replies_due.has_passed(job.id):
                return REPLY_PATIENCE_S
        elif reply.is_ours is None:
            self._unclear.record_try(job.id)
            if not self._unclear.has_passed(job.id):
                return WHOSE_EVERY_S
        self._replies_due.forget(job.id)
        self._unclear.forget(job.id)
        if reply is None or reply.is_ours is False:
            await self._fail(job, Problem.INTERRUPTED, {})
        else:
            self._found.add(job.id)
            await self._store.card_is(job.id, reply.message_id)
        return 0

    async def _leaves_to_other(self, job: Job) -> bool:
        """Whether another bot was slow to say that a reply is its own: then that is let go."""
        if job.id not in self._found:
            return False
        reply = await self._replies.find_reply(job)
        self._found.discard(job.id)
        if reply is None or reply.is_ours is not False:
            return False
        await self._store.card_is(job.id, None)
        await self._fail(job, Problem.INTERRUPTED, {})
        return True

    async def _look_at(self, job: Job) -> None:
        """Fetch what was given, see what it is, and take it or refuse what is wrong with it."""
        what, picture, motion = What.IMAGE, None, None
        try:
            for what in _given(job):
                await self._fetch(job, what)
            if await self._are_swapped(job):
                await self._swap(job)
                return
            for what in _given(job):
                if what is What.IMAGE:
                    picture = await self._media.inspect_image(
                        *self._known(job, what), is_offer=job.is_offer
                    )
                else:
                    motion = await self._media.inspect_video(
                        *self._known(job, what), is_offer=job.is_offer
                    )
            if picture is None or motion is None:
                self._seen_alone.add(_only(job).url)
                return
            # Both are good: nothing is written for a request that is refused anyway.
            what = What.IMAGE
            subject = await self._redrawn(job, picture)
            what = What.VIDEO
            written, duration_s = await self._rewritten(job, motion)
        except Refused as refused:
            await self._refuse(job, what, refused)
            return
        self._seen_alone -= {_upload(job, what).url for what in What}
        self._forget_files(job)
        await self._take(replace(job, subject=subject, motion=written), duration_s)

    async def _fetch(self, job: Job, what: What) -> None:
        """Download one of the files. Raises `Refused`."""
        may_be_video = what is What.VIDEO or job.is_offer  # which is sorted once it is here
        limit_bytes = VIDEO_LIMIT_BYTES if may_be_video else IMAGE_LIMIT_BYTES
        await self._download(job, what, limit_bytes)

    async def _are_swapped(self, job: Job) -> bool:
        subject = self._path(job, What.IMAGE) if job.subject else None
        motion = self._path(job, What.VIDEO) if job.motion else None
        return await self._media.are_swapped(subject, motion, job.person_id)

    async def _swap(self, job: Job) -> None:
        """Put an offer's files where they belong. Raises `Refused` for what was said by name.

        What was fetched goes first: broken off there, it is fetched and looked at again.
        """
        if not job.is_offer:
            raise Refused(Problem.SWAPPED)
        self._forget_files(job)
        await self._files.delete_inputs(job.id)
        await self._store.swap_files(job)

    async def _redrawn(self, job: Job, facts: ImageFacts) -> Upload:
        """The picture as it is sent. Raises `Refused`."""
        upload = _upload(job, What.IMAGE)
        if not facts.is_other:
            return upload
        path = self._unfetched(job, What.IMAGE)
        sent = await self._media.redraw(path, upload.name, job.person_id, is_offer=job.is_offer)
        size = sent.width, sent.height
        return replace(upload, sent_size=size, given_as=facts.given_as, sent_as=sent.format)

    async def _rewritten(self, job: Job, facts: VideoFacts) -> tuple[Upload, float]:
        """The motion as it is sent, and its length in seconds. Raises `Refused`."""
        upload = _upload(job, What.VIDEO)
        if not facts.is_to_be_rewritten:
            return upload, facts.duration_s
        path = self._unfetched(job, What.VIDEO)
        sent = await self._media.rewrite(
            path, upload.name, job.person_id, facts=facts, is_offer=job.is_offer
        )
        size = sent.width, sent.height
        return replace(upload, sent_size=size, given_as=facts.given_as), sent.duration_s

    def _known(self, job: Job, what: What) -> tuple[Path, str, int]:
        """Where a file is, what it is called, and whose it is."""
        return self._path(job, what), _upload(job, what).name, job.person_id

    def _unfetched(self, job: Job, what: What) -> Path:
        """Where a file is that another is to replace: the next look fetches it anew."""
        path = self._path(job, what)
        self._fetched.pop(path, None)
        return path

    def _forget_files(self, job: Job) -> None:
        for what in What:
            self._fetched.pop(self._path(job, what), None)

    def _path(self, job: Job, what: What) -> Path:
        files = self._files
        return files.subject(job.id) if what is What.IMAGE else files.motion(job.id)

    def _is_seen(self, job: Job) -> bool:
        """Whether an offer's only file was good."""
        return None in {job.subject, job.motion} and _only(job).url in self._seen_alone

    async def _refuse(self, job: Job, what: What, refused: Refused) -> None:
        """Of an offer, what is good stays: only what is wrong goes."""
        others = [each for each in _given(job) if each is not what]
        is_about_it = refused.problem is not Problem.CANNOT_SAVE
        if job.is_offer and is_about_it and (others or _upload(job, what).replaces):
            failure = Failure(refused.problem, refused.facts)
            await self._store.refuse_upload(job, failure, is_motion=what is What.VIDEO)
        else:
            await self._fail(job, refused.problem, refused.facts)

    async def _download(self, job: Job, what: What, limit_bytes: int) -> None:
        upload, path = _upload(job, what), self._path(job, what)
        if self._fetched.get(path) == upload.url and await asyncio.to_thread(path.exists):
            return  # as half an offer; its message may be gone by now
        self._fetched.pop(path, None)
        most_bytes = min(upload.size_bytes or limit_bytes, limit_bytes)
        for tries_left in reversed(range(DOWNLOAD_TRIES)):
            try:
                async with (
                    self._turns.turn(job.person_id),
                    self._disk.room(path, most_bytes, job.id),
                ):
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
                is_image = what is What.IMAGE
                problem = Problem.IMAGE_TOO_LARGE if is_image else Problem.VIDEO_TOO_LARGE
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
                self._fetched[path] = upload.url
                return

    async def _take(self, job: Job, duration_s: float) -> None:
        if job.is_offer:
            await self._store.offer_checked(job, duration_s, at=self._clock.time())
            return
        assert job.quality is not None
        if await self._leaves_to_other(job):
            return
        try:
            cost = price(Choice(job.model, job.quality), duration_s, self._rates)
            await self._store.admit(
                job,
                quality=job.quality,
                duration_s=duration_s,
                price=cost,
                roles=await self._wallets.roles_of(job),
                at=self._clock.time(),
            )
        except Refused as refused:
            await self._fail(job, refused.problem, refused.facts)

    async def _fail(self, job: Job, problem: Problem, facts: dict[str, Fact]) -> None:
        try:
            await self._store.fail(job, Failure(problem, facts), self._clock.time())
        except StaleJob:
            log.info("job moved on before it could fail", job=job.id)


def _given(job: Job) -> list[What]:
    uploads = {What.IMAGE: job.subject, What.VIDEO: job.motion}
    return [what for what, upload in uploads.items() if upload is not None]


def _upload(job: Job, what: What) -> Upload:
    upload = job.subject if what is What.IMAGE else job.motion
    assert upload is not None
    return upload


def _only(job: Job) -> Upload:
    upload = job.subject or job.motion
    assert upload is not None
    return upload
