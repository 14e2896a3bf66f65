"""An offer says what can be paid now, and becomes true again by itself."""

from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.schema.parts import walk
from tests.bot.life.operator.test_operator import typed
from tests.bot.life.world import Life
from tests.e2e.stage import button, says


def closed(card: Json) -> list[str]:
    """The qualities whose buttons cannot be pressed."""
    found = [part for part in walk(card["components"]) if part.get("disabled")]
    return [part["label"][:4] for part in found]


async def offered(life: Life, person: PersonClient, *words: str) -> tuple[int, Json]:
    """A direct message with both files: its channel, and the offer."""
    channel = await person.open_dm()
    await person.send(channel, files=[life.picture, life.motion])
    return channel, (await person.wait_for(says("Shall I make", *words)))["message"]


async def shows(life: Life, person: PersonClient, channel: int, card: Json, *words: str) -> Json:
    """Wait until the card says this, and return it."""
    message = life.world.dms[channel].messages[int(card["id"])]
    await life.until(lambda: all(word in str(message.components) for word in words), step_s=0.5)
    return next(one for one in await person.messages(channel) if one["id"] == card["id"])


async def test_what_another_job_takes_is_told_on_the_offer(life: Life) -> None:
    """Two seconds cost 2 credits in 360p and 540p, and 3 in 720p."""
    await life.start(dm_allowance_credits=4, max_running=1)
    ben = await life.person("ben")
    life.provider.workshop.pause()
    channel, card = await offered(life, ben, "You have **4 credits**")
    assert closed(card) == []
    files = {"image": life.picture, "video": life.motion}
    await ben.use(channel, "mimic", {"quality": "360p"}, files)
    now = await shows(life, ben, channel, card, "You have **2 credits**")
    assert closed(now) == ["720p"]
    assert "**720p**: more than you have. Your allowance renews <t:" in text_of(now)


async def test_what_is_given_back_is_told_too(life: Life) -> None:
    await life.start(dm_allowance_credits=4, max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering")
    files = {"image": life.picture, "video": life.motion}
    direct = await ben.open_dm()
    await ben.use(direct, "mimic", {"quality": "360p"}, files)
    waiting = (await ben.wait_for(says("### In line", to=ben.user_id)))["message"]
    channel, card = await offered(life, ben, "You have **2 credits**")
    assert closed(card) == ["720p"]
    await ben.click(channel, int(waiting["id"]), button(waiting, "Cancel"))
    now = await shows(life, ben, channel, card, "You have **4 credits**")
    assert closed(now) == []


async def test_what_the_operator_grants_beside_the_bot_is_told(life: Life) -> None:
    await life.start(dm_allowance_credits=1)
    ben = await life.person("ben")
    channel, card = await offered(life, ben, "You have **1 credit**")
    assert closed(card) == ["360p", "540p", "720p"]
    assert "**360p**, **540p**, **720p**: more than you can have at once." in text_of(card)
    await typed(life, f"quota grant --server 0 --person {ben.user_id} --credits 5 --reason gift")
    now = await shows(life, ben, channel, card, "You have **6 credits**")
    assert closed(now) == []


async def test_a_renewed_allowance_is_told_within_minutes(life: Life) -> None:
    life.noon()
    await life.start(dm_allowance_credits=4)
    ben = await life.person("ben")
    channel, card = await offered(life, ben)
    await ben.click(channel, int(card["id"]), button(card, "540p"))
    await life.reaches("delivered", step_s=2.0)
    channel, card = await offered(life, ben, "You have **2 credits**")
    life.advance(12 * 3600.0)
    now = await shows(life, ben, channel, card, "You have **4 credits**")
    assert closed(now) == []


async def test_a_press_that_is_refused_makes_the_card_true(life: Life) -> None:
    """What others spend edits nobody's cards, and is judged when a button is pressed."""
    await life.start(daily_budget_credits=4)
    ada, ben = await life.person("ada"), await life.person("ben")
    channel, card = await offered(life, ben)
    await ada.outcome(await life.mimic(ada))
    await life.reaches("checking", "rendering")
    pressed = await ben.outcome(await ben.click(channel, int(card["id"]), button(card, "720p")))
    assert pressed["ephemeral"]
    assert "today's budget for everybody has 2 left" in text_of(pressed["message"])
    now = await shows(life, ben, channel, card, "more than is left of today’s budget")
    assert closed(now) == ["720p"]
    await ben.outcome(await ben.click(channel, int(card["id"]), button(now, "540p")))
    await life.until(lambda: life.money() == ["hold", "hold"])


async def test_where_nothing_can_be_paid_the_card_says_when_it_can(life: Life) -> None:
    await life.start(daily_budget_credits=2)
    ada, ben = await life.person("ada"), await life.person("ben")
    channel, card = await offered(life, ben)
    await ada.outcome(await life.mimic(ada))
    await life.reaches("checking", "rendering")
    await ben.outcome(await ben.click(channel, int(card["id"]), button(card, "540p")))
    now = await shows(life, ben, channel, card, "today’s budget for everybody is spent. It renews")
    assert closed(now) == ["360p", "540p", "720p"]
