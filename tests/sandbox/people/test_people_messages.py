"""People's messages: replies, typing, taking back, paging, links."""

import asyncio
from pathlib import Path

import pytest

from sandbox.clients.person import Json, PersonClient, PersonError
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.sandbox.example_bot import ExampleBot
from tests.sandbox.raw import NO_PRIVILEGE, GatewayClient, Rest
from tests.sandbox.rest.test_components import button, row
from tests.sandbox.rest.test_interactions import paths, say

EPHEMERAL = 1 << 6
TYPING_IN_SERVERS, TYPING_IN_DMS = 1 << 11, 1 << 14


@pytest.fixture
async def heard(gateway: GatewayClient) -> GatewayClient:
    await gateway.receive()
    await gateway.identify()
    return gateway


async def test_a_reply_names_its_message_and_mentions_its_author(
    rest: Rest, heard: GatewayClient, ada: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    posted = (await rest("POST", f"/channels/{general}/messages", {"content": "question"})).body
    sent = await ada.send(general, "answer", reply_to=int(posted["id"]))
    assert (sent["type"], sent["message_reference"]["message_id"]) == (19, posted["id"])
    assert sent["referenced_message"]["content"] == "question"
    assert [user["id"] for user in sent["mentions"]] == [str(world.bot_id)]
    while (event := await heard.event("MESSAGE_CREATE"))["type"] != 19:
        continue
    assert event["content"] == "answer"
    with pytest.raises(PersonError, match="no such message"):
        await ada.send(general, "answer", reply_to=1)


async def test_a_forward_shows_what_a_message_was_and_not_whose(
    server: DiscordServer, ada: PersonClient, ben: PersonClient, world: World, tmp_path: Path
) -> None:
    general, dm = world.channels["general"].id, await ada.open_dm()
    picture = tmp_path / "a.png"
    picture.write_bytes(b"picture")
    sent = await ben.send(general, "look", [picture])
    forwarded = await ada.forward(general, int(sent["id"]), dm)
    assert (forwarded["type"], forwarded["content"], forwarded["attachments"]) == (0, "", [])
    assert forwarded["flags"] == 1 << 14
    assert forwarded["message_reference"] == {
        "type": 1,
        "channel_id": str(general),
        "message_id": sent["id"],
        "guild_id": str(world.guilds["studio"].id),
    }
    [snapshot] = forwarded["message_snapshots"]
    assert (snapshot["message"]["content"], "author" in snapshot["message"]) == ("look", False)
    [file] = snapshot["message"]["attachments"]
    assert await ada.download(file["url"]) == b"picture"
    again = await ada.forward(dm, int(forwarded["id"]), general)
    assert again["message_reference"]["message_id"] == sent["id"]
    assert again["message_snapshots"][0]["message"]["content"] == "look"
    for channel_id, message_id, to in ((general, 1, dm), (general, int(sent["id"]), 1)):
        with pytest.raises(PersonError, match=r"You see no channel|no such message"):
            await ada.forward(channel_id, message_id, to)


async def test_files_are_spoilers_by_their_name_or_by_a_mark(
    server: DiscordServer, ada: PersonClient, world: World, tmp_path: Path
) -> None:
    general = world.channels["general"].id
    for name, spoiler, flags in (
        ("a.png", False, 0),
        ("a.png", True, 8),
        ("SPOILER_a.png", False, 8),
    ):
        file = tmp_path / name
        file.write_bytes(b"picture")
        [shown] = (await ada.send(general, files=[file], spoiler=spoiler))["attachments"]
        assert (shown["filename"], shown.get("flags", 0)) == (name, flags)


async def test_a_forward_is_read_in_direct_messages_and_elsewhere_by_intent(
    server: DiscordServer, ada: PersonClient, world: World
) -> None:
    general, dm = world.channels["general"].id, await ada.open_dm()
    sent = await ada.send(general, "look")
    async with GatewayClient(server) as gateway:
        await gateway.receive()
        await gateway.identify(NO_PRIVILEGE)
        for to, said in ((dm, "look"), (general, "")):
            await ada.forward(general, int(sent["id"]), to)
            heard = await gateway.event("MESSAGE_CREATE")
            assert heard["message_snapshots"][0]["message"]["content"] == said


async def test_typing_is_told_to_whoever_may_know(
    server: DiscordServer, ada: PersonClient, ben: PersonClient, world: World
) -> None:
    general, dm = world.channels["general"].id, await ada.open_dm()
    for without, channel_id in ((TYPING_IN_DMS, general), (TYPING_IN_SERVERS, dm)):
        async with GatewayClient(server) as gateway:
            await gateway.receive()
            await gateway.identify(NO_PRIVILEGE & ~without)
            for place in sorted((general, dm), key=lambda id_: id_ == channel_id):
                await ada.type(place)
            typed = await gateway.event("TYPING_START")
            assert (typed["user_id"], typed["channel_id"]) == (str(ada.user_id), str(channel_id))
            assert ("member" in typed) is (channel_id == general)
    seen = await ben.wait_for(lambda event: event["type"] == "typing")
    assert (seen["user_id"], seen["channel_id"]) == (str(ada.user_id), str(general))
    assert not [event for event in ada.events if event["type"] == "typing"]


async def test_nobody_types_where_they_are_not(
    heard: GatewayClient, ada: PersonClient, ben: PersonClient, world: World
) -> None:
    with pytest.raises(PersonError, match="You see no channel"):
        await ben.type(world.channels["lawn"].id)
    await ada.type(world.channels["hidden"].id)
    await ada.type(world.channels["general"].id)
    typed = await heard.event("TYPING_START")
    assert typed["channel_id"] == str(world.channels["general"].id)


async def test_people_take_back_their_own_and_moderators_others(
    server: DiscordServer, heard: GatewayClient, ada: PersonClient, ben: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    first, second = [await ben.send(general, text) for text in ("one", "two")]
    await ben.delete(general, int(first["id"]))
    gone = await heard.event("MESSAGE_DELETE")
    assert gone == {
        "id": first["id"],
        "channel_id": str(general),
        "guild_id": str(world.guilds["studio"].id),
    }
    theirs = await ada.send(general, "mine")
    with pytest.raises(PersonError, match="You cannot delete that message"):
        await ben.delete(general, int(theirs["id"]))
    async with PersonClient(server.people_url, world.users["dana"].id) as dana:
        await dana.delete(general, int(second["id"]))
    assert (await heard.event("MESSAGE_DELETE"))["id"] == second["id"]
    assert [message["content"] for message in await ben.messages(general)] == ["mine"]


async def test_the_bot_s_own_stay_where_nobody_manages(
    rest: Rest, ada: PersonClient, ben: PersonClient, world: World
) -> None:
    general, dm = world.channels["general"].id, await ada.open_dm()
    private = (await rest("POST", f"/channels/{dm}/messages", {"content": "x"})).body
    with pytest.raises(PersonError, match="You cannot delete"):
        await ada.delete(dm, int(private["id"]))
    body = {"name": "go", "description": "Goes"}
    await rest("POST", f"/applications/{world.application_id}/commands", body)
    used = paths(world, world.interactions[await ada.use(general, "go")])
    await rest("POST", used.callback, say("psst", EPHEMERAL))
    [whisper] = await ada.messages(general)
    with pytest.raises(PersonError, match="You cannot delete"):
        await ada.delete(general, int(whisper["id"]))
    with pytest.raises(PersonError, match="cannot reply"):
        await ada.send(general, "what?", reply_to=int(whisper["id"]))
    with pytest.raises(PersonError, match="cannot react"):
        await ada.react(general, int(whisper["id"]), "🔥")
    with pytest.raises(PersonError, match="no such message"):
        await ben.delete(general, int(whisper["id"]))


async def test_a_channel_is_read_in_pages(ada: PersonClient, world: World) -> None:
    general = world.channels["general"].id
    sent = [await ada.send(general, str(number)) for number in range(103)]

    def numbers(messages: list[Json]) -> list[int]:
        return [int(message["content"]) for message in messages]

    assert numbers(await ada.page(general)) == list(range(53, 103))
    before = int(sent[53]["id"])
    assert numbers(await ada.page(general, before=before, limit=3)) == [50, 51, 52]
    assert numbers(await ada.page(general, before=int(sent[0]["id"]))) == []
    assert numbers(await ada.messages(general)) == list(range(103))
    with pytest.raises(PersonError, match="Invalid Form Body"):
        await ada.page(general, limit=101)


async def test_links_lead_to_messages(ada: PersonClient, ben: PersonClient, world: World) -> None:
    general, studio = world.channels["general"].id, world.guilds["studio"].id
    sent = await ada.send(general, "here")
    found = await ben.follow(f"https://discord.com/channels/{studio}/{general}/{sent['id']}")
    assert (found["channel_id"], found["message"]["content"]) == (str(general), "here")
    dm = await ada.open_dm()
    private = f"https://discord.com/channels/@me/{dm}/{(await ada.send(dm, 'private'))['id']}"
    assert (await ada.follow(private))["message"]["content"] == "private"
    with pytest.raises(PersonError, match="You see no channel"):
        await ben.follow(private)
    for link, why in (
        (f"https://discord.com/channels/@me/{general}/{sent['id']}", "no such message"),
        (f"https://discord.com/channels/{studio}/{general}/1", "no such message"),
        (f"https://example.org/channels/{studio}/{general}/{sent['id']}", "no link to a message"),
    ):
        with pytest.raises(PersonError, match=why):
            await ada.follow(link)


async def test_old_messages_with_everything_come_back_as_they_were_sent(
    rest: Rest, ada: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    menu = {"type": 3, "custom_id": "m", "options": [{"label": "A", "value": "a"}]}
    embed = {"title": "T", "fields": [{"name": "n", "value": "v"}], "footer": {"text": "f"}}
    rows = [row(button(emoji={"name": "🔥"}), button("b", style=4, disabled=True)), row(menu)]
    body = {"content": "**bold**", "embeds": [embed], "components": rows}
    made = (await rest("POST", f"/channels/{general}/messages", body, files={"a.txt": b"a"})).body
    [seen] = await ada.messages(general)
    assert seen["id"] == made["id"]
    assert seen["content"] == "**bold**"
    assert seen["embeds"][0].items() >= {"title": "T", "footer": {"text": "f"}}.items()
    assert seen["embeds"][0]["fields"] == [{"name": "n", "value": "v", "inline": False}]
    assert seen["components"] == made["components"]
    first, second = (shown["components"] for shown in seen["components"])
    assert (first[0]["emoji"], first[1]["disabled"]) == ({"name": "🔥"}, True)
    assert second[0]["options"] == menu["options"]
    assert [file["filename"] for file in seen["attachments"]] == ["a.txt"]

    # What an answer showed may be sent again, as libraries do when they edit a message.
    again = {"embeds": seen["embeds"], "components": seen["components"]}
    edited = await rest("PATCH", f"/channels/{general}/messages/{made['id']}", again)
    assert edited.status == 200
    assert edited.body["components"] == seen["components"]
    assert edited.body["embeds"] == seen["embeds"]


async def test_discord_py_hears_people_type_and_take_back(
    bot: ExampleBot, ada: PersonClient, world: World
) -> None:
    dm = await ada.open_dm()
    await ada.send(dm, "hello")
    heard = await asyncio.wait_for(bot.heard.get(), 60)
    waiting = [bot.wait_for(name, timeout=60) for name in ("raw_typing", "message_delete")]
    await ada.type(dm)
    await ada.delete(dm, heard.id)
    typing, deleted = await asyncio.gather(*waiting)
    assert (typing.user_id, typing.channel_id) == (ada.user_id, dm)
    assert deleted.id == heard.id
