"""A provider that is down for long: who is told what, what is held, and how it ends by itself."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp.web import Request
from structlog.testing import capture_logs

from bot.alarms import Alarm
from engine.api.faults import Mode
from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from sandbox.faults import answers
from sandbox.faults.injector import Rule
from tests.bot.life.jobs.test_points import POLL, SUBMIT
from tests.bot.life.operator.test_alarms import errors, over
from tests.bot.life.provider.test_provider import posts
from tests.bot.life.world import Life
from tests.e2e.stage import button, is_video, says

UNAVAILABLE = "The video service is unavailable right now. Please try again later."
PLACE_KEPT = "Your request keeps its place and goes on by itself; you can also cancel it."
REFUSED = answers.error(401, {"error": "Invalid API key"})


async def outage(life: Life) -> PersonClient:
    """Everything answers 503, and Ada's first job was lost in it: her second one waits."""
    await life.start(max_running_per_person=1)
    ada = await life.person("ada")
    life.provider.faults.set(Mode.DOWN)
    await ada.outcome(await life.mimic(ada))
    await life.reaches("submitting")
    ben = await life.person("ben")
    await ben.outcome(await life.mimic(ben))
    await life.until(lambda: life.states() == ["submitting", "queued"])
    return ben


async def is_told(life: Life, person: PersonClient) -> bool:
    """Whether a new request is refused at once, privately, and leaves nothing behind."""
    before = len(life.states())
    outcome = await person.outcome(await life.mimic(person))
    if not outcome["ephemeral"]:
        return False
    assert UNAVAILABLE in text_of(outcome["message"])
    assert len(life.states()) == before
    return True


async def test_new_requests_are_told_at_once_for_as_long_as_it_lasts(life: Life) -> None:
    """Also between the tries, and while one is made; what waits keeps its place and its hold."""
    ben = await outage(life)
    cleo = await life.person("cleo")
    await life.until(lambda: questions(life) >= 1, step_s=1.0)
    began = life.clock.time()
    await ben.wait_for(says(PLACE_KEPT, to=life.world.users["ben"].id))
    while life.clock.time() - began < 1200:
        assert await is_told(life, cleo)
        life.advance(20.0)
    assert life.states() in (["submitting", "queued"], ["review", "queued"])
    assert life.money() == ["hold", "hold"]
    assert posts(life) == 1, "nobody's job was risked to find out"

    life.provider.faults.set(Mode.WELL)
    await life.until(lambda: "delivered" in life.states(), step_s=5.0)
    await ben.wait_for(is_video)
    assert not await is_told(life, cleo)


def questions(life: Life) -> int:
    """How often the provider was asked whether it answers at all."""
    return sum("00000000-0000-4000" in seen.path for seen in life.provider.requests)


async def by_button(life: Life, person: PersonClient) -> str:
    """The start button of an offer that was priced before the outage."""
    channel = await person.open_dm()
    card = next(event["message"] for event in person.events if says("Shall I make")(event))
    pressed = await person.click(channel, int(card["id"]), button(card, "540p"))
    return text_of((await person.outcome(pressed))["message"])


async def by_message(life: Life, person: PersonClient) -> str:
    """A plain message with both files."""
    channel = await person.open_dm()
    await person.send(channel, files=[life.picture, life.motion])
    return text_of((await person.wait_for(says(UNAVAILABLE)))["message"])


@pytest.mark.parametrize("ask", [by_button, by_message])
async def test_direct_messages_are_told_as_well(
    life: Life, ask: Callable[[Life, PersonClient], Awaitable[str]]
) -> None:
    await life.start(max_running_per_person=1)
    cleo = await life.person("cleo")
    await cleo.send(await cleo.open_dm(), files=[life.picture, life.motion])
    await cleo.wait_for(says("Shall I make"))
    life.provider.faults.set(Mode.DOWN)
    for name in ("ada", "ben"):
        person = await life.person(name)
        await person.outcome(await life.mimic(person))
    await life.until(lambda: questions(life) >= 1, step_s=1.0)
    before = life.money()
    assert UNAVAILABLE in await ask(life, cleo)
    assert life.money() == before
    assert len(life.states()) == 3
    life.provider.faults.set(Mode.WELL)
    async with asyncio.timeout(60):
        while "unavailable" in await by_button(life, cleo):
            life.advance(10)
    await life.until(lambda: "rendering" in life.states())


async def test_when_nobody_waits_the_next_request_is_the_try(life: Life) -> None:
    """Else an outage during which everybody gave up would never be over."""
    await life.start(max_running_per_person=1)
    ada = await life.person("ada")
    life.faults.add(Rule(REFUSED, *SUBMIT, times=1))
    await ada.outcome(await life.mimic(ada))
    await life.until(lambda: posts(life) == 1)
    await life.reaches("queued")
    cleo = await life.person("cleo")
    assert await is_told(life, cleo)
    card = (await ada.wait_for(says(PLACE_KEPT)))["message"]
    await ada.outcome(
        await ada.click(life.channel("general"), int(card["id"]), button(card, "Cancel"))
    )
    await life.reaches("cancelled")
    assert await is_told(life, cleo)
    await life.until(lambda: questions(life) == 1, step_s=1.0)
    async with asyncio.timeout(60):
        while await is_told(life, cleo):
            continue
    await life.reaches("cancelled", "rendering", step_s=1.0)


async def test_one_lost_answer_lets_everybody_in(life: Life) -> None:
    life.faults.add(Rule(answers.page(502, after=True), *SUBMIT, times=1))
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await ada.outcome(await life.mimic(ada))
    await life.until(lambda: posts(life) == 1)
    assert not await is_told(life, ben)
    await life.reaches("delivered", "delivered", step_s=2.0)


async def test_an_outage_that_only_polls_see_is_one_too(life: Life) -> None:
    """All slots are taken, so no submit is tried; whoever asks would only wait."""
    await life.start(max_running=2)
    people = [await life.person(name) for name in ("ada", "ben")]
    life.provider.workshop.pause()
    for person in people:
        await person.outcome(await life.mimic(person))
    await life.reaches("rendering", "rendering")
    await people[0].outcome(await life.mimic(people[0]))
    await life.reaches("rendering", "rendering", "queued")
    cleo = await life.person("cleo")
    life.provider.faults.set(Mode.DOWN)
    await life.until(lambda: failed_polls(life) >= 4, step_s=5.0)
    assert await is_told(life, cleo)
    await people[0].wait_for(says(PLACE_KEPT))
    began = life.clock.time()
    await life.until(lambda: life.clock.time() - began > 1800, step_s=15.0)
    assert await is_told(life, cleo)
    assert life.states() == ["rendering", "rendering", "queued"]
    life.provider.faults.set(Mode.WELL)
    life.provider.workshop.resume()
    await life.reaches("delivered", "delivered", "delivered", step_s=5.0)
    assert posts(life) == 3
    assert not await is_told(life, cleo)


async def test_runs_that_alone_cannot_be_asked_after_keep_nobody_out(life: Life) -> None:
    """The provider answers a free question, so the trouble is theirs: it may last for a day."""
    await life.start()
    for name in ("ada", "ben"):
        person = await life.person(name)
        await person.outcome(await life.mimic(person))
    await life.reaches("rendering", "rendering")
    odd = {job.request_id for job in life.provider.workshop.accepted}
    life.faults.add(
        Rule(
            answers.page(503),
            *POLL,
            spares=lambda request: request.match_info["request_id"] not in odd,
        )
    )
    await life.until(lambda: life.faults.struck.total() >= 4, step_s=5.0)
    cleo = await life.person("cleo")
    await life.until(lambda: questions(life) == 1, step_s=1.0)
    assert not await is_told(life, cleo)
    await life.until(lambda: "delivered" in life.states(), step_s=5.0)
    assert not await is_told(life, cleo)
    assert questions(life) == 1


async def test_doubts_in_all_places_keep_nobody_out(life: Life) -> None:
    """A free question finds out whether it lasts, or who waits behind them is tried."""
    life.faults.add(Rule(answers.page(502), *SUBMIT, times=2))
    await life.start(max_running=2)
    for name, states in (("ada", 1), ("ben", 2), ("cleo", 3)):
        person = await life.person(name)
        await person.outcome(await life.mimic(person))
        await life.reaches(*["submitting", "queued", "queued"][:states])
    await life.reaches("submitting", "submitting", "queued", step_s=1.0)
    dana, began = await life.person("dana"), life.clock.time()
    async with asyncio.timeout(60):
        while await is_told(life, dana):
            life.advance(10)
    assert life.states()[:2] == ["submitting", "submitting"]
    assert life.clock.time() - began < 300


def failed_polls(life: Life) -> int:
    return sum(seen.path.endswith("/status") for seen in life.provider.requests[-6:])


async def test_a_poll_that_fails_makes_the_next_submit_ask_first(life: Life) -> None:
    """A POST into an outage is a job that only its history, or a person, can settle."""
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering")
    bad = Rule(answers.page(503), *POLL)
    life.faults.add(bad)
    await life.until(lambda: life.faults.struck.total() >= 1, step_s=5.0)
    await ben.outcome(await life.mimic(ben))
    await ben.wait_for(says(PLACE_KEPT, to=life.world.users["ben"].id))
    assert posts(life) == 1
    life.faults.rules.remove(bad)
    await life.reaches("delivered", "delivered", step_s=2.0)


async def test_a_key_that_is_rejected_and_mended_without_a_restart(life: Life) -> None:
    key = life.provider.api_key
    await life.start()
    ada = await life.person("ada")
    with capture_logs() as logs:
        await ada.outcome(await life.mimic(ada))
        await life.reaches("rendering")
        life.provider.api_key = "SG_another"
        for _ in range(2):
            await ada.outcome(await life.mimic(ada))
        await life.until(lambda: posts(life) >= 2, step_s=2.0)
        await life.reaches("rendering", "queued", "queued")
        await ada.wait_for(says(PLACE_KEPT))
        assert await is_told(life, ada)
        began = life.clock.time()
        await life.until(lambda: life.clock.time() - began > 3 * 3600, step_s=60.0)
        assert life.states() == ["rendering", "queued", "queued"]
        life.provider.api_key = key
        await life.reaches("delivered", "delivered", "delivered", step_s=5.0)
    assert errors(logs) == over(logs) == [Alarm.KEY]
    assert len(life.provider.accepted) == 3


async def test_a_key_that_is_rejected_at_the_upload(life: Life) -> None:
    """The links have expired in the line: one error for the operator, not one for each job."""
    await life.start(max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering")
    for _ in range(2):
        await ben.outcome(await life.mimic(ben))
    await life.reaches("rendering", "queued", "queued")
    rejected = Rule(REFUSED, "provider", "POST", "/upload-asset")
    life.faults.add(rejected)
    life.advance(24 * 3600 - 1800)
    life.provider.workshop.resume()
    with capture_logs() as logs:
        await life.until(lambda: life.faults.struck.total() >= 4, step_s=10.0)
        await life.reaches("delivered", "queued", "queued")
        assert await is_told(life, ada)
        life.faults.rules.remove(rejected)
        await life.reaches("delivered", "delivered", "delivered", step_s=5.0)
    assert errors(logs) == over(logs) == [Alarm.KEY]


def reads_unavailable(life: Life) -> int:
    """On how many cards it stands at this moment."""
    messages = life.world.channels["general"].messages.values()
    return sum(PLACE_KEPT in str(message.components) for message in messages)


async def three_in_line(life: Life, *, running: int) -> None:
    """So many are rendered until `resume`; three others wait."""
    await life.start(max_running=running)
    life.provider.workshop.pause()
    for name in ("dana", "eve")[:running]:
        person = await life.person(name)
        await person.outcome(await life.mimic(person))
    await life.reaches(*["rendering"] * running)
    for name in ("ada", "ben", "cleo"):
        person = await life.person(name)
        await person.outcome(await life.mimic(person))
    await life.reaches(*["rendering"] * running, *["queued"] * 3)


async def test_once_it_is_over_whoever_waits_reads_so_at_once(life: Life) -> None:
    """Whose turn it is finds out; the others would otherwise read it half a minute later."""
    await three_in_line(life, running=1)
    life.faults.add(Rule(REFUSED, *SUBMIT, times=1))
    life.provider.workshop.resume()
    await life.until(lambda: reads_unavailable(life) == 3, step_s=1.0)
    await life.until(lambda: life.states().count("queued") == 2, step_s=0.25)
    life.provider.workshop.pause()
    over_at = life.clock.time()
    await life.until(lambda: reads_unavailable(life) == 0, step_s=0.25)
    assert life.clock.time() - over_at < 5


async def test_an_outage_of_polls_is_over_at_once_too(life: Life) -> None:
    await three_in_line(life, running=2)
    life.provider.faults.set(Mode.DOWN)
    await life.until(lambda: reads_unavailable(life) == 3, step_s=2.0)
    life.provider.faults.set(Mode.WELL)
    asked = len(life.provider.requests)
    await life.until(lambda: reads_unavailable(life) == 0, step_s=0.25)
    polls = [seen for seen in life.provider.requests[asked:] if seen.path.endswith("/status")]
    assert len(polls) <= 4


async def test_one_models_outage_is_not_anothers(life: Life) -> None:
    """Whoever wants it reads which others work; what waits for it starts when it is back."""
    asked: list[int] = []

    def is_other(request: Request) -> bool:
        if request.path.endswith("/scail"):
            asked.append(1)
        return not request.path.endswith("/scail")

    missing = answers.error(404, {"error": "Model scail not found"})
    gone = Rule(missing, *SUBMIT, spares=is_other)
    life.faults.add(gone)
    await life.start(models={"pixverse-mimic": {}, "scail": {}})
    ada, ben, cleo = [await life.person(name) for name in ("ada", "ben", "cleo")]
    general, files = life.channel("general"), {"image": life.picture, "video": life.motion}
    await ada.use(general, "mimic", {"model": "scail"}, files)
    await life.until(lambda: len(asked) == 1)
    await life.reaches("queued")
    await ben.use(general, "mimic", {"model": "scail"}, files)
    await life.until(lambda: len(asked) == 2, step_s=1.0)
    await life.reaches("queued", "queued")
    await ada.wait_for(
        says("SCAIL is unavailable", "PixVerse Mimic would do it in 360p for 2 cred")
    )
    outcome = await cleo.outcome(await cleo.use(general, "mimic", {"model": "scail"}, files))
    said = "SCAIL is unavailable right now: choose PixVerse Mimic, or try again in some minutes."
    assert said in text_of(outcome["message"])
    await life.mimic(cleo)
    await life.reaches("queued", "queued", "delivered", step_s=1.0)
    life.faults.rules.remove(gone)
    await life.reaches("delivered", "delivered", "delivered", step_s=5.0)
    assert [run.inputs.model.slug for run in life.provider.accepted].count("scail") == 2
