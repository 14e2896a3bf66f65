"""What follows a finished job: its files once more, perhaps as something else, or one of them anew.

Whoever can see its post may ask for it, and pays as for anything they ask for. Somebody else's
files do not become theirs by that: they are used in their server, while their post is seen.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from bot.accounts.members import FRESH_S
from bot.accounts.wallets import Place, Wallets
from bot.cards.job import MOST_DESCRIPTION_CHARS, Button
from bot.cards.wording import clean
from bot.clock import Clock
from bot.core.admission import NewJob
from bot.core.jobs import Delivered, Job, JobState, Source
from bot.core.library.motions import STARTER, is_open_in, ref_of
from bot.core.models import MODELS, Choice, price
from bot.core.typed.job_ids import new_job_id
from bot.core.uploads import Origin, Upload
from bot.errors import MembersUnknown, Problem, Refused
from bot.jobs.files import Files, files_kept_until
from bot.services.given import GivenFile, refuse_at_sight
from bot.services.requests import TOKEN_LIFE_S, JobRunner
from bot.store.people.shelves import Shelves
from bot.store.store import Store

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Press:
    """A button was pressed, or its form sent, at this place; its interaction, and the message that
    it stands on, if that is one that others can see too."""

    place: Place
    message_id: int | None
    interaction_id: int
    token: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be made of a job's files: the same as it was (`None`), or another choice, for so
    many credits at most; with another picture or motion in the place of its own."""

    choice: Choice | None = None
    at_most: int | None = None
    picture: GivenFile | None = None
    motion: GivenFile | None = None


class Posts(Protocol):
    """What is asked of Discord about a finished job's post."""

    async def is_seen(self, job: Job, person_id: int, roles: frozenset[int]) -> bool:
        """Whether it stands in a channel that a member with these roles can read.

        Raises `Refused` where that is not known.
        """


Redescribe = Callable[[Job], Awaitable[bool]]
"""Shows at a finished job's post what its video is said to show; whether the post says so now."""


class Remakes:
    """The way in for the buttons of finished posts."""

    def __init__(
        self,
        *,
        store: Store,
        shelves: Shelves,
        runner: JobRunner,
        wallets: Wallets,
        files: Files,
        posts: Posts,
        redescribe: Redescribe,
        clock: Clock,
    ) -> None:
        self._store = store
        self._shelves = shelves
        self._runner = runner
        self._wallets = wallets
        self._files = files
        self._posts = posts
        self._redescribe = redescribe
        self._clock = clock

    async def seen(self, job_id: str, press: Press, *, is_looked_up: bool = True) -> Job:
        """A finished job for whoever may see it: its requester, or who is at its post.

        Whether somebody else can still see it is Discord's word where they press its own buttons,
        else it `is_looked_up`. Raises `Refused`.
        """
        found = await self._store.read.job(job_id)
        return await self._seen(found, job_id, press, is_looked_up=is_looked_up)

    async def _seen(
        self, job: Job | None, job_id: str, press: Press, *, is_looked_up: bool = True
    ) -> Job:
        place = press.place
        if job is None or job.state is not JobState.DELIVERED:
            raise Refused(Problem.UNKNOWN_JOB, job=job_id)
        if job.removed_by_id is not None:
            raise Refused(Problem.REMOVED_BEFORE, by=job.removed_by_id)
        if job.person_id == place.person_id:
            return job
        if not _is_at_post(job, place):
            raise Refused(Problem.NOT_AT_ITS_POST)
        is_sure = press.message_id == job.delivery_message_id or not is_looked_up
        if not is_sure and not await self._posts.is_seen(job, place.person_id, place.roles):
            raise Refused(Problem.NOT_AT_ITS_POST)
        return job

    async def _followed(self, job_id: str, press: Press) -> Job:
        """A finished job, or one's own that could not be paid. Raises `Refused`."""
        job = await self._store.read.job(job_id)
        has_failed = job is not None and job.state is JobState.FAILED
        if job is not None and has_failed and job.person_id == press.place.person_id:
            return job  # without its files, if that is long ago or had another reason
        return await self._seen(job, job_id, press)

    async def kept_until(self, job: Job) -> float | None:
        """Until when (unix s) a finished job's files are there to be used, if they are now."""
        until = files_kept_until(job, self._store.limits.keep_files_s)
        is_over = until is None or until <= self._clock.time()
        return None if is_over or not await self._files.may_be_used(job) else until

    async def buttons(self, job: Job) -> dict[Choice, int]:
        """What may be made of a finished job's files now, and each price."""
        return await self._wallets.remakes(job) if await self.kept_until(job) else {}

    def again(self, job: Job) -> tuple[Choice, int] | None:
        """What a job was made as, and what that costs now, while it is offered."""
        try:
            assert job.quality is not None
            choice = self._wallets.rates.choice(job.model, job.quality)
            return choice, price(choice, job.duration_s or 0.0, self._wallets.rates)
        except Refused:
            return None

    async def make(self, job_id: str, press: Press, wish: Wish) -> Job | None:
        """Save a request for this, before it is answered; `None` for a repeated event.

        Of its files only what is given anew is looked at. Raises `Refused`.
        """
        earlier = await self._followed(job_id, press)
        files_until = await self.kept_until(earlier)
        if files_until is None:
            raise Refused(Problem.FILES_GONE)
        files = _with_files_of(earlier, wish, press.place)
        await self._refuse_elsewhere(files, earlier, press.place)
        refuse_at_sight(wish.picture, wish.motion)
        assert earlier.quality is not None
        rates = self._wallets.rates
        choice = rates.choice(*(wish.choice or Choice(earlier.model, earlier.quality)))
        place = await self._wallets.paying(press.place)
        if closed := await self._runner.why_closed(choice.model):
            raise closed
        cost = await self._cost(earlier, wish, choice, place)
        at = self._clock.time()
        new = replace(
            files,
            origin_id=press.interaction_id,
            server_id=place.server_id,
            channel_id=place.channel_id,
            person_id=place.person_id,
            upload_limit_bytes=place.upload_limit_bytes,
            is_direct=place.is_direct,
            above_id=place.above_id,
            language=place.language,
            model=choice.model,
            quality=choice.quality,
            prompt=earlier.prompt if MODELS[choice.model].prompt else "",
            files_until=earlier.files_until
            if place.person_id == earlier.person_id
            else files_until,
            promised=cost,
            token=press.token,
            token_expires_at=at + TOKEN_LIFE_S,
        )
        return await self._store.begin(new, at, place.roles)

    async def _cost(self, earlier: Job, wish: Wish, choice: Choice, payer: Place) -> int | None:
        """What it costs, where that is known already. Raises `Refused`."""
        if wish.motion:
            return None
        try:
            return price(choice, earlier.duration_s or 0.0, self._wallets.rates, wish.at_most)
        except Refused as refused:
            if wish.picture:  # which no button has
                raise
            asks = Button.MAKE
            raise await self._wallets.otherwise(
                refused, earlier, choice, asks, payer=payer
            ) from refused

    async def _refuse_elsewhere(self, new: NewJob, earlier: Job, place: Place) -> None:
        """Raises `Refused` where a kept file is not to be used at this place, or no longer."""
        kept = [file for file in (new.subject, new.motion) if file and not file.is_another]
        for file in kept:
            refuse_elsewhere(file, earlier, place)
        for file in kept:
            if file.motion_ref and not _is_starter(file):
                shelf = await self._shelves.of(place.server_id)
                if file.motion_ref not in {motion.ref for motion in shelf}:
                    raise Refused(Problem.MOTION_GONE)
        whose = {file.given_in: _is_own(file, place) for file in kept if file.given_in}
        for job_id, is_own in whose.items():
            giver = await self._store.read.job(job_id)
            if giver is None or giver.removed_by_id is not None:
                raise Refused(Problem.FILES_GONE)
            is_sure = is_own or giver.id == earlier.id or giver.person_id == place.person_id
            if not is_sure and not await self._shows(giver, place):
                raise Refused(Problem.GIVER_UNSEEN)

    async def _shows(self, giver: Job, place: Place) -> bool:
        """Whether the post of a job is in this server for its member to see."""
        if giver.delivery_message_id is None or giver.server_id != _server_of(place):
            return False
        return await self._posts.is_seen(giver, place.person_id, place.roles)

    async def describe(
        self, job: Job, person_id: int, text: str, *, as_moderator: bool
    ) -> tuple[Job, bool]:
        """Its requester, or a moderator, says what a finished job's video shows; whether its post
        says so now.

        Nothing ("") leaves it to the names of its files. Raises `Refused`.
        """
        if not as_moderator:
            await self._refuse_outsiders(job)
        flat = clean(text, MOST_DESCRIPTION_CHARS, "plain")
        said = replace(job, description=flat, described_by=person_id)
        job = await self._store.describe(said, self._clock.time(), as_moderator=as_moderator)
        log.info("a video was described", job=job.id, by=person_id)
        return job, await self._redescribe(job)

    async def _refuse_outsiders(self, job: Job) -> None:
        """What stands in a server is written by who may write there. Raises `Refused`."""
        if job.is_shown_directly:
            return
        try:
            roles = await self._wallets.roles_of(job, FRESH_S)
        except MembersUnknown as error:
            raise Refused(Problem.MEMBERSHIP_UNKNOWN) from error
        except Refused as refused:
            raise Refused(Problem.NOT_YOURS_TO_DESCRIBE) from refused
        whose = job.server_id, job.person_id
        _, standing = await self._store.read.standing(*whose, self._clock.time(), roles)
        if standing.block:
            raise Refused(Problem.NOT_YOURS_TO_DESCRIBE)


def _with_files_of(earlier: Job, wish: Wish, place: Place) -> NewJob:
    """A request that has the files of another job, but for those that are given anew."""
    assert earlier.subject is not None
    assert earlier.motion is not None
    subject, motion = (_taken_at(place, earlier, one) for one in (earlier.subject, earlier.motion))
    if wish.picture:
        subject = replace(wish.picture.upload, is_another=True)
    if wish.motion:
        motion = replace(wish.motion.upload, is_another=True)
    is_same = not (wish.picture or wish.motion)
    is_told = is_same and earlier.described_by in {None, earlier.person_id}
    return NewJob(
        id=new_job_id(),
        source=Source.SLASH,
        origin_id=0,
        server_id=0,
        channel_id=0,
        person_id=0,
        upload_limit_bytes=0,
        subject=subject,
        motion=motion,
        files_of=earlier.id,
        cut=None if wish.motion else earlier.cut,
        description=earlier.description if is_told else "",
    )


def _taken_at(place: Place, earlier: Job, file: Upload) -> Upload:
    """A file of a job, as somebody takes it: what its requester gave is theirs, and said to be."""
    file = replace(file, is_another=False)
    if file.motion_ref or place.person_id == earlier.person_id:
        return file
    file = replace(file, given_in=file.given_in or earlier.id)
    if file.origin:
        return file
    post = earlier.server_id, earlier.channel_id, earlier.delivery_message_id or 0
    origin = Origin(earlier.person_id, *post, is_age_restricted=place.is_age_restricted)
    return replace(file, origin=origin)


def refuse_elsewhere(file: Upload, earlier: Job, place: Place) -> None:
    """A file that is not one's own is used in the server that it comes from, or that it was used
    in; what comes from age-restricted channels in such alone, and nothing else there.

    A library's motion is used in its own server. Raises `Refused`.
    """
    here = _server_of(place)
    if file.motion_ref and not is_open_in(here, file.motion_ref):
        raise Refused(Problem.MOTION_ELSEWHERE, name=file.name)
    if file.origin is None or _is_own(file, place):
        return
    if here not in {file.origin.server_id, _server_of(earlier)}:
        raise Refused(Problem.FILES_ELSEWHERE)
    if file.origin.is_age_restricted != place.is_age_restricted:
        raise Refused(Problem.FILES_AGES_APART)


def _is_own(file: Upload, place: Place) -> bool:
    return file.origin is not None and file.origin.author_id == place.person_id


def _is_starter(file: Upload) -> bool:
    return file.motion_ref.startswith(ref_of(STARTER, ""))


def _server_of(asked: Place | Job) -> int:
    """Where somebody asks or has asked: direct messages (0) are none, whichever pays there."""
    return 0 if asked.is_direct else asked.server_id


def _is_at_post(job: Job, place: Place) -> bool:
    """Whether a job's post stands in this channel of a server, as far as is known here."""
    if job.is_shown_directly or place.is_direct or job.delivery_message_id is None:
        return False
    posted_in = {Delivered.CHANNEL: job.delivery_channel_id, Delivered.REPLY: job.channel_id}
    is_here = job.delivered is not None and posted_in.get(job.delivered) == place.channel_id
    return is_here and place.server_id == job.server_id
