"""Runs that fail: each kind has its own words for who asked, and its own end."""

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm
from engine.api.faults import FAILURES, Failure, Mode
from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from sandbox.faults import answers
from sandbox.faults.injector import Rule
from tests.bot.life.jobs.test_points import POLL
from tests.bot.life.operator.test_alarms import errors, over
from tests.bot.life.operator.test_doctor import examine
from tests.bot.life.provider.test_provider import asked, bought_once, posts, with_habits
from tests.bot.life.world import Life
from tests.e2e.stage import button, is_video, says


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


async def retried(life: Life, kind: Failure, **habits: object) -> PersonClient:
    """Ada's first run has failed so, and is to be tried again."""
    with_habits(life, failure=kind, **habits)
    life.provider.faults.set(Mode.FAILING)
    ada = await asked(life)
    await life.until(lambda: life.states() == ["queued"] and posts(life) == 1, step_s=2.0)
    return ada


def runs(life: Life) -> list[tuple[object, ...]]:
    """The accepted attempts: what each cost, and whether it is the job's current one."""
    return life.rows(
        "SELECT cost, attempts.id = attempt_id FROM attempts JOIN jobs ON jobs.id = job_id"
        " WHERE request_id IS NOT NULL ORDER BY attempts.id"
    )


async def agrees(life: Life) -> None:
    """The doctor finds nothing, neither in the books nor in the provider's bills."""
    said, code = await examine(life)
    assert code == 0, said


async def its_card_says(life: Life, ada: PersonClient, words: str) -> None:
    """Time passes until it does."""
    await life.until(lambda: any(says(words)(event) for event in ada.events), step_s=2.0)


@pytest.mark.parametrize("kind", ["busy", "unknown"])
async def test_what_passes_and_cost_nothing_is_tried_again_by_itself(
    life: Life, kind: Failure
) -> None:
    with capture_logs() as logs:
        ada = await retried(life, kind)
        assert life.money() == ["hold"]
        assert runs(life) == [(0.0, None)]
        life.provider.faults.set(Mode.WELL)
        await its_card_says(life, ada, "it is tried again by itself")
        await life.reaches("delivered", step_s=2.0)
    await ada.wait_for(is_video)
    assert errors(logs) == []
    assert life.money() == ["hold", "capture"]
    assert [is_current for _, is_current in runs(life)] == [0, 1]
    assert life.rows("SELECT failure FROM jobs") == [(None,)]
    await agrees(life)


@pytest.mark.parametrize(
    ("kind", "tries", "told"),
    [("busy", 3, "had too much to do"), ("unknown", 2, "I do not know why")],
)
async def test_it_is_tried_again_only_so_often(
    life: Life, kind: Failure, tries: int, told: str
) -> None:
    with_habits(life, failure=kind)
    life.provider.faults.set(Mode.FAILING)
    ada = await asked(life)
    await life.reaches("failed", step_s=2.0)
    card = text_of((await ada.wait_for(says(told)))["message"])
    assert "You were not charged." in card
    assert (posts(life), life.money()) == (tries, ["hold", "release"])
    await agrees(life)


async def test_first_unknown_and_then_busy_are_two_in_all(life: Life) -> None:
    ada = await retried(life, "unknown")
    with_habits(life, failure="busy")
    await life.reaches("failed", step_s=2.0)
    await ada.wait_for(says("had too much to do"))
    assert (posts(life), life.money()) == (3, ["hold", "release"])


@pytest.mark.parametrize(
    "habits",
    [{"history_deduction": "nothing"}, {"history_loses": True}, {"history_late_s": 4000.0}],
    ids=str,
)
async def test_without_proof_that_it_cost_nothing_it_is_not_tried_again(
    life: Life, habits: dict[str, object]
) -> None:
    with_habits(life, failure="busy", **habits)
    life.provider.faults.set(Mode.FAILING)
    await asked(life)
    began = life.clock.time()
    await life.reaches("failed", step_s=2.0)
    assert life.clock.time() - began < 400
    assert (posts(life), life.money()) == (1, ["hold", "release"])


@pytest.mark.parametrize(
    "habits",
    [{"history_late_s": 100.0}, {"history_ids": "undashed", "history_copies": 3}],
    ids=str,
)
async def test_a_proof_may_come_late_and_oddly(life: Life, habits: dict[str, object]) -> None:
    await retried(life, "busy", **habits)
    life.provider.faults.set(Mode.WELL)
    await life.reaches("delivered", step_s=2.0)
    assert (posts(life), life.money()) == (2, ["hold", "capture"])


async def test_a_restart_before_the_next_try_makes_no_further_one(life: Life) -> None:
    await retried(life, "unknown")
    await life.stop()
    life.provider.faults.set(Mode.WELL)
    await life.start()
    await life.reaches("delivered", step_s=2.0)
    assert (posts(life), life.money()) == (2, ["hold", "capture"])


async def test_while_it_waits_it_can_be_cancelled(life: Life) -> None:
    ada = await retried(life, "busy")
    await its_card_says(life, ada, "it is tried again by itself")
    card = next(
        event["message"] for event in reversed(ada.events) if says("it is tried again")(event)
    )
    channel = life.channel("general")
    await ada.outcome(await ada.click(channel, int(card["id"]), button(card, "Cancel")))
    await life.reaches("cancelled")
    told = text_of((await ada.wait_for(says("You were not charged.")))["message"])
    assert "too much to do" not in told
    assert (posts(life), life.money()) == (1, ["hold", "release"])


async def test_a_video_that_the_history_has_all_the_same_is_delivered(life: Life) -> None:
    """The status says that it failed, for no known reason; its row has the link."""
    failed = answers.error(422, {"status": "FAILED", "error": "something went wrong"})
    life.faults.add(Rule(failed, *POLL))
    await bought_once(life, await asked(life))


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
