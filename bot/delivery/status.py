"""Status cards: each shows its job's last state, is edited only for news, and mended at start.

What a card shows is saved with the job as its *fingerprint*. A card whose fingerprint is not what
it should be is behind, however that came about.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from weakref import WeakValueDictionary

import discord
import structlog

from bot.accounts.languages import Languages
from bot.cards import job as job_cards
from bot.cards.languages.speech import speaking
from bot.cards.offers.offer import offer as offer_card
from bot.cards.progress.fingerprints import (
    GONE,
    HALT,
    fingerprint_of,
    is_in_place,
    is_renewal,
)
from bot.cards.status_text import Outlook
from bot.clock import Clock, deciding
from bot.core.accounts import Terms
from bot.core.jobs import FLEETING_S, Job, JobState, Source
from bot.core.token_bucket import TokenBucket
from bot.delivery.discord_errors import LOST, is_refusal
from bot.delivery.doors import Doors
from bot.delivery.offers import answer, channel_of, delete, is_card_unsure, take_back
from bot.delivery.replies import Replies
from bot.delivery.searches import cards_of, is_card_of, ours_since
from bot.delivery.twins import Twins
from bot.errors import CannotSave, DeliveryError, Refused, StaleJob
from bot.gateway.client import ShardedBot
from bot.jobs.live import Jobs
from bot.store.group_commit import background
from bot.store.store import Store

log = structlog.get_logger()

EDIT_SPACING_S = 3.0
BRIEF = frozenset({JobState.SUBMITTING, JobState.FETCHING, JobState.DELIVERING})
BRIEF_S = 5.0
"""These are usually over in two seconds, and shown only once they have lasted so long."""

LOOK_S = 1.0
"""Files are usually looked at by then: the price comes at once, not after a spaced edit."""

SETTLE_S = 0.25
"""News comes in bursts (queued, sent, rendering): a card shows where they end."""

RENEWALS_PER_MINUTE = 300
"""So many cards may say a new place; Discord takes 50 requests a second for everything."""

BEHIND_S = 7 * 24 * 3600.0
"""A card that should have gone so long ago stays: after a week nobody minds it."""

RETRY_S = (3.0, 10.0, 30.0, 60.0)


class StatusCards:
    """Keeps every card true. `wake` a job when there may be news."""

    def __init__(
        self,
        *,
        client: ShardedBot,
        store: Store,
        jobs: Jobs,
        replies: Replies,
        languages: Languages,
        twins: Twins,
        clock: Clock,
        outlook: Callable[[Job], Awaitable[Outlook]],
        terms: Callable[[Job], Awaitable[Terms]],
        refusal: Callable[[Job], Awaitable[Refused]],
        doors: Doors,
        pause: Callable[[], Awaitable[None]],
    ) -> None:
        self._pause = pause
        self._doors = doors
        self._client = client
        self._store = store
        self._jobs = jobs
        self._replies = replies
        self._languages = languages
        self._twins = twins
        self._clock = clock
        self._outlook = outlook
        self._terms = terms
        self._refusal = refusal
        self._renewals = TokenBucket(RENEWALS_PER_MINUTE, clock.monotonic())
        self._group: asyncio.TaskGroup | None = None
        self._working: set[str] = set()
        self._asleep: set[str] = set()
        self._news: set[str] = set()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def run(self) -> None:
        """Keep cards until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for job_id in self._news.copy():
                self.wake(job_id)
            try:
                await asyncio.Event().wait()
            finally:
                self._group = None  # jobs that still end their step must not start work here

    async def mend(self) -> None:
        """Bring those of ended jobs up to date, once: who leads a job draws its card, alone."""
        while True:
            try:
                for job in await self._store.read.behind(self._clock.time() - BEHIND_S):
                    if job.ended:
                        self.wake(job.id)
            except CannotSave as error:
                log.debug("cards that lag behind could not be found", reason=str(error))
                await self._clock.sleep(RETRY_S[0])
            else:
                return

    def wake(self, job_id: str) -> None:
        """There may be news of this job."""
        self._news.add(job_id)
        if self._group is not None and job_id not in self._working:
            self._working.add(job_id)
            self._group.create_task(self._keep(job_id))

    def is_at_work(self, job_id: str) -> bool:
        """Whether its card is yet to be brought up to date."""
        return job_id in self._working or job_id in self._asleep

    def _wake_in(self, job_id: str, seconds: float) -> None:
        if self._group is not None and job_id not in self._asleep:
            self._asleep.add(job_id)
            self._group.create_task(self._wake_later(job_id, seconds))

    async def _wake_later(self, job_id: str, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._asleep.discard(job_id)
        self.wake(job_id)

    def exclusive(self, job_id: str) -> AbstractAsyncContextManager[None]:
        """While this is held, nobody else edits the job's card."""
        return self._locks.setdefault(job_id, asyncio.Lock())

    async def _keep(self, job_id: str) -> None:
        failures = 0
        try:
            with background():
                while job_id in self._news:
                    await self._clock.sleep(SETTLE_S)
                    await self._pause()  # for people who wait for an answer
                    self._news.discard(job_id)
                    wait_s = await self._try_to_show(job_id)
                    if wait_s is None:
                        self._news.add(job_id)
                        wait_s = RETRY_S[min(failures, len(RETRY_S) - 1)]
                        failures += 1
                    else:
                        failures = 0
                    if wait_s:
                        await self._clock.sleep(wait_s)
        finally:
            self._working.discard(job_id)

    async def _try_to_show(self, job_id: str) -> float | None:
        """The seconds until the next edit may come; `None` where this one is to be tried again."""
        try:
            async with self.exclusive(job_id):
                with deciding():
                    return EDIT_SPACING_S if await self._show(job_id) else 0.0
        except DeliveryError as error:
            log.warning("card not edited", job=job_id, reason=str(error))
        except CannotSave:  # of which the operator is told once
            pass
        except Exception:
            log.exception("card not edited", job=job_id)
        return None

    async def _show(self, job_id: str) -> bool:
        """Bring one card up to date; whether it was edited."""
        job = await self._jobs.job(job_id)
        if job is not None and await self._client.wait_until_knows_place_of(job):
            job = await self._jobs.job(job_id)
        if job is not None and _is_looked_at(job) and job.card.message_id is not None:
            await self._clock.sleep(LOOK_S)
            job = await self._jobs.job(job_id)
        if job is None or self._is_brief(job):
            return False
        outlook = await self._outlook(job)
        terms = await self._terms(job) if job.awaits_choice or _tells_left(job) else None
        is_past = job.is_fleeting and not self._is_within(job, FLEETING_S)
        fingerprint = f"{job.state}:{GONE}" if is_past else fingerprint_of(job, outlook, terms)
        if job.card.shown == fingerprint:
            return False
        if is_renewal(job.card.shown, fingerprint) and not self._may_renew(job, fingerprint):
            return False
        if not await self._jobs.is_so(job):
            self._news.add(job_id)
            return False
        edited = False
        if is_past or job.removed_by_id == job.person_id:
            await self.remove(job)
        elif not (is_in_place(job) or self._doors.bar(job)):
            with speaking(self._languages.of_card(job)):
                view = (
                    offer_card(job, terms)
                    if job.is_offer
                    else job_cards.status(job, outlook, terms)
                )
            edited = await self._draw(job, view)
        await self._store.card_shows(job.id, fingerprint)
        return edited

    async def _draw(self, job: Job, view: discord.ui.LayoutView) -> bool:
        """Whether it was edited; what is told otherwise has no card."""
        if job.failure and job.source is not Source.MESSAGE and job.queued_at is None:
            await self._replies.refuse(job, await self._refusal(job))
        elif job.is_taken_back:
            is_reply = job.source is not Source.MESSAGE
            await (self.remove(job) if is_reply else take_back(self._client, job))
        elif is_card_unsure(job):
            await self._post_card(job, view)
        else:
            await self._edit(job, view)
            return True
        return False

    def _is_brief(self, job: Job) -> bool:
        """Whether its stage is likely to be over before it is worth an edit."""
        was_shown = (job.card.shown or JobState.CHECKING).partition(":")[0] != JobState.CHECKING
        is_usual = job.state in BRIEF and not job.is_in_doubt and was_shown
        return is_usual and self._is_within(job, BRIEF_S)

    def _is_within(self, job: Job, seconds: float) -> bool:
        """Whether it has been in its state for less than that; if so, it is woken afterwards."""
        left_s = seconds - (self._clock.time() - job.state_since)
        if not 0 < left_s <= seconds:  # or the clock was set
            return False
        self._wake_in(job.id, left_s)
        return True

    def _may_renew(self, job: Job, fingerprint: str) -> bool:
        """A new place in the line is news for a few cards at a time, and those in easy reach.

        That an outage or a pause has begun, or is over, is news for all of them.
        """
        now = self._clock.monotonic()
        is_halt = any(f":{HALT}" in (shown or "") for shown in (job.card.shown, fingerprint))
        in_reach = is_halt or job.is_direct or self._replies.token_lives(job)
        if self._renewals.wait_s(now) or not in_reach:
            return False
        self._renewals.take(now)
        return True

    async def _post_card(self, job: Job, view: discord.ui.LayoutView) -> None:
        """The card of a plain message's request is a message of its own.

        It stands below the newest message that brought a file: an edit above that would go unseen.
        Earlier cards go only once the new one stands, and the saved one is remembered until then:
        killed anywhere in between, the next try finds the new one by its buttons and goes on, even
        if one of them has been pressed meanwhile; so an edit takes them only once it is saved.
        """
        is_shy = job.is_offer and job.card.message_id is None and not job.is_shown_directly
        if is_shy and self._doors.are_closed(job.channel_id):
            await self._show_directly(job)
            return
        try:
            channel = channel_of(self._client, job)
            answered = job.completed_by_id or job.origin_id
            ours = await ours_since(job, channel, self._client.user)
            found = [message for message in ours if is_card_of(job, message)]
            below = [card for card in found if card.id > answered or job.ended]
            if below:
                standing = below[-1].id
                if job.is_offer:  # it says what is new even while the earlier ones stay
                    await below[-1].edit(view=view)
            elif job.card.message_id is not None and not job.is_offer:
                await self._edit(job, view)
                return
            elif job.state is JobState.CANCELLED:
                return
            else:
                is_ours = not await self._twins.answered(job, ours)
                posted = await answer(job, view, channel, self._twins) if is_ours else None
                if posted is None:
                    await self._leave_to_other(job)
                    return
                standing = posted
            earlier = {card.id for card in found} | {job.card.message_id or standing}
            for message_id in earlier - {standing}:
                await delete(channel.get_partial_message(message_id))
            await self._store.card_is(job.id, standing)
            if below and not job.is_offer:
                await below[-1].edit(view=view)
        except LOST as error:
            if not is_refusal(error):
                raise DeliveryError(str(error)) from error
            log.info("a card could not be posted", job=job.id, reason=str(error))
            self._doors.refused(error, job.person_id if job.is_shown_directly else job.channel_id)
            await (self._show_directly(job) if is_shy else self._edit(job, view))

    async def _leave_to_other(self, job: Job) -> None:
        """Another bot has answered: an offer ends, and nothing of it stays."""
        await take_back(self._client, job)
        if not job.is_offer:
            return
        try:
            await self._store.cancel(job, self._clock.time())
        except StaleJob as error:  # its files have just been looked at
            raise DeliveryError(str(error)) from error
        self.wake(job.id)

    async def _show_directly(self, job: Job) -> None:
        """Where the bot may not post, an offer goes on in its requester's direct messages."""
        try:
            direct = await self._client.create_dm(discord.Object(job.person_id))
            await self._store.move_offer(job, direct.id)
            await self._show(job.id)
        except StaleJob as error:  # its files have just been looked at
            raise DeliveryError(str(error)) from error
        except LOST as error:
            if not is_refusal(error):
                raise DeliveryError(str(error)) from error
            log.info("an offer could not be shown", job=job.id, reason=str(error))

    async def _edit(self, job: Job, view: discord.ui.LayoutView) -> None:
        """Edit a card by its token, afterwards by its id; one that is gone is given up."""
        message_id = job.card.message_id
        if message_id is None:
            return
        try:
            if self._replies.token_lives(job):
                try:
                    await self._replies.webhook(job).edit_message(message_id, view=view)
                except discord.HTTPException as error:
                    if not is_refusal(error):
                        raise
                else:
                    return
            channel = self._client.get_partial_messageable(job.channel_id)
            await channel.get_partial_message(message_id).edit(view=view)
        except LOST as error:
            if is_refusal(error):
                log.info("card is out of reach", job=job.id, reason=str(error))
                return
            raise DeliveryError(str(error)) from error

    async def remove(self, job: Job) -> None:
        """Delete a card whose place a notice has taken; what must stay says how the job ended.

        For whoever holds `exclusive`. Raises `DeliveryError`.
        """
        try:
            if is_card_unsure(job):
                for card in await cards_of(job, channel_of(self._client, job), self._client.user):
                    await delete(card)
            if job.card.message_id is not None:
                await self._delete_saved(job, job.card.message_id)
        except discord.NotFound:
            return
        except LOST as error:
            if not is_refusal(error):
                raise DeliveryError(str(error)) from error
            log.info("a card stays beside its notice", job=job.id, reason=str(error))
            with speaking(self._languages.of_card(job)):
                view = job_cards.status(job)
            await self._edit(job, view)

    async def _delete_saved(self, job: Job, message_id: int) -> None:
        if self._replies.token_lives(job):
            try:
                await self._replies.webhook(job).delete_message(message_id)
            except discord.HTTPException as error:
                if not is_refusal(error):
                    raise
            else:
                return
        channel = self._client.get_partial_messageable(job.channel_id)
        await channel.get_partial_message(message_id).delete()


def _is_looked_at(job: Job) -> bool:
    """An offer with both files, whose price is not known yet."""
    return job.is_offer and None not in {job.subject, job.motion} and not job.awaits_choice


def _tells_left(job: Job) -> bool:
    """Whether its card says what its requester has left: where nobody else reads it."""
    return job.is_shown_directly and bool(job.price) and not job.ended
