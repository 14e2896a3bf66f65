"""Keeping the connections: each shard for itself, so that one that is lost stops no other.

A connection that ends goes on where it was, by its session; where Discord has forgotten that, it
begins another one. discord.py's own loop would have one shard wait for another, and where one fails
in a way that it did not expect, end them all.
"""

import asyncio
from collections.abc import Callable
from functools import partial

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.alarms import Alarm, Alarms
from bot.clock import Clock, cancel
from bot.gateway.client import ShardedBot
from bot.gateway.session_starts import LONGEST_WAIT_S, OPENED_WITHIN_S, SessionStarts
from bot.gateway.shares import Share

log = structlog.get_logger()

TROUBLE = "Discord's gateway does not answer"
PAUSES_S = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
STEADY_S = 60.0
"""What has lasted so long was no failure."""

HOST_IS_GONE, IS_GIVEN_UP = 2, 3
"""After so many failures in a row the usual host is asked instead of the one that had the session,
and after so many nobody waits any longer for what the shard has to tell."""

TOO_FEW_SHARDS = 4011
GOES_ON, IS_OVER = 4000, 1000
"""What we close with; only with the first the session can go on."""

EXPECTED = (discord.DiscordException, aiohttp.ClientError, OSError, ReconnectWebSocket)


class Shards:
    """`run` it with the client logged in."""

    def __init__(
        self, client: ShardedBot, starts: SessionStarts, clock: Clock, alarms: Alarms
    ) -> None:
        self._client = client
        self._starts = starts
        self._clock = clock
        self._alarms = alarms
        self._shards: list[Shard] = []

    @property
    def are_ready(self) -> bool:
        """Whether each is connected, and has told of its servers."""
        return self._client.is_ready() and not self.count["away"]

    @property
    def count(self) -> dict[str, int]:
        """How many are connected, and how many are not."""
        connected = sum(shard.is_connected for shard in self._shards)
        return {"connected": connected, "away": len(self._shards) - connected}

    async def run(self, share: Share, *, is_fixed: bool = False) -> None:
        """Keep these until cancelled.

        Raises `discord.ConnectionClosed` where Discord closes one for good. That there are too few
        is no such end where their number `is_fixed`: only who has fixed it can mend that.
        """
        shards = self._shards = [
            Shard(number, self._client, self._starts, self._clock) for number in share.ids
        ]
        self._client.divide(frozenset(share.ids), share.total)
        keep = self._keep_of_fixed if is_fixed else Shard.keep
        kept = [asyncio.create_task(keep(shard)) for shard in shards]
        try:
            await asyncio.gather(*kept)
        finally:
            await cancel(kept)

    async def _keep_of_fixed(self, shard: "Shard") -> None:
        """Each try counts as a session begun, so there are few."""
        source = f"shard {shard.id}"
        shard.on_begun = partial(self._alarms.clear, Alarm.SHARDS, source)
        while True:
            try:
                await shard.keep()
            except discord.ConnectionClosed as error:
                if error.code != TOO_FEW_SHARDS:
                    raise
            total = self._client.shard_count
            self._alarms.raise_(Alarm.SHARDS, source, shard=shard.id, total=total)
            await self._client.give_up(shard.id)
            await self._clock.sleep(LONGEST_WAIT_S)


class Shard:
    """One connection after the other; `keep` it once."""

    def __init__(
        self, number: int, client: ShardedBot, starts: SessionStarts, clock: Clock
    ) -> None:
        self.id = number
        self.on_begun: Callable[[], None] = lambda: None
        """Told when a session has begun, or goes on."""
        self._client = client
        self._starts = starts
        self._clock = clock
        self._socket: DiscordWebSocket | None = None
        self._connected_at: float | None = None
        self._failures = 0
        self._told = set[str]()
        self._is_in_trouble = False

    @property
    def is_connected(self) -> bool:
        """Whether its session goes on at this moment."""
        is_open = self._socket is not None and self._socket.open
        return is_open and self.id in self._client.connected

    async def keep(self) -> None:
        """Until cancelled. Raises `discord.ConnectionClosed` where it is closed for good."""
        while True:
            try:
                await self._stay()
            except discord.ConnectionClosed:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the next one may go well
                if self._has_been_steady():
                    self._failures, self._told = 0, set()
                is_everyday = isinstance(error, ReconnectWebSocket) and not self._failures
                if not is_everyday:
                    await self._fail(error)
                self._failures += 1

    async def _fail(self, error: Exception) -> None:
        """Each kind of failure is told once. Then wait, ever longer."""
        pause_s = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        kind = type(error).__name__
        is_cut = isinstance(error, ReconnectWebSocket)
        is_news = kind not in self._told
        (log.warning if is_news else log.debug)(
            TROUBLE,
            shard=self.id,
            reason="the connection has ended" if is_cut else str(error)[:200] or kind,
            next_try_in_s=pause_s,
            exc_info=not isinstance(error, EXPECTED),
        )
        self._told.add(kind)
        self._is_in_trouble |= is_news
        if self._failures >= IS_GIVEN_UP:
            await self._client.give_up(self.id)
        await self._clock.sleep(pause_s)

    def _has_been_steady(self) -> bool:
        since, self._connected_at = self._connected_at, None
        return since is not None and self._clock.monotonic() - since >= STEADY_S

    async def _stay(self) -> None:
        """On one connection, from its beginning to its end."""
        self._socket = socket = await self._open()
        code = GOES_ON
        try:
            while True:
                await socket.poll_event()
                if self._connected_at is None and self.id in self._client.connected:
                    self._begin()
        except asyncio.CancelledError:
            code = IS_OVER
            raise
        finally:
            self._client.connected.discard(self.id)
            await socket.close(code)

    def _begin(self) -> None:
        self._connected_at = self._clock.monotonic()
        self.on_begun()
        if self._is_in_trouble:
            log.info("a trouble is over", trouble=TROUBLE, shard=self.id)
            self._is_in_trouble = False

    async def _begin_session(self) -> DiscordWebSocket:
        begun: DiscordWebSocket | None = None
        try:
            async with self._starts.turn(self.id), asyncio.timeout(OPENED_WITHIN_S):
                begun = await DiscordWebSocket.from_client(self._client, shard_id=self.id)
        except BaseException:  # while the turn was given back
            if begun is not None:
                await begun.close(IS_OVER)
            raise
        return begun

    async def _open(self) -> DiscordWebSocket:
        before = self._socket
        if before is None or before.session_id is None:
            return await self._begin_session()
        async with asyncio.timeout(OPENED_WITHIN_S):
            return await DiscordWebSocket.from_client(
                self._client,
                shard_id=self.id,
                gateway=before.gateway if self._failures < HOST_IS_GONE else None,
                session=before.session_id,
                sequence=before.sequence,
                resume=True,
            )
