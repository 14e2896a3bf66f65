"""Plain direct messages, in the ways in which people send them."""

import re
from pathlib import Path

from bot.services.small_talk import QUIET_S
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from tests.bot.life.members.test_door import SELECT, Sender
from tests.bot.life.members.test_trays import selects
from tests.bot.life.world import Life
from tests.e2e.stage import button, says


async def in_a_server(life: Life) -> tuple[PersonClient, list[int]]:
    """Ben, and the messages in a server with a picture, a video, and both."""
    await life.start()
    ben = await life.person("ben")
    files = ([life.picture], [life.motion], [life.picture, life.motion])
    sent = [await ben.send(life.channel("general"), files=given) for given in files]
    return ben, [int(message["id"]) for message in sent]


async def test_a_forward_with_both_files_is_a_request(life: Life) -> None:
    ben, [_, _, both] = await in_a_server(life)
    channel = await ben.open_dm()
    await ben.forward(life.channel("general"), both, channel)
    card = (await ben.wait_for(says("Shall I make")))["message"]
    await ben.outcome(await ben.click(channel, int(card["id"]), button(card, "360p")))
    await life.reaches("delivered", step_s=1.0)
    assert len(await ben.messages(channel)) == 3, "the forward, the card, the video"


async def test_half_may_be_forwarded_and_half_ones_own(life: Life) -> None:
    ben, [picture, *_] = await in_a_server(life)
    channel = await ben.open_dm()
    await ben.forward(life.channel("general"), picture, channel)
    await ben.wait_for(says("Now send me the **video**"))
    await ben.send(channel, files=[life.motion])
    await ben.wait_for(says("Shall I make"))


async def test_a_forward_of_a_forward_is_one_too(life: Life) -> None:
    ben, [_, video, _] = await in_a_server(life)
    channel, general = await ben.open_dm(), life.channel("general")
    await ben.send(channel, files=[life.picture])
    await ben.wait_for(says("Now send me the **video**"))
    once = await ben.forward(general, video, general)
    await ben.forward(general, int(once["id"]), channel)
    await ben.wait_for(says("Shall I make"))


async def answers(life: Life, person: PersonClient, channel: int) -> list[Json]:
    """What the bot has said in somebody's direct messages."""
    bot = str(life.world.bot_id)
    return [said for said in await person.messages(channel) if said["author"]["id"] == bot]


async def test_a_flood_of_nothing_is_answered_twice_and_a_request_in_it_too(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    for number in range(300):
        await ben.send(channel, f"spam {number}")
    await ben.send(channel, files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    *small_talk, offer = await answers(life, ben, channel)
    assert len(small_talk) == 2
    told = "\n".join(map(text_of, small_talk))
    assert "I make a still picture move" in told
    assert re.search(r"I ignore everything else until <t:\d+:t>", told)
    assert offer["id"] == card["id"]


async def test_a_picture_that_waits_takes_a_motion_by_name(life: Life) -> None:
    """Over a restart; a word meanwhile is told of the picture. Chosen twice it counts once."""
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture])
    half = (await ben.wait_for(says("Or choose a motion below.")))["message"]
    await life.stop()
    await life.start()
    for _ in range(3):
        await ben.send(channel, "dance")
    [select] = selects(half)
    await ben.click(channel, int(half["id"]), select["custom_id"], ["dance"])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    again = await Sender(life, "ben", None).presses(select["custom_id"], "bow", kind=SELECT)
    assert "has a motion by now" in again
    told = [text_of(said) for said in await answers(life, ben, channel)]
    assert sum("I still have your picture" in words for words in told) == 2
    await ben.outcome(await ben.click(channel, int(card["id"]), button(card, "360p")))
    await life.reaches("delivered", step_s=1.0)
    assert life.money() == ["hold", "capture"]
    assert life.rows("SELECT price FROM jobs") == [(4,)]


async def test_what_is_asked_later_gets_a_short_answer(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, "hi")
    await ben.wait_for(says("### I make a still picture move"))
    for asked in ("help", "?"):
        life.advance(QUIET_S)
        await ben.send(channel, asked)
        await ben.wait_for(says("Send me a **picture** and a **video**: I show you the price"))
    life.advance(24 * 3600.0)
    await ben.send(channel, "hi")
    await ben.wait_for(says("### I make a still picture move"))


def file(life: Life, name: str, content: bytes) -> Path:
    path = life.folder / name
    path.write_bytes(content)
    return path


async def test_useless_files_are_such_talk_too(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    notes, empty = file(life, "notes.txt", b"Dear bot"), file(life, "empty.png", b"")
    await ben.send(channel, files=[notes])
    await ben.wait_for(says("`notes.txt` is neither a picture nor a video"))
    await ben.send(channel, files=[empty])
    await ben.wait_for(says("I ignore everything else until"))
    for useless in (notes, empty):
        await ben.send(channel, files=[useless])
    await ben.send(channel, files=[life.picture, notes])
    await ben.wait_for(says("left out `notes.txt`"))
    await ben.wait_for(says("Now send me the **video**"))
    assert len(await answers(life, ben, channel)) == 4


async def test_strangers_hear_each_time_why_they_are_not_served(life: Life) -> None:
    await life.start(allowed_servers=frozenset({life.world.guilds["garden"].id}))
    ben = await life.person("ben")
    channel = await ben.open_dm()
    for _ in range(2):
        await ben.send(channel, "hi")
        await ben.wait_for(says("answers direct messages only of members"))
        life.advance(QUIET_S)
