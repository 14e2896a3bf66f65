"""Several connections of one bot: what each hears, and how they may begin."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from sandbox.clients.person import PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.sandbox.raw import GatewayClient, Rest

COUNT = 4
INVALID_SESSION = 9


@pytest.fixture
async def shards(server: DiscordServer) -> AsyncIterator[list[GatewayClient]]:
    """Four, in their order: of direct messages, the studio, the garden, the attic."""
    async with AsyncExitStack() as stack:
        all_four = []
        for number in range(COUNT):
            shard = await stack.enter_async_context(GatewayClient(server))
            ready = await shard.identify(shard=[number, COUNT])
            assert ready["shard"] == [number, COUNT]
            for guild in ready["guilds"]:
                assert (await shard.event("GUILD_CREATE"))["id"] == guild["id"]
            all_four.append(shard)
        yield all_four


def places(world: World, direct: int) -> list[int]:
    """A channel of each shard."""
    return [direct, *(world.channels[name].id for name in ("general", "lawn", "den"))]


async def test_each_hears_of_its_servers_and_the_first_of_direct_messages(
    shards: list[GatewayClient], world: World, rest: Rest, server: DiscordServer, ada: PersonClient
) -> None:
    """In all places somebody writes and uses a command; each shard hears of its own alone."""
    command = {"name": "go", "description": "Goes"}
    await rest("POST", f"/applications/{world.application_id}/commands", command)
    async with PersonClient(server.people_url, world.users["finn"].id) as finn:
        channels = places(world, await ada.open_dm())
        for channel in channels:
            person = finn if channel == world.channels["den"].id else ada
            await person.send(channel, f"<@{world.bot_id}>")
            await person.use(channel, "go")
    for shard, channel in zip(shards, channels, strict=True):
        for name in ("MESSAGE_CREATE", "INTERACTION_CREATE"):
            payload = await shard.receive()
            assert (payload["t"], int(payload["d"]["channel_id"])) == (name, channel)


async def test_of_the_same_shards_each_session_hears_everything(
    world: World, server: DiscordServer, ada: PersonClient
) -> None:
    """As while one program takes the place of another, perhaps with more shards."""
    channel = world.channels["general"].id
    async with AsyncExitStack() as stack:
        sessions = []
        for shard in ([1, COUNT], [1, COUNT], [0, 1]):
            session = await stack.enter_async_context(GatewayClient(server))
            await session.identify(shard=shard)
            sessions.append(session)
        await ada.send(channel, f"<@{world.bot_id}> hello")
        for session in sessions:
            assert (await session.event("MESSAGE_CREATE"))["content"].endswith("hello")
        assert world.session_starts.limit()["remaining"] == world.session_starts.total - 3


async def test_one_is_dropped_kept_out_and_goes_on(
    shards: list[GatewayClient], world: World, server: DiscordServer, ada: PersonClient
) -> None:
    direct, studio = shards[:2]
    server.gateway.drop(1)
    assert await studio.closed_with() == 4000
    await ada.send(world.channels["general"].id, f"<@{world.bot_id}> missed")
    await ada.send(await ada.open_dm(), "heard")
    assert (await direct.event("MESSAGE_CREATE"))["content"] == "heard"
    server.gateway.shut_out.add(1)
    for resumes in (True, False):
        async with GatewayClient(server) as again:
            if resumes:
                await again.resume(studio.session_id, studio.number)
            else:
                await again.ask_in(shard=[1, COUNT])
            assert await again.closed_with() == 4000
    server.gateway.shut_out.clear()
    async with GatewayClient(server) as again:
        await again.resume(studio.session_id, studio.number)
        assert (await again.event("MESSAGE_CREATE"))["content"].endswith("missed")


async def test_who_is_to_be_sharded_is_let_in_on_as_many_shards_alone(
    server: DiscordServer, world: World
) -> None:
    world.session_starts.least_shards = 2
    for shard, code in (({}, 4011), ({"shard": [0, 1]}, 4011), ({"shard": [2, 2]}, 4010)):
        async with GatewayClient(server) as gateway:
            await gateway.ask_in(**shard)
            assert await gateway.closed_with() == code
    async with GatewayClient(server) as gateway:
        assert (await gateway.identify(shard=[0, 2]))["shard"] == [0, 2]


async def test_of_those_that_share_a_turn_one_in_five_seconds_may_begin(
    server: DiscordServer, world: World
) -> None:
    starts = world.session_starts
    starts.max_concurrency, starts.is_paced = 2, True
    async with AsyncExitStack() as stack:
        first, second, third = [
            await stack.enter_async_context(GatewayClient(server)) for _ in range(3)
        ]
        await first.identify(shard=[0, COUNT])
        await second.identify(shard=[1, COUNT])
        await third.receive()
        await third.ask_in(shard=[2, COUNT])
        assert (await third.receive())["op"] == INVALID_SESSION
        assert starts.too_soon == 1
        world.clock.advance(5)
        assert (await third.identify(shard=[2, COUNT]))["shard"] == [2, COUNT]
        assert starts.too_soon == 1


async def test_one_session_too_many_costs_the_token(
    server: DiscordServer, world: World, rest: Rest
) -> None:
    """What is left is told before; a session that goes on takes none of it."""
    world.session_starts.shards, world.session_starts.total = 2, 2
    old = world.token
    async with GatewayClient(server) as gateway:
        await gateway.identify()
        async with GatewayClient(server) as again:
            await again.resume(gateway.session_id, gateway.number)
            await again.event("RESUMED")
        told = (await rest("GET", "/gateway/bot")).body
        limit = told["session_start_limit"]
        assert (told["shards"], limit["total"], limit["remaining"]) == (2, 2, 1)
        assert 86_390_000 < limit["reset_after"] <= 86_400_000
        world.session_starts.run_out(60)
        async with GatewayClient(server) as other:
            await other.ask_in()
            assert await other.closed_with() == 4004
    assert (await rest("GET", "/users/@me", token=old)).status == 401
    world.clock.advance(60)
    assert world.session_starts.limit()["remaining"] == 2
