"""Who may ask, and what a second event or a second press does."""

import asyncio

import pytest

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from sandbox.faults import answers
from sandbox.faults.injector import Rule, late, resets
from tests.bot.life.world import Life
from tests.e2e.stage import button, says
from tests.media_samples import make_picture


async def test_with_allowed_servers_direct_messages_are_for_their_members(life: Life) -> None:
    """Cleo is in the garden; Ben is not."""
    await life.start(allowed_servers=frozenset({life.world.guilds["garden"].id}))
    ben, cleo = await life.person("ben"), await life.person("cleo")
    for person, words in ((ben, "answers direct messages only of members"), (cleo, "Shall I make")):
        await person.send(await person.open_dm(), files=[life.picture, life.motion])
        await person.wait_for(says(words))
    outcome = await ben.outcome(await life.mimic(ben))
    assert "has not opened it for this server" in text_of(outcome["message"])
    assert outcome["ephemeral"]
    assert life.states() == ["checking"]


async def test_ones_own_jobs_are_offered_where_an_id_is_wanted(life: Life) -> None:
    await life.start(max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    general = life.channel("general")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.mimic(ben)
    await life.reaches("rendering", "queued")
    rendering, queued = (row[0] for row in life.rows("SELECT id FROM jobs ORDER BY created_at"))
    offered = await ada.autocomplete(general, "jobs show", {"job": "learning"}, "job")
    assert [choice["value"] for choice in offered] == [rendering]
    named = f"{life.picture.name} → {life.motion.name} · just now · The picture is learning to move"
    assert offered[0]["name"] == named
    assert await ada.autocomplete(general, "jobs cancel", {"job": ""}, "job") == []
    offered = await ben.autocomplete(general, "jobs cancel", {"job": queued[:4]}, "job")
    assert [choice["value"] for choice in offered] == [queued]


async def test_a_button_pressed_twice_starts_once(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    presses = [
        await ben.click(channel, int(card["id"]), button(card, quality))
        for quality in ("360p", "720p")
    ]
    outcomes = [await ben.outcome(press) for press in presses]
    answers = [text_of(outcome["message"] or {}) for outcome in outcomes]
    assert sum("is under way already" in answer for answer in answers) == 1
    await life.reaches("rendering")
    assert life.money() == ["hold"]
    assert len(life.provider.accepted) == 1


async def test_another_persons_button_is_refused(life: Life) -> None:
    await life.start(max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await life.mimic(ben)
    await ben.wait_for(says("learning to move"))
    await life.mimic(ada)
    card = (await ada.wait_for(says("### In line", to=life.world.users["ada"].id)))["message"]
    pressed = await ben.click(life.channel("general"), int(card["id"]), button(card, "Cancel"))
    outcome = await ben.outcome(pressed)
    assert outcome["ephemeral"]
    assert "somebody else's" in text_of(outcome["message"])
    assert life.states() == ["rendering", "queued"]


async def test_an_offer_with_a_bad_file_says_so_and_costs_nothing(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    letter = life.folder / "letter.mp4"
    letter.write_text("Dear bot,\n" * 50)
    await ben.send(channel, files=[life.picture])
    await ben.wait_for(says("Now send me the **video**"))
    await ben.send(channel, files=[letter])
    card = await ben.wait_for(says("There is no video in `letter.mp4`"))
    assert "The rest of what you sent is still here." in text_of(card["message"])
    assert "Now send me the **video**" in text_of(card["message"])
    await ben.send(channel, files=[life.motion])
    await ben.wait_for(says("Shall I make this picture move"))
    assert life.states() == ["checking"]
    assert life.money() == []


async def test_a_gateway_that_drops_loses_no_command(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    life.discord.gateway.reconnect_all()
    await life.until(lambda: life.bot_is_online)
    outcome = await ada.outcome(await ada.use(life.channel("general"), "credits"))
    assert "You can spend 30 credits" in text_of(outcome["message"])


async def test_an_offers_card_stands_below_the_newest_of_its_files(life: Life) -> None:
    """An edit above the file that it answers would go unseen."""
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    other = make_picture(life.folder / "other.png", fmt="PNG")
    await ben.send(channel, files=[life.picture])
    first = (await ben.wait_for(says("Now send me the **video**")))["message"]
    await ben.send(channel, files=[other])
    life.advance(5)
    await ben.wait_for(says("Now send me the **video**"))
    await life.until(lambda: int(first["id"]) not in life.world.dms[channel].messages)
    *_, given, card = await ben.messages(channel)
    assert given["attachments"][0]["filename"] == "other.png"
    assert "other.png" in str(card["components"])
    assert first["id"] not in {message["id"] for message in await ben.messages(channel)}
    assert life.states() == ["checking"]


def card_ids(life: Life) -> list[int | None]:
    """Which message each job's card is, as the bot has saved it."""
    return [row[0] for row in life.rows("SELECT card_message_id FROM jobs")]


async def half_a_request(life: Life) -> tuple[PersonClient, int, Json]:
    """Ben has sent a picture: his client, the channel, and the card that waits for a video."""
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture])
    waiting: Json = (await ben.wait_for(says("Now send me the **video**")))["message"]
    await life.until(lambda: card_ids(life) == [int(waiting["id"])])
    return ben, channel, waiting


async def has_one_offer(ben: PersonClient, channel: int) -> Json:
    """The only card, which stands below all files and can be pressed."""
    *_, file, card = await ben.messages(channel)
    assert file["author"]["id"] == str(ben.user_id)
    assert button(card, "540p")
    cards = [one for one in await ben.messages(channel) if one["author"].get("bot")]
    assert len(cards) == 1
    return card


async def test_a_kill_before_a_card_moves_down_leaves_one_card(life: Life) -> None:
    ben, channel, _ = await half_a_request(life)
    outage = Rule(answers.text(503), server="discord", method="POST")
    life.faults.add(outage)
    await ben.send(channel, files=[life.motion])
    await life.until(lambda: life.rows("SELECT duration_s FROM jobs") != [(None,)], step_s=0.5)
    await life.stop()
    life.faults.rules.remove(outage)
    await life.start()
    offer = (await ben.wait_for(says("Shall I make")))["message"]
    await life.until(lambda: card_ids(life) == [int(offer["id"])])
    assert (await has_one_offer(ben, channel))["id"] == offer["id"]


@pytest.mark.parametrize("later_s", [0, 300])
async def test_a_kill_while_a_card_moves_down_leaves_one_card(life: Life, later_s: float) -> None:
    """The new card stands, and nobody has noted it: within a nonce's life, and after it."""
    ben, channel, waiting = await half_a_request(life)
    before = life.rows("SELECT card_message_id, card_shown FROM jobs")[0]
    await ben.send(channel, files=[life.motion])
    life.advance(5)
    offer = (await ben.wait_for(says("Shall I make")))["message"]
    await life.until(lambda: card_ids(life) == [int(offer["id"])])
    await life.stop()
    life.advance(later_s)
    await life.alter("UPDATE jobs SET card_message_id = ?, card_shown = ?", *before)

    await life.start()
    await life.until(lambda: card_ids(life) == [int(offer["id"])])
    assert (await has_one_offer(ben, channel))["id"] == offer["id"] != waiting["id"]


POST_MESSAGE = "/channels/{channel_id}/messages"


async def test_a_card_whose_reply_was_lost_is_found_and_made_true(life: Life) -> None:
    """Its nonce brings back what it said when it was sent; by now the price is known."""
    ben, channel, _ = await half_a_request(life)
    looked = asyncio.Event()
    slow = Rule(late(looked.wait), server="cdn")
    lost = Rule(resets(after=True), server="discord", method="POST", route=POST_MESSAGE, times=1)
    life.faults.add(slow, lost)
    await ben.send(channel, files=[life.motion])
    await life.until(lambda: lost.times == 0, step_s=0.5)
    looked.set()
    await life.until(lambda: life.rows("SELECT duration_s FROM jobs") != [(None,)], step_s=0.5)
    await life.until(lambda: "Shall I make" in last_text(life, channel), step_s=1)
    newest = max(life.world.dms[channel].messages)
    await life.until(lambda: card_ids(life) == [newest])
    assert int((await has_one_offer(ben, channel))["id"]) == newest


async def test_a_refused_card_leaves_the_one_before_it(life: Life) -> None:
    """It shows there what the new one would have shown."""
    ben, channel, waiting = await half_a_request(life)
    no = answers.error(400, {"message": "no", "code": 50035})
    life.faults.add(Rule(no, server="discord", method="POST", route=POST_MESSAGE))
    await ben.send(channel, files=[life.motion])
    await life.until(lambda: life.rows("SELECT duration_s FROM jobs") != [(None,)], step_s=0.5)
    await ben.wait_for(lambda event: event["type"] == "message_update")
    card = life.world.dms[channel].messages[int(waiting["id"])]
    await life.until(lambda: "Shall I make" in str(card.components), step_s=1)
    assert card_ids(life) == [card.id]


async def test_an_old_card_that_cannot_be_deleted_stops_nothing(life: Life) -> None:
    ben, channel, _ = await half_a_request(life)
    no = answers.error(403, {"message": "no", "code": 50013})
    life.faults.add(Rule(no, server="discord", method="DELETE"))
    await ben.send(channel, files=[life.motion])
    await ben.wait_for(says("Shall I make"))
    await life.until(lambda: "Shall I make" in last_text(life, channel), step_s=1)
    newest = max(life.world.dms[channel].messages)
    await life.until(lambda: card_ids(life) == [newest])


def last_text(life: Life, channel: int) -> str:
    """What the newest message of a direct message says."""
    newest = max(life.world.dms[channel].messages.items())[1]
    return str(newest.components)


async def test_what_is_left_out_of_a_message_is_said(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    notes = life.folder / "notes.txt"
    notes.write_text("And another thing.")
    await ben.send(await ben.open_dm(), files=[life.picture, notes])
    await ben.wait_for(says("left out `notes.txt`"))
    await ben.wait_for(says("Now send me the **video**"))


async def test_who_takes_no_direct_messages_puts_no_error_in_the_log(
    life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    await life.start()
    eve = await life.person("eve")
    await eve.send(await eve.open_dm(), "hello")
    await life.until(lambda: any(seen.status == 403 for seen in life.discord.requests))
    await life.stop()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_an_id_is_found_as_people_paste_it(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    for pasted in (f"`{life.job_id()}`", f" job {life.job_id().upper()} "):
        used = await ada.use(life.channel("general"), "jobs show", {"job": pasted})
        assert life.job_id() in text_of((await ada.outcome(used))["message"])
    used = await ada.use(life.channel("general"), "jobs show", {"job": "nonsense"})
    assert "There is no job `nonsense`" in text_of((await ada.outcome(used))["message"])


async def test_a_bad_half_of_a_request_is_said_at_once(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    still = make_picture(life.folder / "tiny.png", fmt="PNG", size=(20, 30))
    await ben.send(await ben.open_dm(), files=[still])
    await ben.wait_for(says("only 20 × 30 pixels"))
    await life.reaches("failed")
    media = life.folder / "data" / "media"
    await life.until(lambda: not list(media.iterdir()))


async def test_a_still_gif_is_no_video_by_whichever_name(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    gif = make_picture(life.folder / "dance.gif", fmt="GIF")
    files = {"image": life.picture, "video": gif}
    await ada.use(life.channel("general"), "mimic", {}, files)
    await ada.wait_for(says("`dance.gif` is a GIF that does not move"))
    files["video"] = gif.rename(life.folder / "dance.mp4")
    await ada.use(life.channel("general"), "mimic", {}, files)
    await ada.wait_for(says("`dance.mp4` is a GIF", "give a video, or a GIF that does"))
    assert life.money() == []
