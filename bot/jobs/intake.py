"""`checking`: both files are fetched and looked at, the price is known, the hold is placed."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from zlib import crc32

import structlog

from bot.accounts.messages import LinkedMessages
from bot.accounts.wallets import Wallets
from bot.clock import Clock
from bot.core.jobs import ASKED_SPARE_S, QUESTIONS, Failure, Job, JobState, Source
from bot.core.ledger import Period, period_end
from bot.core.models import MODELS, TOLERANCE_S, Choice, Model, Rates, cut_of, price
from bot.core.uploads import Cut, Upload
from bot.errors import Fact, PaidOtherwise, Problem, Refused, StaleJob
from bot.jobs.deadlines import RetryDeadline
from bot.jobs.disk import Disk
from bot.jobs.files import Files
from bot.jobs.given.fetching import GivenFiles, What, given, only, upload_of
from bot.jobs.given.kept import copied, is_kept
from bot.jobs.given.sight import Sight
from bot.media.downloads import Downloads
from bot.media.inspect import ImageFacts, Media, VideoFacts
from bot.store.store import Store

log = structlog.get_logger()

REPLY_PATIENCE_S = 5.0
"""Discord wants the first reply within 3 s; later there will be none."""

WHOSE_PATIENCE_S, WHOSE_EVERY_S = 10.0, 2.5
"""A reply that was found, and not made, is another bot's if it is about another job by then."""

RENEWAL_SPREAD_S = 60
"""Allowances and budgets renew for all at once, and cards are not all edited in one second."""

TIME_TO_ANSWER_S = 60.0

CROWDED_OFFER_LIFE_S = 3600.0
"""While the disk is crowded, offers live no longer: their files cost nobody anything."""


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
        messages: LinkedMessages,
        sight: Sight,
        rates: Rates,
        clock: Clock,
        supplier: str,
    ) -> None:
        self._store = store
        self._given = GivenFiles(downloads, files, disk, clock, supplier)
        self._media = media
        self._files = files
        self._disk = disk
        self._replies = replies
        self._wallets = wallets
        self._messages = messages
        self._sight = sight
        self._rates = rates
        self._clock = clock
        self._seen_alone: set[str] = set()
        self._replies_due = RetryDeadline(clock, limit_s=REPLY_PATIENCE_S, min_tries=1)
        self._unclear = RetryDeadline(clock, limit_s=WHOSE_PATIENCE_S)
        self._found: set[str] = set()

    async def check(self, job: Job) -> float | None:
        """Do what can be done; the seconds after which to look again, `None` for not by itself."""
        if job.awaits_reply:
            return await self._await_reply(job)
        if not job.is_offer and job.duration_s is not None:  # it was priced before it was started
            await self._take(job, job.duration_s)
            return 0
        if not job.is_offer:
            await self._look_at(job)
            return 0
        left_s = job.offer_ends_at - self._clock.time()
        if self._disk.is_crowded:
            left_s = min(left_s, job.created_at + CROWDED_OFFER_LIFE_S - self._clock.time())
        if left_s <= 0:
            await self._store.cancel(job, self._clock.time())
            return 0
        if job.awaits_choice:
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
        if job.files_of is not None:
            await self._look_at_another(job, job.files_of)
            return
        what, picture, motion = What.IMAGE, None, None
        try:
            for what in given(job):
                job = await self._followed(job, what)
                await self._given.fetch(job, what)
            if await self._are_swapped(job):
                await self._swap(job)
                return
            for what in given(job):
                if what is What.IMAGE:
                    picture = await self._media.inspect_image(
                        *self._known(job, what), is_offer=job.is_offer
                    )
                else:
                    motion = await self._seen(job)
            if picture is None or motion is None:
                self._seen_alone.add(only(job).url)
                return
            # Both are good: nothing is written for a request that is refused anyway.
            what = What.VIDEO
            cut = cut_of(job.cut, motion.duration_s, self._makers(job))
            what = What.IMAGE
            subject = await self._redrawn(job, picture)
            what = What.VIDEO
            written, duration_s = await self._rewritten(job, motion, cut)
        except Refused as refused:
            await self._ask_or_refuse(job, what, refused)
            return
        self._seen_alone -= {upload_of(job, what).url for what in What}
        self._given.forget(job)
        await self._ask_or_take(replace(job, subject=subject, motion=written), duration_s)

    async def _ask_or_take(self, job: Job, duration_s: float) -> None:
        """Go on with files that are good, unless their requester is asked something first."""
        question = await self._sight.question(job) or await self._dear(job, duration_s)
        if question and self._may_ask(job):
            await self._store.ask(job, question, self._clock.time(), duration_s)
        else:
            await self._take(job, duration_s)

    async def _dear(self, job: Job, duration_s: float) -> Failure | None:
        """What a command's requester is asked because of its price, where they want to be.

        Whoever has pressed a button has read it there.
        """
        if job.source is not Source.SLASH or job.is_offer or job.promised is not None:
            return None
        above = (await self._store.preferences.of(job.person_id)).ask_above
        if above is None or job.quality is None:
            return None
        try:
            cost = price(Choice(job.model, job.quality), duration_s, self._rates)
        except Refused:  # which is told when it is taken
            return None
        return Failure(Problem.DEAR, {"price": cost}) if cost > above else None

    async def _seen(self, job: Job) -> VideoFacts:
        """What a job's motion is; a library's was looked at as it came there. Raises `Refused`."""
        upload = upload_of(job, What.VIDEO)
        if upload.motion_ref and job.cut is None:
            return VideoFacts(upload.lasts_s, 0, 0)
        return await self._media.inspect_video(*self._known(job, What.VIDEO), is_offer=job.is_offer)

    def _may_ask(self, job: Job) -> bool:
        """Whether an answer could still come: a command's reply ends with its token."""
        ends_at = job.card.token_expires_at - ASKED_SPARE_S
        return job.source is Source.MESSAGE or self._clock.time() + TIME_TO_ANSWER_S <= ends_at

    async def _look_at_another(self, job: Job, of: str) -> None:
        """Go on with the very files of another job, and look at what is given in one's place.

        What the links of the others lead to now may be something else.
        """
        earlier = await self._store.read.job(of)
        is_there = earlier is not None and await copied(job, earlier, self._files)
        if earlier is None or earlier.duration_s is None or not is_there:
            await self._fail(job, Problem.FILES_GONE, {})
            return
        another = next((what for what in given(job) if not is_kept(job, what)), None)
        if another is None:
            await self._take(job, earlier.duration_s)
            return
        try:
            await self._given.fetch(job, another)
            if another is What.IMAGE:
                picture = await self._media.inspect_image(*self._known(job, another))
                job = replace(job, subject=await self._redrawn(job, picture))
                duration_s = earlier.duration_s
            else:
                motion = await self._seen(job)
                cut = cut_of(job.cut, motion.duration_s, self._makers(job))
                written, duration_s = await self._rewritten(job, motion, cut)
                job = replace(job, motion=written)
        except Refused as refused:
            await self._ask_or_refuse(job, another, refused)
            return
        self._given.forget(job)
        await self._ask_or_take(job, duration_s)

    async def _followed(self, job: Job, what: What) -> Job:
        """The job, with the file of a message whose link was given. Raises `Refused`.

        That is saved once the file is known to be good; until then it is looked for anew.
        """
        is_motion = what is What.VIDEO
        found = await self._messages.file_behind(upload_of(job, what), job, is_motion=is_motion)
        return replace(job, motion=found) if is_motion else replace(job, subject=found)

    async def _are_swapped(self, job: Job) -> bool:
        subject = self._given.path(job, What.IMAGE) if job.subject else None
        motion = self._given.path(job, What.VIDEO) if job.motion else None
        return await self._media.are_swapped(subject, motion, job.person_id)

    async def _swap(self, job: Job) -> None:
        """Put an offer's files where they belong. Raises `Refused` for what was said by name.

        What was fetched goes first: broken off there, it is fetched and looked at again.
        """
        if job.source is Source.SLASH:
            raise Refused(Problem.SWAPPED)
        self._given.forget(job)
        await self._files.delete_inputs(job.id)
        await self._store.swap_files(job)

    async def _redrawn(self, job: Job, facts: ImageFacts) -> Upload:
        """The picture as it is sent. Raises `Refused`."""
        upload = upload_of(job, What.IMAGE)
        if not facts.is_other:
            return upload
        path = self._given.to_be_replaced(job, What.IMAGE)
        sent = await self._media.redraw(path, upload.name, job.person_id, is_offer=job.is_offer)
        size = sent.width, sent.height
        return replace(upload, sent_size=size, given_as=facts.given_as, sent_as=sent.format)

    def _makers(self, job: Job) -> list[Model]:
        """Who may make it: who was asked for, or else whoever is offered."""
        return [MODELS[slug] for slug in ([job.model] if job.quality else self._rates.by_model)]

    async def _rewritten(
        self, job: Job, facts: VideoFacts, cut: Cut | None
    ) -> tuple[Upload, float]:
        """The motion as it is sent, and its length in seconds. Raises `Refused`."""
        upload = replace(upload_of(job, What.VIDEO), whole_s=facts.duration_s if cut else None)
        if cut is None and not facts.is_to_be_rewritten:
            return upload, facts.duration_s
        path, part = self._given.to_be_replaced(job, What.VIDEO), cut or Cut()
        sent = await self._media.rewrite(
            path,
            upload.name,
            job.person_id,
            facts=facts,
            start_s=part.start_s,
            length_s=part.length_s,
            is_offer=job.is_offer,
        )
        sent_s, wanted_s = sent.duration_s, part.length_s or sent.duration_s
        duration_s = wanted_s if abs(sent_s - wanted_s) <= TOLERANCE_S else sent_s
        size = (sent.width, sent.height) if facts.is_to_be_rewritten else None
        return replace(upload, sent_size=size, given_as=facts.given_as), duration_s

    async def _ask_or_refuse(self, job: Job, what: What, refused: Refused) -> None:
        if refused.problem in QUESTIONS and self._may_ask(job):
            await self._ask(job, refused)
        else:
            await self._refuse(job, what, refused)

    async def _ask(self, job: Job, refused: Refused) -> None:
        """What its requester can decide does not end a request whose files are good."""
        if await self._leaves_to_other(job):
            return
        question = Failure(refused.problem, refused.facts)
        if refused.problem is Problem.MOTION_TOO_LONG:
            whole_s = refused.facts["duration_s"]
            assert isinstance(whole_s, int | float)
            job = replace(job, motion=replace(upload_of(job, What.VIDEO), whole_s=whole_s))
        await self._store.ask(job, question, self._clock.time())

    def _known(self, job: Job, what: What) -> tuple[Path, str, int]:
        """Where a file is, what it is called, and whose it is."""
        return self._given.path(job, what), upload_of(job, what).name, job.person_id

    def _is_seen(self, job: Job) -> bool:
        """Whether an offer's only file was good."""
        return None in {job.subject, job.motion} and only(job).url in self._seen_alone

    async def _refuse(self, job: Job, what: What, refused: Refused) -> None:
        """Of an offer, what is good stays: only what is wrong goes."""
        others = [each for each in given(job) if each is not what]
        is_about_it = refused.problem is not Problem.CANNOT_SAVE
        is_plain = job.is_offer and job.source is Source.MESSAGE
        if is_plain and is_about_it and (others or upload_of(job, what).replaces):
            failure = Failure(refused.problem, refused.facts)
            await self._store.refuse_upload(job, failure, is_motion=what is What.VIDEO)
        else:
            await self._fail(job, refused.problem, refused.facts)

    async def _take(self, job: Job, duration_s: float) -> None:
        if job.is_offer:
            await self._store.offer_checked(job, duration_s, at=self._clock.time())
            return
        assert job.quality is not None
        if await self._leaves_to_other(job):
            return
        try:
            cost = price(Choice(job.model, job.quality), duration_s, self._rates)
            cost = cost if job.promised is None else min(cost, job.promised)
            await self._store.admit(
                job,
                quality=job.quality,
                duration_s=duration_s,
                price=cost,
                roles=await self._wallets.roles_of(job),
                at=self._clock.time(),
            )
        except Refused as refused:
            await self._refuse_price(job, duration_s, refused)

    async def _refuse_price(self, job: Job, duration_s: float, refused: Refused) -> None:
        """Its files are good, and are kept for a while where something cheaper can be paid."""
        failure, at = Failure(refused.problem, refused.facts), self._clock.time()
        ended = replace(
            job, state=JobState.FAILED, failure=failure, state_since=at, duration_s=duration_s
        )
        if not isinstance(await self._wallets.refusal(ended), PaidOtherwise):
            await self._fail(job, refused.problem, refused.facts)
            return
        try:
            await self._store.refuse_price(job, failure, duration_s, at)
        except StaleJob:
            log.info("job moved on before its price was refused", job=job.id)

    async def _fail(self, job: Job, problem: Problem, facts: dict[str, Fact]) -> None:
        try:
            await self._store.fail(job, Failure(problem, facts), self._clock.time())
        except StaleJob:
            log.info("job moved on before it could fail", job=job.id)
