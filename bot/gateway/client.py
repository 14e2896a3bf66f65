"""discord.py's client on as many connections as Discord wants, each a shard with its servers.

Of what a shard has not told yet nothing is concluded: a server that is not there may only be late.
"""

import asyncio
from typing import Any

from discord.ext import commands
from discord.state import AutoShardedConnectionState

from bot.core.jobs import Job


class ShardedState(AutoShardedConnectionState["ShardedBot"]):
    """What Discord has told of its servers.

    discord.py would say once that all of it is there, and where a shard came anew meanwhile take
    back what others had told. So it is not told which shards there are, and each speaks for itself.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connected: set[int] = set()
        """The shards whose session has begun, or gone on, on their connection."""

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

    def divide(self, total: int) -> None:
        """The servers are shared out anew; what is known of them stays."""
        for waiting in self._ready_tasks.values():
            waiting.cancel()
        self._ready_tasks.clear()
        self._ready_states.clear()
        self.shard_count = total
        self.connected.clear()


class ShardedBot(commands.AutoShardedBot):
    """`gateway.shards` connects it; discord.py's own `connect` is not used."""

    _connection: ShardedState

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._share: frozenset[int] = frozenset()
        self._told: set[int] = set()
        self._given_up: set[int] = set()
        self._news = asyncio.Condition()

    def _get_state(self, **options: Any) -> ShardedState:
        return ShardedState(
            dispatch=self.dispatch,
            handlers=self._handlers,
            hooks=self._hooks,
            http=self.http,
            **options,
        )

    @property
    def connected(self) -> set[int]:
        """The shards that are connected."""
        return self._connection.connected

    def divide(self, share: frozenset[int], total: int) -> None:
        """From now on the servers are shared out among so many shards, of which these are ours."""
        self._share = share
        self._told.clear()
        self._given_up.clear()
        self.shard_count = total
        self._connection.divide(total)

    def knows(self, server_id: int) -> bool:
        """Whether its shard has told of its servers: what is not there then, is not."""
        return bool(self.shard_count) and self._shard_of(server_id) in self._told

    async def wait_until_knows_place_of(self, job: Job) -> bool:
        """Until it knows where a job was asked for; direct messages belong to the first shard.

        Whether that took a while, in which the job may have changed.
        """
        server_id = 0 if job.is_direct else job.server_id
        if self.knows(server_id):
            return False
        async with self._news:
            await self._news.wait_for(lambda: self.knows(server_id))
        return True

    def is_ready(self) -> bool:
        """Whether each shard has told of its servers."""
        return bool(self._share) and self._told >= self._share

    async def wait_until_ready(self) -> None:
        """Until each shard has told of its servers, but for those that were given up on for now."""
        async with self._news:
            await self._news.wait_for(
                lambda: bool(self._told) and self._told | self._given_up >= self._share
            )

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

    def _shard_of(self, server_id: int) -> int:
        return (server_id >> 22) % (self.shard_count or 1)
