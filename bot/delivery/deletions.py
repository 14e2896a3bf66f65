"""Finished posts that somebody deletes: their cards then say so, and where the video still is.
And messages that the bot is to delete: our posts, and what a moderator has had removed.

Discord tells of each message that is deleted in a server, by its id alone. On a busy server that is
never one of ours; so ids are gathered, and looked up together, by an index and beside the loop: one
query in so many seconds, however much is deleted.
"""

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice

import discord
import structlog

from bot.clock import Clock, wait_for_event
from bot.core.jobs import Job
from bot.core.people.reports import Case
from bot.delivery.discord_errors import LOST, is_refusal
from bot.delivery.replies import Replies
from bot.errors import CannotSave
from bot.store.group_commit import background
from bot.store.people.reports import Reports
from bot.store.store import Store

log = structlog.get_logger()

GATHER_S = 2.0
"""A post that is deleted at once has been noted by then."""

MOST_GATHERED = 5000
"""More in so short a time is a machine that empties channels; what is over is not looked up."""

TRY_AGAIN_S = 60.0


class DeletedPosts:
    """`saw` what was deleted; `run` looks whether it was ours."""

    def __init__(
        self,
        *,
        store: Store,
        reports: Reports,
        wake_card: Callable[[str], None],
        wake_reports: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._store = store
        self._reports = reports
        self._wake_card = wake_card
        self._wake_reports = wake_reports
        self._clock = clock
        self._gathered: set[int] = set()
        self._any = asyncio.Event()

    def saw(self, message_ids: Iterable[int]) -> None:
        """These messages are gone."""
        self._gathered.update(islice(message_ids, MOST_GATHERED - len(self._gathered)))
        self._any.set()

    async def run(self) -> None:
        """Look until cancelled."""
        with background():
            while True:
                await self._any.wait()
                await self._clock.sleep(GATHER_S)
                self._any.clear()
                gathered, self._gathered = self._gathered, set()
                await self._look_up(gathered)

    async def _look_up(self, message_ids: set[int]) -> None:
        try:
            for job in await self._store.read.posted_as(message_ids):
                await self._store.post_is_gone(job.id)
                log.info("a post was deleted", job=job.id)
                self._wake_card(job.id)
            if await self._reports.are_any_of(message_ids):
                await self._reports.gone(message_ids, self._clock.time())
                self._wake_reports()
        except CannotSave as error:
            log.debug("deleted posts could not be noted", reason=str(error))
        except Exception:
            log.exception("deleted posts could not be noted")


class Takedowns:
    """Deletes what is to go. That was saved before: what is not done, a start does again."""

    def __init__(
        self,
        *,
        client: discord.Client,
        store: Store,
        reports: Reports,
        replies: Replies,
        clock: Clock,
    ) -> None:
        self._client = client
        self._store = store
        self._reports = reports
        self._replies = replies
        self._clock = clock
        self._late = asyncio.Event()

    async def run(self) -> None:
        """Delete what is left, and again what was lost on the way, until cancelled."""
        await self._client.wait_until_ready()
        with background():
            while True:
                self._late.clear()
                await self._delete_left()
                await wait_for_event(self._late, self._clock, TRY_AGAIN_S)

    async def _delete_left(self) -> None:
        try:
            for job in await self._reports.posts_to_remove():
                await self.of_job(job)
            for case in await self._reports.unwanted():
                await self.of_case(case)
        except CannotSave as error:
            log.debug("deleted messages could not be noted", reason=str(error))
        except Exception:
            log.exception("what is to go could not be deleted and is tried again")

    async def of_job(self, job: Job) -> bool | None:
        """Delete the post of a job, if it has one: whether it is gone; `None`: not yet."""
        if job.delivery_message_id is None:
            return True
        channel_id = job.delivery_channel_id or job.channel_id
        is_gone = await self._by_token(job) or await self._delete(
            channel_id, job.delivery_message_id
        )
        if is_gone is not None:
            await self._store.post_is_gone(job.id)
        return is_gone

    async def of_case(self, case: Case) -> bool | None:
        """Delete a reported message of somebody else's: whether it is gone; `None`: not yet."""
        is_gone = await self._delete(case.reported.channel_id, case.reported.message_id)
        if is_gone is not None:
            await self._reports.taken_down(case.id, stays=not is_gone)
        return is_gone

    async def _by_token(self, job: Job) -> bool:
        """A reply goes by its token, also where the bot does not see the channel."""
        message_id = job.delivery_message_id
        if message_id != job.card.message_id or not self._replies.token_lives(job):
            return False
        assert message_id is not None
        try:
            await self._replies.webhook(job).delete_message(message_id)
        except LOST as error:
            log.info("a reply is not deleted by its token", job=job.id, reason=str(error))
            return False
        return True

    async def _delete(self, channel_id: int, message_id: int) -> bool | None:
        channel = self._client.get_partial_messageable(channel_id)
        try:
            await channel.get_partial_message(message_id).delete()
        except discord.NotFound:
            return True
        except LOST as error:
            is_refused = is_refusal(error)
            told = log.warning if is_refused else log.info
            told("a message is not deleted", message=message_id, reason=str(error))
            return False if is_refused else None
        return True
