"""A mention of the bot in a server, with files: a request among other people's messages."""

from pathlib import Path

import pytest

from bot.core.jobs import HALF_LIFE_S, MENTION_LIFE_S
from bot.services.small_talk import QUIET_S
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.state.model import User
from tests.bot.life.moderators.deeds import add_patrons, choose, settings
from tests.bot.life.world import Life
from tests.e2e.stage import button, says


async def mention(
    life: Life,
    person: PersonClient,
    *files: Path,
    channel: str = "general",
    said: str = "",
    spoiler: bool = False,
) -> Json:
    """Write to the bot where others read along."""
    words = f"<@{life.world.bot_id}> {said}"
    return await person.send(life.channel(channel), words, files, spoiler=spoiler)


async def offered(life: Life, person: PersonClient, *files: Path, channel: str = "general") -> Json:
    """The offer that a mention with both files gets."""
    await mention(life, person, *(files or (life.picture, life.motion)), channel=channel)
    card: Json = (await person.wait_for(says("Shall I make")))["message"]
    return card


async def answers(life: Life, person: PersonClient, channel_id: int) -> list[Json]:
    """What the bot has said in a channel, as somebody sees it."""
    bot = str(life.world.bot_id)
    return [said for said in await person.messages(channel_id) if said["author"]["id"] == bot]


async def is_quiet(life: Life, person: PersonClient, channel: str = "general") -> None:
    """Whatever was written there has been looked at, and nothing more is answered."""
    before = len(await answers(life, person, life.channel(channel)))
    await person.send(await person.open_dm(), "hello")
    await person.wait_for(says("### I make a still picture move"))
    life.advance(5)
    await life.clock.until_quiet()
    assert len(await answers(life, person, life.channel(channel))) == before


async def test_a_mention_with_both_files_is_a_request_of_that_server(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    asked = await mention(life, ben, life.picture, life.motion, said="please")
    card = (await ben.wait_for(says("Shall I make")))["message"]
    assert card["message_reference"]["message_id"] == asked["id"]
    assert card["mentions"] == [], "a reply pings nobody"
    assert "Only whoever asked can press this." in text_of(card)
    general = life.channel("general")
    await ben.outcome(await ben.click(general, int(card["id"]), button(card, "360p")))
    await life.reaches("delivered", step_s=1.0)
    done = (await ben.wait_for(says("[Your video](")))["message"]
    assert done["id"] == card["id"]
    [post] = await life.posts(ben, general)
    assert [user["id"] for user in post["mentions"]] == [str(ben.user_id)]
    studio = life.world.guilds["studio"].id
    assert life.rows("SELECT server_id, is_direct, channel_id FROM jobs") == [(studio, 0, general)]
    held = "SELECT server_id, person_id FROM entries WHERE kind = 'hold'"
    assert life.rows(held) == [(studio, ben.user_id)]


async def test_nobody_else_can_press_it(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    card = await offered(life, ben)
    general = life.channel("general")
    for label in ("360p", "Never mind"):
        pressed = await ada.click(general, int(card["id"]), button(card, label))
        outcome = await ada.outcome(pressed)
        assert outcome["ephemeral"]
        assert "somebody else's" in text_of(outcome["message"])
    assert life.states() == ["checking"]


def stands(life: Life, card: Json, channel: str = "general") -> bool:
    return int(card["id"]) in life.world.channels[channel].messages


@pytest.mark.parametrize("life_s", [MENTION_LIFE_S, HALF_LIFE_S])
async def test_it_goes_away_if_nobody_takes_it(life: Life, life_s: float) -> None:
    await life.start()
    ben = await life.person("ben")
    await mention(life, ben, life.picture, *([life.motion] if life_s == MENTION_LIFE_S else []))
    card = (await ben.wait_for(says("Only whoever asked can press", "Unused")))["message"]
    ends_at = int(text_of(card).rpartition("<t:")[2].partition(":")[0])
    assert ends_at - life.clock.time() == pytest.approx(life_s, abs=5)
    life.advance(life_s - 5)
    assert life.states() == ["checking"]
    assert stands(life, card)
    await life.until(lambda: not stands(life, card), step_s=1.0)
    assert life.states() == ["cancelled"]
    assert life.money() == []


async def test_it_goes_away_when_it_is_not_wanted(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    card = await offered(life, ben)
    await ben.click(life.channel("general"), int(card["id"]), button(card, "Never mind"))
    await life.until(lambda: not stands(life, card), step_s=0.5)
    assert life.states() == ["cancelled"]


@pytest.mark.parametrize("is_saved", [True, False])
async def test_it_goes_away_after_a_restart_too(life: Life, is_saved: bool) -> None:
    await life.start()
    ben = await life.person("ben")
    card = await offered(life, ben)
    saved = [(int(card["id"]),)]
    await life.until(lambda: life.rows("SELECT card_message_id FROM jobs") == saved)
    await life.stop()
    if not is_saved:  # killed between the post and the note of it
        await life.alter("UPDATE jobs SET card_message_id = NULL, card_shown = NULL")
    life.advance(MENTION_LIFE_S)
    await life.start()
    await life.until(lambda: not stands(life, card), step_s=0.5)
    assert life.states() == ["cancelled"]


async def test_a_kill_before_its_card_is_deleted_leaves_none(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    card = await offered(life, ben)
    await life.stop()
    await life.alter("UPDATE jobs SET state = 'cancelled', revision = revision + 1")
    await life.start()
    await life.until(lambda: not stands(life, card), step_s=0.5)


async def test_its_files_may_come_one_after_the_other(life: Life) -> None:
    """By another mention, or in a reply to the card, which mentions the bot by itself."""
    await life.start()
    ben = await life.person("ben")
    general = life.channel("general")
    await mention(life, ben, life.picture)
    half = (await ben.wait_for(says("Got your picture", "Reply to this with it")))["message"]
    saved = [(int(half["id"]),)]
    await life.until(lambda: life.rows("SELECT card_message_id FROM jobs") == saved)
    life.advance(35)
    await ben.send(general, "", [life.motion], reply_to=int(half["id"]))
    card = (await ben.wait_for(says("Shall I make")))["message"]
    assert card["id"] != half["id"]
    await life.until(lambda: not stands(life, half), step_s=0.5)
    life.advance(35)
    await life.clock.until_quiet()
    assert stands(life, card), "its minute begins anew"
    await mention(life, ben, life.picture)
    newer = await ben.wait_for(
        lambda event: says("Shall I make")(event) and event["message"]["id"] != card["id"]
    )
    await life.until(lambda: not stands(life, card), step_s=0.5)
    pressed = button(newer["message"], "360p")
    await ben.click(general, int(newer["message"]["id"]), pressed)
    await life.reaches("rendering")


async def test_half_of_it_elsewhere_is_another_request(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    direct = await ben.open_dm()
    await ben.send(direct, files=[life.picture])
    own = (await ben.wait_for(says("Got your picture")))["message"]
    await mention(life, ben, life.motion)
    first = (await ben.wait_for(says("Got the motion")))["message"]
    await mention(life, ben, life.picture, channel="showroom")
    await ben.wait_for(says("Got your picture", "Reply to this"))
    await life.until(lambda: not stands(life, first), step_s=0.5)
    await life.reaches("checking", "cancelled", "checking")
    await ben.send(direct, files=[life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    assert card["channel_id"] == str(direct)
    assert own["id"] != card["id"]


async def test_a_mere_reply_asks_for_nothing(life: Life) -> None:
    """It mentions the bot all the same, and so Discord hands it over."""
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    general = life.channel("general")
    await life.mimic(ben)
    await life.reaches("delivered", step_s=1.0)
    [post] = await life.posts(ben, general)
    await ada.send(general, "wow", reply_to=int(post["id"]))
    await ada.send(general, "", [life.picture, life.motion], reply_to=int(post["id"]))
    await is_quiet(life, ada)
    assert life.states() == ["delivered"]


async def test_a_reply_to_anothers_offer_brings_it_nothing(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await mention(life, ben, life.picture)
    half = (await ben.wait_for(says("Got your picture")))["message"]
    await ada.send(life.channel("general"), "", [life.motion], reply_to=int(half["id"]))
    await is_quiet(life, ada)
    assert life.rows("SELECT person_id, motion FROM jobs") == [(ben.user_id, None)]


async def test_a_mention_without_files_gets_one_hint_in_a_while(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    for number in range(20):
        await mention(life, ben, said=f"hi {number}")
    hint = (await ben.wait_for(says("Mention me in a message with a **picture**")))["message"]
    assert hint["type"] == 19
    assert hint["mentions"] == []
    await is_quiet(life, ben)
    assert len(await answers(life, ben, life.channel("general"))) == 1
    life.advance(QUIET_S)
    await mention(life, ben)
    await ben.wait_for(says("Mention me in a message with a **picture**"))
    assert life.states() == []


async def test_files_of_the_message_that_it_answers_are_not_taken(life: Life) -> None:
    """Discord hands them over only where that message mentions the bot itself."""
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    general = life.channel("general")
    theirs = await ada.send(general, "look", [life.picture, life.motion])
    await ben.send(general, f"<@{life.world.bot_id}>", reply_to=int(theirs["id"]))
    await ben.wait_for(says("Mention me in a message with a **picture**"))
    assert life.states() == []


async def test_what_does_not_mention_it_is_none_of_its_business(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await ada.send(life.channel("general"), "look", [life.picture, life.motion])
    await ada.send(life.channel("general"), f"<@{ben.user_id}>", [life.picture, life.motion])
    await is_quiet(life, ada)
    assert life.states() == []


async def test_other_bots_are_not_answered(life: Life) -> None:
    life.world.users["echo"] = User(life.world.bot_id + 1, "echo", "Echo", bot=True)
    await life.start()
    ada = await life.person("ada")
    message = life.world.new_message(life.world.channels["general"], life.world.bot_id + 1)
    message.content = f"<@{life.world.bot_id}> hi"
    message.mention_ids = [life.world.bot_id]
    life.world.post(message)
    await is_quiet(life, ada)


async def test_with_the_setting_off_it_hears_nothing(life: Life) -> None:
    await life.start(answer_mentions=False)
    ben = await life.person("ben")
    await mention(life, ben, life.picture, life.motion)
    await is_quiet(life, ben)
    assert life.states() == []


async def test_where_it_may_not_post_the_offer_comes_directly(life: Life) -> None:
    """The server's wallet pays all the same, with the roles there."""
    patron = add_patrons(life, "ben")
    await life.start(allowance_credits=0)
    ada, ben = await life.person("ada"), await life.person("ben")
    studio = life.world.guilds["studio"].id
    await life.alter("INSERT INTO roles VALUES (?, ?, 9, '[]', '[]')", studio, patron)
    direct = await ben.open_dm()
    card = await offered(life, ben, channel="readonly")
    assert card["channel_id"] == str(direct)
    await ben.outcome(await ben.click(direct, int(card["id"]), button(card, "360p")))
    await life.reaches("delivered", step_s=1.0)
    held = "SELECT server_id FROM entries WHERE kind = 'hold'"
    assert life.rows(held) == [(studio,)]
    [post] = await life.posts(ben, direct)
    done = (await ben.wait_for(says("[Your video](")))["message"]
    assert f"/channels/@me/{direct}/{post['id']}" in text_of(done)
    assert await answers(life, ada, life.channel("readonly")) == []


async def test_where_it_may_post_nowhere_the_request_ends(life: Life) -> None:
    await life.start()
    eve = await life.person("eve")
    await mention(life, eve, life.picture, life.motion, channel="readonly")
    await life.until(lambda: life.states() == ["cancelled"], step_s=5.0)
    assert life.money() == []


async def test_where_it_may_not_read_back_it_answers_without_a_reply(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    await mention(life, ben, channel="nohistory")
    assert (await ben.wait_for(says("Mention me")))["message"]["type"] == 0
    card = await offered(life, ben, channel="nohistory")
    assert "message_reference" not in card
    await life.until(lambda: not stands(life, card, "nohistory"), step_s=2.0)


async def test_the_servers_rules_hold(life: Life) -> None:
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    card = await settings(life, ada, "channels")
    await choose(ada, life.channel("general"), card, life.channel("showroom"))
    for _ in range(3):
        await mention(life, ben, life.picture, life.motion)
    said = await ben.wait_for(
        says(f"In this server videos are made in <#{life.channel('showroom')}>")
    )
    assert said["message"]["type"] == 19
    await is_quiet(life, ben)
    mine = await answers(life, ben, life.channel("general"))
    assert sum("videos are made in" in text_of(one) for one in mine) == 1, "told once in a row"
    life.world.start_thread("sketches", life.world.channels["showroom"], ben.user_id)
    offer = await offered(life, ben, channel="sketches")
    await ben.click(life.channel("sketches"), int(offer["id"]), button(offer, "360p"))
    await life.reaches("delivered", step_s=1.0)
    assert len(await life.posts(ben, life.channel("sketches"))) == 1


async def test_in_a_server_that_is_not_open_that_is_all_it_says(life: Life) -> None:
    await life.start(allowed_servers=frozenset({life.world.guilds["garden"].id}))
    ben = await life.person("ben")
    await mention(life, ben)
    await ben.wait_for(says("The operator of this bot has not opened it for this server"))
    await mention(life, ben, life.picture, life.motion)
    await mention(life, ben)
    await life.clock.until_quiet()
    assert len(await answers(life, ben, life.channel("general"))) == 1
    assert life.states() == []


async def test_what_is_personal_is_told_directly_and_once(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    studio = life.world.guilds["studio"].id
    await life.alter("INSERT INTO blocks VALUES (?, ?, NULL, 'enough')", studio, ben.user_id)
    for _ in range(3):
        await mention(life, ben, life.picture, life.motion)
    said = (await ben.wait_for(says("You are blocked here for good", "enough")))["message"]
    assert said["channel_id"] == str(await ben.open_dm())
    await is_quiet(life, ben)
    assert await answers(life, ben, life.channel("general")) == []
    assert life.states() == []


async def test_a_file_that_is_none_is_told_as_a_reply(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    letter, notes = life.folder / "letter.mp4", life.folder / "notes.txt"
    letter.write_text("Dear bot,\n" * 50)
    notes.write_text("Dear bot,")
    await mention(life, ben, letter)
    await ben.wait_for(says("There is no video in `letter.mp4`", "You were not charged."))
    await mention(life, ben, notes)
    await ben.wait_for(says("`notes.txt` is neither a picture nor a video"))
    await mention(life, ben, life.picture, notes)
    await ben.wait_for(says("left out `notes.txt`"))
    await life.reaches("failed", "checking")


async def test_what_was_a_spoiler_stays_one(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    await mention(life, ben, life.picture, life.motion, spoiler=True)
    card = (await ben.wait_for(says("Shall I make")))["message"]
    assert "'spoiler': True" in str(card["components"])
    await ben.click(life.channel("general"), int(card["id"]), button(card, "360p"))
    await life.reaches("delivered", step_s=1.0)
    [post] = await life.posts(ben, life.channel("general"))
    assert post["attachments"][0]["filename"].startswith("SPOILER_")


async def test_one_person_has_one_offer_in_all_channels(life: Life) -> None:
    """Whoever mentions it again and again leaves one card, whatever they send."""
    await life.start()
    ben = await life.person("ben")
    for channel in ("general", "showroom", "general"):
        newest = await mention(life, ben, life.picture, life.motion, channel=channel)
    await life.until(lambda: life.states() == ["cancelled", "cancelled", "checking"], step_s=0.5)

    def has_one() -> bool:
        cards = [
            message
            for channel in ("general", "showroom")
            for message in life.world.channels[channel].messages.values()
            if message.author_id == life.world.bot_id
        ]
        return len(cards) == 1 and "Shall I make" in str(cards[0].components)

    await life.until(has_one, step_s=0.5)
    assert life.rows("SELECT origin_id FROM jobs WHERE state = 'checking'") == [
        (int(newest["id"]),)
    ]
