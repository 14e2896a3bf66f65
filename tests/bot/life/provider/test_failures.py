"""Runs that fail: each kind has its own words for who asked, and its own end."""

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm
from engine.api.faults import FAILURES, Failure, Mode
from sandbox.clients.transcript import text_of
from tests.bot.life.operator.test_alarms import errors, over
from tests.bot.life.provider.test_provider import asked, posts, with_habits
from tests.bot.life.world import Life
from tests.e2e.stage import says


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("no subject", "nobody in the picture"),
        ("no person", "nobody in the video"),
        ("moderated", "automatic check did not let this through"),
        ("parameter", "It is no fault of yours"),
    ],
)
async def test_each_kind_of_failure_says_what_to_do(life: Life, kind: Failure, told: str) -> None:
    with_habits(life, failure=kind)
    life.provider.faults.set(Mode.FAILING)
    with capture_logs() as logs:
        ada = await asked(life)
        await life.reaches("failed", step_s=2.0)
    card = text_of((await ada.wait_for(says(told)))["message"])
    assert "You were not charged." in card
    assert FAILURES[kind] not in card
    [failed] = [log for log in logs if log["event"] == "a run failed"]
    assert (failed["reason"], failed["job"]) == (FAILURES[kind], life.job_id())
    assert errors(logs) == ([Alarm.FAULT] if kind == "parameter" else [])
    assert (posts(life), life.money()) == (1, ["hold", "release"])


async def test_a_fault_of_ours_is_over_with_the_first_run_that_succeeds(life: Life) -> None:
    with_habits(life, failure="parameter")
    life.provider.faults.set(Mode.FAILING)
    with capture_logs() as logs:
        ada = await asked(life)
        await life.reaches("failed", step_s=2.0)
        life.provider.faults.set(Mode.WELL)
        await ada.outcome(await life.mimic(ada))
        await life.reaches("failed", "delivered", step_s=2.0)
    assert errors(logs) == over(logs) == [Alarm.FAULT]
