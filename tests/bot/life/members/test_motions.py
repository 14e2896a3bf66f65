"""Motions by name: the starter set, each server's library, and one upload for all who use one."""

from pathlib import Path

import pytest

from sandbox.clients.person import Json, PersonClient, PersonError
from sandbox.clients.transcript import buttons_of, text_of
from sandbox.discord.schema.parts import walk
from sandbox.faults import answers
from sandbox.faults.injector import Rule
from tests.bot.life.jobs.test_points import SUBMIT
from tests.bot.life.members.test_door import SELECT, Sender
from tests.bot.life.members.test_mentions import mention, stands
from tests.bot.life.members.test_trays import MOTION, PICTURE, PRICED, post, selects, take, tray
from tests.bot.life.moderators.desk import Desk, actions, copied, desk
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

LINK, UPLOAD = "attachments/", "/assets/"


async def mimic(life: Life, person: PersonClient, motion: str, **options: object) -> int:
    given = {"quality": "360p", "motion": motion} | options
    return await person.use(life.channel("general"), "mimic", given, {"image": life.picture})


async def told(life: Life, person: PersonClient, motion: str, **options: object) -> str:
    """What somebody is told alone."""
    outcome = await person.outcome(await mimic(life, person, motion, **options))
    assert outcome["ephemeral"]
    return text_of(outcome["message"])


async def add(dana: Desk, name: str, video: Path | None = None, **options: object) -> Json:
    """`/library add`, and its answer."""
    files = {"video": video or dana.life.motion}
    used = await dana.person.use(dana.channel_id, "library add", {"name": name} | options, files)
    return await dana._answer(used)


def uploaded(life: Life) -> int:
    return sum(seen.path == "/upload-asset" for seen in life.provider.requests)


def runs(life: Life) -> list[tuple[str, str]]:
    """The picture's and the video's link of each run, in order."""
    return [(run.inputs.image_url or "", run.inputs.video_url) for run in life.provider.accepted]


def kept(life: Life) -> list[str]:
    """The files of the libraries."""
    return sorted(path.suffix for path in (life.folder / "data" / "motions").rglob("*.*"))


async def test_a_starter_motion_is_uploaded_once_for_all(life: Life) -> None:
    await life.start()
    ben, eve = await life.person("ben"), await life.person("eve")
    offered = await ben.autocomplete(life.channel("general"), "mimic", {"motion": "bo"}, "motion")
    assert offered == [{"name": "Bow · 4.8 s", "value": "Bow"}]
    for person in (ben, eve):
        outcome = await person.outcome(await mimic(life, person, " bOW "))
        assert outcome["state"] == "deferred", text_of(outcome["message"])
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert uploaded(life) == 1
    (one, bow), (other, same) = runs(life)
    assert (bow, one == other) == (same, False)
    assert UPLOAD in bow
    assert LINK in one
    assert life.rows("SELECT duration_s, price FROM jobs") == [(4.79, 5), (4.79, 5)]
    post = (await ben.wait_for(says(f"<@{ben.user_id}>, your video is ready")))["message"]
    pressed = await ben.click(int(post["channel_id"]), int(post["id"]), button(post, "Again"))
    await ben.outcome(pressed)
    await life.reaches("delivered", "delivered", "delivered", step_s=1.0)
    (third, same) = runs(life)[2]
    assert (same, uploaded(life)) == (bow, 2), "the picture is, each time"
    assert third not in {one, other}


async def test_a_submit_that_is_refused_gets_a_new_link_once(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    await ben.outcome(await mimic(life, ben, "Bow"))
    await life.reaches("delivered", step_s=2.0)
    life.advance(3601)
    life.faults.add(Rule(answers.text(400), *SUBMIT, times=1))
    await ben.outcome(await mimic(life, ben, "Bow"))
    await life.reaches("delivered", "delivered", step_s=2.0)
    (_, first), (_, second) = runs(life)
    assert (uploaded(life), first == second) == (2, False)
    life.advance(61)  # it answers: the picture may as well be to blame
    life.faults.add(Rule(answers.text(400), *SUBMIT, times=1))
    await ben.outcome(await mimic(life, ben, "Bow"))
    await life.reaches("delivered", "delivered", "failed", step_s=2.0)
    assert uploaded(life) == 2


async def test_a_moderators_motion_is_there_for_everybody_here_alone(life: Life) -> None:
    await life.start()
    dana = await desk(life, "dana")
    ben = await life.person("ben")
    card = await add(dana, "  Moon\nwalk ", length=2.0)
    assert "### Moon walk is in the library" in text_of(card)
    assert kept(life) == [".mp4", ".webp"]
    assert "There is a motion `Moon walk` already" in text_of(await add(dana, "MOON WALK"))
    assert [choice["name"] for choice in await dana.offers("library remove", "name", "mo")] == [
        "Moon walk · 2 s"
    ]
    await ben.outcome(await mimic(life, ben, "moon walk"))
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT duration_s FROM jobs") == [(2.0,)]
    assert UPLOAD in runs(life)[0][1]
    den = await ben.open_dm()
    offered = await ben.autocomplete(den, "motions show", {"name": "m"}, "name")
    assert "Moon walk · 2 s" not in [choice["name"] for choice in offered]
    question = await dana.use("library remove", name="moon walk")
    assert "Moon walk** is no longer" in await dana.press(question, "Remove it")
    assert "There is no motion `moon walk` here" in await told(life, ben, "moon walk")
    assert [(who, what, before, after) for who, what, _, _, before, after in actions(life)] == [
        ("dana", "library", {"motion": None}, {"motion": "Moon walk"}),
        ("dana", "library", {"motion": "Moon walk"}, {"motion": None}),
    ]
    assert kept(life) != []
    await life.until(lambda: kept(life) == [], step_s=1800.0)


async def test_what_is_wrong_is_said_and_leaves_nothing(life: Life) -> None:
    await life.start()
    dana, ben = await desk(life, "dana"), await life.person("ben")
    assert "is a still JPEG" in text_of(await add(dana, "A", life.picture))
    assert kept(life) == []
    assert "1 to 40 letters" in text_of(await add(dana, " \u200b "))
    assert "`Wave` came with the bot" in await dana.says("library remove", name="wave")
    assert "keep one of `video`" in await told(life, ben, "Wave", video_url="https://a.example/b")
    assert life.rows("SELECT * FROM actions") == []
    assert life.states() == []


async def test_only_moderators_add_and_only_here_it_can_be_used(life: Life) -> None:
    await life.start()
    dana, ada = await desk(life, "dana"), await desk(life, "ada")
    await add(dana, "Moonwalk")
    ben = await life.person("ben")
    with pytest.raises(PersonError):
        await ben.use(life.channel("general"), "library remove", {"name": "Moonwalk"})
    card = copied(life, await ada.use("motions show", name="Moonwalk"), "lawn")
    lawn = await desk(life, "ada", "lawn")
    gone = "has been removed from the library"
    assert gone in await lawn.press(card, "Use")
    assert "no motion `Moonwalk` here" in await lawn.says("motions show", name="Moonwalk")


async def test_what_is_in_the_chat_is_added_to_the_library(life: Life) -> None:
    life.world.channels["showroom"].is_age_restricted = True
    await life.start()
    ben, dana = await desk(life, "ben"), await desk(life, "dana")
    posted = await post(life, "cleo", life.motion)
    assert "Add to library…" not in buttons_of(await take(life, ben.person, MOTION, posted))
    tray = await take(life, dana.person, MOTION, posted)
    assert "Moonwalk is in the library" in text_of(
        await dana.fill_in(tray, "Add to library", name="Moonwalk")
    )
    assert "### Moonwalk" in await ben.says("motions show", name="moonwalk")
    opened = await dana.click(tray, button(tray, "Add to library"))
    assert (await dana.person.outcome(opened))["state"] == "modal"
    await dana.press(tray, "Empty it")
    late = await dana.person.outcome(await dana.person.submit(opened, {"name": "Late"}))
    assert "no motion in your tray any more" in text_of(late["message"])
    posted = await post(life, "cleo", life.motion, channel="showroom")
    there = await desk(life, "dana", "showroom")
    tray = await take(life, there.person, MOTION, posted, "showroom")
    assert "stays there" in text_of(await there.fill_in(tray, "Add to library", name="Other"))
    assert life.rows("SELECT name FROM motions") == [("Moonwalk",)]


async def test_from_the_list_to_a_video_by_three_presses(life: Life) -> None:
    await life.start()
    ben = await desk(life, "ben")
    first = await ben.use("motions list")
    assert "page 1 of 2" in text_of(first)
    second = await ben.pressed(first, button(first, "›"))
    assert "page 2 of 2" in text_of(second)
    back = await ben.pressed(second, button(second, "‹"))
    [select] = [part for part in walk(back["components"]) if part["type"] == 3]
    shown = await ben.pressed(back, select["custom_id"], ["bow"])
    assert text_of(shown).startswith("### Bow")
    assert len(shown["attachments"]) == 1
    back = await ben.pressed(shown, button(shown, "‹ All"))
    assert "page 1 of 2" in text_of(back)
    assert "/library add" not in text_of(back)
    shown = await ben.pressed(back, select["custom_id"], ["bow"])
    opened = await ben.click(shown, button(shown, "Use"))
    outcome = await ben.person.outcome(opened)
    assert outcome["state"] == "modal"
    sent = await ben.person.submit(opened, {"choice": ["0"]}, {"picture": [life.picture]})
    assert (await ben.person.outcome(sent))["state"] == "deferred"
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT quality, price FROM jobs") == [("360p", 5)]
    await ben.person.wait_for(says("your video is ready"))


async def test_a_servers_motion_in_a_tray_is_used_in_that_server_alone(life: Life) -> None:
    await life.start()
    dana, ada = await desk(life, "dana"), await desk(life, "ada")
    await add(dana, "photo.png")
    half = await take(life, ada.person, PICTURE, await post(life, "ben", life.picture))
    [select] = selects(half)
    own = select["options"][0]
    assert own["label"] == "photo.png · 2 s"
    chosen = await ada.pressed(half, select["custom_id"], [own["value"]])
    card = (await ada.person.wait_for(PRICED))["message"]
    assert card["id"] == chosen["id"]
    elsewhere = text_of(await tray(life, ada.person, life.channel("lawn")))
    assert "belongs to another server" in elsewhere
    assert "**Motion** · photo.png\n-# of the library" in elsewhere
    start = button(card, "360p")
    assert "belongs to another server" in await Sender(life, channel="lawn").presses(start)
    lawn = select["custom_id"], own["value"]
    assert life.money() == []
    assert "has been removed" in await Sender(life, "cleo", "lawn").presses(*lawn, kind=SELECT)


async def test_a_motion_is_used_with_the_picture_in_ones_tray(life: Life) -> None:
    await life.start()
    ada = await desk(life, "ada")
    without = await ada.use("motions show", name="Bow")
    assert "Use the picture in my tray" not in buttons_of(without)
    await take(life, ada.person, PICTURE, await post(life, "ben", life.picture))
    shown = await ada.use("motions show", name="Bow")
    await ada.pressed(shown, button(shown, "Use the picture"))
    card = (await ada.person.wait_for(PRICED))["message"]
    assert card["id"] == shown["id"]
    assert "Shall I make this picture move like `Bow`?" in text_of(card)
    assert "Your tray has changed" in await Sender(life).presses("marionette-motions:take:wave")


async def test_a_picture_alone_takes_a_motion_by_name(life: Life) -> None:
    """Of a mention, from whoever sent it; the half-filled card goes for the priced one."""
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    general = life.channel("general")
    await mention(life, ben, life.picture, said="make it dance")
    half = (await ben.wait_for(says("Got your picture", "Or choose a motion below.")))["message"]
    [select] = selects(half)
    pressed = await ada.click(general, int(half["id"]), select["custom_id"], ["bow"])
    assert "somebody else's" in text_of((await ada.outcome(pressed))["message"])
    await ben.click(general, int(half["id"]), select["custom_id"], ["dance"])
    card = (await ben.wait_for(says("Shall I make", "`Dance`")))["message"]
    await life.until(lambda: not stands(life, half), step_s=0.5)
    await ben.outcome(await ben.click(general, int(card["id"]), button(card, "360p")))
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT price, channel_id FROM jobs") == [(4, general)]
