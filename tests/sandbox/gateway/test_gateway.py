"""The gateway on the wire: login, close codes, intents, resuming."""

import asyncio

import pytest

from sandbox.clients.person import PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.raw import GatewayClient

GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 9, 1 << 12, 1 << 15
ZLIB = "?v=10&encoding=json&compress=zlib-stream"


async def test_hello_comes_first(gateway: GatewayClient) -> None:
    hello = await gateway.receive()
    assert hello == {"op": 10, "d": {"heartbeat_interval": 41250}, "s": None, "t": None}


@pytest.mark.parametrize("query", ["", "?v=10&encoding=json", ZLIB])
async def test_login_plain_and_compressed(server: DiscordServer, query: str) -> None:
    async with GatewayClient(server, query) as gateway:
        ready = await gateway.identify()
        assert ready["resume_gateway_url"] == server.gateway_url
        assert all(guild["unavailable"] for guild in ready["guilds"])
        names = [(await gateway.event("GUILD_CREATE"))["name"] for _ in ready["guilds"]]
        assert names == ["Studio", "Garden", "Attic"]


async def test_heartbeats_are_acknowledged(gateway: GatewayClient) -> None:
    await gateway.receive()
    await gateway.send(1, None)
    assert (await gateway.receive())["op"] == 11


async def test_missed_heartbeats_end_the_connection(world: World) -> None:
    async with (
        DiscordServer(world, heartbeat_interval_s=0.05) as server,
        GatewayClient(server) as gateway,
    ):
        assert await gateway.closed_with() == 4000


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("not json", 4002),
        ("[]", 4002),
        ('{"op": 99}', 4001),
        ('{"op": 3, "d": {}}', 4003),
        ('{"op": 2, "d": {"token": "wrong", "intents": 0, "properties": {}}}', 4004),
        ('{"op": 2, "d": {"token": "wrong"}}', 4002),
        ('{"op": 1, "d": "' + "x" * 4096 + '"}', 4002),
    ],
)
async def test_close_codes(gateway: GatewayClient, payload: str, code: int) -> None:
    await gateway.receive()
    await gateway.socket.send_str(payload)
    assert await gateway.closed_with() == code


@pytest.mark.parametrize(
    ("intents", "shard", "code"),
    [
        (1 << 30, [0, 1], 4013),
        ("all", [0, 1], 4013),
        (MESSAGE_CONTENT, [0, 1], 4014),
        (0, [1, 1], 4010),
        (0, "first", 4010),
    ],
)
async def test_wrong_login(
    gateway: GatewayClient, intents: object, shard: object, code: int
) -> None:
    await gateway.ask_in(intents, shard=shard)
    assert await gateway.closed_with() == code


async def test_second_login_is_refused(gateway: GatewayClient) -> None:
    await gateway.identify()
    await gateway.ask_in()
    assert await gateway.closed_with() == 4005


async def test_too_many_payloads(gateway: GatewayClient) -> None:
    await gateway.identify()
    for _ in range(120):
        await gateway.send(3, {})
    assert await gateway.closed_with() == 4008


async def test_old_versions_are_refused(server: DiscordServer) -> None:
    async with GatewayClient(server, "?v=8") as gateway:
        assert await gateway.closed_with() == 4012


async def test_presence_and_voice_are_tolerated(gateway: GatewayClient, world: World) -> None:
    await gateway.identify()
    await gateway.send(3, {"status": "online", "activities": [], "afk": False, "since": None})
    await gateway.send(4, {"guild_id": str(world.guilds["studio"].id), "channel_id": None})
    await gateway.send(1, gateway.number)
    while (await gateway.receive())["op"] != 11:
        continue


async def test_intents_filter_messages(
    server: DiscordServer, gateway: GatewayClient, ada: PersonClient, world: World
) -> None:
    await gateway.identify(DIRECT_MESSAGES)
    await ada.send(world.channels["general"].id, "unheard")
    await ada.send(await ada.open_dm(), "heard")
    message = await gateway.event("MESSAGE_CREATE")
    assert message["content"] == "heard"
    assert "guild_id" not in message


async def test_content_needs_the_intent_or_a_mention(
    server: DiscordServer, gateway: GatewayClient, ada: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    await gateway.identify(GUILD_MESSAGES)
    await ada.send(general, "secret")
    await ada.send(general, f"<@{world.bot_id}> hi")
    first, second = [await gateway.event("MESSAGE_CREATE") for _ in range(2)]
    assert first["content"] == ""
    assert first["member"]["roles"] == []
    assert second["content"].endswith("hi")
    assert second["mentions"][0]["member"]["joined_at"]
    world.privileged_intents = MESSAGE_CONTENT
    async with GatewayClient(server) as reader:
        await reader.identify(GUILD_MESSAGES | MESSAGE_CONTENT)
        await ada.send(general, "open")
        assert (await reader.event("MESSAGE_CREATE"))["content"] == "open"


async def test_that_a_message_is_gone_needs_the_intent_of_its_place(
    gateway: GatewayClient, ada: PersonClient, world: World
) -> None:
    general, direct = world.channels["general"].id, await ada.open_dm()
    await gateway.identify(GUILD_MESSAGES)
    for channel in (direct, general):
        sent = await ada.send(channel, "soon gone")
        await ada.delete(channel, int(sent["id"]))
    gone = await gateway.event("MESSAGE_DELETE")
    assert gone == {
        "id": sent["id"],
        "channel_id": str(general),
        "guild_id": str(world.guilds["studio"].id),
    }


async def test_what_a_mention_answers_is_read_only_for_its_own_sake(
    server: DiscordServer, gateway: GatewayClient, ada: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    await gateway.identify(GUILD_MESSAGES)
    for said, read in (("secret", ""), (f"<@{world.bot_id}> hi", f"<@{world.bot_id}> hi")):
        first = await ada.send(general, said)
        await ada.send(general, f"<@{world.bot_id}>", reply_to=int(first["id"]))
        heard = [await gateway.event("MESSAGE_CREATE") for _ in range(2)][1]
        assert heard["content"] == f"<@{world.bot_id}>"
        assert heard["referenced_message"]["content"] == read


async def test_hidden_channels_are_silent(
    gateway: GatewayClient, ada: PersonClient, world: World
) -> None:
    await gateway.identify()
    await ada.send(world.channels["hidden"].id, f"<@{world.bot_id}>")
    await ada.send(world.channels["general"].id, f"<@{world.bot_id}>")
    message = await gateway.event("MESSAGE_CREATE")
    assert message["channel_id"] == str(world.channels["general"].id)


async def test_members_on_request(gateway: GatewayClient, world: World) -> None:
    await gateway.identify()
    studio, ada = world.guilds["studio"], world.users["ada"]
    asked = {"guild_id": str(studio.id), "user_ids": [str(ada.id), "1"], "nonce": "n"}
    await gateway.send(8, asked)
    chunk = await gateway.event("GUILD_MEMBERS_CHUNK")
    assert [member["user"]["username"] for member in chunk["members"]] == ["ada"]
    assert (chunk["not_found"], chunk["nonce"], chunk["chunk_count"]) == (["1"], "n", 1)
    await gateway.send(8, {"guild_id": str(studio.id), "query": "be", "limit": 5})
    chunk = await gateway.event("GUILD_MEMBERS_CHUNK")
    assert [member["user"]["username"] for member in chunk["members"]] == ["ben"]
    await gateway.send(8, {"guild_id": str(studio.id), "query": "", "limit": 0})
    assert await gateway.closed_with() == 4014


async def test_resume_sends_what_was_missed(
    server: DiscordServer, gateway: GatewayClient, ada: PersonClient
) -> None:
    for _ in (await gateway.identify())["guilds"]:
        await gateway.event("GUILD_CREATE")
    server.gateway.drop_all()
    assert await gateway.closed_with() == 4000
    await ada.send(await ada.open_dm(), "missed")
    async with GatewayClient(server) as again:
        await again.resume(gateway.session_id, gateway.number)
        assert (await again.event("MESSAGE_CREATE"))["content"] == "missed"
        await again.event("RESUMED")
        await ada.send(await ada.open_dm(), "live")
        assert (await again.event("MESSAGE_CREATE"))["content"] == "live"


async def test_what_cannot_be_resumed(
    server: DiscordServer, gateway: GatewayClient, world: World
) -> None:
    await gateway.identify()
    async with GatewayClient(server) as again:
        await again.resume("unknown", 1)
        await again.receive()
        assert (await again.receive())["op"] == 9
    async with GatewayClient(server) as again:
        await again.resume(gateway.session_id, 10_000)
        assert await again.closed_with() == 4007
    server.gateway.drop_all()
    assert await gateway.closed_with() == 4000
    world.clock.advance(301)
    async with GatewayClient(server) as again:
        await again.resume(gateway.session_id, 1)
        await again.receive()
        assert (await again.receive())["op"] == 9


async def test_a_final_close_ends_the_session(
    server: DiscordServer, gateway: GatewayClient
) -> None:
    await gateway.identify()
    await gateway.socket.close(code=1000)
    async with GatewayClient(server) as again:
        await again.resume(gateway.session_id, 1)
        await again.receive()
        assert (await again.receive())["op"] == 9


@pytest.mark.parametrize("way", ["drop", "reconnect"])
async def test_discord_py_resumes_and_hears_what_it_missed(
    server: DiscordServer, bot: ExampleBot, ada: PersonClient, way: str
) -> None:
    channel = await ada.open_dm()
    if way == "drop":
        server.gateway.drop_all()
    else:
        server.gateway.reconnect_all()
    await ada.send(channel, "missed")
    heard = await asyncio.wait_for(bot.heard.get(), 60)
    assert heard.content == "missed"
    await asyncio.wait_for(bot.resumed.wait(), 60)


async def test_an_invalidated_session_is_announced_and_gone(
    server: DiscordServer, gateway: GatewayClient
) -> None:
    await gateway.identify()
    server.gateway.invalidate_all()
    while (payload := await gateway.receive())["op"] != 9:
        continue
    assert payload["d"] is False
    async with GatewayClient(server) as again:
        await again.resume(gateway.session_id, 1)
        await again.receive()
        assert (await again.receive())["op"] == 9
