"""Runs that fail: nobody pays for them, and budgets count what the provider may bill."""

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm
from engine.api.faults import Failure, Mode
from engine.api.history import BILLED_FAILURE_CREDITS
from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from sandbox.faults import answers
from sandbox.faults.injector import Rule
from tests.bot.life.jobs.test_giving_up import counted_on
from tests.bot.life.jobs.test_points import POLL
from tests.bot.life.operator.test_alarms import errors, over
from tests.bot.life.operator.test_doctor import examine
from tests.bot.life.provider.test_provider import posts, with_habits
from tests.bot.life.world import Life
from tests.e2e.stage import says

DAY_S = 24 * 3600.0
HISTORY = "/inference-request/request-history/"


async def failing(life: Life, kind: Failure = "moderated", **habits: object) -> PersonClient:
    """Every run fails so; of the day's budget there is enough for two."""
    with_habits(life, failure=kind, **habits)
    life.provider.faults.set(Mode.FAILING)
    life.noon()
    await life.start(daily_budget_credits=4, allowance_credits=30)
    return await life.person("ada")


async def fails(life: Life, ada: PersonClient, *, count: int = 1) -> None:
    """Her next job comes to nothing, and she is told at once that it cost her nothing."""
    began = life.clock.time()
    await ada.outcome(await life.mimic(ada))
    await life.reaches(*["failed"] * count, step_s=2.0)
    assert life.clock.time() - began < 400
    assert life.money() == ["hold", "release"] * count


async def known(life: Life, *costs: float | None) -> None:
    """Time passes until it is known what each run cost."""
    asked = "SELECT cost FROM attempts ORDER BY id"
    await life.until(lambda: [row[0] for row in life.rows(asked)] == [*costs], step_s=5.0)


@pytest.mark.parametrize("kind", ["moderated", "unknown", "busy"])
async def test_what_is_billed_counts_in_budgets_and_the_operator_is_told_once(
    life: Life, kind: Failure
) -> None:
    with capture_logs() as logs:
        ada = await failing(life, kind, history_deduction="failures too")
        await fails(life, ada)
        await fails(life, ada, count=2)
        await known(life, BILLED_FAILURE_CREDITS, BILLED_FAILURE_CREDITS)
    assert counted_on(life) == [2, 2]
    assert text_of((await ada.wait_for(says("You were not charged.")))["message"])
    used = await ada.use(life.channel("general"), "credits")
    assert "**30** of 30 left of your allowance" in text_of((await ada.outcome(used))["message"])
    await life.mimic(ada)
    await ada.wait_for(says("budget"))
    await life.reaches("failed", "failed", step_s=2.0)
    assert posts(life) == 2
    assert errors(logs) == [Alarm.BILLED]
    [told] = [log for log in logs if log["log_level"] == "error"]
    assert told["cost"] == BILLED_FAILURE_CREDITS
    said, code = await examine(life)
    assert code == 0, said


async def test_what_was_free_frees_the_budget_within_a_minute(life: Life) -> None:
    ada = await failing(life, history_deduction="failures too")
    with capture_logs() as logs:
        await fails(life, ada)
        await known(life, BILLED_FAILURE_CREDITS)
        with_habits(life, history_deduction="full")
        began = life.clock.time()
        await fails(life, ada, count=2)
        await known(life, BILLED_FAILURE_CREDITS, 0.0)
        assert life.clock.time() - began < 60 + 200
    assert counted_on(life) == [2]
    assert errors(logs) == over(logs) == [Alarm.BILLED]


@pytest.mark.parametrize("kind", ["moderated", "busy"])
async def test_a_row_that_comes_late_is_waited_for_by_nobody_but_budgets(
    life: Life, kind: Failure
) -> None:
    ada = await failing(life, kind, history_late_s=3000.0)
    await fails(life, ada)
    assert counted_on(life) == [2]
    await life.stop()
    await life.start(daily_budget_credits=4, allowance_credits=30)
    await known(life, 0.0)
    assert counted_on(life) == []
    said, code = await examine(life)
    assert code == 0, said


async def test_what_nobody_ever_proves_counts_on_and_is_asked_for_ever_more_rarely(
    life: Life,
) -> None:
    ada = await failing(life, history_deduction="nothing")
    await fails(life, ada)
    assert 5 < await looks(life) < 25
    life.advance(2 * DAY_S)
    await life.until(lambda: True, step_s=60.0)
    assert await looks(life) == 0
    assert counted_on(life) == [2]


async def looks(life: Life) -> int:
    """How often the history is asked for a run in a quarter of a day."""
    before, began = len(life.provider.requests), life.clock.time()
    await life.until(lambda: life.clock.time() - began >= DAY_S / 4, step_s=150.0)
    return sum(HISTORY in seen.path for seen in life.provider.requests[before:])


async def test_what_the_answer_itself_says_it_cost_is_taken_for_true(life: Life) -> None:
    ada = await failing(life, history_loses=True)
    told = {"status": "FAILED", "error": "blocked by moderation", "metrics": {"cost": 0.3}}
    life.faults.add(Rule(answers.error(422, told), *POLL))
    with capture_logs() as logs:
        await fails(life, ada)
    assert life.rows("SELECT cost FROM attempts") == [(0.3,)]
    assert (counted_on(life), errors(logs)) == ([2], [Alarm.BILLED])


async def test_a_video_of_a_run_that_was_said_to_have_failed_is_told_of(life: Life) -> None:
    ada = await failing(life)
    life.provider.faults.set(Mode.WELL)
    told = {"status": "FAILED", "error": "blocked by moderation"}
    life.faults.add(Rule(answers.error(422, told), *POLL))
    with capture_logs() as logs:
        await fails(life, ada)
        await life.until(lambda: life.rows("SELECT cost FROM attempts") != [(None,)], step_s=5.0)
    [warning] = [log for log in logs if log["event"] == "a video was made that nobody waits for"]
    assert warning["cost"] > 0
    assert counted_on(life) == [2]
    said, code = await examine(life)
    assert code == 1
    assert f"succeeded at the provider, but its job {life.job_id()} failed" in said
