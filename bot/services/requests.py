"""What people may do: ask, add a file, start, cancel, look. Every method answers at once.

Nothing here downloads or waits for the provider: it saves, and wakes the runner.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from bot.accounts.wallets import Place, Wallets
from bot.cards.job import Button
from bot.cards.status_text import Outlook
from bot.clock import Clock
from bot.core import admission
from bot.core.accounts import Wallet
from bot.core.admission import NewJob
from bot.core.jobs import Failure, Job, JobState, Source
from bot.core.models import MODELS, Choice, cut_of, firsts, price, prices
from bot.core.rules import Named
from bot.core.typed.job_ids import job_id_in, new_job_id
from bot.core.uploads import Cut
from bot.errors import Problem, Refused
from bot.jobs.upload_limit import Videos, link_to
from bot.services.given import GivenFile, refuse_at_sight
from bot.services.optimistic import retry_when_stale
from bot.services.preferences import choosing
from bot.store.group_commit import background
from bot.store.store import Store

TOKEN_LIFE_S = 15 * 60
"""How long an interaction's token lives (Discord API docs, Receiving and Responding)."""

EXPLAIN_AGAIN_AFTER_S = 24 * 3600


class JobRunner(Protocol):
    """What the service needs of the runner."""

    def wake(self, job_id: str) -> None:
        """Look at this job now."""

    async def why_closed(self, model: str | None = None) -> Refused | None:
        """Why a new request, to this model or to any, could only wait, if that is so."""


class RequestService:
    """The one way in for the commands, the buttons and the messages."""

    def __init__(
        self,
        *,
        store: Store,
        runner: JobRunner,
        wallets: Wallets,
        outlook: Callable[[Job], Awaitable[Outlook]],
        videos: Videos,
        clock: Clock,
    ) -> None:
        self._store = store
        self._runner = runner
        self.wallets = wallets
        self.outlook = outlook
        self._videos = videos
        self.rates = wallets.rates
        self._clock = clock
        self._offering: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def request(
        self,
        place: Place,
        *,
        interaction_id: int,
        token: str,
        image: GivenFile,
        video: GivenFile,
        model: str | None = None,
        quality: str | None = None,
        prompt: str = "",
        cut: Cut | None = None,
    ) -> Job | None:
        """Save a slash command's request before it is answered; `None` for a repeated event.

        A model and a quality that are not named are those that they like, or the usual ones; a
        `cut` is what of the video is wanted. Raises `Refused` for what needs no download.
        """
        refuse_at_sight(image, video)
        place = await self.wallets.paying(place)
        await self._refuse_when_closed(model)
        at = self._clock.time()
        new = replace(
            _new_job(place, Source.SLASH, interaction_id, image, video),
            cut=cut,
            token=token,
            token_expires_at=at + TOKEN_LIFE_S,
        )
        shut = {slug: await self._runner.why_closed(slug) for slug in self.rates.by_model}
        closed = {slug: refused for slug, refused in shut.items() if refused}
        choose = choosing(self.rates, Named(model, quality), prompt, closed)
        return await self._store.begin(new, at, place.roles, choose)

    async def replied(self, job_id: str, message_id: int | None) -> None:
        """The request's first reply stands, perhaps under an id that is to be found out."""
        try:
            if message_id is not None:
                with background():  # they have their answer: others wait for theirs
                    await self._store.card_is(job_id, message_id)
        finally:
            self._runner.wake(job_id)

    async def abandon(self, interaction_id: int) -> None:
        """Whoever asked was turned away: if that was saved after all, it ends."""
        job = await self._store.abandon(interaction_id, self._clock.time())
        if job is not None:
            self._runner.wake(job.id)

    async def unanswered(self, job: Job) -> None:
        """Discord did not take the first reply and has told the person so: the job ends."""
        failure = Failure(Problem.INTERRUPTED)
        await self._store.fail(job, failure, self._clock.time())
        self._runner.wake(job.id)

    async def offer(
        self, place: Place, message_id: int, image: GivenFile | None, video: GivenFile | None
    ) -> Job | None:
        """A plain message's files: a new offer, or the other half of the one that waits.

        They have passed `refuse_at_sight`. `None` for a repeated event. Raises `Refused`.
        """
        place = await self.wallets.paying(place)
        async with self._offering.setdefault(place.person_id, asyncio.Lock()):
            return await retry_when_stale(partial(self._offer, place, message_id, image, video))

    async def _offer(
        self, place: Place, message_id: int, image: GivenFile | None, video: GivenFile | None
    ) -> Job | None:
        if await self._store.read.job_of_origin(message_id):
            return None
        await self._refuse_when_closed()
        offers = await self._store.read.offers_of(place.person_id)
        waiting = next((one for one in offers if _continues(place, one)), None)
        is_half = waiting is not None and waiting.motion is None
        if is_half and image and not video and image.family is None:
            image, video = None, image  # of no known kind, so perhaps what is missing
        if waiting and not (image and video):
            job = await self._store.add_to_offer(
                waiting,
                message_id,
                at=self._clock.time(),
                subject=image.upload if image else None,
                motion=video.upload if video else None,
            )
        else:
            at = self._clock.time()
            rules, standing = await self._store.read.standing(
                place.server_id, place.person_id, at, place.roles
            )
            new = _new_job(place, Source.MESSAGE, message_id, image, video)
            admission.may_ask(rules, standing, new.ask, at)
            begun = await self._store.begin(new, at)
            if begun is None:
                return None
            job = begun
            for earlier in offers:  # ended by it, or at least looked at
                self._runner.wake(earlier.id)
        self._runner.wake(job.id)
        return job

    async def start(
        self, job_id: str, place: Place, choice: Choice, at_most: int | None, first_s: float | None
    ) -> Job:
        """The button of a priced offer, for `at_most` so many credits: hold and queue; or that of a
        motion that is too long: go on with the first seconds of it. Raises `Refused`."""

        async def decide() -> Job:
            if first_s is None:
                job = await self.startable(job_id, place.person_id, choice.model)
            else:
                job = await self.first_taken(job_id, place.person_id, choice, first_s)
            seconds = job.duration_s if first_s is None else first_s
            if seconds is None:
                raise Refused(Problem.NOT_READY)
            paid = await self.wallets.paying_for(job, place)
            asks = Button.START if first_s is None else Button.TAKE_FIRST
            try:
                cost = price(choice, seconds, self.rates, at_most)
                at, server_id, roles = self._clock.time(), paid.server_id, paid.roles
                if first_s is None:
                    return await self._store.admit(
                        job,
                        **choice._asdict(),
                        duration_s=seconds,
                        price=cost,
                        at=at,
                        roles=roles,
                        server_id=server_id,
                    )
                return await self._store.answered(
                    job,
                    choice=choice,
                    cut=Cut(0.0, first_s),
                    promised=cost,
                    at=at,
                    roles=roles,
                    server_id=server_id,
                )
            except Refused as refused:  # its card promises what is true no longer
                self._runner.wake(job.id)
                raise await self.wallets.otherwise(
                    refused, job, choice, asks, payer=paid, first_s=first_s
                ) from refused

        return await self._decided(decide)

    async def first_taken(
        self, job_id: str, person_id: int, choice: Choice, length_s: float
    ) -> Job:
        """One's own offer of which so many first seconds are offered so. Raises `Refused`."""
        job = await self.nameable(job_id, person_id, model=choice.model)
        whole_s = job.motion and job.motion.whole_s
        if length_s not in firsts(MODELS[self.rates.choice(*choice).model], whole_s or 0.0):
            raise Refused(Problem.NOT_READY)
        return job

    async def name_part(self, job_id: str, person_id: int, part: Cut) -> Job:
        """Of an offer's motion this part is wanted: it comes to be priced. Raises `Refused`."""

        async def decide() -> Job:
            job = await self.nameable(job_id, person_id, part)
            return await self._store.cut_named(job, part, self._clock.time())

        return await self._decided(decide)

    async def nameable(
        self, job_id: str, person_id: int, part: Cut | None = None, model: str | None = None
    ) -> Job:
        """One's own offer of which a part, perhaps this one, may be named. Raises `Refused`."""
        job = await self.startable(job_id, person_id, model)
        if not job.awaits_choice or job.motion is None or job.motion.whole_s is None:
            raise Refused(Problem.NOT_READY)
        if part is not None:
            makers = [job.model] if job.quality else self.rates.by_model
            cut_of(part, job.motion.whole_s, [MODELS[slug] for slug in makers])
        return job

    async def startable(self, job_id: str, person_id: int, model: str | None = None) -> Job:
        """One's own offer, which may be taken now. Raises `Refused`."""
        job = await self._own(job_id, person_id)
        if job.ended:
            raise Refused(Problem.ALREADY_ENDED, job=job.id)
        if not job.is_offer:
            raise Refused(Problem.ALREADY_STARTED, job=job.id)
        await self._refuse_when_closed(model)
        return job

    async def choose_payer(self, place: Place, server_id: int) -> Wallet:
        """Let a server's wallet pay for direct messages (0: one's own again). Raises `Refused`."""
        wallet = await self.wallets.choose_payer(place, server_id)
        for offer in await self._store.read.offers_of(place.person_id):
            self._runner.wake(offer.id)
        return wallet

    async def is_card_of_offer(self, person_id: int, message_id: int) -> bool:
        """Whether a message is the card of a plain request that this person has not started."""
        offers = await self._store.read.offers_of(person_id)
        plain = [offer for offer in offers if offer.source is Source.MESSAGE]
        return any(offer.card.message_id == message_id for offer in plain)

    async def refuse_while_half(self, person_id: int) -> None:
        """Raises `Refused` where a picture that they sent directly waits for its motion."""
        for offer in await self._store.read.offers_of(person_id):
            if offer.is_direct and offer.source is Source.MESSAGE and offer.motion is None:
                raise Refused(Problem.PICTURE_WAITS)

    async def explain_once(self, place: Place) -> bool:
        """Whether this person is to be told in full how direct messages work. Raises `Refused`."""
        await self.wallets.refuse_strangers(place.person_id)
        at = self._clock.time()
        return await self._store.explain_once(place.person_id, EXPLAIN_AGAIN_AFTER_S, at)

    async def cancel(self, job_id: str, person_id: int) -> Job:
        """Cancel one's own job before its submit. Raises `Refused`."""

        async def decide() -> Job:
            job = await self._own(job_id, person_id)
            return await self._store.cancel(job, self._clock.time())

        return await self._decided(decide)

    async def doubted(self, job_id: str, person_id: int) -> Job:
        """One's own job in doubt. Raises `Refused` as giving it up would."""
        job = await self._own(job_id, person_id)
        if not job.is_in_doubt:
            late = Problem.ALREADY_ENDED if job.ended else Problem.NOT_IN_DOUBT
            raise Refused(late, job=job.id)
        return job

    async def give_up(self, job_id: str, person_id: int) -> Job:
        """Give up one's own job in doubt, for its credits. Raises `Refused`."""

        async def decide() -> Job:
            job = await self.doubted(job_id, person_id)
            return await self._store.give_up(job, self._clock.time())

        return await self._decided(decide)

    async def show(self, job_id: str, person_id: int) -> tuple[Job, Outlook]:
        """One's own job. Raises `Refused` for an unknown id and for somebody else's."""
        job = await self._own(job_id, person_id)
        return job, await self.outlook(job)

    async def send_video(
        self, job: Job, limit_bytes: int, sender: Callable[[Path], Awaitable[None]]
    ) -> bool:
        """Hand a delivered job's kept video to `sender` as a file; whether Discord took one."""
        if job.state is not JobState.DELIVERED or job.video_deleted_at is not None:
            return False

        async def send(path: Path) -> bool:
            await sender(path)
            return True

        return bool(await self._videos.send(job, limit_bytes, send))

    def video_link(self, job: Job, outlook: Outlook) -> tuple[str, float] | None:
        """A link to a delivered job's video and its end (unix s), while the provider has it.

        That is also where our own file had to make room before the time that it is kept for.
        """
        # the engine's own link is nobody else's
        if job.state is not JobState.DELIVERED or job.is_free or job.removed_by_id is not None:
            return None
        link, now = link_to(job), self._clock.time()
        return link if now < min(link[1], outlook.kept_until or now) else None

    async def jobs(self, place: Place, limit: int = 10) -> list[Job]:
        """One's newest jobs: in this server, or in a direct message all of them."""
        return await self._store.read.jobs_of(place.person_id, place.server_id or None, limit)

    def prices(self) -> dict[Choice, int]:
        """What each choice costs for ten seconds of motion, in credits."""
        return prices(10.0, self.rates)

    async def _refuse_when_closed(self, model: str | None = None) -> None:
        if closed := await self._runner.why_closed(model):
            raise closed

    async def _decided(self, decide: Callable[[], Awaitable[Job]]) -> Job:
        """Once more where a job has changed meanwhile; then it is looked at."""
        job = await retry_when_stale(decide)
        self._runner.wake(job.id)
        return job

    async def _own(self, job_id: str, person_id: int) -> Job:
        found = job_id_in(job_id)
        job = await self._store.read.job(found) if found else None
        if job is None:
            closed = await self._runner.why_closed()
            if closed and closed.problem is Problem.TWIN:  # which may have it
                raise closed
            raise Refused(Problem.UNKNOWN_JOB, job=job_id.strip()[:40] or "–")
        if job.person_id != person_id:
            raise Refused(Problem.NOT_YOUR_JOB)
        return job


def _continues(place: Place, offer: Job) -> bool:
    """Whether what is sent there belongs to this offer, wherever its card stands."""
    if offer.source is not Source.MESSAGE:
        return False
    asked_in = offer.moved_from_id or offer.channel_id
    return asked_in == place.channel_id and offer.is_direct == place.is_direct


def _new_job(
    place: Place,
    source: Source,
    origin_id: int,
    image: GivenFile | None,
    video: GivenFile | None,
) -> NewJob:
    return NewJob(
        id=new_job_id(),
        source=source,
        origin_id=origin_id,
        server_id=place.server_id,
        channel_id=place.channel_id,
        person_id=place.person_id,
        upload_limit_bytes=place.upload_limit_bytes,
        is_direct=place.is_direct,
        above_id=place.above_id,
        language=place.language,
        subject=image.upload if image else None,
        motion=video.upload if video else None,
    )
