"""Taking pictures and motions from the chat, and asking for a video of them."""

import mimetypes
from collections.abc import Awaitable, Callable, Sequence

from bot.accounts.authors import Authors
from bot.accounts.wallets import Place, Wallets
from bot.cards.job import Button
from bot.clock import Clock
from bot.core.admission import NewJob
from bot.core.jobs import Job, Source
from bot.core.library.motions import Motion, is_open_in
from bot.core.models import Choice, price
from bot.core.typed.job_ids import new_job_id
from bot.core.uploads import Choices, Cut, Tray, Upload
from bot.errors import Problem, Refused
from bot.services.given import GivenFile, refuse_at_sight
from bot.services.optimistic import retry_when_stale
from bot.services.requests import TOKEN_LIFE_S, JobRunner, RequestService
from bot.services.small_talk import SmallTalk
from bot.store.offers.answers import Taken
from bot.store.store import Store

MOST_CHOICES = 25
"""Discord's limit of what one may choose from."""


class Trays:
    """One tray for each person. A full one becomes an offer, which an own button starts."""

    def __init__(
        self,
        *,
        store: Store,
        runner: JobRunner,
        requests: RequestService,
        wallets: Wallets,
        authors: Authors,
        dismiss: Callable[[Job], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._store = store
        self._runner = runner
        self._requests = requests
        self._wallets = wallets
        self.authors = authors
        self._dismiss = dismiss
        self._clock = clock
        self._small_talk = SmallTalk(clock)

    async def take(
        self, place: Place, files: Sequence[Upload], *, is_motion: bool
    ) -> Tray | Choices:
        """Put the file of one message into the tray, or ask which of them.

        Each has its `origin`. Raises `Refused`.
        """
        if not files:
            raise Refused(Problem.NO_MOTION_THERE if is_motion else Problem.NO_PICTURE_THERE)
        if len(files) == 1:
            return await self._put(place, files[0], is_motion=is_motion)
        origin = files[0].origin
        choices = Choices(
            origin.message_id if origin else 0, is_motion, tuple(files)[:MOST_CHOICES]
        )
        await self._store.trays.ask(place.person_id, choices, self._clock.time())
        return choices

    async def choose(self, place: Place, message_id: int, number: int) -> Tray:
        """Put the file that was chosen into the tray. Raises `Refused`."""
        choices = (await self.tray(place)).choices
        if choices is None or choices.message_id != message_id or number >= len(choices.files):
            raise Refused(Problem.CHOICES_OVER)
        return await self._put(place, choices.files[number], is_motion=choices.is_motion)

    async def fill(self, place: Place, motion: Motion) -> Tray:
        """Put a motion that can be chosen there into the tray. Raises `Refused`."""
        return await self._store.trays.fill(place.person_id, motion.upload, self._clock.time())

    async def tray(self, place: Place) -> Tray:
        """What is in it."""
        return await self._store.trays.of(place.person_id, self._clock.time())

    async def empty(self, person_id: int) -> None:
        """Let go of everything, and of the offer that was made of it."""
        await self._store.trays.empty(person_id, self._clock.time())

    async def offer(
        self, place: Place, tray: Tray, *, interaction_id: int, token: str
    ) -> Job | None:
        """Have a full tray looked at and priced where this comes from, whose reply is its card.

        `None` where it is not full, and for a repeated event. Raises `Refused`.
        """
        if not tray.is_full:
            return None
        _refuse_mixed_ages(place, tray.files)
        paying = await self._wallets.paying(place)
        if closed := await self._runner.why_closed():
            raise closed
        try:
            self._small_talk.refuse_many(place.person_id, 0)
        except Refused as refused:
            raise Refused(Problem.TRAY_TOO_OFTEN) from refused
        at = self._clock.time()
        new = NewJob(
            id=new_job_id(),
            source=Source.TRAY,
            origin_id=interaction_id,
            server_id=paying.server_id,
            channel_id=place.channel_id,
            person_id=place.person_id,
            upload_limit_bytes=place.upload_limit_bytes,
            is_direct=place.is_direct,
            above_id=place.above_id,
            language=place.language,
            token=token,
            token_expires_at=at + TOKEN_LIFE_S,
        )
        return await self._store.trays.offer(new, at, paying.roles)

    async def start(
        self,
        job_id: str,
        place: Place,
        choice: Choice,
        first_s: float | None,
        at_most: int | None,
        *,
        interaction_id: int,
        token: str,
    ) -> tuple[Job, Job]:
        """The button of a priced tray, or of the first seconds of its motion: ask for the video,
        for `at_most` so many credits.

        The offer as it was, and the request that it is now. Raises `Refused`.
        """

        async def decide() -> tuple[Job, Job]:
            job = await self._open(job_id, place, choice, first_s)
            cut = None if first_s is None else Cut(0.0, first_s)
            seconds = job.duration_s if first_s is None else first_s
            if seconds is None or not job.awaits_choice:
                raise Refused(Problem.NOT_READY)
            paying = await self._wallets.paying_for(job, place)
            at = self._clock.time()
            try:
                cost = price(choice, seconds, self._wallets.rates, at_most)
                started = await self._store.trays.start(
                    job,
                    Taken(choice, cost, paying.server_id, paying.roles, cut),
                    origin_id=interaction_id,
                    token=token,
                    token_expires_at=at + TOKEN_LIFE_S,
                    at=at,
                )
            except Refused as refused:
                asks = Button.START_TRAY
                raise await self._wallets.otherwise(
                    refused, job, choice, asks, payer=paying, first_s=first_s
                ) from refused
            return job, started

        return await retry_when_stale(decide)

    async def put_away(self, offer: Job) -> None:
        """What has been started is shown elsewhere: its offer goes, as far as it can be reached."""
        await self._dismiss(offer)

    async def _open(self, job_id: str, place: Place, choice: Choice, first_s: float | None) -> Job:
        mine = job_id, place.person_id
        try:
            if first_s is None:
                job = await self._requests.startable(*mine, choice.model)
            else:
                job = await self._requests.first_taken(*mine, choice, first_s)
        except Refused as refused:
            if refused.problem is Problem.ALREADY_ENDED:
                raise Refused(Problem.TRAY_CHANGED) from refused
            raise
        _refuse_mixed_ages(place, [file for file in (job.subject, job.motion) if file])
        motion = job.motion
        if motion and motion.motion_ref and not is_open_in(place.server_id, motion.motion_ref):
            raise Refused(Problem.MOTION_ELSEWHERE, name=motion.name)
        return job

    async def _put(self, place: Place, file: Upload, *, is_motion: bool) -> Tray:
        seen = GivenFile(file, mimetypes.guess_type(file.name)[0])
        refuse_at_sight(*((None, seen) if is_motion else (seen, None)))
        at = self._clock.time()
        return await self._store.trays.put(place.person_id, file, is_motion=is_motion, at=at)


def _refuse_mixed_ages(place: Place, files: Sequence[Upload]) -> None:
    """Age-restricted channels stay among themselves. Raises `Refused`."""
    for file in files:
        if file.origin and file.origin.is_age_restricted != place.is_age_restricted:
            raise Refused(Problem.AGES_MIXED)
