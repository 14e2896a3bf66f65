"""The ladder by which the end of a job comes to its requester, and one message on each rung.

A try is saved before it is made. Trying again cannot post twice: within Discord's window the nonce
makes a repeat the same message, and later the channel is searched first.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import discord
import structlog

from bot.clock import Clock
from bot.core.jobs import Delivered, Job, JobState
from bot.delivery.discord_errors import LOST, is_refusal
from bot.delivery.searches import marks
from bot.errors import DeliveryError
from bot.jobs.live import Jobs
from bot.store.store import Store

if TYPE_CHECKING:  # it exists for type checkers only
    from discord.abc import MessageableChannel

log = structlog.get_logger()

NONCE_WINDOW_S = 60.0
"""Discord remembers a nonce for "the past few minutes"; this is well inside."""

CLOCK_SKEW_S = 30.0
SEARCHED_MESSAGES = 500


class RouteClosedError(Exception):
    """This way does not work, now or ever; the next one is tried."""


class MayBePostedError(Exception):
    """Perhaps it was posted before, and nobody can look: one more try could show it twice."""


Route = tuple[Delivered, Callable[[Job], Awaitable[int]]]
"""A rung, and what goes that way; it gives the id of the message that then stands."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is to stand once: `send` posts it with a nonce and gives its id, and one of `marks` is
    what one of its buttons leads to, by which it is found again."""

    send: "Callable[[MessageableChannel], Awaitable[int]]"
    marks: frozenset[str]


class Routes:
    """The ways to a job's requester."""

    def __init__(self, *, client: discord.Client, store: Store, jobs: Jobs, clock: Clock) -> None:
        self._client = client
        self._store = store
        self._jobs = jobs
        self._clock = clock

    async def first_open(self, job: Job, routes: Iterable[Route]) -> tuple[Delivered, int | None]:
        """The first route that is open and the message it made, else `KEPT`.

        Raises `DeliveryError` where it is worth trying again.
        """
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
        return Delivered.KEPT, None

    def in_channel(self, message: Message) -> Route:
        """Where the job was asked for."""

        async def post(job: Job) -> int:
            channel = await self._channel(job.channel_id)
            if isinstance(channel, discord.DMChannel) and not job.is_direct:
                raise RouteClosedError("its offer could not be shown where it was asked for either")
            return await self._post(job, message, channel)

        return Delivered.CHANNEL, post

    def directly(self, message: Message) -> Route:
        """In the requester's direct messages."""

        async def post(job: Job) -> int:
            if job.is_direct:
                raise RouteClosedError("the channel was the direct message")
            person = await self._client.fetch_user(job.person_id)
            return await self._post(job, message, await person.create_dm())

        return Delivered.DIRECT, post

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

    async def _post(self, job: Job, message: Message, channel: "MessageableChannel") -> int:
        """Post once in this channel, whatever happened before."""
        now = self._clock.time()
        tried_at = job.delivery_tried_at if job.delivery_channel_id == channel.id else None
        if tried_at is not None and not 0 <= now - tried_at <= NONCE_WINDOW_S:
            found = await self._find(job, message.marks, channel, tried_at)
            if found is not None:
                return found
            tried_at = None
        elif tried_at is None:
            found = await self._find_unsaved(job, message.marks, channel)
            if found is not None:
                return found
        if tried_at is None:
            await self._store.delivery_begins(job, channel.id, now)
        return await message.send(channel)

    async def _find_unsaved(
        self, job: Job, wanted: frozenset[str], channel: "MessageableChannel"
    ) -> int | None:
        """A try of before this start, of which this database knows nothing: it may be a backup.

        Where nobody can look there was hardly one.
        """
        attempt, before = job.attempt, self._jobs.as_found(job.id)
        if attempt is None or before is None or before.attempt is None:
            return None
        if before.attempt.id != attempt.id:  # nothing can have come of it before
            return None
        since = attempt.submitted_at or attempt.began_at
        try:
            return await self._find(job, wanted, channel, since)
        except MayBePostedError:
            return None

    async def _find(
        self, job: Job, wanted: frozenset[str], channel: "MessageableChannel", since: float
    ) -> int | None:
        """The message among the channel's; raises when they cannot be read."""
        guild = getattr(channel, "guild", None)
        if guild is not None and not channel.permissions_for(guild.me).read_message_history:
            raise MayBePostedError
        after: datetime | discord.Object = datetime.fromtimestamp(since - CLOCK_SKEW_S, UTC)
        if since > self._clock.time():  # the clock was set back: only Discord's own time is sure
            after = discord.Object(job.origin_id)
        assert self._client.user is not None
        async for message in channel.history(limit=SEARCHED_MESSAGES, after=after):
            is_ours = message.author.id == self._client.user.id
            if is_ours and not wanted.isdisjoint(marks(message)):
                return message.id
        return None


def is_past_channel(job: Job) -> bool:
    """Whether an earlier try has come as far as the direct message."""
    return job.delivery_channel_id not in {None, job.channel_id}


def pings(job: Job) -> discord.AllowedMentions:
    """The requester, and nobody else; nobody at all where a direct message will tell them."""
    is_quiet = job.state is JobState.DELIVERING and job.announced is False
    users = [] if is_quiet else [discord.Object(job.person_id)]
    return discord.AllowedMentions(everyone=False, roles=False, users=users)
