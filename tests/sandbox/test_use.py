"""What a person and a bot on discord.py see of each other."""

import asyncio
from pathlib import Path

import pytest

from sandbox.clients.person import PersonClient, PersonError
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.world import World
from tests.media_samples import make_picture
from tests.sandbox.example_bot import ExampleBot

LOADING, EPHEMERAL = 1 << 7, 1 << 6


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    video = tmp_path / "dance.mp4"
    video.write_bytes(b"not really a video")
    return {"image": make_picture(tmp_path / "ada.jpg"), "video": video}


async def test_login_sees_the_guilds_and_registers_commands(
    bot: ExampleBot, ada: PersonClient, world: World
) -> None:
    assert {guild.name for guild in bot.guilds} == {"Studio", "Garden", "Attic"}
    offered = await ada.commands(world.channels["general"].id)
    assert {"mimic", "jobs", "Use as subject"} <= {command["name"] for command in offered}


async def test_slash_with_two_files_defer_edit_and_follow_up(
    bot: ExampleBot, ada: PersonClient, world: World, files: dict[str, Path]
) -> None:
    general = world.channels["general"].id
    used = await ada.use(general, "mimic", {"quality": "540p"}, files)
    assert (await ada.outcome(used))["state"] in {"deferred", "replied"}
    thinking = await ada.wait_for(lambda event: event["type"] == "message_create")
    assert thinking["message"]["flags"] & LOADING
    edited = await ada.wait_for(lambda event: event["type"] == "message_update")
    size = files["image"].stat().st_size
    assert edited["message"]["content"] == f"{size} 18 320x480 video/mp4 540p"
    assert edited["message"]["id"] == thinking["message"]["id"]
    more = await ada.wait_for(lambda event: event["type"] == "message_create")
    assert more["message"]["content"] == "and more"
    link = more["message"]["attachments"][0]["url"]
    assert await ada.download(link) == files["image"].read_bytes()
    assert [m["content"] for m in await ada.messages(general)][-1] == "and more"


async def test_ephemeral_answers_are_for_one_person(
    bot: ExampleBot, ada: PersonClient, ben: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    outcome = await ada.outcome(await ada.use(general, "whisper"))
    assert outcome["ephemeral"]
    assert outcome["message"]["content"] == "psst"
    assert [m["content"] for m in await ada.messages(general)] == ["psst"]
    assert await ben.messages(general) == []


async def test_first_follow_up_completes_the_defer_and_inherits_its_visibility(
    bot: ExampleBot, ada: PersonClient, world: World
) -> None:
    general = world.channels["general"].id
    used = await ada.use(general, "ponder")
    await ada.wait_for(lambda e: e["type"] == "interaction" and e["state"] == "replied")
    outcome = await ada.outcome(used)
    assert outcome["ephemeral"]
    assert [m["content"] for m in await ada.messages(general)] == ["done pondering"]


async def test_button_on_a_card(bot: ExampleBot, ada: PersonClient, world: World) -> None:
    general = world.channels["general"].id
    shown = (await ada.outcome(await ada.use(general, "card")))["message"]
    pressed = await ada.outcome(await ada.click(general, int(shown["id"]), "card:press"))
    assert pressed["state"] == "replied"
    assert pressed["message"]["id"] == shown["id"]
    texts = [part["components"][0].get("content") for part in pressed["message"]["components"]]
    assert "pressed" in texts


async def test_sub_command_with_a_member(bot: ExampleBot, ada: PersonClient, world: World) -> None:
    options = {"job": "j1", "member": world.users["ben"].id}
    outcome = await ada.outcome(await ada.use(world.channels["general"].id, "jobs show", options))
    assert outcome["message"]["content"] == "j1 of Ben"


async def test_direct_message_carries_its_content_and_files(
    bot: ExampleBot, ada: PersonClient, files: dict[str, Path]
) -> None:
    channel = await ada.open_dm()
    await ada.send(channel, "hello", [files["image"]])
    heard = await asyncio.wait_for(bot.heard.get(), 60)
    assert heard.guild is None
    assert heard.content == "hello"
    assert await heard.attachments[0].read() == files["image"].read_bytes()
    await heard.channel.send("hello back")
    answered = await ada.wait_for(
        lambda e: e["type"] == "message_create" and e["message"]["content"] == "hello back"
    )
    assert answered["channel_id"] == str(channel)


async def test_a_forward_carries_the_files_of_its_original(
    bot: ExampleBot, ada: PersonClient, world: World, files: dict[str, Path]
) -> None:
    general = world.channels["general"].id
    sent = await ada.send(general, "hello", [files["image"]])
    await ada.forward(general, int(sent["id"]), await ada.open_dm())
    while (heard := await asyncio.wait_for(bot.heard.get(), 60)).guild is not None:
        continue
    [snapshot] = heard.message_snapshots
    assert (heard.attachments, snapshot.content) == ([], "hello")
    assert await snapshot.attachments[0].read() == files["image"].read_bytes()


async def test_client_refuses_what_does_not_fit(
    bot: ExampleBot, ada: PersonClient, ben: PersonClient, world: World, files: dict[str, Path]
) -> None:
    general = world.channels["general"].id
    with pytest.raises(PersonError, match="video is required"):
        await ada.use(general, "mimic", {}, {"image": files["image"]})
    with pytest.raises(PersonError, match="one of 540p"):
        await ada.use(general, "mimic", {"quality": "8k"}, files)
    world.upload_limits_bytes[world.guilds["studio"].id] = 10
    with pytest.raises(PersonError, match="at most 10 bytes"):
        await ada.use(general, "mimic", {}, files)
    with pytest.raises(PersonError, match="no command /moderate"):
        await ben.use(general, "moderate")
    with pytest.raises(PersonError, match="one of show"):
        await ada.use(general, "jobs")


async def test_nobody_answers_in_three_seconds(
    bot: ExampleBot, ada: PersonClient, server: DiscordServer, world: World
) -> None:
    used = await ada.use(world.channels["general"].id, "silent")
    interaction = await asyncio.wait_for(bot.interactions.get(), 60)
    world.clock.advance(3.1)
    outcome = await ada.outcome(used)
    assert outcome["state"] == "failed"
    assert outcome["error"] == "The application did not respond"
    assert interaction.id == used
