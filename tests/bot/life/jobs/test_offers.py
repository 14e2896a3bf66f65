"""The cards of plain messages' requests, when the answer to their post is lost."""

import asyncio

import pytest

from sandbox.clients.person import Json, PersonClient
from sandbox.faults import answers
from sandbox.faults.injector import Fault, Rule, late, resets
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

HISTORY = "/channels/{channel_id}/messages"
MESSAGE = "/channels/{channel_id}/messages/{message_id}"
POST = ("discord", "POST", HISTORY)
FILE = "/attachments/{channel_id}/{attachment_id}/{name}"


async def cards(life: Life, ada: PersonClient, channel_id: int) -> list[Json]:
    found = await ada.messages(channel_id)
    return [message for message in found if message["author"]["id"] == str(life.world.bot_id)]


async def half_an_offer(life: Life) -> tuple[PersonClient, int]:
    """Ada has sent a picture in a direct message, and its card is saved."""
    await life.start()
    ada = await life.person("ada")
    channel_id = await ada.open_dm()
    await ada.send(channel_id, "", [life.picture])
    await ada.wait_for(says("Got your picture"))
    await life.until(lambda: life.rows("SELECT card_shown IS NULL FROM jobs") == [(0,)])
    return ada, channel_id


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
    ada, channel_id = await half_an_offer(life)
    await life.stop()
    await life.alter("UPDATE jobs SET card_message_id = NULL, card_shown = NULL")
    life.advance(3600.0)  # Discord no longer knows the nonce
    await life.start()
    await ada.send(channel_id, "", [life.motion])
    offer = await ada.wait_for(says("Shall I make this picture move"))
    saved = [(int(offer["message"]["id"]),)]
    await life.until(lambda: life.rows("SELECT card_message_id FROM jobs") == saved)
    assert len(await cards(life, ada, channel_id)) == 1


async def test_a_cancelled_offers_card_is_found_again_too(life: Life) -> None:
    ada, channel_id = await half_an_offer(life)
    await life.stop()
    await life.alter(
        "UPDATE jobs SET card_message_id = NULL, card_shown = NULL, state = 'cancelled'"
    )
    await life.start()
    await ada.wait_for(says("### Cancelled"))
    assert len(await cards(life, ada, channel_id)) == 1


async def test_an_offer_is_started_from_a_card_that_was_not_saved(life: Life) -> None:
    """Killed after the earlier card was deleted; then the newer one, which stands, is pressed."""
    ada, channel_id = await half_an_offer(life)
    [(earlier,)] = life.rows("SELECT card_message_id FROM jobs")
    await ada.send(channel_id, "", [life.motion])
    offer = await ada.wait_for(says("Shall I make this picture move"))
    await life.until(lambda: life.rows("SELECT card_message_id FROM jobs") != [(earlier,)])
    await life.alter("UPDATE jobs SET card_message_id = ?", earlier)
    await ada.click(channel_id, int(offer["message"]["id"]), button(offer["message"], "540p"))
    await life.reaches("rendering", step_s=0.5)
    await life.until(lambda: life.rows("SELECT card_shown LIKE 'rendering%' FROM jobs") == [(1,)])
    [card] = await cards(life, ada, channel_id)
    assert card["id"] == offer["message"]["id"]
    assert says("learning to move")({"type": "message_update", "message": card})


async def test_an_earlier_card_that_could_not_be_deleted_goes_after_the_start(life: Life) -> None:
    """Each try to delete it fails until the newer card's button has been pressed."""
    ada, channel_id = await half_an_offer(life)
    rule = Rule(answers.page(503), "discord", "DELETE", MESSAGE)
    life.faults.add(rule)
    await ada.send(channel_id, "", [life.motion])
    priced = says("Shall I make this picture move")
    await life.until(lambda: any(map(priced, ada.events)), step_s=0.5)
    offer = await ada.wait_for(priced)
    await ada.click(channel_id, int(offer["message"]["id"]), button(offer["message"], "540p"))
    await life.reaches("rendering", step_s=0.5)
    life.faults.rules.clear()
    await life.until(
        lambda: life.rows("SELECT card_shown LIKE 'rendering%' FROM jobs") == [(1,)], step_s=0.5
    )
    [card] = await cards(life, ada, channel_id)
    assert card["id"] == offer["message"]["id"]


async def test_a_newer_card_gets_on_while_an_earlier_one_cannot_be_deleted(life: Life) -> None:
    """It was posted while the files were looked at, and their price comes afterwards."""
    ada, channel_id = await half_an_offer(life)
    looked_at = asyncio.Event()
    life.faults.add(
        Rule(answers.page(503), "discord", "DELETE", MESSAGE),
        Rule(late(looked_at.wait), "cdn", "GET", FILE),
    )
    await ada.send(channel_id, "", [life.motion])
    newer = (await ada.wait_for(says("Looking at your picture")))["message"]
    await life.until(lambda: bool(life.faults.struck["503 page before"]))
    looked_at.set()
    priced = says("Shall I make this picture move")
    await life.until(lambda: any(map(priced, ada.events)), step_s=0.5)
    offer = await ada.wait_for(priced)
    assert offer["message"]["id"] == newer["id"]
