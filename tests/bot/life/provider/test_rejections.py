"""Submits that are rejected through nobody's fault who asked: the operator hears of it."""

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm
from sandbox.clients.transcript import text_of
from sandbox.faults import answers
from sandbox.faults.injector import Fault, Rule
from tests.bot.life.jobs.test_points import SUBMIT
from tests.bot.life.operator.test_alarms import errors, over
from tests.bot.life.provider.test_outage import PLACE_KEPT, is_told
from tests.bot.life.provider.test_provider import posts
from tests.bot.life.world import Life
from tests.e2e.stage import says

MISSING: list[Fault] = [
    answers.error(404, {"error": "Model pixverse-mimic not found"}, name="404 model"),
    answers.page(404),
    answers.page(405),
    answers.error(410, {"error": "This model is retired"}),
]
SAME_WORDS = answers.error(406, {"error": "The field quality is not known"})


@pytest.mark.parametrize("fault", MISSING, ids=lambda fault: fault.name)
async def test_a_model_that_is_not_there_stops_the_line_and_nobodys_files_are_blamed(
    life: Life, fault: Fault
) -> None:
    missing = Rule(fault, *SUBMIT)
    life.faults.add(missing)
    with capture_logs() as logs:
        await life.start()
        ada, ben, cleo = [await life.person(name) for name in ("ada", "ben", "cleo")]
        await ada.outcome(await life.mimic(ada))
        await life.until(lambda: posts(life) == 1)
        await life.reaches("queued")
        await ada.wait_for(says(PLACE_KEPT))
        assert not await is_told(life, ben), "it may be about Ada's files alone"
        await life.until(lambda: posts(life) == 2, step_s=1.0)
        await life.reaches("queued", "queued")
        assert await is_told(life, cleo)
        began = life.clock.time()
        await life.until(lambda: life.clock.time() - began > 3600, step_s=30.0)
        assert (life.states(), life.money()) == (["queued", "queued"], ["hold", "hold"])
        assert 8 <= posts(life) <= 20, "each ever more rarely, at most ten minutes apart"
        life.faults.rules.remove(missing)
        await life.reaches("delivered", "delivered", step_s=2.0)
        assert life.money().count("capture") == len(life.provider.accepted) == 2
    assert errors(logs) == over(logs) == [Alarm.MODEL]
    [told] = [log for log in logs if log["event"] == Alarm.MODEL and log["log_level"] == "error"]
    assert (told["address"], told["model"]) == (
        f"{life.provider.api_url}/pixverse-mimic",
        "pixverse-mimic",
    )


async def test_a_wrong_address_is_mended_with_a_restart(life: Life) -> None:
    """Polls go there too, and a run that goes on is found in the history all the same."""
    await life.start()
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering")
    await life.stop()
    with capture_logs() as logs:
        await life.start(segmind_api_url=f"{life.provider.files_url}/v3")
        await ben.outcome(await life.mimic(ben))
        await life.until(lambda: posts(life) == 2)
        await life.reaches("rendering", "queued")
        life.provider.workshop.resume()
        await life.reaches("delivered", "queued", step_s=5.0)
        await life.until(lambda: errors(logs) == [Alarm.MODEL], step_s=5.0)
        await life.stop()
    assert errors(logs) == [Alarm.MODEL]
    await life.start()
    await life.reaches("delivered", "delivered", step_s=2.0)
    assert len(life.provider.accepted) == 2


async def test_the_same_words_for_several_people_ring_once_and_stop_nobody(life: Life) -> None:
    same = Rule(SAME_WORDS, *SUBMIT)
    life.faults.add(same)
    people = [await life.person(name) for name in ("ada", "ben", "cleo")]
    with capture_logs() as logs:
        await life.start()
        for number, person in enumerate(people, start=1):
            assert errors(logs) == []
            assert not await is_told(life, person)
            await life.reaches(*["failed"] * number, step_s=1.0)
        assert errors(logs) == [Alarm.REJECTIONS]
        life.faults.rules.remove(same)
        await people[0].outcome(await life.mimic(people[0]))
        await life.reaches(*["failed"] * 3, "delivered", step_s=2.0)
    assert errors(logs) == over(logs) == [Alarm.REJECTIONS]
    assert life.money() == ["hold", "release"] * 3 + ["hold", "capture"]


async def test_one_persons_files_ring_nothing(life: Life) -> None:
    life.faults.add(Rule(SAME_WORDS, *SUBMIT))
    ada = await life.person("ada")
    with capture_logs() as logs:
        await life.start()
        for number in range(1, 5):
            outcome = await ada.outcome(await life.mimic(ada))
            assert "unavailable" not in text_of(outcome["message"])
            await life.reaches(*["failed"] * number, step_s=1.0)
    assert errors(logs) == []
