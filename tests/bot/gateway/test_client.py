"""What is known of servers while some shards have told, and some have not."""

import asyncio
from collections.abc import AsyncIterator

import discord
import pytest
from discord.ext import commands

from bot.gateway.client import ShardedBot

ODD, EVEN, ALSO_ODD = 1 << 22, 2 << 22, 3 << 22
PATIENCE_S = 30.0


@pytest.fixture
async def client() -> AsyncIterator[ShardedBot]:
    """On two shards, of which none has told anything."""
    made = ShardedBot(commands.when_mentioned, intents=discord.Intents.none())
    async with made as client:
        client.divide(frozenset({0, 1}), 2)
        yield client


async def tell(client: ShardedBot, shard: int, *servers: int) -> None:
    """A session begins, and all servers are there at once."""
    state = client._connection
    state.guild_ready_timeout = 0.0
    user = {"id": "7", "username": "m", "discriminator": "0", "avatar": None}
    guilds = [{"id": str(server), "unavailable": True} for server in servers]
    state.parse_ready({"shard": [shard, 2], "user": user, "guilds": guilds})
    for server in servers:
        guild = state._get_guild(server)
        assert guild is not None
        guild.unavailable = False
    waiting = state._ready_tasks[shard]
    await asyncio.wait_for(waiting, PATIENCE_S)
    await asyncio.sleep(0)  # the event is a task of its own


async def test_each_shard_speaks_for_its_own_servers(client: ShardedBot) -> None:
    ready = asyncio.create_task(client.wait_until_ready())
    assert not client.knows(ODD)
    await tell(client, 1, ODD)
    assert (client.knows(ODD), client.knows(ALSO_ODD), client.knows(EVEN)) == (True, True, False)
    assert not client.is_ready()
    assert not ready.done()
    await tell(client, 0, EVEN)
    assert client.knows(EVEN)
    assert client.is_ready()
    await asyncio.wait_for(ready, PATIENCE_S)


async def test_who_waits_for_all_waits_for_none_that_was_given_up_on(client: ShardedBot) -> None:
    ready = asyncio.create_task(client.wait_until_ready())
    await client.give_up(0)
    await asyncio.sleep(0)
    assert not ready.done(), "nothing at all is known yet"
    await tell(client, 1, ODD)
    await asyncio.wait_for(ready, PATIENCE_S)
    assert not client.is_ready()


async def test_a_server_that_was_left_meanwhile_is_forgotten(client: ShardedBot) -> None:
    await tell(client, 0, EVEN)
    await tell(client, 1, ODD, ALSO_ODD)
    await tell(client, 1, ODD)
    assert {guild.id for guild in client.guilds} == {EVEN, ODD}


async def test_another_number_of_shards_makes_nothing_known(client: ShardedBot) -> None:
    await tell(client, 0, EVEN)
    await tell(client, 1, ODD)
    client.divide(frozenset({0}), 4)
    assert not client.knows(EVEN)
    assert {guild.id for guild in client.guilds} == {EVEN, ODD}, "until its shard says otherwise"
