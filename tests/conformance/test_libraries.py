"""disnake and nextcord, unmodified, each in an environment and a process of its own.

The sandbox must be Discord to any library, not only to the one that the bot is written with.
"""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.clients.person import Json, PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.seed import seed_world
from sandbox.discord.state.world import World
from sandbox.programs.processes import Program
from tests.sandbox.openapi import mismatches

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parent.parent / ".conformance"

pytestmark = pytest.mark.conformance


@pytest.fixture
def world() -> World:
    return seed_world()


@pytest.fixture
async def server(world: World) -> AsyncIterator[DiscordServer]:
    """A server that saw only calls which Discord describes, and refused none."""
    async with DiscordServer(world) as server:
        yield server
        refused = [record for record in server.requests if record.status >= 400]
        assert refused == []
        assert mismatches(server.requests) == []


@pytest.fixture(params=["disnake", "nextcord"], autouse=True)
async def bot(
    request: pytest.FixtureRequest, server: DiscordServer, tmp_path: Path
) -> AsyncIterator[Program]:
    """One library's bot, logged in; it ends by itself when it is asked to."""
    library: str = request.param
    environment = ENVIRONMENTS / library
    if not (environment / ".ready").exists():
        pytest.skip(f"There is no environment for {library} yet; `make conformance` makes it.")
    log_path = tmp_path / f"{library}.log"
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            environment / "bin" / "python",
            HERE / f"{library}_bot.py",
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=log,
            env={"DISCORD_API_URL": server.api_url, "DISCORD_TOKEN": server.world.token},
        )
    program = Program(library, process, log_path)
    try:
        assert await program.announcement() == {"library": library, "user": server.world.bot_id}
        yield program
    finally:
        exit_code = await program.stop()
        sys.stdout.write(program.log())
    assert exit_code == 0


@pytest.fixture
async def ada(server: DiscordServer) -> AsyncIterator[PersonClient]:
    async with PersonClient(server.people_url, server.world.users["ada"].id) as ada:
        yield ada


async def reaches(person: PersonClient, interaction_id: int, state: str) -> Json:
    """Wait for news of an interaction; its event."""
    return await person.wait_for(
        lambda event: (
            event["type"] == "interaction"
            and event["interaction_id"] == str(interaction_id)
            and event["state"] == state
        )
    )


async def test_command_with_two_files(ada: PersonClient, world: World, tmp_path: Path) -> None:
    general = world.channels["general"].id
    image, video = tmp_path / "still.png", tmp_path / "dance.mp4"
    image.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    video.write_bytes(bytes(reversed(range(256))) * 4096)

    used = await ada.use(general, "join", files={"image": image, "video": video})
    await reaches(ada, used, "deferred")
    edited = await ada.wait_for(
        lambda event: event["type"] == "message_update" and bool(event["message"]["attachments"])
    )

    [shown] = await ada.messages(general)
    assert shown["id"] == edited["message"]["id"]
    assert shown["content"] == "still.png (image/png) and dance.mp4 (video/mp4)"
    [joined] = shown["attachments"]
    assert joined["filename"] == "joined.bin"
    sent = image.read_bytes() + video.read_bytes()
    assert await ada.download(joined["url"]) == sent


async def test_button_edits_its_message(ada: PersonClient, world: World) -> None:
    general = world.channels["general"].id
    shown = (await ada.outcome(await ada.use(general, "card")))["message"]
    assert shown["content"] == "Not pressed yet."

    pressed = await ada.click(general, int(shown["id"]), "card:press")
    assert (await ada.outcome(pressed))["state"] == "replied"

    [after] = await ada.messages(general)
    assert (after["id"], after["content"]) == (shown["id"], f"Pressed by <@{ada.user_id}>.")
    [button] = after["components"][0]["components"]
    assert button["disabled"]


async def test_direct_message_is_answered(ada: PersonClient) -> None:
    channel = await ada.open_dm()
    await ada.send(channel, "Good morning")
    await ada.wait_for(
        lambda event: event["type"] == "message_create" and event["message"]["author"].get("bot")
    )
    said = [message["content"] for message in await ada.messages(channel)]
    assert said == ["Good morning", "You wrote: Good morning"]


async def test_menus_say_what_was_chosen(ada: PersonClient, world: World) -> None:
    general = world.channels["general"].id
    shown = int((await ada.outcome(await ada.use(general, "menus")))["message"]["id"])
    chosen = await ada.click(general, shown, "menus:bug", ["bee", "ant"])
    assert (await ada.outcome(chosen))["message"]["content"] == "Bugs: bee, ant."
    chosen = await ada.click(general, shown, "menus:who", [str(world.users["ben"].id)])
    assert (await ada.outcome(chosen))["message"][
        "content"
    ] == f"You chose <@{world.users['ben'].id}>."


async def test_form_with_every_field_that_the_library_has(
    bot: Program, ada: PersonClient, world: World, tmp_path: Path
) -> None:
    note = tmp_path / "n.txt"
    note.write_text("hello")
    opened = await ada.outcome(await ada.use(world.channels["general"].id, "form"))
    assert (opened["state"], opened["modal"]["title"]) == ("modal", "A form")
    id_ = int(opened["interaction_id"])
    if bot.name == "nextcord":
        entered = await ada.submit(id_, {"name": "Ada", "more": "and more"})
        expected = "Ada and more"
    else:
        who = [str(world.users["ben"].id)]
        values = {"name": "Ada", "who": who, "radio": "two", "boxes": ["one", "two"]}
        entered = await ada.submit(id_, values, {"files": [note]})
        expected = "Ada Ben n.txt=hello two one two"
    assert (await ada.outcome(entered))["message"]["content"] == expected


async def test_offers_while_one_types(ada: PersonClient, world: World) -> None:
    general = world.channels["general"].id
    offered = await ada.autocomplete(general, "find", {"bug": "b"}, "bug")
    assert offered == [{"name": "Bee", "value": "bee"}]
    found = await ada.outcome(await ada.use(general, "find", {"bug": "bee"}))
    assert found["message"]["content"] == "Found: bee"


async def test_commands_in_menus(ada: PersonClient, world: World) -> None:
    general = world.channels["general"].id
    # nextcord prefers what it heard itself, and it hears no content but where it is mentioned.
    text = f"<@{world.bot_id}>, quote this"
    written = await ada.send(general, text)
    used = await ada.use_on_message(general, "Quote", int(written["id"]))
    assert (await ada.outcome(used))["message"]["content"] == f"> {text}"
    used = await ada.use_on_user(general, "Greet", world.users["ben"].id)
    assert (await ada.outcome(used))["message"]["content"] == f"Hello, <@{world.users['ben'].id}>."


async def test_a_reaction_is_joined(ada: PersonClient, world: World) -> None:
    general = world.channels["general"].id
    written = await ada.send(general, "react to me")
    await ada.react(general, int(written["id"]), "🔥")
    joined = await ada.wait_for(
        lambda event: (
            event["type"] == "message_update" and event["message"]["reactions"][0]["count"] == 2
        )
    )
    assert joined["message"]["reactions"][0]["me"]
