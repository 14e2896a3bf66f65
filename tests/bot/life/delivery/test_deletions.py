"""Somebody deletes what the bot has posted: the card no longer links to nothing."""

from functools import partial

import discord
import pytest

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from tests.bot.life.delivery.test_notices import NO_VIDEO, fails, is_told, of_the_bot, told
from tests.bot.life.world import Life
from tests.e2e.stage import is_video, says


@pytest.fixture(autouse=True)
def _servers_messages_are_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the settings: that is what Discord tells of deletions with."""
    monkeypatch.setattr(discord, "Intents", partial(discord.Intents, guild_messages=True))


async def delivered(life: Life) -> tuple[PersonClient, Json]:
    """Ada's finished post, once its card links to it."""
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await life.reaches("delivered", step_s=1.0)
    post: Json = (await ada.wait_for(is_video))["message"]
    await life.until(lambda: shown(life) == "delivered:channel", step_s=1.0)
    return ada, post


def shown(life: Life) -> str:
    return str(life.rows("SELECT card_shown FROM jobs")[0][0])


async def test_the_card_of_a_deleted_post_says_where_the_video_still_is(life: Life) -> None:
    ada, post = await delivered(life)
    dana = await life.person("dana")
    await dana.delete(life.channel("general"), int(post["id"]))
    await life.until(lambda: shown(life) == "delivered:channel:gone", step_s=1.0)
    [card] = await of_the_bot(ada, life.channel("general"))
    text = text_of(card)
    assert "the post was deleted" in text
    [(ended_at,)] = life.rows("SELECT state_since FROM jobs")
    keep_s = life.settings().keep_days * 24 * 3600
    [number] = [one.id for one in life.world.commands.values() if one.body["name"] == "jobs"]
    assert f"</jobs show:{number}> has it until <t:{ended_at + keep_s:.0f}:f>" in text
    assert "https://" not in text
    assert told(life) == ("channel", None)
    used = await ada.use(life.channel("general"), "jobs show", {"job": life.job_id()})
    assert (await ada.outcome(used))["ephemeral"]
    assert life.money() == ["hold", "capture"]


async def test_killed_before_the_card_is_edited_it_is_edited_at_the_next_start(
    life: Life,
) -> None:
    ada, _ = await delivered(life)
    await life.stop()
    await life.alter("UPDATE jobs SET delivery_message_id = NULL")
    await life.start()
    await ada.wait_for(says("the post was deleted"))


async def test_other_messages_and_the_card_itself_change_nothing(life: Life) -> None:
    ada, post = await delivered(life)
    general = life.channel("general")
    others = [await ada.send(general, "hello") for _ in range(3)]
    [card] = [message for message in await of_the_bot(ada, general) if message["id"] != post["id"]]
    for message in others:
        await ada.delete(general, int(message["id"]))
    life.world.delete(life.world.channels["general"].messages[int(card["id"])])
    life.advance(5.0)
    await life.clock.until_quiet()
    assert told(life) == ("channel", int(post["id"]))
    assert shown(life) == "delivered:channel"


async def test_a_notice_that_a_moderator_deletes_is_not_posted_again(life: Life) -> None:
    ada = await fails(life)
    await is_told(life, "channel")
    [notice] = await of_the_bot(ada, life.channel("general"), NO_VIDEO)
    dana = await life.person("dana")
    await dana.delete(life.channel("general"), int(notice["id"]))
    await life.until(lambda: told(life) == ("channel", None), step_s=1.0)
    await life.stop()
    await life.start()
    assert not await of_the_bot(ada, life.channel("general"))
