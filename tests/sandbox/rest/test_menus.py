"""Commands in the menus of users and messages."""

import pytest

from sandbox.clients.person import PersonClient, PersonError
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.raw import GatewayClient, Rest
from tests.sandbox.rest.test_interactions import paths, say

EPHEMERAL = 1 << 6


@pytest.fixture
async def heard(rest: Rest, gateway: GatewayClient, world: World) -> GatewayClient:
    path = f"/applications/{world.application_id}/commands"
    await rest("POST", path, {"name": "Look at", "type": 2})
    await rest("POST", path, {"name": "Keep this", "type": 3})
    await gateway.receive()
    await gateway.identify()
    return gateway


async def test_a_user_s_menu(
    rest: Rest, heard: GatewayClient, ada: PersonClient, world: World
) -> None:
    general, ben = world.channels["general"].id, world.users["ben"].id
    used = paths(world, world.interactions[await ada.use_on_user(general, "Look at", ben)])
    event = await heard.event("INTERACTION_CREATE")
    data = event["data"]
    assert (event["type"], data["type"], data["name"]) == (2, 2, "Look at")
    assert data["target_id"] == str(ben)
    assert data["resolved"].keys() == {"users", "members"}
    assert data["resolved"]["users"][str(ben)]["username"] == "ben"
    assert "options" not in data

    reply = await rest("POST", f"{used.callback}?with_response=1", say("looked"))
    message = reply.body["resource"]["message"]
    assert (message["type"], message["interaction"]["name"]) == (23, "Look at")
    assert message["interaction_metadata"]["target_user"]["id"] == str(ben)


async def test_a_message_s_menu(
    rest: Rest, heard: GatewayClient, ada: PersonClient, ben: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    target = await ben.send(general, "what the bot cannot read by itself")
    used = await ada.use_on_message(general, "Keep this", int(target["id"]))
    event = await heard.event("INTERACTION_CREATE")
    assert (event["data"]["type"], event["data"]["target_id"]) == (3, target["id"])
    assert event["data"]["resolved"]["messages"][target["id"]]["content"] == target["content"]
    assert "message" not in event

    answering = paths(world, world.interactions[used])
    reply = await rest("POST", f"{answering.callback}?with_response=1", say("kept"))
    message = reply.body["resource"]["message"]
    assert message["type"] == 23
    assert message["message_reference"]["message_id"] == target["id"]
    assert message["referenced_message"]["content"] == target["content"]
    assert message["interaction_metadata"]["target_message_id"] == target["id"]
    more = (await rest("POST", answering.webhook, {"content": "more"})).body
    assert more["message_reference"]["message_id"] == message["id"]


async def test_a_menu_opens_only_on_what_is_seen(
    rest: Rest, heard: GatewayClient, ada: PersonClient, ben: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    dm = await ada.open_dm()
    private = await ada.send(dm, "private")
    with pytest.raises(PersonError, match="no such message"):
        await ben.use_on_message(general, "Keep this", int(private["id"]))
    with pytest.raises(PersonError, match="You see nobody of that id"):
        await ada.use_on_user(dm, "Look at", world.users["ben"].id)
    with pytest.raises(PersonError, match="no command Keep this"):
        await ada.use_on_user(general, "Keep this", world.users["ben"].id)
    with pytest.raises(PersonError, match="no command /Keep"):
        await ada.use(general, "Keep this")

    used = await ada.use_on_user(general, "Look at", world.users["ben"].id)
    await rest("POST", paths(world, world.interactions[used]).callback, say("psst", EPHEMERAL))
    [whisper] = await ada.messages(general)
    with pytest.raises(PersonError, match="What only you can see has no menu"):
        await ada.use_on_message(general, "Keep this", int(whisper["id"]))


async def test_as_discord_py_has_them(
    bot: ExampleBot, ada: PersonClient, ben: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    target = await ben.send(general, "hello")
    used = await ada.use_on_message(general, "Use as subject", int(target["id"]))
    link = f"https://discord.com/channels/{world.guilds['studio'].id}/{general}/{target['id']}"
    assert (await ada.outcome(used))["message"]["content"] == f"hello {link}"
    used = await ada.use_on_user(general, "Greet", ben.user_id)
    assert (await ada.outcome(used))["message"]["content"] == "Hello, Member:ben"
