"""Servers of which nobody tells this process, and of which it asks: those of other processes'
shards, and all of them where there is no gateway.

One is asked for over REST when somebody needs it, once for all who do, and kept for some minutes
among those that discord.py knows, where it is as a shard would have told it.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import discord
from discord.http import HTTPClient

from bot.clock import Clock, cancel, deciding

KEPT_S, GONE_KEPT_S, DOUBTED_S = 600.0, 60.0, 30.0
"""So long a server is believed to be as it was found; that the bot is not there; and what is in
doubt, since Discord has refused something in it."""

THREADS_KEPT_S = 10.0
"""So long a thread that was not among a server's is not asked for again."""

MOST_KEPT = 1000

AT_ONCE, SPACING_S = 5, 0.25
"""So many are asked for in a row, then one after the other: each takes three requests, and Discord
allows fifty in a second for everything."""

UNTOLD = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What is raised where Discord does not tell."""


class Servers(Protocol):
    """What discord.py knows of servers."""

    http: HTTPClient

    @property
    def self_id(self) -> int | None:
        """The bot itself."""

    def server(self, server_id: int) -> discord.Guild | None:
        """One of them, if it is known."""

    def put_server(self, told: dict[str, Any]) -> None:
        """From now on this is what is known of a server."""

    def put_threads(self, server: discord.Guild, threads: list[Any]) -> None:
        """From now on these are its threads."""

    def drop_server(self, server_id: int) -> None:
        """It is known no more."""


@dataclass(slots=True)
class _Asked:
    """When a server was asked for, and when its threads were (monotonic s)."""

    at: float
    threads_at: float | None
    is_there: bool
    is_doubted: bool = False

    @property
    def lasts_s(self) -> float:
        if not self.is_there:
            return GONE_KEPT_S
        return DOUBTED_S if self.is_doubted else KEPT_S


class AskedServers:
    """`learn` one before it is looked for."""

    def __init__(self, servers: Servers, clock: Clock) -> None:
        self._servers = servers
        self._clock = clock
        self._known: dict[int, _Asked] = {}  # in the order in which they were needed last
        self._asking: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._next_at = clock.monotonic()
        self._times_forgotten = 0

    def knows(self, server_id: int) -> bool:
        """Whether it was asked for: what is not there then, is not."""
        return server_id in self._known

    async def learn(self, server_id: int, channel_id: int = 0) -> bool:
        """Make a server known, and its threads if this is none of its other channels.

        Whether it was asked for. Raises what is `UNTOLD` where nothing is known of it either.
        """
        has_asked = self._is_due(server_id)
        if has_asked:
            await self._once("server", server_id, self._ask)
        known = self._known.pop(server_id, None)
        if known is None:  # so many others were needed meanwhile
            return has_asked
        self._known[server_id] = known
        if not self._lacks(server_id, channel_id, known):
            return has_asked
        await self._once("threads", server_id, self._ask_threads)
        return True

    async def is_there(self, server_id: int) -> bool:
        """Whether the bot is in a server that anybody may have named.

        Discord counts what it refuses, and this it refuses for no server. Raises what is `UNTOLD`.
        """
        if server_id in self._known:
            return self._known[server_id].is_there
        await self._turn()
        found = await self._servers.http.get_guilds(1, after=server_id - 1, with_counts=False)
        return any(int(each["id"]) == server_id for each in found)

    def doubt(self, server_id: int) -> None:
        """Discord has refused something there: it may have changed."""
        if server_id in self._known:
            self._known[server_id].is_doubted = True

    def forget(self) -> None:
        """All of them, and what is being asked: they may have become a shard's of our own."""
        self._times_forgotten += 1
        for server_id in [*self._known]:
            self._drop(server_id)

    async def close(self) -> None:
        """Ask for no more."""
        await cancel(self._asking.values())

    def _is_due(self, server_id: int) -> bool:
        known = self._known.get(server_id)
        return known is None or self._clock.monotonic() - known.at >= known.lasts_s

    def _lacks(self, server_id: int, channel_id: int, known: _Asked) -> bool:
        server = self._servers.server(server_id)
        if not channel_id or server is None or server.get_channel_or_thread(channel_id):
            return False
        now = self._clock.monotonic()
        return known.threads_at is None or now - known.threads_at >= THREADS_KEPT_S

    async def _once(
        self, what: str, server_id: int, ask: Callable[[int], Coroutine[Any, Any, None]]
    ) -> None:
        """For all who wait; where nobody does any longer it is asked all the same."""
        asking = self._asking.get((what, server_id))
        if asking is None:
            with deciding(math.inf):  # also for whoever joins it
                asking = self._asking[what, server_id] = asyncio.create_task(ask(server_id))
            asking.add_done_callback(lambda asking: self._is_told((what, server_id), asking))
        await asyncio.wait([asking])
        asking.result()

    def _is_told(self, key: tuple[str, int], asking: asyncio.Task[None]) -> None:
        del self._asking[key]
        if not asking.cancelled():
            asking.exception()  # which nobody may be there to look at

    async def _ask(self, server_id: int) -> None:
        before, times_forgotten = self._known.get(server_id), self._times_forgotten
        await self._turn()
        try:
            told = await self._told(server_id, with_threads=bool(before and before.threads_at))
        except UNTOLD:
            if before is None:
                raise
            before.at = self._clock.monotonic()
            before.is_doubted = True  # what was known is believed a little longer
            return
        if times_forgotten != self._times_forgotten:
            return
        now = self._clock.monotonic()
        self._known.pop(server_id, None)
        self._known[server_id] = _Asked(
            at=now,
            threads_at=now if told and "threads" in told else None,
            is_there=told is not None,
        )
        if told is None:
            self._servers.drop_server(server_id)
        else:
            self._servers.put_server(told)
        while len(self._known) > MOST_KEPT:
            self._drop(next(iter(self._known)))

    async def _told(self, server_id: int, *, with_threads: bool) -> dict[str, Any] | None:
        """As a shard would tell of it; `None` where the bot is not there.

        The server alone first: where the bot was removed, that is one refusal and not three.
        """
        http, me = self._servers.http, self._servers.self_id
        assert me is not None
        try:
            told: dict[str, Any] = {**await http.get_guild(server_id, with_counts=False)}
            channels, own = await asyncio.gather(
                http.get_all_guild_channels(server_id), http.get_member(server_id, me)
            )
            if with_threads:
                told["threads"] = await self._threads(server_id)
        except (discord.NotFound, discord.Forbidden):
            return None
        return told | {"channels": channels, "members": [own]}

    async def _ask_threads(self, server_id: int) -> None:
        await self._turn()
        try:
            threads = await self._threads(server_id)
        except (discord.NotFound, discord.Forbidden):
            threads = []
        server, known = self._servers.server(server_id), self._known.get(server_id)
        if server is not None and known is not None:
            self._servers.put_threads(server, threads)
            known.threads_at = self._clock.monotonic()

    async def _threads(self, server_id: int) -> list[dict[str, Any]]:
        """Those that are open, and that the bot may see: none of these questions is refused."""
        told = await self._servers.http.get_active_threads(server_id)
        joined = {each["id"]: {"member": each} for each in told["members"]}
        return [{**thread, **joined.get(thread["id"], {})} for thread in told["threads"]]

    async def _turn(self) -> None:
        now = self._clock.monotonic()
        wait_s = self._next_at - (AT_ONCE - 1) * SPACING_S - now
        self._next_at = max(self._next_at, now) + SPACING_S
        if wait_s > 0:
            await self._clock.sleep(wait_s)

    def _drop(self, server_id: int) -> None:
        del self._known[server_id]
        self._servers.drop_server(server_id)
