"""What is in the chat becomes a video: taken from two messages, priced, and started once."""

import json
from pathlib import Path

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from sandbox.faults import answers
from sandbox.faults.injector import Rule, stalls
from tests.bot.life.members.test_door import SELECT, Sender
from tests.bot.life.world import Life
from tests.e2e.stage import button, says
from tests.media_samples import make_motion

PICTURE, MOTION = "Make this move", "Use as motion"
CALLBACK = ("discord", "POST", "/interactions/{interaction_id}/{interaction_token}/callback")
PRICED = says("Shall I make this picture move")


async def post(life: Life, name: str, *files: Path, channel: str = "general") -> int:
    """Somebody posts these files; the message's id."""
    person = await life.person(name)
    return int((await person.send(life.channel(channel), "look", files))["id"])


async def take(
    life: Life, person: PersonClient, command: str, message_id: int, channel: str = "general"
) -> Json:
    """The private answer to a command in a message's menu."""
    place = life.channel(channel)
    outcome = await person.outcome(await person.use_on_message(place, command, message_id))
    assert outcome["ephemeral"]
    message: Json = outcome["message"]
    return message


async def tray(life: Life, person: PersonClient, channel_id: int | None = None) -> Json:
    """What `/tray` answers."""
    place = channel_id or life.channel("general")
    message: Json = (await person.outcome(await person.use(place, "tray")))["message"]
    return message


def selects(message: Json) -> list[Json]:
    [card] = message["components"]
    rows = [part for part in card["components"] if part["type"] == 1]
    return [part for row in rows for part in row["components"] if part["type"] == 3]


async def press(life: Life, person: PersonClient, card: Json, label: str) -> Json:
    channel = int(card["channel_id"])
    return await person.outcome(await person.click(channel, int(card["id"]), button(card, label)))


async def filled(life: Life, person: PersonClient, channel: str = "general") -> Json:
    """Ben's picture and Cleo's motion in somebody's tray; its card, once it is priced."""
    await take(
        life, person, PICTURE, await post(life, "ben", life.picture, channel=channel), channel
    )
    await take(
        life, person, MOTION, await post(life, "cleo", life.motion, channel=channel), channel
    )
    card: Json = (await person.wait_for(PRICED))["message"]
    return card


async def test_two_peoples_messages_become_a_video(life: Life) -> None:
    """Over a restart; who is asked for what says the post, and pings nobody but its requester."""
    await life.start()
    ada, general = await life.person("ada"), life.channel("general")
    half = await take(life, ada, PICTURE, await post(life, "ben", life.picture))
    ben, cleo = life.world.users["ben"].id, life.world.users["cleo"].id
    assert f"subject.jpg\n-# from a message of <@{ben}>" in text_of(half)
    assert "Still missing: **the motion**" in text_of(half)
    assert list(buttons_of(half)) == ["Empty it"]
    await life.stop()
    await life.start()
    await take(life, ada, MOTION, await post(life, "cleo", life.motion))
    card = (await ada.wait_for(PRICED))["message"]
    assert list(buttons_of(card)) == [
        "360p · 2 credits", "540p · 2 credits", "720p · 3 credits", "Empty it",
    ]  # fmt: skip
    assert f"picture by <@{ben}>, motion by <@{cleo}>" in text_of(card)
    assert life.money() == []
    started = await press(life, ada, card, "540p")
    assert not started["ephemeral"]
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT price, promised, quality FROM jobs") == [(2, 2, "540p")]
    assert life.money() == ["hold", "capture"]
    [finished] = await life.posts(ada, general)
    whose = f"picture by <@{ben}>, motion by <@{cleo}>, asked for by <@{ada.user_id}>"
    assert whose in text_of(finished)
    assert [one["id"] for one in finished["mentions"]] == [str(ada.user_id)]
    assert life.rows("SELECT * FROM trays") == []
    assert not [one for one in await ada.messages(general) if one["id"] == card["id"]]


async def test_a_picture_and_a_motion_of_the_library_become_a_video(life: Life) -> None:
    """Over a restart; chosen twice it is in the tray once, and the other answer says so."""
    await life.start()
    ada, general = await life.person("ada"), life.channel("general")
    half = await take(life, ada, PICTURE, await post(life, "ben", life.picture))
    await life.stop()
    await life.start()
    [select] = selects(half)

    assert select["options"][5]["label"] == "Bow · 4.8 s"
    chosen = [
        await ada.click(general, int(half["id"]), select["custom_id"], [motion])
        for motion in ("bow", "wave")
    ]
    said = [text_of((await ada.outcome(each))["message"]) for each in chosen]
    assert sum("Your tray has changed since" in words for words in said) == 1
    card = (await ada.wait_for(PRICED))["message"]
    assert card["id"] == half["id"]
    await press(life, ada, card, "360p")
    await life.reaches("delivered", step_s=1.0)
    assert life.money() == ["hold", "capture"]
    assert life.rows("SELECT duration_s, price FROM jobs") in ([(4.79, 5)], [(4.0, 4)])
    assert life.rows("SELECT * FROM trays") == []


async def test_pressed_twice_it_starts_once_and_pressed_late_it_says_so(life: Life) -> None:
    await life.start()
    ada, general = await life.person("ada"), life.channel("general")
    card = await filled(life, ada)
    id_, start = int(card["id"]), button(card, "360p")
    for made_up in ("0", "1", "3"):
        await Sender(life).presses(start.replace(":c", f":{made_up}:c"))
        assert life.rows("SELECT promised FROM jobs") == [(None,)]
    pressed = [await ada.click(general, id_, start) for _ in range(2)]
    outcomes = [await ada.outcome(each) for each in pressed]
    [refused] = [one for one in outcomes if one["ephemeral"]]
    assert "is under way already" in text_of(refused["message"])
    await life.reaches("delivered", step_s=1.0)
    assert life.money() == ["hold", "capture"]
    old = await filled(life, ada)
    newer = await filled(life, ada)  # the older card is gone from the screen, and its button over
    assert newer["id"] != old["id"]
    assert "Your tray has changed since" in await Sender(life).presses(button(old, "360p"))
    await press(life, ada, newer, "Empty it")
    await life.reaches("delivered", *["cancelled"] * 3)
    assert "Still missing: **a picture**" in text_of(await tray(life, ada))


async def test_a_press_whose_answer_discord_did_not_take_costs_nothing(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    card = await filled(life, ada)
    unknown = answers.error(404, {"message": "Unknown interaction", "code": 10062})
    life.faults.add(Rule(unknown, *CALLBACK, times=1))
    await ada.click(life.channel("general"), int(card["id"]), button(card, "360p"))
    await life.reaches("failed")
    assert life.money() == []


async def test_a_press_that_is_answered_as_the_bot_dies_makes_one_video(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    card = await filled(life, ada)
    life.faults.add(Rule(stalls(life.never, after=True), *CALLBACK, times=1))
    await ada.click(life.channel("general"), int(card["id"]), button(card, "360p"))
    await life.until(lambda: bool(life.faults.struck))
    await life.stop()
    assert life.rows("SELECT state, card_message_id, promised FROM jobs") == [("checking", None, 2)]
    await life.start()
    await life.reaches("delivered", step_s=1.0)
    assert life.money() == ["hold", "capture"]
    assert len(await life.posts(ada, life.channel("general"))) == 1


async def test_a_full_tray_is_looked_at_a_few_times_a_minute(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    await filled(life, ada)
    *looked_at, last = [text_of(await tray(life, ada)) for _ in range(6)]
    assert all("Looking at" in said for said in looked_at)
    assert "Both are still here" in last
    assert "**Motion** · motion.mp4" in last


async def test_of_several_files_one_is_chosen_once(life: Life) -> None:
    await life.start()
    ada, general = await life.person("ada"), life.channel("general")
    other = life.picture.with_name("other.jpg")
    other.write_bytes(life.picture.read_bytes())
    message_id = await post(life, "ben", life.picture, other, life.motion)
    await life.stop()
    await life.start()
    await take(life, ada, MOTION, message_id)
    asked = await take(life, ada, PICTURE, message_id)
    [select] = selects(asked)
    assert [option["label"] for option in select["options"]] == ["subject.jpg", "other.jpg"]
    await ada.click(general, int(asked["id"]), select["custom_id"], ["1"])
    card = (await ada.wait_for(PRICED))["message"]
    assert card["id"] == asked["id"]
    late = await Sender(life).presses(select["custom_id"], "0", kind=SELECT)
    assert "You have chosen since" in late
    await press(life, ada, card, "360p")
    await life.reaches("delivered", step_s=1.0)
    [(subject,)] = life.rows("SELECT subject FROM jobs")
    assert json.loads(subject)["name"] == "other.jpg"
    assert not [one for one in await ada.messages(general) if one["id"] == card["id"]]


async def test_age_restricted_channels_stay_among_themselves(life: Life) -> None:
    life.world.channels["showroom"].is_age_restricted = True
    await life.start()
    ada = await life.person("ada")
    message_id = await post(life, "ben", life.picture, life.motion, channel="showroom")
    await take(life, ada, PICTURE, message_id, "showroom")
    await take(life, ada, MOTION, message_id, "showroom")
    card = (await ada.wait_for(PRICED))["message"]
    for elsewhere in (life.channel("general"), await ada.open_dm()):
        assert "only in such channels" in text_of(await tray(life, ada, elsewhere))
    life.world.channels["showroom"].is_age_restricted = False
    await life.stop()
    await life.start()
    refused = await press(life, ada, card, "360p")
    assert "only in such channels" in text_of(refused["message"])
    assert life.money() == []


async def test_whoever_keeps_their_files_private_is_heeded_until_the_start(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    card = await filled(life, ada)
    await life.alter(
        "INSERT INTO preferences (person_id, notify_directly, keep_private) VALUES (?, '0', '1')",
        ben.user_id,
    )
    refused = await press(life, ada, card, "360p")
    assert "does not want their files to be used" in text_of(refused["message"])
    assert (life.states(), life.money()) == (["checking"], [])
    message_id = await post(life, "ben", life.picture)
    said = text_of(await take(life, ada, PICTURE, message_id))
    assert "does not want their files to be used" in said
    own = text_of(await take(life, ben, PICTURE, message_id))
    assert "**Picture** · subject.jpg" in own


async def test_what_cannot_be_used_is_said_and_an_hour_later_all_is_forgotten(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    words = await post(life, "ben")
    assert "I see no picture in that message" in text_of(await take(life, ada, PICTURE, words))
    assert "no video and no GIF" in text_of(await take(life, ada, MOTION, words))
    picture = await post(life, "ben", life.picture)
    assert "no video and no GIF" in text_of(await take(life, ada, MOTION, picture))
    empty = life.picture.with_name("empty.jpg")
    empty.write_bytes(b"")
    refused = text_of(await take(life, ada, PICTURE, await post(life, "ben", empty)))
    assert "Still missing" not in refused
    await take(life, ada, PICTURE, picture)
    life.advance(3500)
    assert "**Picture** · subject.jpg" in text_of(await tray(life, ada))
    life.advance(200)
    assert "Still missing: **a picture**" in text_of(await tray(life, ada))


async def test_a_tray_is_started_under_the_rules_of_where_it_is_shown(life: Life) -> None:
    """And a finished post is its requester's."""
    await life.start()
    cleo = await life.person("cleo")
    await life.mimic(cleo)
    await life.reaches("delivered", step_s=1.0)
    [finished] = await life.posts(cleo, life.channel("general"))
    await take(life, cleo, PICTURE, await post(life, "ben", life.picture))
    await take(life, cleo, MOTION, int(finished["id"]))
    await cleo.wait_for(PRICED)
    lawn = life.channel("lawn")
    shown = await tray(life, cleo, lawn)
    card = (await cleo.wait_for(PRICED))["message"]
    assert (card["id"], card["channel_id"]) == (shown["id"], str(lawn))
    await press(life, cleo, card, "360p")
    await life.reaches("delivered", "cancelled", "delivered", step_s=1.0)
    garden = life.world.guilds["garden"].id
    [(motion,)] = life.rows("SELECT motion FROM jobs WHERE server_id = ?", garden)
    assert json.loads(motion)["origin"]["author_id"] == cleo.user_id
    [made] = await life.posts(cleo, lawn)
    assert "motion by" not in text_of(made)


async def test_of_a_motion_that_is_too_long_a_part_is_started(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    long = make_motion(life.folder / "long.mp4", duration_s=40.0, fps=3, size=(120, 160))
    await take(life, ada, PICTURE, await post(life, "ben", life.picture))
    await take(life, ada, MOTION, await post(life, "ben", long))
    card = (await ada.wait_for(says("Which part of this video?")))["message"]
    assert list(buttons_of(card)) == [
        "First 10 s · 10 credits", "First 30 s · 30 credits", "Choose…", "Empty it",
    ]  # fmt: skip
    offered = button(card, "First 10 s")
    for made_up in ("0", "1", "31"):
        await Sender(life).presses(offered.replace(":10:", f":{made_up}:"))
        assert life.rows("SELECT promised FROM jobs") == [(None,)]
    started = await press(life, ada, card, "First 10 s")
    assert not started["ephemeral"]
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT price, promised, duration_s FROM jobs") == [(10, 10, 10.0)]
    assert life.money() == ["hold", "capture"]
