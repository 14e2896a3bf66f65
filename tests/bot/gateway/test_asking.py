"""What is asked for over REST is what a shard would have told, and is asked for once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import discord
import pytest
from aiohttp import web
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.accounts.languages import Languages
from bot.accounts.sight import is_age_restricted, is_public
from bot.core.jobs import Job
from bot.errors import DeliveryError
from bot.gateway import asking
from bot.gateway.asking import AT_ONCE, DOUBTED_S, GONE_KEPT_S, KEPT_S, SPACING_S, THREADS_KEPT_S
from bot.gateway.client import ShardedBot
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.model import Overwrite
from sandbox.discord.state.permissions import Permission
from sandbox.discord.state.seed import STUDIO_ID, seed_world
from sandbox.faults.injector import Faults, Rule, answers
from tests.bot.cards.test_cards import JOB
from tests.bot.stopped_clock import StoppedClock
from tests.sandbox.example_bot import running
from tests.sandbox.openapi import mismatches

ONE, THREADS = 3, 1
"""So many requests tell of a server, and of its threads."""


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    async with DiscordServer(seed_world(), faults=Faults()) as server:
        Route.BASE = server.api_url
        yield server
        assert mismatches(server.requests) == []
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
async def client(server: DiscordServer, clock: StoppedClock) -> AsyncIterator[ShardedBot]:
    """Logged in, without a gateway."""
    intents = discord.Intents(guilds=True)
    async with ShardedBot(commands.when_mentioned, intents=intents, clock=clock) as client:
        await client.login(server.world.token)
        await client.go_without_gateway()
        server.requests.clear()
        yield client


def job_in(server: DiscordServer, channel: str) -> Job:
    place = server.world.channels[channel]
    return replace(JOB, server_id=place.guild_id or 0, channel_id=place.id, is_direct=False)


def deny(server: DiscordServer, channel: str, bits: int) -> None:
    world = server.world
    world.channels[channel].overwrites.append(Overwrite(world.bot_id, 1, deny=bits))


def told_of(client: discord.Client, server: DiscordServer) -> dict[str, object]:
    """All that anybody looks at, by the name of the server or channel."""
    told: dict[str, object] = {}
    languages = Languages(client, {})
    for name, guild in server.world.guilds.items():
        found = client.get_guild(guild.id)
        assert found is not None
        facts = found.name, found.owner_id, found.filesize_limit, found.nsfw_level
        told[name] = *facts, languages.of_server(guild.id), len(found.roles), found.unavailable
    for name, channel in server.world.channels.items():
        place = client.get_channel(channel.id)
        assert isinstance(place, discord.TextChannel | discord.Thread)
        sight = is_public(place), is_age_restricted(place)
        parent = place.parent_id if isinstance(place, discord.Thread) else None
        told[name] = type(place), place.permissions_for(place.guild.me), sight, parent
    return told


async def test_a_server_is_as_its_shard_would_tell(
    client: ShardedBot, server: DiscordServer
) -> None:
    world = server.world
    world.guilds["garden"].locale = "de"
    world.channels["lawn"].is_age_restricted = True
    everyone = Overwrite(STUDIO_ID, 0, deny=int(Permission.VIEW_CHANNEL))
    world.channels["showroom"].overwrites.append(everyone)
    world.start_thread("below", world.channels["nofiles"], world.users["ada"].id)
    for name in world.channels:
        assert await client.wait_until_knows_place_of(job_in(server, name)) == (
            name in {"general", "lawn", "den", "below"}
        )
    async with running(server, discord.Intents(guilds=True)) as by_gateway:
        assert told_of(client, server) == told_of(by_gateway, server)


async def test_many_jobs_of_a_server_ask_for_it_once(
    client: ShardedBot, server: DiscordServer, clock: StoppedClock
) -> None:
    job = job_in(server, "general")

    async def asked_for() -> int:
        server.requests.clear()
        await asyncio.gather(*(client.wait_until_knows_place_of(job) for _ in range(100)))
        return len(server.requests)

    assert [await asked_for(), await asked_for()] == [ONE, 0]
    clock.now += KEPT_S
    assert await asked_for() == ONE
    server.world.start_thread("below", server.world.channels["general"], 1)
    job = job_in(server, "below")
    assert [await asked_for(), await asked_for()] == [THREADS, 0]
    clock.now += KEPT_S
    assert await asked_for() == ONE + THREADS
    job = replace(job, channel_id=1)
    assert await asked_for() == 0
    clock.now += THREADS_KEPT_S
    assert [await asked_for(), await asked_for()] == [THREADS, 0]
    job = replace(job, is_direct=True)
    clock.now += KEPT_S
    assert await asked_for() == 0, "of direct messages there is nothing to know"


async def test_many_servers_are_asked_for_one_after_the_other(
    client: ShardedBot, server: DiscordServer, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_KEPT", 2)
    began, world = clock.now, server.world
    for guild in world.guilds.values():
        await client.learn(guild.id)
    studio, garden, attic = (guild.id for guild in world.guilds.values())
    assert {guild.id for guild in client.guilds} == {garden, attic}
    assert not client.knows(studio)
    await client.learn(garden)
    await client.learn(studio)
    assert {guild.id for guild in client.guilds} == {garden, studio}, "the one needed last"
    assert clock.now == began
    for number in range(AT_ONCE):
        await client.learn(number + 1)
    assert clock.now == began + 4 * SPACING_S


async def test_what_was_refused_is_looked_at_anew(
    client: ShardedBot, server: DiscordServer, clock: StoppedClock
) -> None:
    job = job_in(server, "general")
    await client.wait_until_knows_place_of(job)
    deny(server, "general", Permission.SEND_MESSAGES)

    async def may_send() -> bool:
        await client.wait_until_knows_place_of(job)
        channel = client.get_channel(job.channel_id)
        assert isinstance(channel, discord.TextChannel)
        return channel.permissions_for(channel.guild.me).send_messages

    clock.now += DOUBTED_S
    assert await may_send()
    client.doubt(job.channel_id, "POST")
    assert not await may_send()
    server.requests.clear()
    for _ in range(9):  # what goes on being refused makes nobody ask on and on
        client.doubt(job.channel_id, "POST")
        assert not await may_send()
    assert not server.requests


async def test_a_server_that_the_bot_has_left_is_not_there(
    client: ShardedBot, server: DiscordServer, clock: StoppedClock
) -> None:
    job, world = job_in(server, "lawn"), server.world
    await client.wait_until_knows_place_of(job)
    world.remove_member(world.guilds["garden"], world.bot_id)
    clock.now += KEPT_S
    server.requests.clear()
    for _ in range(9):
        await client.wait_until_knows_place_of(job)
    assert (client.knows(job.server_id), client.get_guild(job.server_id)) == (True, None)
    assert client.get_channel(job.channel_id) is None
    assert [request.status for request in server.requests] == [404]
    clock.now += GONE_KEPT_S
    await client.wait_until_knows_place_of(job)
    assert [request.status for request in server.requests] == [404, 404]


async def test_what_strangers_name_is_asked_for_so_that_nothing_is_refused(
    client: ShardedBot, server: DiscordServer
) -> None:
    known = [guild.id for guild in server.world.guilds.values()]
    named = [*known, known[0] + 1, 1, known[-1] + 1]
    assert [await client.is_in(one) for one in named] == [True] * 3 + [False] * 3
    assert Counter(request.status for request in server.requests) == {200: 6}
    assert not client.guilds
    await client.learn(known[0])
    server.requests.clear()
    assert await client.is_in(known[0])
    assert not server.requests


async def test_while_discord_does_not_tell_the_last_word_counts(
    client: ShardedBot, server: DiscordServer, clock: StoppedClock
) -> None:
    """A first one is waited for, by whoever tries a step again."""
    job = job_in(server, "general")
    refusal = answers("no", lambda: web.json_response({"code": 0, "message": "no"}, status=400))
    ask = Rule(refusal, method="GET", route="/guilds/{guild_id}", times=1)
    server.faults.add(ask)
    with pytest.raises(DeliveryError):
        await client.wait_until_knows_place_of(job)
    assert not client.knows(job.server_id)
    await client.wait_until_knows_place_of(job)
    clock.now += KEPT_S
    ask.times = 1
    server.requests.clear()
    for _ in range(9):
        await client.wait_until_knows_place_of(job)
    assert client.get_channel(job.channel_id) is not None
    assert [request.status for request in server.requests] == [400]
    clock.now += DOUBTED_S
    await client.wait_until_knows_place_of(job)
    assert len(server.requests) == 1 + ONE


async def test_a_shards_own_servers_are_waited_for_and_others_asked_for(
    client: ShardedBot, server: DiscordServer
) -> None:
    ids = {name: guild.id for name, guild in server.world.guilds.items()}
    shards = {name: (number >> 22) % 2 for name, number in ids.items()}
    [own] = [name for name in ids if list(shards.values()).count(shards[name]) == 1]
    other = next(name for name in ids if name != own)
    for server_id in ids.values():
        await client.learn(server_id)
    client.divide(frozenset({shards[own]}), 2)
    assert not client.guilds, "what was asked for may be a shard's own from now on"
    assert (client.is_ours(ids[own]), client.is_ours(ids[other])) == (True, False)
    assert not await client.learn(ids[own])
    waiting = asyncio.create_task(
        client.wait_until_knows_place_of(replace(JOB, server_id=ids[own], is_direct=False))
    )
    assert await client.learn(ids[other])
    assert not waiting.done()
    assert {guild.id for guild in client.guilds} == {ids[other]}
    await client.on_shard_ready(shards[own])
    assert await waiting
