"""`delivering`: the finished video, by the first route that brings it to its requester.

A post in the channel, else an edit of the reply, else a direct message, else it is kept for
`/jobs show`.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import discord
import structlog
from discord.ui import MediaGallery

from bot.accounts.languages import Languages
from bot.accounts.wallets import Wallets
from bot.cards import job as job_cards
from bot.cards.languages.speech import speaking
from bot.cards.posts.finished import finished, post_marks
from bot.clock import Clock
from bot.core.jobs import Delivered, Job
from bot.delivery.discord_errors import LOST, is_refusal
from bot.delivery.replies import Replies
from bot.delivery.routes import (
    MayBePostedError,
    Message,
    Route,
    RouteClosedError,
    Routes,
    is_past_channel,
    pings,
)
from bot.delivery.searches import marks
from bot.delivery.status import StatusCards
from bot.delivery.troubles.missing import MissingPermissions
from bot.gateway.client import ShardedBot
from bot.jobs.live import Jobs
from bot.jobs.upload_limit import Videos, link_to
from bot.store.store import Store

if TYPE_CHECKING:  # it exists for type checkers only
    from discord.abc import MessageableChannel

log = structlog.get_logger()


class Delivery:
    """Posts finished videos. `deliver` may be repeated."""

    def __init__(
        self,
        *,
        client: ShardedBot,
        store: Store,
        jobs: Jobs,
        status: StatusCards,
        replies: Replies,
        languages: Languages,
        routes: Routes,
        videos: Videos,
        wallets: Wallets,
        missing: MissingPermissions,
        clock: Clock,
    ) -> None:
        self._client = client
        self._store = store
        self._jobs = jobs
        self._status = status
        self._replies = replies
        self._languages = languages
        self._routes = routes
        self._videos = videos
        self._wallets = wallets
        self._missing = missing
        self._clock = clock

    async def deliver(self, job: Job) -> None:
        """Bring the video as near to its requester as Discord allows.

        Raises `DeliveryError` where it is worth trying again.
        """
        await self._client.wait_until_knows_place_of(job)
        async with self._status.exclusive(job.id):
            how, message_id = await self._routes.first_open(job, self._ladder(job))
            if how is Delivered.KEPT:
                log.warning("the video could not be posted and is kept", job=job.id)
            job = await self._jobs.job(job.id) or job
            await self._store.delivered(job, how, message_id, self._clock.time())
        log.info("delivered", job=job.id, rung=how)
        await self._missing.tell_requester(job, how)

    async def redescribe(self, job: Job) -> bool:
        """Show at a finished job's post what its video shows; whether the post says so now."""
        if job.delivery_message_id is None:
            return False
        try:
            await self._client.learn(job.server_id)
            post = await self._post_of(job, job.delivery_message_id)
            view = discord.ui.LayoutView.from_message(post, timeout=None)
            galleries = [one for one in view.walk_children() if isinstance(one, MediaGallery)]
            with speaking(self._languages.of_message(job, post.channel.id)):
                for gallery in galleries:
                    gallery.items = job_cards.video(job).items
            view.stop()
            if galleries:
                await post.edit(view=view)
        except LOST as error:
            log.info("a post could not be described", job=job.id, reason=str(error))
            return False
        return bool(galleries)

    async def _post_of(self, job: Job, message_id: int) -> discord.Message:
        """A reply also where the bot sees no channel, for as long as its token lives."""
        is_reply = job.delivered is Delivered.REPLY
        if is_reply and self._replies.can_reply(job):
            return await self._replies.webhook(job).fetch_message(message_id)
        channel_id = job.channel_id if is_reply else job.delivery_channel_id
        channel = self._client.get_partial_messageable(channel_id or job.channel_id)
        return await channel.fetch_message(message_id)

    def _ladder(self, job: Job) -> list[Route]:
        message = Message(partial(self._post, job), post_marks(job))
        channel = self._routes.in_channel(message)
        reply: Route = (Delivered.REPLY, self._by_reply)
        direct = self._routes.directly(message)
        if is_past_channel(job):
            return [direct]
        if job.delivery_message_id is not None:  # it may stand in the reply already
            return [reply, channel, direct]
        return [channel, reply, direct]

    async def _by_reply(self, job: Job) -> int:
        card_id, earlier_id = job.card.message_id, job.delivery_message_id
        path = await self._videos.fitting(job, job.upload_limit_bytes)
        if card_id is not None and path is not None and self._replies.can_reply(job):
            job = await self._store.reply_begins(job, card_id)
            try:
                remakes = await self._wallets.remakes(job)
                with speaking(self._languages.of_card(job)):
                    view = finished(job, remakes=remakes)
                await self._replies.reply_with_video(job, str(path), view)
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
        return not marks(reply).isdisjoint(post_marks(job))

    async def _post(self, job: Job, channel: "MessageableChannel") -> int:
        """The video as a file as large as it may be there, else a link to it."""
        limit_bytes = _limit_bytes(channel)
        sent = await self._videos.send(job, limit_bytes, partial(self._send, job, channel))
        if sent is None and job.is_free:
            raise RouteClosedError("the engine's own links lead nowhere from outside")
        return await self._send(job, channel, None) if sent is None else sent

    async def _send(self, job: Job, channel: "MessageableChannel", path: Path | None) -> int:
        """One message: with the video, or (`None`) with a link to it."""
        mentions = pings(await self._jobs.job(job.id) or job)  # as saved before this try
        remakes = await self._wallets.remakes(job)
        language = self._languages.of_message(job, channel.id)
        if path is not None:
            file = discord.File(path, filename=job_cards.file_name(job))
            with speaking(language):
                view = finished(job, remakes=remakes)
            message = await channel.send(
                view=view, file=file, nonce=job.id, allowed_mentions=mentions
            )
            return message.id
        with speaking(language):
            view = finished(job, link=link_to(job), remakes=remakes)
        message = await channel.send(view=view, nonce=job.id, allowed_mentions=mentions)
        return message.id


def _limit_bytes(channel: "MessageableChannel") -> int:
    """A channel post has the server's limit, a direct message the default one."""
    guild: discord.Guild | None = getattr(channel, "guild", None)
    return guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
