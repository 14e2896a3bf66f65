"""discord.py's client on as many connections as this process has, each a shard with its servers.

Of what a shard has not told yet nothing is concluded: a server that is not there may only be late.
A server of another process's shard is *asked for* instead; without a gateway, all of them are.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import discord
from discord.ext import commands
from discord.state import AutoShardedConnectionState

from bot.clock import Clock, SystemClock
from bot.core.jobs import Job
from bot.errors import DeliveryError
from bot.gateway.asking import UNTOLD, AskedServers

Admit = Callable[[int, int, Callable[[], None]], None]
"""Is told an event's id, its server's, and what is to be done about it, once in all processes."""


def at_once(_: int, __: int, act: Callable[[], None]) -> None:
    """Where there is no other process."""
    act()


class ShardedState(AutoShardedConnectionState["ShardedBot"]):
    """What Discord has told of its servers.

    discord.py would say once that all of it is there, and where a shard came anew meanwhile take
    back what others had told. So it is not told which shards there are, and each speaks for itself.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connected: set[int] = set()
        """The shards whose session has begun, or gone on, on their connection."""
        self.admit: Admit = at_once

    def parse_ready(self, data: Any) -> None:
        """A session begins; what the bot has left in the meantime is forgotten."""
        shard_id, there = data["shard"][0], {int(guild["id"]) for guild in data["guilds"]}
        for guild in self.guilds:
            if guild.shard_id == shard_id and guild.id not in there:
                self._remove_guild(guild)
        super().parse_ready(data)
        self.connected.add(shard_id)

    def parse_resumed(self, data: Any) -> None:
        """A session goes on."""
        super().parse_resumed(data)
        self.connected.add(data["__shard_id__"])

    def parse_interaction_create(self, data: Any) -> None:
        """Somebody waits for an answer."""
        act = partial(super().parse_interaction_create, data)
        self.admit(int(data["id"]), int(data.get("guild_id") or 0), act)

    def parse_message_create(self, data: Any) -> None:
        """Somebody has written something; nearly all messages of a busy server ask for nothing."""
        act = partial(super().parse_message_create, data)
        if self._asks_for_something(data):
            self.admit(int(data["id"]), int(data.get("guild_id") or 0), act)
        else:
            act()

    def _asks_for_something(self, data: Any) -> bool:
        if data["author"].get("bot"):
            return False
        own = str(self.self_id)
        return "guild_id" not in data or any(each["id"] == own for each in data["mentions"])

    def divide(self, total: int) -> None:
        """The servers are shared out anew; what is known of them stays."""
        for waiting in self._ready_tasks.values():
            waiting.cancel()
        self._ready_tasks.clear()
        self._ready_states.clear()
        self.shard_count = total
        self.connected.clear()

    def server(self, server_id: int) -> discord.Guild | None:
        """One of them, if it is known."""
        return self._get_guild(server_id)

    def put_server(self, told: dict[str, Any]) -> None:
        """From now on this is what is known of a server."""
        self._add_guild_from_data(told)  # type: ignore[arg-type]  # as its shard would tell

    def put_threads(self, server: discord.Guild, threads: list[Any]) -> None:
        """From now on these are its threads."""
        server._clear_threads()
        for thread in threads:
            server._add_thread(discord.Thread(guild=server, state=self, data=thread))

    def drop_server(self, server_id: int) -> None:
        """It is known no more."""
        if (server := self._get_guild(server_id)) is not None:
            self._remove_guild(server)


class ShardedBot(commands.AutoShardedBot):
    """`gateway.shards` connects it; discord.py's own `connect` is not used."""

    _connection: ShardedState

    def __init__(self, *args: Any, clock: Clock | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._share: frozenset[int] | None = None
        self._told: set[int] = set()
        self._given_up: set[int] = set()
        self._news = asyncio.Condition()
        self._asked = AskedServers(self._connection, clock or SystemClock())

    def _get_state(self, **options: Any) -> ShardedState:
        return ShardedState(
            dispatch=self.dispatch,
            handlers=self._handlers,
            hooks=self._hooks,
            http=self.http,
            **options,
        )

    def admit_through(self, admit: Admit) -> None:
        """From now on what somebody asks for is acted upon where this says so."""
        self._connection.admit = admit

    @property
    def connected(self) -> set[int]:
        """The shards that are connected."""
        return self._connection.connected

    def divide(self, share: frozenset[int], total: int) -> None:
        """From now on the servers are shared out among so many shards, of which these are ours."""
        self._share = share
        self._told.clear()
        self._given_up.clear()
        self._asked.forget()
        self.shard_count = total
        self._connection.divide(total)

    async def go_without_gateway(self) -> None:
        """Logged in, it asks for each server that somebody needs."""
        self.divide(frozenset(), 1)
        async with self._news:
            self._news.notify_all()

    def is_ours(self, server_id: int) -> bool:
        """Whether Discord tells this process of a server by itself."""
        return self._share is not None and self._shard_of(server_id) in self._share

    def knows(self, server_id: int) -> bool:
        """Whether what is not there, is not: its shard has told its servers, or it was asked for.

        Of direct messages there is nothing to ask.
        """
        if self._is_asked_for(server_id):
            return not server_id or self._asked.knows(server_id)
        return bool(self.shard_count) and self._shard_of(server_id) in self._told

    def is_yet_to_hear_of(self, server_id: int) -> bool:
        """Whether nothing can be said of a server before its shard has told."""
        return not (self._is_asked_for(server_id) or self.knows(server_id))

    async def is_in(self, server_id: int) -> bool:
        """Whether the bot is in a server that anybody may have named.

        Raises `discord.HTTPException`, and what aiohttp does.
        """
        if self._is_asked_for(server_id):
            return await self._asked.is_there(server_id)
        return self.get_guild(server_id) is not None

    async def learn(self, server_id: int, channel_id: int = 0) -> bool:
        """Ask for a server, and for a thread in it, if it is none of ours and not known.

        Whether that was so. Raises `discord.HTTPException`, and what aiohttp does.
        """
        if not server_id or not self._is_asked_for(server_id):
            return False
        return await self._asked.learn(server_id, channel_id)

    async def wait_until_knows_place_of(self, job: Job) -> bool:
        """Until it knows where a job was asked for; direct messages belong to the first shard.

        Whether that took a while, in which the job may have changed. Raises `DeliveryError` where
        Discord was asked and does not tell.
        """
        server_id = 0 if job.is_direct else job.server_id
        has_waited = self.is_yet_to_hear_of(server_id)
        if has_waited:
            async with self._news:
                await self._news.wait_for(lambda: not self.is_yet_to_hear_of(server_id))
        try:
            return await self.learn(server_id, job.channel_id) or has_waited
        except UNTOLD as error:
            raise DeliveryError(str(error) or type(error).__name__) from error

    def doubt(self, channel_id: int, _: str) -> None:
        """Discord has forbidden something about this channel: its server may have changed."""
        server = getattr(self.get_channel(channel_id), "guild", None)
        if server is not None:
            self._asked.doubt(server.id)

    def is_ready(self) -> bool:
        """Whether each shard has told of its servers."""
        return self._share is not None and self._told >= self._share

    async def wait_until_ready(self) -> None:
        """Until each shard has told of its servers, but for those that were given up on for now."""
        async with self._news:
            await self._news.wait_for(self._has_told_enough)

    def _has_told_enough(self) -> bool:
        if not self._share:
            return self._share is not None
        return bool(self._told) and self._told | self._given_up >= self._share

    async def give_up(self, shard_id: int) -> None:
        """The others do not wait for this shard any longer; it may come all the same."""
        async with self._news:
            self._given_up.add(shard_id)
            self._news.notify_all()

    async def on_shard_ready(self, shard_id: int) -> None:
        """It has told of its servers."""
        async with self._news:
            self._told.add(shard_id)
            self._news.notify_all()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Nothing: `gateway.session_starts` has waited before the connection was made."""

    async def close(self) -> None:
        """For good."""
        await self._asked.close()
        await super().close()

    def _is_asked_for(self, server_id: int) -> bool:
        return self._share is not None and self._shard_of(server_id) not in self._share

    def _shard_of(self, server_id: int) -> int:
        return (server_id >> 22) % (self.shard_count or 1)
