"""What would else be an edit, which notifies nobody: a failure, and a video in an old reply."""

import asyncio
from typing import Any

import pytest

from bot.store.tables import jobs
from engine.api.faults import Mode
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from sandbox.faults import answers
from sandbox.faults.injector import Rule, late, resets
from tests.bot.life.delivery.test_unreachable import delete_channel, kick, rendering
from tests.bot.life.jobs.test_points import POST
from tests.bot.life.jobs.test_review import AGAIN, GIVE_UP, decide, in_review
from tests.bot.life.moderators.desk import desk
from tests.bot.life.provider.test_provider import with_habits
from tests.bot.life.world import TOKEN_LIFE_S, Life
from tests.e2e.stage import button, says

DAY_S = 24 * 3600.0
NO_VIDEO, READY = "there is no video this time", "### Your video is ready"
WAITS = "your video has to wait"
DELETES = (
    ("discord", "DELETE", "/channels/{channel_id}/messages/{message_id}"),
    ("discord", "DELETE", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"),
)


async def of_the_bot(person: PersonClient, channel_id: int, words: str = "") -> list[Json]:
    """The bot's messages there that say this."""
    return [
        message
        for message in await person.messages(channel_id)
        if message["author"].get("bot") and words in text_of(message)
    ]


def told(life: Life) -> tuple[Any, ...]:
    """How the only job's end was told, and by which message."""
    [row] = life.rows("SELECT delivered, delivery_message_id FROM jobs")
    return row


async def is_told(life: Life, how: str) -> None:
    await life.until(lambda: told(life)[0] == how, step_s=1.0)


async def fails(life: Life, channel: str = "general", name: str = "ada") -> PersonClient:
    """Somebody whose only job fails while it renders; nothing of it is awaited."""
    with_habits(life, failure="no subject")
    life.provider.faults.set(Mode.FAILING)
    if not life.bot_is_online:
        await life.start()
    person = await life.person(name)
    await person.outcome(await life.mimic(person, channel))
    await life.reaches("failed", step_s=2.0)
    return person


async def test_a_failure_is_a_new_message_in_the_place_of_its_card(life: Life) -> None:
    ada = await fails(life)
    await is_told(life, "channel")
    [notice] = await of_the_bot(ada, life.channel("general"))
    text = text_of(notice)
    assert NO_VIDEO in text
    assert "give one that shows one person or animal" in text
    assert "You were not charged." in text
    assert [person["id"] for person in notice["mentions"]] == [str(life.world.users["ada"].id)]
    assert not notice["attachments"]
    assert told(life) == ("channel", int(notice["id"]))
    assert life.money() == ["hold", "release"]
    seen = await ada.outcome(
        await ada.click(life.channel("general"), int(notice["id"]), button(notice, "Details"))
    )
    assert seen["ephemeral"]
    await life.stop()
    await life.start()
    assert len(await of_the_bot(ada, life.channel("general"), NO_VIDEO)) == 1


@pytest.mark.parametrize("later_s", [0.0, 3600.0])
async def test_killed_between_the_post_and_the_note_it_is_told_once(
    life: Life, later_s: float
) -> None:
    ada = await fails(life)
    await is_told(life, "channel")
    await life.stop()
    [notice] = await of_the_bot(ada, life.channel("general"))
    await life.alter("UPDATE jobs SET delivered = NULL, delivery_message_id = NULL")
    life.advance(later_s)
    await life.start()
    await is_told(life, "channel")
    assert told(life) == ("channel", int(notice["id"]))
    assert len(await of_the_bot(ada, life.channel("general"))) == 1


@pytest.mark.parametrize("later_s", [0.0, 3600.0])
@pytest.mark.parametrize("was_sent", [False, True])
async def test_killed_while_it_is_sent_it_is_told_once(
    life: Life, was_sent: bool, later_s: float
) -> None:
    """The try is saved by then, and the card still stands."""
    lost = Rule(resets(after=was_sent), *POST)
    life.faults.add(lost)
    ada = await fails(life)
    await life.until(lambda: life.rows("SELECT delivery_tried_at IS NOT NULL FROM jobs") == [(1,)])
    await life.until(lambda: bool(life.faults.struck))
    await life.stop()
    life.faults.rules.remove(lost)
    assert told(life) == (None, None)
    assert await of_the_bot(ada, life.channel("general"))
    life.advance(later_s)
    await life.start()
    await is_told(life, "channel")
    [notice] = await of_the_bot(ada, life.channel("general"))
    assert NO_VIDEO in text_of(notice)


async def test_where_the_past_cannot_be_read_it_is_not_told_twice(life: Life) -> None:
    ada = await fails(life, "nohistory")
    await is_told(life, "channel")
    await life.stop()
    await life.alter("UPDATE jobs SET delivered = NULL, delivery_message_id = NULL")
    life.advance(3600.0)
    await life.start()
    await is_told(life, "kept")
    assert len(await of_the_bot(ada, life.channel("nohistory"), NO_VIDEO)) == 1
    assert not await of_the_bot(ada, await ada.open_dm())


async def test_a_closed_channel_leads_to_the_direct_messages(life: Life) -> None:
    ada = await fails(life, "readonly")
    await is_told(life, "direct")
    [notice] = await of_the_bot(ada, await ada.open_dm())
    assert NO_VIDEO in text_of(notice)
    assert not await of_the_bot(ada, life.channel("readonly"))


async def test_where_nothing_is_open_the_card_alone_says_it(life: Life) -> None:
    eve = await fails(life, "readonly", "eve")
    await is_told(life, "kept")
    await eve.wait_for(says("### That did not work", "You were not charged."))
    [card] = await of_the_bot(eve, life.channel("readonly"))
    assert "### That did not work" in text_of(card)
    assert NO_VIDEO not in text_of(card)


@pytest.mark.parametrize("happens", [delete_channel, kick])
async def test_a_server_that_the_bot_cannot_reach_leads_to_the_direct_messages(
    life: Life, happens: Any
) -> None:
    with_habits(life, failure="no subject")
    life.provider.faults.set(Mode.FAILING)
    ada, card = await rendering(life)
    happens(life, card)
    life.provider.workshop.resume()
    await life.reaches("failed", step_s=2.0)
    await is_told(life, "direct")
    assert len(await of_the_bot(ada, await ada.open_dm(), NO_VIDEO)) == 1


async def test_whoever_has_left_the_server_is_told_where_they_asked(life: Life) -> None:
    with_habits(life, failure="no subject")
    life.provider.faults.set(Mode.FAILING)
    ada, _ = await rendering(life)
    ben = await life.person("ben")
    life.world.remove_member(life.world.guilds["studio"], ada.user_id)
    life.provider.workshop.resume()
    await life.reaches("failed", step_s=2.0)
    await is_told(life, "channel")
    [notice] = await of_the_bot(ben, life.channel("general"))
    assert NO_VIDEO in text_of(notice)


async def test_in_direct_messages_it_takes_the_cards_place_too(life: Life) -> None:
    with_habits(life, failure="no subject")
    life.provider.faults.set(Mode.FAILING)
    await life.start()
    ada = await life.person("ada")
    dm = await ada.open_dm()
    await ada.send(dm, files=[life.picture, life.motion])
    offer = (await ada.wait_for(says("Shall I make this picture move")))["message"]
    await ada.outcome(await ada.click(dm, int(offer["id"]), button(offer, "360p")))
    await life.reaches("failed", step_s=2.0)
    await is_told(life, "channel")
    [notice] = await of_the_bot(ada, dm)
    assert NO_VIDEO in text_of(notice)


async def test_a_card_that_cannot_be_deleted_is_edited(life: Life) -> None:
    for route in DELETES:
        life.faults.add(Rule(answers.error(403, {"message": "Forbidden", "code": 50013}), *route))
    ada = await fails(life)
    await is_told(life, "channel")
    card, notice = await of_the_bot(ada, life.channel("general"), "### That did not work")
    assert NO_VIDEO not in text_of(card)
    assert NO_VIDEO in text_of(notice)


async def test_a_card_that_somebody_has_deleted_hinders_nothing(life: Life) -> None:
    with_habits(life, failure="no subject")
    life.provider.faults.set(Mode.FAILING)
    ada, card = await rendering(life)
    life.world.delete(life.world.channels["general"].messages[int(card["id"])])
    life.provider.workshop.resume()
    await life.reaches("failed", step_s=2.0)
    await is_told(life, "channel")
    assert len(await of_the_bot(ada, life.channel("general"))) == 1


@pytest.mark.parametrize("stays", [False, True])
async def test_after_a_day_the_notice_is_deleted_or_given_up(life: Life, stays: bool) -> None:
    ada = await fails(life)
    await is_told(life, "channel")
    life.advance(DAY_S - 7200.0)
    await life.until(lambda: True, step_s=1.0)
    assert told(life)[1] is not None
    if stays:
        refused = answers.error(403, {"message": "Forbidden", "code": 50013})
        life.faults.add(Rule(refused, *DELETES[0]))
    await life.until(lambda: told(life) == ("channel", None), step_s=600.0)
    assert len(await of_the_bot(ada, life.channel("general"))) == int(stays)
    await life.stop()
    await life.start()
    assert len(await of_the_bot(ada, life.channel("general"))) == int(stays)


async def test_what_a_moderator_cancels_is_told_and_what_its_requester_cancels_is_not(
    life: Life,
) -> None:
    """Neither has failed; but of the first one its requester knows nothing."""
    await life.start(max_running_per_person=1)
    ada, dana = await life.person("ada"), await desk(life, "dana")
    life.provider.workshop.pause()
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    for _ in range(2):
        await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering", "queued", "queued")
    [first, second] = [
        row[0]
        for row in life.rows(
            "SELECT id FROM jobs WHERE state = 'queued' ORDER BY created_at, origin_id"
        )
    ]
    general = life.channel("general")
    await dana.confirmed("moderate cancel", job=first, reason="no room")
    await ada.use(general, "jobs cancel", {"job": second})
    await life.reaches("rendering", "cancelled", "cancelled")
    await ada.wait_for(says(NO_VIDEO, "A moderator has cancelled it.", "You were not charged."))
    await life.until(
        lambda: (
            life.rows("SELECT delivered FROM jobs ORDER BY created_at, origin_id")
            == [(None,), ("channel",), (None,)]
        )
    )
    [notice] = await of_the_bot(ada, general, NO_VIDEO)
    assert first in text_of(notice)


async def test_so_many_at_once_leave_room_for_finished_videos(life: Life) -> None:
    """As after an outage: all are due, and only a few wait for Discord at a time."""
    await fails(life)
    await is_told(life, "channel")
    await life.stop()
    await life.alter(
        "UPDATE jobs SET delivered = NULL, delivery_message_id = NULL, delivery_tried_at = NULL,"
        " delivery_channel_id = NULL, card_message_id = NULL, card_token = NULL"
    )
    columns = [column.name for column in jobs.columns]
    for number in range(12):
        own = {"id": f"'copy{number:06}'", "origin_id": f"{number + 1}", "attempt_id": "NULL"}
        values = ", ".join(own.get(column, column) for column in columns)
        await life.alter(
            f"INSERT INTO jobs ({', '.join(columns)}) SELECT {values} FROM jobs LIMIT 1"
        )
    goes_on = asyncio.Event()
    slow = Rule(late(goes_on.wait), *POST)
    life.faults.add(slow)
    await life.start()

    def under_way() -> int:
        query = "SELECT count(*) FROM jobs WHERE delivery_tried_at IS NOT NULL"
        return int(life.rows(query)[0][0])

    await life.until(lambda: under_way() == 5)
    await life.clock.until_quiet()
    assert under_way() == 5
    goes_on.set()
    life.faults.rules.remove(slow)
    await life.until(lambda: under_way() > 5)


async def test_a_video_in_an_old_reply_is_announced_in_direct_messages(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    life.provider.workshop.pause()
    await life.mimic(ada, "readonly")
    card = (await ada.wait_for(says("learning to move")))["message"]
    life.advance(130.0)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    assert told(life) == ("reply", int(card["id"]))
    await life.until(
        lambda: life.rows("SELECT delivery_channel_id FROM jobs") == [(life.channel("readonly"),)]
    )
    dm = await ada.open_dm()
    [notice] = await of_the_bot(ada, dm)
    assert READY in text_of(notice)
    studio = life.world.guilds["studio"].id
    link = f"https://discord.com/channels/{studio}/{life.channel('readonly')}/{card['id']}"
    assert link in str(notice)
    for later_s in (0.0, 3600.0):  # killed before the note
        await life.stop()
        await life.alter("UPDATE jobs SET delivery_channel_id = ?", dm)
        life.advance(later_s)
        await life.start()
        await life.until(
            lambda: (
                life.rows("SELECT delivery_channel_id FROM jobs WHERE delivered = 'reply'")
                == [(life.channel("readonly"),)]
            )
        )
        assert len(await of_the_bot(ada, dm)) == 1


@pytest.mark.parametrize(("name", "waited_s"), [("eve", 130.0), ("ada", 0.0)])
async def test_it_is_not_where_it_is_quick_or_direct_messages_are_closed(
    life: Life, name: str, waited_s: float
) -> None:
    await life.start()
    person = await life.person(name)
    life.provider.workshop.pause()
    await life.mimic(person, "readonly")
    await person.wait_for(says("learning to move"))
    life.advance(waited_s)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    await life.until(
        lambda: life.rows("SELECT delivery_channel_id FROM jobs") == [(life.channel("readonly"),)]
    )
    assert told(life)[0] == "reply"
    assert life.money() == ["hold", "capture"]
    if name == "ada":
        assert not await of_the_bot(person, await person.open_dm())


async def test_a_reply_that_is_dead_by_then_leads_on_and_is_not_announced(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    life.provider.workshop.pause()
    await life.mimic(ada, "readonly")
    await ada.wait_for(says("learning to move"))
    life.advance(TOKEN_LIFE_S)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    assert not await of_the_bot(ada, await ada.open_dm(), READY)


async def test_a_video_that_waits_for_a_decision_is_told_each_time(life: Life) -> None:
    """Beside its card, and apart from how it ends."""
    await in_review(life, accepted=False)
    ada, dana = await life.person("ada"), await life.person("dana")
    general = life.channel("general")
    await is_told(life, "channel")
    [notice] = await of_the_bot(ada, general, WAITS)
    assert told(life) == ("channel", int(notice["id"]))
    assert [person["id"] for person in notice["mentions"]] == [str(ada.user_id)]
    [(card_id,)] = life.rows("SELECT card_message_id FROM jobs")
    assert f"/{general}/{card_id}" in str(notice)
    assert life.rows("SELECT card_shown FROM jobs") == [("review",)]
    for later_s in (0.0, 3600.0):  # killed before the note
        await life.stop()
        await life.alter("UPDATE jobs SET delivered = NULL, delivery_message_id = NULL")
        life.advance(later_s)
        await life.start()
        await is_told(life, "channel")
        assert len(await of_the_bot(ada, general, WAITS)) == 1
    assert "has the credits back" in await decide(life, dana, GIVE_UP)
    await life.reaches("failed", step_s=1.0)
    await is_told(life, "channel")
    [failure] = await of_the_bot(ada, general, NO_VIDEO)
    assert told(life) == ("channel", int(failure["id"]))
    assert str(card_id) not in {message["id"] for message in await of_the_bot(ada, general)}


async def test_what_was_in_review_is_posted_and_not_taken_for_its_notice(life: Life) -> None:
    await in_review(life, accepted=False)
    ada, dana = await life.person("ada"), await life.person("dana")
    await is_told(life, "channel")
    assert "back in its place" in await decide(life, dana, AGAIN)
    life.provider.workshop.resume()
    await life.reaches("rendering", step_s=1.0)
    assert told(life) == (None, None)
    await life.reaches("delivered", step_s=1.0)
    [post] = await life.posts(ada, life.channel("general"))
    assert told(life) == ("channel", int(post["id"]))
