"""The cards of plain messages' requests, when the answer to their post is lost."""

import asyncio

import pytest

from sandbox import answers
from sandbox.faults import Fault, Rule, late, resets
from sandbox.person import Json, PersonClient
from tests.bot.life.world import Life
from tests.e2e.stage import says

POST = ("discord", "POST", "/channels/{channel_id}/messages")


async def cards(life: Life, ada: PersonClient, channel_id: int) -> list[Json]:
    found = await ada.messages(channel_id)
    return [message for message in found if message["author"]["id"] == str(life.world.bot_id)]


@pytest.mark.parametrize(
    "fault", [resets(after=True), answers.garbage(after=True)], ids=lambda fault: fault.name
)
async def test_a_card_whose_answer_is_lost_comes_to_show_its_price(
    life: Life, fault: Fault
) -> None:
    """What was posted says "Looking at…", and its nonce would only bring that back."""
    posted = asyncio.Event()
    life.faults.add(Rule(fault, *POST, times=1), Rule(late(posted.wait), "cdn", times=1))
    await life.start()
    ada = await life.person("ada")
    channel_id = await ada.open_dm()
    await ada.send(channel_id, "", [life.picture, life.motion])
    await life.until(lambda: life.faults.struck[fault.name] == 1)
    posted.set()
    await life.until(lambda: bool(life.rows("SELECT 1 FROM jobs WHERE duration_s IS NOT NULL")))
    priced = says("Shall I make this picture move")
    await life.until(lambda: any(map(priced, ada.events)), step_s=0.5)
    assert len(await cards(life, ada, channel_id)) == 1


async def test_a_card_that_a_kill_kept_from_being_saved_is_found_again(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    channel_id = await ada.open_dm()
    await ada.send(channel_id, "", [life.picture])
    await ada.wait_for(says("Got your picture"))
    await life.until(lambda: life.rows("SELECT card_shown IS NULL FROM jobs") == [(0,)])
    await life.stop()
    life.alter("UPDATE jobs SET card_message_id = NULL, card_shown = NULL")
    life.advance(3600.0)  # Discord no longer knows the nonce
    await life.start()
    await ada.send(channel_id, "", [life.motion])
    await ada.wait_for(says("Shall I make this picture move"))
    assert len(await cards(life, ada, channel_id)) == 1


async def test_a_cancelled_drafts_card_is_found_again_too(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    channel_id = await ada.open_dm()
    await ada.send(channel_id, "", [life.picture])
    await ada.wait_for(says("Got your picture"))
    await life.until(lambda: life.rows("SELECT card_shown IS NULL FROM jobs") == [(0,)])
    await life.stop()
    life.alter("UPDATE jobs SET card_message_id = NULL, card_shown = NULL, state = 'cancelled'")
    await life.start()
    await ada.wait_for(says("### Cancelled"))
    assert len(await cards(life, ada, channel_id)) == 1
