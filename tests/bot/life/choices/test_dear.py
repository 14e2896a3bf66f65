"""*Really?*: who wants to be asked above a price is asked before anything is reserved."""

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from tests.bot.life.world import Life
from tests.e2e.stage import button, says


async def asked(life: Life, above: int) -> tuple[PersonClient, Json]:
    """Ada's card, once her request for 2 credits is looked at; she is to be asked above so many."""
    await life.start()
    ada = await life.person("ada")
    await life.alter(
        "INSERT INTO preferences (person_id, notify_directly, ask_above, keep_private)"
        " VALUES (?, '0', ?, '0')",
        ada.user_id,
        above,
    )
    life.provider.workshop.pause()
    await life.mimic(ada)
    card: Json = (await ada.wait_for(says("360p" if above > 1 else "### Make it?")))["message"]
    return ada, card


async def test_above_the_price_it_is_asked_and_holds_once_it_is_pressed(life: Life) -> None:
    ada, card = await asked(life, above=1)
    assert "This costs **2 credits**." in text_of(card)
    assert list(buttons_of(card)) == ["Make it · 2 credits", "Never mind"]
    assert (life.states(), life.money()) == (["checking"], [])
    does = button(card, "Make it · 2 credits")
    for press in [await ada.click(life.channel("general"), int(card["id"]), does) for _ in "ab"]:
        await ada.outcome(press)
    await ada.wait_for(says("learning to move"))
    assert (life.states(), life.money()) == (["rendering"], ["hold"])


async def test_not_answered_before_a_restart_it_still_asks_and_then_goes(life: Life) -> None:
    await asked(life, above=1)
    await life.stop()
    await life.start()
    assert life.rows("SELECT state, is_open FROM jobs") == [("checking", 1)]
    await life.reaches("cancelled", step_s=30.0)
    assert life.money() == []


async def test_up_to_the_price_nothing_is_asked(life: Life) -> None:
    _, card = await asked(life, above=2)
    assert "### Make it?" not in text_of(card)
    await life.reaches("rendering")
