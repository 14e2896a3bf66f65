"""A motion that is too long is offered in part; a part is what is priced, told and sent."""

from pathlib import Path

import pytest

from bot.core.jobs import ASKED_LIFE_S
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from tests.bot.life.members.test_door import Sender
from tests.bot.life.world import Life
from tests.e2e.stage import button, says
from tests.media_samples import make_motion

WHICH = says("Which part of this video?")
PRICED = says("Shall I make this picture move")


@pytest.fixture
def long(life: Life) -> Path:
    """Forty seconds of somebody who moves."""
    return make_motion(life.folder / "long.mp4", duration_s=40.0, fps=3, size=(120, 160))


async def mimic(life: Life, person: PersonClient, video: Path, **options: object) -> int:
    files = {"image": life.picture, "video": video}
    return await person.use(life.channel("general"), "mimic", options, files)


async def asked(life: Life, person: PersonClient, video: Path) -> Json:
    """The card that a command with too long a video is answered with."""
    await mimic(life, person, video)
    card: Json = (await person.wait_for(WHICH))["message"]
    return card


async def press(person: PersonClient, channel: int, card: Json, label: str) -> Json:
    pressed = await person.click(channel, int(card["id"]), button(card, label))
    return await person.outcome(pressed)


async def name_part(
    person: PersonClient, channel: int, card: Json, label: str, **values: str
) -> Json:
    opened = await person.click(channel, int(card["id"]), button(card, label))
    assert (await person.outcome(opened))["state"] == "modal"
    return await person.outcome(await person.submit(opened, values))


def seconds_made(life: Life) -> float:
    """What the provider has billed of the only run, whose second costs ten cents in 540p."""
    [run] = life.provider.accepted
    return run.cost_credits / 0.1


async def test_a_command_asks_and_then_goes_on_by_itself(life: Life, long: Path) -> None:
    await life.start()
    ada, ben, general = await life.person("ada"), await life.person("ben"), life.channel("general")
    card = await asked(life, ada, long)
    assert list(buttons_of(card)) == [
        "First 10 s · 10 credits", "First 30 s · 30 credits", "Choose…", "Never mind",
    ]  # fmt: skip
    assert "The video is 40 seconds long, and I take 30 at most" in text_of(card)
    assert "Only whoever asked can press this. Unused, it goes away <t:" in text_of(card)
    for label in ("First 10 s", "Choose…", "Never mind"):
        refused = await press(ben, general, card, label)
        assert "somebody else's" in text_of(refused["message"])
    offered = button(card, "First 10 s")
    for made_up in ("0", "1", "9", "31", "40"):
        said = await Sender(life).presses(offered.replace(":10:", f":{made_up}:"))
        assert "under way" not in said
        assert life.states() == ["checking"]
        assert life.rows("SELECT promised FROM jobs") == [(None,)]
    await press(ada, general, card, "First 10 s")
    again = await press(ada, general, card, "First 30 s")
    assert "is under way already" in text_of(again["message"])
    await life.reaches("delivered", step_s=1.0)
    [post] = await life.posts(ada, general)
    assert "PixVerse Mimic 540p · first 10 s" in text_of(post)
    assert life.rows("SELECT price, duration_s FROM jobs") == [(10, 10.0)]
    assert life.money() == ["hold", "capture"]
    assert seconds_made(life) == pytest.approx(10.0, abs=0.1)


async def test_a_plain_message_names_its_part_and_then_sees_each_price(
    life: Life, long: Path
) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, long])
    card = (await ben.wait_for(WHICH))["message"]
    assert "You have **" in text_of(card)
    for start, length, said in (
        ("soon", "5", "I cannot read “soon” as a time"),
        ("0:50", "5", "The video is over after 40 seconds, and that part would begin at 50"),
        ("0:05", "31", "That part is 31 seconds long and may be 30"),
        ("0:05", "0.5", "That part is 0.5 seconds long and must be 1 at least"),
    ):
        refused = await name_part(ben, channel, card, "Choose…", start=start, length=length)
        assert said in text_of(refused["message"])
    await name_part(ben, channel, card, "Choose…", start="0:12", length="5")
    card = (await ben.wait_for(says("5 s from 0:12 of your video")))["message"]
    assert list(buttons_of(card)) == [
        "360p · 5 credits", "540p · 5 credits", "720p · 6 credits", "Another part…", "Never mind",
    ]  # fmt: skip
    await name_part(ben, channel, card, "Another part…", start="38", length="30")
    card = (await ben.wait_for(says("2 s from 0:38 of your video")))["message"]
    assert life.money() == []
    await press(ben, channel, card, "540p")
    await life.reaches("delivered", step_s=1.0)
    [post] = await life.posts(ben, channel)
    assert "2 s from 0:38" in text_of(post)
    assert seconds_made(life) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("options", "said", "price"),
    [
        ({"length": 10}, "first 10 s", 10),
        ({"start": 12.5, "length": 3}, "3 s from 0:12.5", 3),
        ({"start": 35}, "5 s from 0:35", 5),
    ],
)
async def test_what_a_command_names_is_not_asked(
    life: Life, long: Path, options: dict[str, float], said: str, price: int
) -> None:
    await life.start()
    ada = await life.person("ada")
    await mimic(life, ada, long, **options)
    await ada.wait_for(says("learning to move", said, f"{price} credits reserved"))
    assert not [event for event in ada.events if WHICH(event)]
    assert life.rows("SELECT price, duration_s FROM jobs") == [(price, float(price))]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"start": 41}, "The video is over after 40 seconds, and that part would begin at 41"),
        ({"start": 5}, "That part is 35 seconds long and may be 30"),
    ],
)
async def test_what_cannot_be_cut_is_said_and_costs_nothing(
    life: Life, long: Path, options: dict[str, float], said: str
) -> None:
    await life.start()
    ada = await life.person("ada")
    await mimic(life, ada, long, **options)
    await ada.wait_for(says(said))
    assert (life.states(), life.money()) == (["failed"], [])


async def test_a_part_of_a_short_motion_is_told_and_all_of_it_is_no_part(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    await mimic(life, ada, life.motion, length=1)
    await ada.wait_for(says("learning to move", "first 1 s"))
    await mimic(life, ada, life.motion, length=20)
    card = await ada.wait_for(says("learning to move", "· 2 s ·"))
    assert "first" not in text_of(card["message"])


async def is_gone(life: Life, person: PersonClient, card: Json) -> None:
    """The bot has deleted it."""

    def goes(event: Json) -> bool:
        message = event.get("message", {})
        return bool(event["type"] == "message_delete" and message.get("id") == card["id"])

    await life.until(lambda: any(map(goes, person.events)), step_s=0.5)


async def test_an_unused_question_goes_away_and_a_newer_one_takes_its_place(
    life: Life, long: Path
) -> None:
    await life.start()
    ada = await life.person("ada")
    first = await asked(life, ada, long)
    ada.events.clear()
    second = await asked(life, ada, long)
    await is_gone(life, ada, first)
    assert life.states() == ["cancelled", "checking"]
    await life.stop()
    await life.start()
    await life.until((life.folder / "data" / "media").exists)
    life.advance(ASKED_LIFE_S)
    await is_gone(life, ada, second)
    assert life.states() == ["cancelled", "cancelled"]
    await life.until(lambda: not list((life.folder / "data" / "media").iterdir()))


async def test_a_question_takes_no_place_in_the_line_until_it_is_answered(
    life: Life, long: Path
) -> None:
    await life.start(max_running=1, max_waiting_per_person=1, max_running_per_person=1)
    ada, general = await life.person("ada"), life.channel("general")
    card = await asked(life, ada, long)
    for states in (["rendering"], ["rendering", "queued"]):
        await mimic(life, ada, life.motion)
        await life.reaches("checking", *states)
    refused = await press(ada, general, card, "First 10 s")
    assert "You have 1 waiting already" in text_of(refused["message"])
    assert life.states()[0] == "checking"


async def test_killed_after_the_answer_it_goes_on_for_what_was_promised(
    life: Life, long: Path
) -> None:
    """Whatever it would cost by now."""
    await life.start()
    ada, general = await life.person("ada"), life.channel("general")
    await asked(life, ada, long)
    await life.stop()
    await life.alter(
        "UPDATE jobs SET is_open = FALSE, question = NULL, promised = 7,"
        """ cut = '{"start_s": 0.0, "length_s": 10.0}'"""
    )
    await life.start()
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT price FROM jobs") == [(7,)]
    [post] = await life.posts(ada, general)
    assert "first 10 s" in text_of(post)


async def test_what_can_be_paid_no_more_is_said_and_stays_an_offer(life: Life, long: Path) -> None:
    await life.start(allowance_credits=11)
    ada, general = await life.person("ada"), life.channel("general")
    card = await asked(life, ada, long)
    assert "**first 30 s**: more than you can have at once." in text_of(card)
    await mimic(life, ada, life.motion)
    await life.reaches("checking", "rendering")
    refused = await press(ada, general, card, "First 10 s")
    assert "This costs 10 credits and you have 9" in text_of(refused["message"])
    assert (life.states()[0], life.money()) == ("checking", ["hold"])
    card = (await ada.wait_for(says("**first 10 s**: more than you have")))["message"]
    await press(ada, general, card, "Never mind")
    await is_gone(life, ada, card)
