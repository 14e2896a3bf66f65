"""Says which permission the bot lacks, once, to who can mend it.

That is a server's audit channel, or where there is none that takes it, the server's owner. A server
gets one message a day at most, whatever is refused there; what is mended is forgotten. Whichever
process is refused notes it; told, and looked after, it is by the one that has the server's shard.
"""

from collections.abc import Sequence
from contextlib import suppress

import discord
import structlog

from bot.accounts.languages import Languages
from bot.cards.languages.speech import speaking
from bot.cards.posts import missing as cards
from bot.clock import Clock
from bot.core.jobs import Delivered, Job
from bot.delivery.discord_errors import LOST, is_refusal
from bot.delivery.replies import Replies
from bot.delivery.troubles.permissions import is_given, lacking_in, may_write
from bot.errors import CannotSave, DeliveryError
from bot.gateway.client import ShardedBot
from bot.store.group_commit import background
from bot.store.people.missing import MOST_OF_A_SERVER, Missing, MissingBook
from bot.store.store import Store

log = structlog.get_logger()

LOOK_EVERY_S = 60.0
"""Nothing is told at once, and what a kill forgets shows again with the next video."""

AT_ONCE = 5
"""So many servers are told in one look: Discord does not like many direct messages at once."""

TRIES_S = (0.0, 3.0, 10.0)
"""Within these a repeat is the same message, by its nonce."""

MOST_REFUSED = 2 * MOST_OF_A_SERVER
"""So many different requests of a server are looked at in one look."""

MOST_ASKERS, ASKER_S = 1000, 24 * 3600.0


class MissingPermissions:
    """`refused` for each request that Discord refuses."""

    def __init__(
        self,
        *,
        client: ShardedBot,
        store: Store,
        replies: Replies,
        languages: Languages,
        clock: Clock,
    ) -> None:
        self._client = client
        self._languages = languages
        self._store = store
        self._book = MissingBook(store.database)
        self._replies = replies
        self._clock = clock
        self._refused: dict[int, set[tuple[int, str]]] = {}
        self._known: set[Missing] = set()
        self._told: dict[tuple[int, int], float] = {}

    def refused(self, channel_id: int, method: str) -> None:
        """Discord has forbidden a request about this channel: it is looked for why."""
        channel = self._client.get_channel(channel_id)
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return  # direct messages have no permissions
        allowed = self._store.limits.allowed_servers
        if allowed and channel.guild.id not in allowed:
            return
        refused = self._refused.setdefault(channel.guild.id, set())
        if len(refused) < MOST_REFUSED:
            refused.add((channel_id, method))

    async def run(self) -> None:
        """Tell of what is missing, and forget what is mended, until cancelled."""
        await self._client.wait_until_ready()
        with background():
            while True:
                try:
                    await self._look()
                except CannotSave as error:
                    log.debug("missing permissions could not be noted", reason=str(error))
                except Exception:
                    log.exception("missing permissions could not be told and are tried again")
                await self._clock.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        now = self._clock.time()
        if news := await self._explained() - self._known:
            for lacking in await self._book.found(news, now):
                log.info("a permission is missing", **lacking._asdict())
        self._known = await self._book.all()
        if mended := {each for each in self._known if self._is_over(each)}:
            await self._book.mended(mended)
            self._known -= mended
        untold = [one for one in await self._book.untold(now) if self._client.is_ours(one)]
        for server_id in untold[:AT_ONCE]:
            await self._tell(server_id, now)

    async def _explained(self) -> set[Missing]:
        """What explains what was refused since the last look, as far as Discord tells."""
        refused, self._refused = self._refused, {}
        found = set[Missing]()
        for server_id, requests in refused.items():
            try:
                for channel_id, method in requests:
                    await self._client.learn(server_id, channel_id)
                    found |= _why(self._client.get_channel(channel_id), method)
            except LOST as error:
                log.info("why it is refused is not known", server=server_id, reason=str(error))
        return found

    def _is_over(self, lacking: Missing) -> bool:
        """Whether it is given by now, or there is nothing left for which it would be needed."""
        if not self._client.is_ours(lacking.server_id):
            return False
        guild = self._client.get_guild(lacking.server_id)
        if guild is None or guild.unavailable:
            return guild is None and self._client.knows(lacking.server_id)
        channel = guild.get_channel_or_thread(lacking.channel_id)
        return channel is None or is_given(channel, lacking.permission)

    async def _tell(self, server_id: int, at: float) -> None:
        guild = self._client.get_guild(server_id)
        if guild is None or guild.unavailable:
            return
        lacking = await self._book.telling(server_id, at)
        told = [(each.permission, each.channel_id) for each in lacking]
        audit_id = (await self._store.rulebook.of(server_id)).audit_channel_id
        audit = guild.get_channel_or_thread(audit_id) if audit_id else None
        is_open = audit is not None and may_write(audit)
        if not await self._send(guild, told, audit_id if is_open else None):
            await self._book.not_told(lacking)

    async def _send(
        self, guild: discord.Guild, told: Sequence[tuple[str, int]], audit_id: int | None
    ) -> bool:
        """Whether it stands where somebody reads it who can mend it."""
        of_server = self._languages.of_server(guild.id)
        for wait_s in TRIES_S:
            await self._clock.sleep(wait_s)
            of_owner = self._languages.of_person(guild.owner_id or 0, of_server)
            with speaking(of_server if audit_id else of_owner):
                card = cards.missing(guild.name, told)
            try:
                channel: discord.abc.Messageable = (
                    self._client.get_partial_messageable(audit_id)
                    if audit_id
                    else await self._client.create_dm(discord.Object(guild.owner_id or 0))
                )
                await channel.send(view=card, nonce=f"lacks-{guild.id}")
            except LOST as error:
                log.info("nobody is told what is missing", server=guild.id, reason=str(error))
                if not is_refusal(error):
                    continue
                if audit_id is None:
                    return False
                audit_id = None
            else:
                return True
        return False

    async def tell_requester(self, job: Job, how: Delivered) -> None:
        """Say to who asked, alone, why their video does not stand in a post of its own.

        Once a day for a channel, and only where that notifies nobody: by their reply's token.
        """
        if how is Delivered.KEPT:  # perhaps since nobody could look whether it stands already
            self.refused(job.channel_id, "GET")
        with suppress(DeliveryError):  # what was known may have changed
            await self._client.wait_until_knows_place_of(job)
        channel = self._client.get_channel(job.channel_id)
        if how is Delivered.CHANNEL or not self._replies.token_lives(job):
            return
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return
        key, now = (job.person_id, job.channel_id), self._clock.monotonic()
        lacking = lacking_in(channel)
        if lacking is None or now - self._told.get(key, -ASKER_S) < ASKER_S:
            return
        self._told.pop(key, None)
        self._told[key] = now
        while len(self._told) > MOST_ASKERS:
            del self._told[next(iter(self._told))]
        with speaking(self._languages.of_requester(job)):
            card = cards.why_no_post(lacking, how)
        try:
            await self._replies.webhook(job).send(view=card, ephemeral=True)
        except LOST as error:
            log.info("who asked is not told what is missing", job=job.id, reason=str(error))


def _why(channel: object, method: str) -> set[Missing]:
    """What a request to this channel was refused for."""
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return set()
    permission = lacking_in(channel, method)
    return {Missing(channel.guild.id, channel.id, permission)} if permission else set()
