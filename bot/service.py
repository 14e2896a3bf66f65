"""What people may do: ask, add a file, start, cancel, look. Every method answers at once.

Nothing here downloads or waits for the provider: it saves, and wakes the runner.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from bot.clock import Clock
from bot.core import ledger, policy
from bot.core.jobs import (
    ID_ALPHABET,
    ID_LENGTH,
    Failure,
    Job,
    JobState,
    Quality,
    Source,
    Upload,
    job_id_in,
)
from bot.core.ledger import Balance
from bot.core.policy import Rules
from bot.core.pricing import Rates, price, prices
from bot.errors import Problem, Refused, StaleJob
from bot.media import IMAGE_LIMIT_BYTES, VIDEO_LIMIT_BYTES
from bot.news import Outlook
from bot.store import NewJob, Store
from bot.videos import Videos, link_to

TOKEN_LIFE_S = 15 * 60
"""How long an interaction's token lives (Discord API docs, Receiving and Responding)."""

EXPLAIN_AGAIN_AFTER_S = 24 * 3600


class Worker(Protocol):
    """What the service needs of the runner."""

    def poke(self, job_id: str) -> None:
        """Look at this job now."""

    async def provider_is_down(self) -> bool:
        """Whether a new request could only wait for an outage to end."""


class Members(Protocol):
    """What the service needs to know of servers."""

    async def is_in_any(self, person_id: int, servers: frozenset[int]) -> bool:
        """Whether this person is a member of any of these servers."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody asks: `server_id` 0 is a direct message."""

    server_id: int
    channel_id: int
    person_id: int
    upload_limit_bytes: int


@dataclass(frozen=True, slots=True)
class GivenFile:
    """An attachment as Discord describes it; `content_type` is Discord's guess, if it made one."""

    upload: Upload
    content_type: str | None

    @property
    def family(self) -> str | None:
        """`image`, `video`, another family, or `None` when Discord does not say."""
        return self.content_type.split("/")[0].lower() if self.content_type else None


@dataclass(frozen=True, slots=True)
class Wallet:
    """What somebody has, and what it is worth."""

    balance: Balance
    budget_left: int
    allowance: int
    renews_at: float
    prices: Mapping[Quality, int]
    under_way: list[Job]


class Service:
    """The one way in for the commands, the buttons and the messages."""

    def __init__(
        self,
        *,
        store: Store,
        worker: Worker,
        members: Members,
        outlook: Callable[[Job], Awaitable[Outlook]],
        videos: Videos,
        rules: Callable[[int], Rules],
        rates: Rates,
        clock: Clock,
    ) -> None:
        self._store = store
        self._worker = worker
        self._members = members
        self._outlook = outlook
        self._videos = videos
        self._rules = rules
        self._rates = rates
        self._clock = clock
        self._drafting: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    # --- asking for a video -------------------------------------------------------------------

    async def request(
        self,
        place: Place,
        *,
        interaction_id: int,
        token: str,
        image: GivenFile,
        video: GivenFile,
        quality: Quality,
    ) -> Job | None:
        """Save a slash command's request before it is answered; `None` for a repeated event.

        Raises `Refused` for what can be said without a download.
        """
        _refuse_at_sight(image, video)
        await self._refuse_strangers(place)
        if await self._worker.provider_is_down():
            raise Refused(Problem.PROVIDER_DOWN)
        at = self._clock.time()
        return await self._store.begin(
            NewJob(
                id=_new_id(),
                source=Source.SLASH,
                origin_id=interaction_id,
                server_id=place.server_id,
                channel_id=place.channel_id,
                person_id=place.person_id,
                upload_limit_bytes=place.upload_limit_bytes,
                subject=image.upload,
                motion=video.upload,
                quality=quality,
                token=token,
                token_expires_at=at + TOKEN_LIFE_S,
            ),
            self._rules(place.server_id),
            at,
        )

    async def replied(self, job_id: str, message_id: int | None) -> None:
        """The request's first reply stands, perhaps under an id that is to be found out."""
        try:
            if message_id is not None:
                await self._store.card_is(job_id, message_id)
        finally:
            self._worker.poke(job_id)

    async def unanswered(self, job: Job) -> None:
        """Discord did not take the first reply and has told the person so: the job ends."""
        failure = Failure(Problem.INTERRUPTED)
        await self._store.fail(job, failure, self._clock.time())
        self._worker.poke(job.id)

    async def draft(
        self, place: Place, message_id: int, image: GivenFile | None, video: GivenFile | None
    ) -> Job | None:
        """A plain message's files: a new draft, or the other half of the one that waits.

        `None` for a repeated event. Raises `Refused`.
        """
        _refuse_at_sight(image, video)
        await self._refuse_strangers(place)
        async with self._drafting.setdefault(place.person_id, asyncio.Lock()):
            while True:
                try:
                    return await self._draft(place, message_id, image, video)
                except StaleJob:  # the draft was failed or looked at meanwhile: see what it is now
                    continue

    async def _draft(
        self, place: Place, message_id: int, image: GivenFile | None, video: GivenFile | None
    ) -> Job | None:
        if await self._store.read.job_of_origin(message_id):
            return None
        if await self._worker.provider_is_down():
            raise Refused(Problem.PROVIDER_DOWN)
        subject = image.upload if image else None
        motion = video.upload if video else None
        waiting = await self._store.read.draft_of(place.person_id)
        if waiting and not (image and video) and not (waiting.subject and waiting.motion):
            job = await self._store.add_to_draft(
                waiting, message_id, subject=subject, motion=motion
            )
        else:
            rules = self._rules(place.server_id)
            standing = await self._store.read.standing(
                place.server_id, place.person_id, rules, self._clock.time()
            )
            policy.may_ask(rules, standing, place.server_id, self._clock.time())
            begun = await self._store.begin(
                NewJob(
                    id=_new_id(),
                    source=Source.MESSAGE,
                    origin_id=message_id,
                    server_id=place.server_id,
                    channel_id=place.channel_id,
                    person_id=place.person_id,
                    upload_limit_bytes=place.upload_limit_bytes,
                    subject=subject,
                    motion=motion,
                ),
                rules,
                self._clock.time(),
            )
            if begun is None:
                return None
            job = begun
            if waiting:
                self._worker.poke(waiting.id)
        self._worker.poke(job.id)
        return job

    async def start(self, job_id: str, person_id: int, quality: Quality) -> Job:
        """The button of a priced draft: hold and queue. Raises `Refused`."""
        while True:
            job = await self._startable(job_id, person_id)
            assert job.duration_s is not None
            try:
                queued = await self._store.admit(
                    job,
                    quality=quality,
                    duration_s=job.duration_s,
                    price=price(quality, job.duration_s, self._rates),
                    rules=self._rules(job.server_id),
                    at=self._clock.time(),
                )
            except StaleJob:
                continue  # pressed twice at once: decide again on what it is now
            self._worker.poke(job.id)
            return queued

    async def _startable(self, job_id: str, person_id: int) -> Job:
        job = await self._own(job_id, person_id)
        if job.ended:
            raise Refused(Problem.ALREADY_ENDED, job=job.id)
        if not job.is_draft:
            raise Refused(Problem.ALREADY_STARTED, job=job.id)
        if job.duration_s is None:
            raise Refused(Problem.NOT_READY)
        if await self._worker.provider_is_down():
            raise Refused(Problem.PROVIDER_DOWN)
        return job

    async def explain_once(self, place: Place) -> bool:
        """Whether this person is to be told how direct messages work. Raises `Refused`, once."""
        at = self._clock.time()
        if not await self._store.explain_once(place.person_id, EXPLAIN_AGAIN_AFTER_S, at):
            return False
        await self._refuse_strangers(place)
        return True

    # --- looking after one's jobs -------------------------------------------------------------

    async def cancel(self, job_id: str, person_id: int) -> Job:
        """Cancel one's own job before its submit. Raises `Refused`."""
        job = await self._own(job_id, person_id)
        while True:
            try:
                cancelled = await self._store.cancel(job, self._clock.time())
            except StaleJob:  # it moved on meanwhile: decide again on what it is now
                job = await self._own(job_id, person_id)
            else:
                self._worker.poke(job.id)
                return cancelled

    async def show(self, job_id: str, person_id: int) -> tuple[Job, Outlook]:
        """One's own job. Raises `Refused` for an unknown id and for somebody else's."""
        job = await self._own(job_id, person_id)
        return job, await self._outlook(job)

    async def video_files(self, job: Job, limit_bytes: int) -> AsyncIterator[Path]:
        """A delivered job's kept video within the limit; the next one only if that is refused."""
        if job.state is JobState.DELIVERED and job.video_deleted_at is None:
            async for path in self._videos.offers(job.id, limit_bytes):
                yield path

    def video_link(self, job: Job) -> tuple[str, float] | None:
        """A link to a delivered job's video and its end (unix s), while the provider has it."""
        if job.state is not JobState.DELIVERED or job.video_deleted_at is not None:
            return None
        link = link_to(job)
        return link if link[1] > self._clock.time() else None

    async def jobs(self, place: Place, limit: int = 10) -> list[Job]:
        """One's newest jobs: in this server, or in a direct message all of them."""
        return await self._store.read.jobs_of(place.person_id, place.server_id or None, limit)

    async def wallet(self, place: Place) -> Wallet:
        """What somebody can spend here. Raises `Refused` where the bot does not work for them."""
        rules, at = self._rules(place.server_id), self._clock.time()
        policy.may_be_here(rules, place.server_id)
        await self._refuse_strangers(place)
        tally = await self._store.read.tally(at)
        mine = await self._store.read.jobs_of(place.person_id, place.server_id, 25)
        return Wallet(
            balance=await self._store.read.balance(place.server_id, place.person_id, rules, at),
            budget_left=max(0, rules.daily_budget_credits - tally.budget_spent),
            allowance=rules.allowance_credits,
            renews_at=ledger.period_end(rules.period, at),
            prices=self.prices(),
            under_way=[job for job in mine if not job.ended and not job.is_draft],
        )

    def prices(self) -> dict[Quality, int]:
        """What each quality costs for ten seconds of motion, in credits."""
        return prices(10.0, self._rates)

    async def _refuse_strangers(self, place: Place) -> None:
        """With ALLOWED_SERVERS, direct messages are for the members of those servers."""
        allowed = self._rules(place.server_id).allowed_servers
        if place.server_id or not allowed:
            return
        if not await self._members.is_in_any(place.person_id, allowed):
            raise Refused(Problem.STRANGER)

    async def _own(self, job_id: str, person_id: int) -> Job:
        found = job_id_in(job_id)
        job = await self._store.read.job(found) if found else None
        if job is None:
            raise Refused(Problem.UNKNOWN_JOB, job=job_id.strip()[:40] or "–")
        if job.person_id != person_id:
            raise Refused(Problem.NOT_YOUR_JOB)
        return job


def _new_id() -> str:
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))


def _refuse_at_sight(image: GivenFile | None, video: GivenFile | None) -> None:
    """Say at once what the attachments' own descriptions give away."""
    if image and video and image.family == "video" and video.family == "image":
        raise Refused(Problem.SWAPPED)
    if image and image.family not in {"image", None}:
        raise Refused(Problem.NOT_AN_IMAGE, name=image.upload.name)
    if video and video.family not in {"video", None}:
        raise Refused(Problem.NOT_A_VIDEO, name=video.upload.name)
    if image and not image.upload.size_bytes:
        raise Refused(Problem.DAMAGED_IMAGE)
    if video and not video.upload.size_bytes:
        raise Refused(Problem.DAMAGED_VIDEO)
    if image and image.upload.size_bytes > IMAGE_LIMIT_BYTES:
        raise Refused(
            Problem.IMAGE_TOO_LARGE,
            size_bytes=image.upload.size_bytes,
            limit_bytes=IMAGE_LIMIT_BYTES,
        )
    if video and video.upload.size_bytes > VIDEO_LIMIT_BYTES:
        raise Refused(
            Problem.VIDEO_TOO_LARGE,
            size_bytes=video.upload.size_bytes,
            limit_bytes=VIDEO_LIMIT_BYTES,
        )
