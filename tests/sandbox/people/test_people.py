"""A person's client: what it sees, what it waits for, what it refuses."""

import asyncio
import json
import sys

import pytest

from sandbox.clients.person import PersonClient, PersonError
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot, text_file
from tests.sandbox.raw import GatewayClient, Rest


async def test_each_event_is_returned_once_and_the_past_counts(
    ada: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    for text in ("one", "two"):
        await ada.send(general, text)

    def created(event: dict[str, object]) -> bool:
        return event["type"] == "message_create"

    first, second = [await ada.wait_for(created) for _ in range(2)]
    assert [event["message"]["content"] for event in (first, second)] == ["one", "two"]
    with pytest.raises(TimeoutError):
        await ada.wait_for(created, timeout_s=0.02)


async def test_people_see_only_their_channels(
    ada: PersonClient, ben: PersonClient, world: World
) -> None:
    with pytest.raises(PersonError, match="You see no channel"):
        await ben.send(world.channels["lawn"].id, "trespass")
    dm = await ada.open_dm()
    with pytest.raises(PersonError, match="You see no channel"):
        await ben.messages(dm)
    await ada.send(dm, "private")
    await ada.send(world.channels["general"].id, "public")
    seen = await ben.wait_for(lambda event: event["type"] == "message_create")
    assert seen["message"]["content"] == "public"


async def test_the_bot_is_online_while_it_has_a_session_on_a_connection(
    server: DiscordServer, ada: PersonClient, world: World
) -> None:
    def came_or_went(event: dict[str, object]) -> bool:
        return event["type"] == "presence" and event["user_id"] == str(world.bot_id)

    with pytest.raises(TimeoutError):
        await ada.until_online(world.bot_id, timeout_s=0.02)
    async with GatewayClient(server) as gateway:
        await gateway.receive()
        assert not world.online
        await gateway.identify()
        await ada.until_online(world.bot_id)
        async with PersonClient(server.people_url, world.users["ben"].id) as latecomer:
            await latecomer.until_online(world.bot_id)
    assert (await ada.wait_for(came_or_went))["online"]
    assert not (await ada.wait_for(came_or_went))["online"]


async def test_deleted_messages_leave_the_screen(
    ada: PersonClient, rest: Rest, world: World
) -> None:
    path = f"/channels/{world.channels['general'].id}/messages"
    made = (await rest("POST", path, {"content": "x"})).body
    await rest("DELETE", f"{path}/{made['id']}")
    gone = await ada.wait_for(lambda event: event["type"] == "message_delete")
    assert gone["message"]["id"] == made["id"]
    assert await ada.messages(world.channels["general"].id) == []


async def test_moderators_are_offered_their_commands(
    bot: ExampleBot, server: DiscordServer, ben: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    async with PersonClient(server.people_url, world.users["dana"].id) as dana:
        assert "moderate" in {command["name"] for command in await dana.commands(general)}
        assert (await dana.outcome(await dana.use(general, "moderate")))["state"] == "replied"
        assert "moderate" not in {c["name"] for c in await dana.commands(await dana.open_dm())}
    assert "moderate" not in {command["name"] for command in await ben.commands(general)}


async def test_the_clock_can_be_moved_from_outside(rest: Rest, server: DiscordServer) -> None:
    before = server.world.clock.time()
    url = f"{server.people_url}/control/clock"
    async with rest.session.post(url, json={"advance_s": 60}) as response:
        assert response.status == 200
    assert server.world.clock.time() - before >= 60
    async with rest.session.post(url, json={"advance_s": "soon"}) as response:
        assert response.status == 400
        assert "advance_s must be" in (await response.json())["message"]


async def test_unknown_people_and_disabled_buttons(
    rest: Rest, server: DiscordServer, ada: PersonClient, world: World
) -> None:
    async with rest.session.get(f"{server.people_url}/1/commands?channel_id=1") as response:
        assert (await response.json())["message"] == "There is no such person."
    general = world.channels["general"].id
    button = {"type": 2, "style": 1, "label": "A", "custom_id": "a", "disabled": True}
    body = {"content": "x", "components": [{"type": 1, "components": [button]}]}
    made = (await rest("POST", f"/channels/{general}/messages", body)).body
    with pytest.raises(PersonError, match="disabled"):
        await ada.click(general, int(made["id"]), "a")
    with pytest.raises(PersonError, match="no such message"):
        await ada.click(general, 1, "a")


async def test_the_end_of_the_sandbox_is_noticed(world: World) -> None:
    async with DiscordServer(world) as server:
        ada = PersonClient(server.people_url, world.users["ada"].id)
        await ada.__aenter__()
    with pytest.raises(PersonError, match="The sandbox is gone"):
        await ada.wait_for(lambda event: False)
    await ada.__aexit__(None, None, None)


async def test_bots_can_open_direct_messages(
    bot: ExampleBot, ada: PersonClient, world: World
) -> None:
    user = await bot.fetch_user(world.users["ada"].id)
    await user.send("hello", file=text_file("a.txt", b"a"))
    event = await ada.wait_for(lambda event: event["type"] == "message_create")
    assert int(event["channel_id"]) == await ada.open_dm()
    assert await ada.download(event["message"]["attachments"][0]["url"]) == b"a"


async def test_typing_is_shown(bot: ExampleBot, ada: PersonClient, world: World) -> None:
    channel = bot.get_channel(world.channels["general"].id)
    await channel.typing()  # type: ignore[union-attr]
    event = await ada.wait_for(lambda event: event["type"] == "typing")
    assert event["user_id"] == str(world.bot_id)


@pytest.mark.slow
async def test_a_server_of_its_own_process() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.discord", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    line = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    async with PersonClient(line["people_url"], line["users"]["ada"]) as ada:
        sent = await ada.send(line["channels"]["general"], "hello")
        assert sent["author"]["username"] == "ada"
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
