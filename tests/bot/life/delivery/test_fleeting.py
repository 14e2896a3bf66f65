"""What came to nothing by its requester's own hand leaves nothing behind in a channel."""

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from tests.bot.life.delivery.test_notices import of_the_bot
from tests.bot.life.world import TOKEN_LIFE_S, Life
from tests.e2e.stage import button, says


async def cancelled(life: Life) -> tuple[PersonClient, Json]:
    """Ben's card, just after he has let his waiting request go."""
    await life.start(max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering")
    await life.mimic(ben)
    card = (await ben.wait_for(says("### In line", to=ben.user_id)))["message"]
    await ben.click(life.channel("general"), int(card["id"]), button(card, "Cancel"))
    life.advance(5.0)
    await ben.wait_for(says("### Cancelled"))
    return ben, card


async def bens(life: Life, ben: PersonClient) -> list[str]:
    """What the channel shows of his request."""
    said = await of_the_bot(ben, life.channel("general"))
    mine = [one for one in said if one["interaction_metadata"]["user"]["id"] == str(ben.user_id)]
    return [text_of(one) for one in mine]


def shown(life: Life) -> str:
    return str(life.rows("SELECT card_shown FROM jobs ORDER BY created_at DESC")[0][0])


async def test_a_cancelled_request_is_gone_after_a_minute(life: Life) -> None:
    ben, _ = await cancelled(life)
    life.advance(40.0)
    await life.clock.until_quiet()
    assert "### Cancelled" in (await bens(life, ben))[0]
    await life.until(lambda: shown(life) == "cancelled:gone", step_s=5.0)
    assert await bens(life, ben) == []


async def test_killed_in_that_minute_it_goes_at_the_next_start(life: Life) -> None:
    ben, _ = await cancelled(life)
    await life.until(lambda: shown(life) == "cancelled")
    await life.stop()
    life.advance(TOKEN_LIFE_S)
    await life.start()
    await life.until(lambda: shown(life) == "cancelled:gone", step_s=1.0)
    assert await bens(life, ben) == []
