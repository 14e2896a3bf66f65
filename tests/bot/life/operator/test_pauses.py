"""The operator stops new work beside the running bot: told on cards, nothing lost, nothing sent."""

from bot.core import ledger
from bot.core.ledger import Period
from sandbox.clients.transcript import text_of
from tests.bot.life.moderators.deeds import refused
from tests.bot.life.operator.test_doctor import examine
from tests.bot.life.operator.test_operator import typed, waiting
from tests.bot.life.world import Life
from tests.e2e.stage import says

SHOWN = "SELECT card_shown FROM jobs WHERE state = 'queued'"


async def shows_halt(life: Life) -> None:
    """Until every waiting card says that it is held back; a minute at most."""
    began = life.clock.time()
    await life.until(
        lambda: all(str(row[0]).startswith("queued:halt") for row in life.rows(SHOWN)), step_s=1.0
    )
    assert life.clock.time() - began <= 60


async def test_a_paused_bot_finishes_what_runs_and_starts_nothing(life: Life) -> None:
    await waiting(life)
    ada, ben = await life.person("ada"), await life.person("ben")
    told = await typed(life, "pause", "--reason", "the bill is being looked at")
    assert told == {"paused": [{"server_id": None, "reason": "the bill is being looked at"}]}
    paused = "My operator has paused me: I start nothing new for now. The reason given is: the bill"
    assert paused in await refused(life, ben)  # at once
    await shows_halt(life)
    await ada.wait_for(says("### In line", paused, "Your request keeps its place"))

    life.provider.workshop.resume()
    await life.reaches("delivered", "queued", step_s=5.0)
    for _ in range(6):
        life.advance(30.0)
        await life.clock.until_quiet()
    assert life.states() == ["delivered", "queued"]
    assert len(life.provider.accepted) == 1

    await life.stop()
    assert "\nPaused in the whole bot  the bill is being looked at\n" in (await examine(life))[0]
    await life.start(max_running=1)  # and after a restart
    assert paused in await refused(life, ben)
    assert await typed(life, "resume") == {"paused": []}
    await life.reaches("delivered", "delivered", step_s=5.0)
    assert len(life.provider.accepted) == 2
    assert life.money() == ["hold", "hold", "capture", "capture"]


async def test_a_paused_server_holds_up_nobody_else(life: Life) -> None:
    await waiting(life)
    ben, cleo = await life.person("ben"), await life.person("cleo")
    studio = life.world.guilds["studio"].id
    await typed(life, f"pause --server {studio} --reason spam")
    await shows_halt(life)
    assert "My operator has paused me here" in await refused(life, ben)
    await life.mimic(cleo, "lawn")
    await life.reaches("rendering", "queued", "queued")
    life.provider.workshop.resume()
    await life.reaches("delivered", "queued", "delivered", step_s=5.0)


async def test_an_offer_says_that_it_cannot_be_taken_now_and_then_that_it_can(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    message = life.world.dms[channel].messages[int(card["id"])]
    await typed(life, "pause --server 0", "--reason", "a test")
    await life.until(lambda: "has paused me here" in str(message.components), step_s=1.0)
    await typed(life, "resume --server 0")
    await life.until(lambda: "paused me" not in str(message.components), step_s=1.0)


async def test_a_person_can_be_kept_from_the_whole_bot(life: Life) -> None:
    await waiting(life)
    ada, finn = await life.person("ada"), life.world.users["ada"].id
    done = await typed(life, f"quota block --person {finn} --until 2h", "--reason", "stolen card")
    assert len(done["done"]["cancelled"]) == 1
    assert done["now"] is None
    blocked = "My operator has blocked you until"
    assert blocked in await refused(life, ada)
    assert blocked in await refused(life, ada, "lawn")
    channel = await ada.open_dm()
    await ada.send(channel, files=[life.picture, life.motion])
    await ada.wait_for(says(blocked, "stolen card"))
    past = await typed(life, "quota history")
    assert [line["kind"] for line in past["lines"]] == ["block"]
    await typed(life, f"quota unblock --person {finn}")
    outcome = await ada.outcome(await life.mimic(ada))
    assert "blocked" not in text_of(outcome["message"] or {})
    await life.reaches("rendering", "cancelled", "queued")


async def test_one_person_uses_up_their_share_and_nobody_elses(life: Life) -> None:
    await life.start(daily_person_cap_credits=3)
    cleo, ada = await life.person("cleo"), await life.person("ada")
    await life.mimic(cleo)
    await life.reaches("rendering")
    await life.mimic(cleo, "lawn")
    renews = f"<t:{ledger.period_end(Period.DAY, life.clock.time()):.0f}:R>"
    await cleo.wait_for(
        says("you have 1 left of what one person may use in a day, all servers together", renews)
    )
    outcome = await cleo.outcome(await cleo.use(life.channel("lawn"), "credits", {}))
    assert "You can spend 1 credit" in text_of(outcome["message"])
    await life.mimic(ada, "lawn")
    await life.reaches("rendering", "failed", "rendering")


async def test_a_cap_made_smaller_holds_back_what_waits_and_nobody_behind_it(life: Life) -> None:
    life.noon()
    await waiting(life)  # two of ada's, 2 credits each
    cleo = await life.person("cleo")
    await life.mimic(cleo, "lawn")
    await life.reaches("rendering", "queued", "queued")
    await life.stop()
    await life.start(max_running=1, daily_person_cap_credits=3)
    halted = "SELECT card_shown FROM jobs WHERE card_shown LIKE 'queued:halt%'"
    await life.until(lambda: len(life.rows(halted)) == 1, step_s=1.0)
    life.provider.workshop.resume()
    await life.reaches("delivered", "queued", "delivered", step_s=5.0)
    assert len(life.provider.accepted) == 2
    life.advance(12 * 3600.0)
    await life.reaches("delivered", "delivered", "delivered", step_s=5.0)
