"""`delivering`: the finished video, by the first route that brings it to its requester.

A post in the channel, else an edit of the reply, else a direct message, else it is kept for
`/jobs show`. A try is saved before it is made. Trying again cannot post twice: within Discord's
window the nonce makes a repeat the same message, and later the channel is searched first.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import discord
import structlog

from bot.cards import job as job_cards
from bot.cards.job import Button
from bot.clock import Clock
from bot.core.jobs import Delivered, Job
from bot.delivery.status import LOST, StatusCards, custom_ids, is_refusal
from bot.errors import DeliveryError
from bot.jobs.live import Jobs
from bot.jobs.upload_limit import Videos, link_to
from bot.store.store import Store

if TYPE_CHECKING:  # it exists for type checkers only
    from discord.abc import MessageableChannel

log = structlog.get_logger()

NONCE_WINDOW_S = 60.0
"""Discord remembers a nonce for "the past few minutes"; this is well inside."""

CLOCK_SKEW_S = 30.0
SEARCHED_MESSAGES = 500


class RouteClosedError(Exception):
    """This way of delivering does not work, now or ever; the next one is tried."""


class MayBePostedError(Exception):
    """Perhaps it was posted before, and nobody can look: one more try could show it twice."""


class Delivery:
    """Posts finished videos. `deliver` may be repeated."""

    def __init__(
        self,
        *,
        client: discord.Client,
        store: Store,
        jobs: Jobs,
        status: StatusCards,
        videos: Videos,
        clock: Clock,
    ) -> None:
        self._client = client
        self._store = store
        self._jobs = jobs
        self._status = status
        self._videos = videos
        self._clock = clock

    async def deliver(self, job: Job) -> None:
        """Bring the video as near to its requester as Discord allows.

        Raises `DeliveryError` where it is worth trying again.
        """
        await self._client.wait_until_ready()
        async with self._status.exclusive(job.id):
            how, message_id = await self._by_first_route(job)
            job = await self._jobs.job(job.id) or job
            await self._store.delivered(job, how, message_id, self._clock.time())
        log.info("delivered", job=job.id, rung=how)

    async def _by_first_route(self, job: Job) -> tuple[Delivered, int | None]:
        """The first route that is open, and the message it made."""
        routes: list[tuple[Delivered, Callable[[Job], Awaitable[int]]]] = [
            (Delivered.CHANNEL, self._in_channel),
            (Delivered.REPLY, self._by_reply),
            (Delivered.DIRECT, self._directly),
        ]
        if job.delivery_channel_id not in {None, job.channel_id}:
            routes = routes[2:]  # an earlier try has come as far as the direct message
        elif job.delivery_message_id is not None:
            routes = [routes[1], routes[0], routes[2]]  # it may stand in the reply already
        for how, route in routes:
            job = await self._jobs.job(job.id) or job
            try:
                return how, await route(job)
            except MayBePostedError:
                break
            except RouteClosedError as reason:
                log.info("not delivered here", job=job.id, rung=how, reason=str(reason))
            except LOST as error:
                if not is_refusal(error):
                    raise DeliveryError(str(error) or type(error).__name__) from error
                log.warning("not delivered here", job=job.id, rung=how, reason=str(error))
        log.warning("the video could not be posted and is kept", job=job.id)
        return Delivered.KEPT, None

    async def _in_channel(self, job: Job) -> int:
        return await self._post(job, await self._channel(job.channel_id))

    async def _by_reply(self, job: Job) -> int:
        card_id, earlier_id = job.card.message_id, job.delivery_message_id
        path = await self._videos.fitting(job.id, job.upload_limit_bytes)
        if card_id is not None and path is not None and self._status.can_reply(job):
            job = await self._store.reply_begins(job, card_id)
            try:
                await self._status.reply_with_video(job, str(path))
            except LOST as error:
                if earlier_id is None or not is_refusal(error):
                    raise
            else:
                return card_id
        if earlier_id is not None and await self._stands_in_reply(job):
            return earlier_id
        raise RouteClosedError("the reply can no longer take it")

    async def _stands_in_reply(self, job: Job) -> bool:
        """Whether an earlier edit, of which the answer was lost, has brought the video there."""
        assert job.delivery_message_id is not None
        channel = self._client.get_partial_messageable(job.channel_id)
        try:
            reply = await channel.fetch_message(job.delivery_message_id)
        except discord.NotFound:
            return False
        except discord.HTTPException as error:
            if is_refusal(error):
                raise MayBePostedError from error
            raise
        return job_cards.custom_id(Button.DETAILS, job.id) in custom_ids(reply)

    async def _directly(self, job: Job) -> int:
        if job.is_direct:
            raise RouteClosedError("the channel was the direct message")
        person = await self._client.fetch_user(job.person_id)
        return await self._post(job, await person.create_dm())

    async def _channel(self, channel_id: int) -> "MessageableChannel":
        channel = self._client.get_channel(channel_id)
        try:
            channel = channel or await self._client.fetch_channel(channel_id)
        except discord.HTTPException as error:
            if is_refusal(error):
                raise RouteClosedError(str(error)) from error
            raise
        if not isinstance(channel, discord.abc.Messageable):
            raise RouteClosedError("the channel takes no messages")
        return channel

    async def _post(self, job: Job, channel: "MessageableChannel") -> int:
        """Post once in this channel, whatever happened before."""
        now = self._clock.time()
        tried_at = job.delivery_tried_at if job.delivery_channel_id == channel.id else None
        if tried_at is not None and not 0 <= now - tried_at <= NONCE_WINDOW_S:
            found = await self._find(job, channel, tried_at)
            if found is not None:
                return found
            tried_at = None
        if tried_at is None:
            job = await self._store.delivery_begins(job, channel.id, now)
        limit_bytes = _limit_bytes(channel)
        sent = await self._videos.send(job.id, limit_bytes, partial(self._send, job, channel))
        return await self._send(job, channel, None) if sent is None else sent

    async def _send(self, job: Job, channel: "MessageableChannel", path: Path | None) -> int:
        """One message: with the video, or (`None`) with a link to it."""
        mentions = discord.AllowedMentions(
            everyone=False, roles=False, users=[discord.Object(job.person_id)]
        )
        if path is not None:
            file = discord.File(path, filename=job_cards.file_name(job))
            message = await channel.send(
                view=job_cards.finished(job), file=file, nonce=job.id, allowed_mentions=mentions
            )
            return message.id
        view = job_cards.finished(job, link=link_to(job))
        message = await channel.send(view=view, nonce=job.id, allowed_mentions=mentions)
        return message.id

    async def _find(self, job: Job, channel: "MessageableChannel", since: float) -> int | None:
        """The job's post among the channel's messages; raises when they cannot be read."""
        guild = getattr(channel, "guild", None)
        if guild is not None and not channel.permissions_for(guild.me).read_message_history:
            raise MayBePostedError
        after: datetime | discord.Object = datetime.fromtimestamp(since - CLOCK_SKEW_S, UTC)
        if since > self._clock.time():  # the clock was set back: only Discord's own time is sure
            after = discord.Object(job.origin_id)
        wanted = job_cards.custom_id(Button.DETAILS, job.id)
        assert self._client.user is not None
        async for message in channel.history(limit=SEARCHED_MESSAGES, after=after):
            if message.author.id == self._client.user.id and wanted in custom_ids(message):
                return message.id
        return None


def _limit_bytes(channel: "MessageableChannel") -> int:
    """A channel post has the server's limit, a direct message the default one."""
    guild: discord.Guild | None = getattr(channel, "guild", None)
    return guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
