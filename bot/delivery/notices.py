"""Notices: short messages for what would else be an edit, which notifies nobody.

One says that a job came to nothing, in the place of its card and for a day; another that it waits
for somebody's decision; and one, in direct messages, that the reply has its video by now, or a post
that pings nobody.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import discord
import structlog
from discord import ui

from bot.accounts.languages import Languages
from bot.cards.job import Button, custom_id
from bot.cards.languages.speech import speaking
from bot.cards.posts import notices as cards
from bot.cards.status_text import link_to, link_to_post
from bot.clock import Clock
from bot.core.jobs import Delivered, Job, JobState
from bot.delivery.discord_errors import LOST, is_refusal
from bot.delivery.routes import Message, Route, Routes, is_past_channel, pings
from bot.delivery.status import StatusCards
from bot.errors import CannotSave
from bot.gateway.client import ShardedBot
from bot.jobs.live import Jobs
from bot.store.group_commit import background
from bot.store.store import Store

if TYPE_CHECKING:  # it exists for type checkers only
    from discord.abc import MessageableChannel

log = structlog.get_logger()

AT_ONCE = 5
"""Discord takes so many messages in a row in one channel: a finished video waits for no more
notices than these, also when a thousand jobs fail together."""

STANDS_S = 24 * 3600.0
LOOK_EVERY_S = 3600.0
LOOKED_AT = 100


class Notices:
    """`give` may be repeated, and still shows one."""

    def __init__(
        self,
        *,
        client: ShardedBot,
        store: Store,
        jobs: Jobs,
        status: StatusCards,
        routes: Routes,
        languages: Languages,
        clock: Clock,
    ) -> None:
        self._client = client
        self._store = store
        self._jobs = jobs
        self._status = status
        self._routes = routes
        self._languages = languages
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def give(self, job: Job) -> None:
        """Tell a job's requester how it has ended, or that it waits for somebody's decision.

        Raises `DeliveryError` where it is worth trying again.
        """
        await self._client.wait_until_knows_place_of(job)
        async with self._slots, self._status.exclusive(job.id):
            match job.state:
                case JobState.DELIVERED:
                    await self._say_ready(job)
                case JobState.REVIEW:
                    await self._say_it_waits(job)
                case _:
                    await self._say_failed(job)

    async def _say_failed(self, job: Job) -> None:
        """The card goes only once the notice stands; killed in between, the next try finds it."""
        mark = custom_id(Button.DETAILS, job.id)
        message = Message(partial(self._send, job, cards.failed, job.id), frozenset({mark}))
        how, message_id = await self._routes.first_open(job, self._ladder(job, message))
        if message_id is not None:
            await self._status.remove(job)
        job = await self._jobs.job(job.id) or job
        await self._store.notice_given(job, how, message_id)
        log.info("its end is told", job=job.id, rung=how)

    async def _say_it_waits(self, job: Job) -> None:
        """Found again by its link to the card: the one of the end must not be taken for it."""
        nonce = f"{job.id}-{job.state_since:.0f}"
        card = frozenset({link_to(job, job.card.message_id)})
        message = Message(partial(self._send, job, cards.waits, nonce), card)
        how, message_id = await self._routes.first_open(job, self._ladder(job, message))
        job = await self._jobs.job(job.id) or job
        if job.state is JobState.REVIEW:  # it may have been settled while that was posted
            await self._store.notice_given(job, how, message_id)

    def _ladder(self, job: Job, message: Message) -> list[Route]:
        direct = self._routes.directly(message)
        return [direct] if is_past_channel(job) else [self._routes.in_channel(message), direct]

    async def _say_ready(self, job: Job) -> None:
        """A post that pings nobody is pointed at where it stands, if direct messages are closed."""
        if job.is_post_gone:
            await self._store.notice_given(job, Delivered.DIRECT, None)
            return
        nonce, link = f"{job.id}-ready", frozenset({link_to_post(job)})
        direct = Message(partial(self._send, job, cards.ready, nonce), link)
        mention = Message(partial(self._send, job, cards.ready_here, nonce), link)
        routes = [self._routes.directly(direct)]
        if job.announced is False:
            here = self._routes.in_channel(mention)
            routes = [here] if _is_mentioned(job) else [*routes, here]
        how, message_id = await self._routes.first_open(job, routes)
        job = await self._jobs.job(job.id) or job
        await self._store.notice_given(job, how, message_id)

    async def _send(
        self,
        job: Job,
        draw: Callable[[Job], ui.LayoutView],
        nonce: str,
        channel: "MessageableChannel",
    ) -> int:
        with speaking(self._languages.of_message(job, channel.id)):
            view = draw(job)
        message = await channel.send(view=view, nonce=nonce, allowed_mentions=pings(job))
        return message.id

    async def run(self) -> None:
        """Delete what has told of a failure for a day, until cancelled."""
        await self._client.wait_until_ready()
        with background():
            while True:
                await self._delete_old()
                await self._clock.sleep(LOOK_EVERY_S)

    async def _delete_old(self) -> None:
        """One after the other, so that nobody else waits for it."""
        before = self._clock.time() - STANDS_S
        try:
            while old := await self._store.read.old_notices(before, LOOKED_AT):
                for job in old:
                    await self._delete(job)
                    await self._store.post_is_gone(job.id)
        except CannotSave as error:
            log.debug("old notices could not be forgotten", reason=str(error))
        except LOST as error:
            log.info("old notices are deleted later", reason=str(error))
        except Exception:
            log.exception("old notices could not be deleted and are tried again")

    async def _delete(self, job: Job) -> None:
        """What Discord refuses is given up."""
        assert job.delivery_channel_id is not None
        assert job.delivery_message_id is not None
        channel = self._client.get_partial_messageable(job.delivery_channel_id)
        try:
            await channel.get_partial_message(job.delivery_message_id).delete()
        except discord.HTTPException as error:
            if not is_refusal(error):
                raise
            log.info("a notice stays", job=job.id, reason=str(error))


def _is_mentioned(job: Job) -> bool:
    """Whether an earlier try to announce a post has come as far as its channel."""
    is_here, tried_at = job.delivery_channel_id == job.channel_id, job.delivery_tried_at
    return is_here and tried_at is not None and tried_at > job.state_since
