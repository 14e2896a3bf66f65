"""Discord's bad moments on demand, as a bot lives through them."""

import asyncio

import discord
import pytest

from sandbox.clients.person import PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.page.test_controls import Panel
from tests.sandbox.raw import GatewayClient, Rest


@pytest.fixture
def panel(rest: Rest, server: DiscordServer) -> Panel:
    return Panel(rest.session, server)


def contents(world: World) -> list[str]:
    return [message.content for message in world.channels["general"].messages.values()]


async def test_503_comes_before_the_effect(rest: Rest, panel: Panel, world: World) -> None:
    path = f"/channels/{world.channels['general'].id}/messages"
    await panel.set("rest-fault", "503-before")
    refused = await rest("POST", path, {"content": "lost"})
    assert (refused.status, refused.headers["Content-Type"].split(";")[0]) == (503, "text/plain")
    assert contents(world) == []
    assert (await panel.shown())["rest-fault"]["value"] == "503-before"
    await panel.set("rest-fault", "none")
    assert (await rest("POST", path, {"content": "heard"})).status == 200
    assert contents(world) == ["heard"]


async def test_502_comes_after_the_effect(
    rest: Rest, panel: Panel, world: World, ada: PersonClient
) -> None:
    path = f"/channels/{world.channels['general'].id}/messages"
    await panel.set("rest-fault", "502-after")
    assert (await rest("POST", path, files={"a.txt": b"x" * 300_000})).status == 502
    seen = await ada.wait_for(lambda event: event["type"] == "message_create")
    assert seen["message"]["attachments"][0]["size"] == 300_000
    assert (await rest("GET", "/nothing")).status == 502


async def test_a_large_upload_is_answered_before_the_effect_too(
    rest: Rest, panel: Panel, world: World
) -> None:
    path = f"/channels/{world.channels['general'].id}/messages"
    await panel.set("rest-fault", "503-before")
    assert (await rest("POST", path, files={"a.bin": b"x" * 9_000_000})).status == 503


async def test_discord_py_sees_a_503_as_an_error_and_a_502_as_reason_to_repeat(
    bot: ExampleBot, panel: Panel, server: DiscordServer, world: World, ada: PersonClient
) -> None:
    general = world.channels["general"].id
    await panel.set("rest-fault", "503-before")
    with pytest.raises(discord.DiscordServerError) as failed:
        await bot.post(general, "first")
    assert failed.value.status == 503
    assert contents(world) == []

    await panel.set("rest-fault", "502-after")
    sending = asyncio.create_task(bot.post(general, "once"))
    await ada.wait_for(lambda event: event["type"] == "message_create")
    await panel.set("rest-fault", "none")
    await asyncio.wait_for(sending, 60)
    posts = [record.status for record in server.requests if record.method == "POST"]
    assert posts == [503, 502, 200]
    assert contents(world) == ["once"]  # its nonce was the same


async def test_a_fault_is_in_the_log_and_in_the_requests(
    rest: Rest, panel: Panel, server: DiscordServer
) -> None:
    await panel.set("rest-fault", "503-before")
    await rest("GET", "/users/@me")
    assert [record.status for record in server.requests] == [503]
    assert server.traffic.entries[-1]["status"] == 503
    assert server.traffic.entries[-1]["answer"] is None


async def test_people_and_files_are_spared(
    rest: Rest, panel: Panel, ada: PersonClient, world: World
) -> None:
    await panel.set("rest-fault", "503-before")
    assert (await ada.send(world.channels["general"].id, "hello"))["content"] == "hello"


async def test_discord_py_comes_back_from_a_dropped_connection(
    bot: ExampleBot, panel: Panel, ada: PersonClient
) -> None:
    channel = await ada.open_dm()
    await panel.set("gateway-drop")
    await ada.send(channel, "missed")
    heard = await asyncio.wait_for(bot.heard.get(), 60)
    assert heard.content == "missed"
    await asyncio.wait_for(bot.resumed.wait(), 60)


async def test_an_ended_session_cannot_be_resumed(
    gateway: GatewayClient, server: DiscordServer, panel: Panel
) -> None:
    await gateway.identify()
    await panel.set("gateway-invalidate")
    while (payload := await gateway.receive())["op"] != 9:
        continue
    assert payload["d"] is False
    async with GatewayClient(server) as again:
        await again.resume(gateway.session_id, 1)
        await again.receive()
        assert (await again.receive())["op"] == 9
