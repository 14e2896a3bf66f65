"""Runs whose state has a name that the provider's documentation does not know."""

import pytest
from structlog.testing import capture_logs

from engine.api.faults import Mode
from sandbox.clients.transcript import text_of
from sandbox.faults import answers
from sandbox.faults.injector import Rule
from tests.bot.life.jobs.test_points import POLL
from tests.bot.life.operator.test_alarms import Logs, errors
from tests.bot.life.provider.test_outage import is_told
from tests.bot.life.provider.test_provider import asked, bought_once, posts, with_habits
from tests.bot.life.world import Life
from tests.e2e.stage import says

OTHER_NAME = "the provider calls a state by another name"


def named(logs: Logs) -> list[str]:
    """The words of which the operator was told."""
    return [log["word"] for log in logs if log["event"] == OTHER_NAME]


async def two_at_work(life: Life) -> None:
    """Ada's and Ben's runs are at work, and will fail."""
    await life.start()
    life.provider.faults.set(Mode.FAILING)
    for name in ("ada", "ben"):
        person = await life.person(name)
        await person.outcome(await life.mimic(person))
    await life.reaches("rendering", "rendering")


@pytest.mark.parametrize("word", ["CANCELLED", "EXPIRED", "KAPUTT"])
async def test_an_end_by_another_name_is_a_failure_and_no_outage(life: Life, word: str) -> None:
    """The row says that nothing was made and nothing deducted; an unknown word has an error."""
    with_habits(life, failed_word=word)
    with capture_logs() as logs:
        await two_at_work(life)
        await life.reaches("failed", "failed", step_s=2.0)
        life.provider.faults.set(Mode.WELL)
        assert not await is_told(life, await life.person("cleo"))
    assert named(logs) == [word]
    assert errors(logs) == []
    assert life.money()[:4] == ["hold", "hold", "release", "release"]
    assert posts(life) <= 3


async def test_an_end_without_proof_is_held_and_soon_a_persons_matter(life: Life) -> None:
    """Perhaps it was billed. Once the history says that it was not, the credits go back."""
    with_habits(life, failed_word="CANCELLED", history_deduction="nothing")
    life.provider.faults.set(Mode.FAILING)
    ada = await asked(life)
    began = life.clock.time()
    with capture_logs() as logs:
        await life.reaches("review", step_s=20.0)
    assert 900 < life.clock.time() - began < 1500
    assert len(named(logs)) <= 1
    await ada.wait_for(says("has not handed this video over yet"))
    assert life.money() == ["hold"]
    with_habits(life, history_deduction="full")
    await life.reaches("failed", step_s=60.0)
    assert life.money() == ["hold", "release"]


async def test_an_end_that_the_history_never_heard_of_is_soon_a_persons_matter(life: Life) -> None:
    with_habits(life, failed_word="EXPIRED", history_loses=True)
    life.provider.faults.set(Mode.FAILING)
    await asked(life)
    began = life.clock.time()
    await life.reaches("review", step_s=20.0)
    assert life.clock.time() - began < 1500
    assert life.money() == ["hold"]


async def test_a_video_that_was_made_all_the_same_is_delivered(life: Life) -> None:
    cancelled = answers.error(200, {"status": "CANCELLED", "error": "cancelled by its owner"})
    life.faults.add(Rule(cancelled, *POLL))
    await bought_once(life, await asked(life))


async def test_a_good_end_by_another_name_is_delivered(life: Life) -> None:
    life.provider.workshop.pause()
    ada = await asked(life)
    await life.reaches("rendering")
    life.provider.workshop.resume()
    life.advance(60.0)
    await life.provider.accepted[0].ended.wait()
    life.faults.add(Rule(answers.error(200, {"status": "Succeeded"}), *POLL))
    await bought_once(life, ada)


async def test_a_word_that_may_mean_anything_is_asked_again_and_told_once(life: Life) -> None:
    odd = Rule(answers.error(200, {"status": "DREAMING", "message": "zzz"}), *POLL)
    life.faults.add(odd)
    life.provider.workshop.pause()
    with capture_logs() as logs:
        await life.start()
        people = [await life.person(name) for name in ("ada", "ben", "cleo")]
        for person in people[:2]:
            await person.outcome(await life.mimic(person))
        await life.until(lambda: life.faults.struck.total() >= 6, step_s=5.0)
        assert not await is_told(life, people[2])
        life.faults.rules.remove(odd)
        life.provider.workshop.resume()
        await life.reaches("delivered", "delivered", "delivered", step_s=2.0)
    assert named(logs) == ["DREAMING"]


async def test_a_finished_run_without_any_link_is_soon_a_persons_matter(life: Life) -> None:
    with_habits(life, output="nothing", video="nothing", history_loses=True)
    ada = await asked(life)
    began = life.clock.time()
    await life.reaches("review", step_s=20.0)
    assert life.clock.time() - began < 1500
    card = (await ada.wait_for(says("has not handed this video over yet")))["message"]
    assert "stay reserved" in text_of(card)
