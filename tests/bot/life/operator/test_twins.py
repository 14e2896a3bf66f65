"""Two bots with one token, each on its own database: every request is one bot's alone."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from sandbox.faults import answers
from sandbox.faults.injector import Rule
from tests.bot.databases import only_sqlite
from tests.bot.life.delivery.test_unreachable import CALLBACK
from tests.bot.life.members.test_mentions import mention
from tests.bot.life.operator.test_alarms import Logs, metrics, submits
from tests.bot.life.operator.test_looking_after import free_port
from tests.bot.life.operator.twin import Twin, slow
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

STOPPED = "I am running twice by mistake"


@pytest.fixture
async def twin(life: Life) -> AsyncIterator[Twin]:
    """Another bot, beside the first one."""
    await life.start()
    async with Twin(life) as twin:
        yield twin


def told(logs: Logs) -> list[str]:
    """What the operator was told to do about another bot, once by each bot that noticed."""
    errors = [entry for entry in logs if entry["log_level"] == "error"]
    return [entry["advice"] for entry in errors if entry["event"] == Alarm.TWIN]


async def ours(life: Life, person: PersonClient, channel: int) -> list[Json]:
    """All that stands there of either bot's."""
    bot = str(life.world.bot_id)
    return [each for each in await person.messages(channel) if each["author"]["id"] == bot]


def all_answered(life: Life) -> bool:
    """Whether each command and press has its first answer."""
    return all(used.acknowledged for used in life.world.interactions.values())


async def is_second(life: Life, twin: Twin, ask: Callable[[], Awaitable[object]]) -> None:
    """Somebody asks, and the twin is faster: it has answered before the other saves anything."""
    before = len(twin.states())
    unanswered = "SELECT 1 FROM jobs WHERE source = 'message' AND card_message_id IS NULL"
    with slow(life.folder / "data"), life.clock.held():
        await ask()
        await life.until(lambda: len(twin.states()) > before and all_answered(life))
        if twin.rows(unanswered):
            await life.until(lambda: not twin.rows(unanswered), step_s=0.5)


async def asks(life: Life, person: PersonClient, channel: int) -> None:
    """`/mimic` in 360p with the usual files."""
    files = {"image": life.picture, "video": life.motion}
    await person.use(channel, "mimic", {"quality": "360p"}, files)


async def place_of(life: Life, person: PersonClient, place: str) -> int:
    """A server's channel, or the person's direct messages."""
    return life.channel("general") if place == "a server" else await person.open_dm()


PLACES = ["a server", "direct messages"]


@pytest.mark.parametrize("place", PLACES)
async def test_a_command_is_one_bots_alone(life: Life, twin: Twin, place: str) -> None:
    ada = await life.person("ada")
    channel = await place_of(life, ada, place)
    with capture_logs() as logs:
        await is_second(life, twin, lambda: asks(life, ada, channel))
        await life.until(lambda: twin.states() == ["delivered"], step_s=0.5)
        await life.reaches("failed", step_s=0.5)
    [advice] = told(logs)
    assert "Stop one of the two, then restart this one" in advice
    assert submits(life) == 1
    assert (life.money(), twin.money()) == ([], ["hold", "capture"])
    await life.clock.until_quiet()
    assert len(await ours(life, ada, channel)) == 2, "the card and the video"
    assert len(await ours(life, ada, await ada.open_dm())) == 2 * (place == "direct messages")


def looks(life: Life) -> int:
    """How often the reply to a command was looked at."""
    path = "/messages/@original"
    return sum(each.method == "GET" and each.path.endswith(path) for each in life.discord.requests)


async def test_a_bot_that_is_slow_to_say_whose_a_reply_is(life: Life, twin: Twin) -> None:
    """It says so when the other one has waited for ten seconds, and before that holds anything."""
    ada, data = await life.person("ada"), life.folder / "data"
    with ExitStack() as twin_is_slow:
        with slow(data):
            await life.mimic(ada)
            await life.until(lambda: all_answered(life))
            twin_is_slow.enter_context(slow(twin.folder))
        await life.until(lambda: looks(life) >= 4, step_s=0.5)
        with slow(data):
            await life.until(lambda: looks(life) >= 5, step_s=0.5)
            twin_is_slow.close()
            await ada.wait_for(says("learning to move"))
    await life.reaches("failed", step_s=0.5)
    await life.until(lambda: twin.states() == ["delivered"], step_s=0.5)
    assert (life.money(), submits(life)) == ([], 1)
    assert len(await ours(life, ada, life.channel("general"))) == 2, "the card and the video"


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("place", PLACES)
async def test_a_plain_message_is_one_bots_alone(
    life: Life, twin: Twin, place: str, at_once: bool
) -> None:
    ben = await life.person("ben")
    channel = await place_of(life, ben, place)

    async def ask() -> None:
        if place == "a server":
            await mention(life, ben, life.picture, life.motion)
        else:
            await ben.send(channel, files=[life.picture, life.motion])

    with capture_logs() as logs:
        if at_once:
            await ask()
        else:
            await is_second(life, twin, ask)
        await ben.wait_for(says("Shall I make"))
        await life.until(lambda: bool(told(logs)), step_s=0.5)
        await life.until(lambda: "cancelled" in life.states() + twin.states(), step_s=0.5)
        [card] = await ours(life, ben, channel)
        await ben.outcome(await ben.click(channel, int(card["id"]), button(card, "360p")))
        ends = ["cancelled", "delivered"]
        await life.until(lambda: sorted(life.states() + twin.states()) == ends, step_s=0.5)
    assert len(told(logs)) == 1
    assert submits(life) == 1
    assert life.money() + twin.money() == ["hold", "capture"]
    assert at_once or life.states() == ["cancelled"]
    assert len(await ours(life, ben, channel)) == 2, "the card and the video"


async def test_half_an_offer_goes_with_its_card(life: Life) -> None:
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture])
    await ben.wait_for(says("Now send me the **video**"))
    async with Twin(life) as twin:
        await is_second(life, twin, lambda: ben.send(channel, files=[life.motion]))
        await life.reaches("cancelled", step_s=0.5)
        [card] = await ours(life, ben, channel)
        assert "Now send me the **picture**" in text_of(card)
        assert twin.states() == ["checking"]


async def test_who_was_second_takes_nothing_until_it_is_started_anew(life: Life) -> None:
    port = free_port()
    await life.start(http_port=port)
    ada, general = await life.person("ada"), life.channel("general")
    async with Twin(life) as twin:
        await is_second(life, twin, lambda: asks(life, ada, general))
        await life.reaches("failed", step_s=0.5)
        assert 'marionette_alarm{cause="twin"} 1.0' in await metrics(port)
        await asks(life, ada, general)  # who has stopped lets the other one answer
        await life.until(lambda: twin.states() == ["delivered"] * 2, step_s=0.5)
        assert life.states() == ["failed"]
    refused = await life.mimic(ada)
    outcome = await ada.outcome(refused)
    assert STOPPED in text_of(outcome["message"])
    assert outcome["ephemeral"]
    assert (life.states(), life.money()) == (["failed"], [])
    await life.stop()
    await life.start()
    await life.mimic(ada)
    await life.reaches("failed", "delivered", step_s=0.5)
    assert submits(life) == 3


async def test_what_waits_is_not_submitted_and_what_runs_ends(life: Life) -> None:
    await life.start(max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await life.mimic(ada)
    await life.reaches("rendering")
    await life.mimic(ben)
    await life.reaches("rendering", "queued")
    async with Twin(life) as twin:
        await is_second(life, twin, lambda: life.mimic(ada))
        await life.reaches("rendering", "queued", "failed", step_s=0.5)
        life.provider.workshop.resume()
        await life.until(lambda: twin.states() == ["delivered"], step_s=1.0)
        await life.reaches("delivered", "queued", "failed", step_s=1.0)
        began = life.clock.time()
        await life.until(lambda: life.clock.time() - began > 300, step_s=10.0)
        assert life.states() == ["delivered", "queued", "failed"]
        await ben.wait_for(says(STOPPED, "keeps its place"))
    await life.stop()
    await life.start()
    await life.reaches("delivered", "delivered", "failed", step_s=1.0)
    assert submits(life) == 3


async def test_a_press_is_answered_by_whoever_has_the_job(life: Life) -> None:
    """The other one has heard of no such job, and cannot know that it is another bot's."""
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture, life.motion])
    card = (await ben.wait_for(says("Shall I make")))["message"]
    async with Twin(life):
        with slow(life.folder / "data"):
            pressed = await ben.click(channel, int(card["id"]), button(card, "Never mind"))
            await asyncio.sleep(0.3)  # the other one would have answered by then
        await ben.outcome(pressed)
        await life.reaches("cancelled", step_s=0.5)
        await life.clock.until_quiet()
        assert "There is no job" not in str(ben.events)


async def test_two_that_have_stopped_refuse_with_one_message(life: Life, twin: Twin) -> None:
    """As where each was second once."""
    ada, ben = await life.person("ada"), await life.person("ben")
    channel = await ben.open_dm()
    with capture_logs() as logs:
        await is_second(life, twin, lambda: life.mimic(ada))
        await life.reaches("failed", step_s=0.5)
        async with Twin(life, "third") as third:
            await is_second_of(life, third, twin, ada)
            await life.until(lambda: len(told(logs)) == 2, step_s=0.5)
        await ben.send(channel, files=[life.picture, life.motion])
        await ben.wait_for(says(STOPPED))
        life.advance(10)
        await life.clock.until_quiet()
        assert len(await ours(life, ben, channel)) == 1
        refused = await ben.outcome(await life.mimic(ben))
        assert STOPPED in text_of(refused["message"])
    assert life.money() == []


async def is_second_of(life: Life, first: Twin, second: Twin, person: PersonClient) -> None:
    """One of two twins is slower, and the bot itself has stopped."""
    with slow(second.folder):
        await life.mimic(person)
        await life.until(lambda: bool(first.states()) and all_answered(life))


async def test_a_lost_answer_of_one_bot_alone_is_no_twin(life: Life) -> None:
    """discord.py sends it again and hears that it is acknowledged already."""
    life.faults.add(Rule(answers.page(502, after=True), *CALLBACK, times=1))
    await life.start()
    ada = await life.person("ada")
    with capture_logs() as logs:
        await life.mimic(ada)
        await life.reaches("delivered", step_s=0.5)
    assert not told(logs)
    assert submits(life) == 1


async def test_a_job_that_the_database_knows_is_no_twins(life: Life) -> None:
    """As of another program on the same database; it is over, and not remembered any more."""
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await life.reaches("delivered", step_s=0.5)
    card = (await ada.wait_for(says("[Your video](")))["message"]
    life.faults.add(Rule(answers.page(502, after=True), *CALLBACK, times=1))
    with capture_logs() as logs:
        await life.mimic(ada)
        channel = life.world.channels["general"]
        await life.until(lambda: len(life.states()) == 2 and len(channel.messages) == 3)
        reply, known = max(channel.messages), channel.messages[int(card["id"])]
        channel.messages[reply].components = known.components
        channel.messages[reply].flags = known.flags
        await life.reaches("delivered", "failed", step_s=0.5)
    assert not told(logs)
    assert life.money() == ["hold", "capture"]


@only_sqlite
async def test_cards_of_a_database_that_was_thrown_away_are_no_twins(life: Life) -> None:
    """A backup has half an offer, and knows nothing of the cards that came after it."""
    data = life.folder / "data"
    await life.start()
    ben = await life.person("ben")
    channel = await ben.open_dm()
    await ben.send(channel, files=[life.picture])
    await ben.wait_for(says("Now send me the **video**"))
    await life.stop()
    await asyncio.to_thread(shutil.copy, data / "marionette.db", life.folder / "backup")
    await life.start()
    await ben.send(channel, files=[life.picture, life.motion])
    await ben.wait_for(says("Shall I make"))
    await life.stop()
    for gone in data.glob("marionette.db-*"):
        gone.unlink()
    await asyncio.to_thread(shutil.copy, life.folder / "backup", data / "marionette.db")
    with capture_logs() as logs:
        await life.start()
        await life.clock.until_quiet()  # the look at half an offer must not last ten minutes
        life.advance(600)
        await ben.send(channel, files=[life.motion])
        await ben.wait_for(says("Shall I make"))
        await life.reaches("checking")
    assert not told(logs)
