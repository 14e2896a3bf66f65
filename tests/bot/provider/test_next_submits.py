"""Whose submits are next: no model takes the last slot while others are offered."""

from dataclasses import replace

import pytest

from bot.core.queue import LATE_RUN_S, Queue, QueuedJob, may_start
from bot.core.rules import ServerRules, rules_for
from bot.provider.breakers import Breakers
from bot.provider.next_submits import TRY_PATIENCE_S, NextSubmits
from tests.bot.core.test_admission import IDLE
from tests.bot.stopped_clock import StoppedClock
from tests.bot.store.test_jobs import LIMITS

SLOW, QUICK = "scail", "p-video-animate"


def queue_of(*running: str) -> Queue:
    """So many run, each another person's; one more of each model waits, the slow first."""
    queue = Queue(2)
    for person_id, model in enumerate(running, 10):
        queue.count_running(person_id, 1, 1, began=0.0, model=model)
    for number, model in enumerate((SLOW, QUICK)):
        queue.enter(QueuedJob(float(number), model, number, 1, model))
    return queue


@pytest.mark.parametrize(
    ("offered", "running", "at", "next_ones"),
    [
        ((SLOW, QUICK), (SLOW,), 1.0, [SLOW, QUICK]),
        ((SLOW, QUICK), (SLOW, SLOW), 1.0, [QUICK]),
        ((SLOW, QUICK), (SLOW, QUICK), 1.0, [SLOW]),
        ((SLOW, QUICK, "draft"), (SLOW, SLOW), 1.0, [QUICK]),
        ((SLOW, "draft"), (SLOW, SLOW), 1.0, [SLOW]),
        ((SLOW, QUICK), (SLOW, SLOW), LATE_RUN_S, [SLOW, QUICK]),
    ],
)
def test_the_last_slot_is_for_another_model(
    offered: tuple[str, ...], running: tuple[str, ...], at: float, next_ones: list[str]
) -> None:
    limits = replace(LIMITS, max_running=3, models=offered)
    next_submits = NextSubmits(Breakers(StoppedClock()), (), ())
    assert next_submits.of("segmind", queue_of(*running), limits, at) == next_ones


@pytest.mark.parametrize(("of_model", "starts"), [(1, True), (2, False)])
def test_nor_does_it_in_the_transaction_that_starts_it(of_model: int, starts: bool) -> None:
    rules = rules_for(replace(LIMITS, max_running=3, models=(SLOW, QUICK)), 1, ServerRules())
    load = replace(IDLE, running=2, running_of_model=of_model)
    assert may_start(rules, load, SLOW) is starts
    alone = rules_for(replace(LIMITS, max_running=3, models=(SLOW,)), 1, ServerRules())
    assert may_start(alone, load, SLOW)


def test_two_that_leave_the_try_to_one_another_soon_try_one_of_their_own_each() -> None:
    """Each has seen that somebody else was served, and a job of theirs is led by the other."""
    clock, queue = StoppedClock(), Queue(2)
    for number, job_id in enumerate(("theirs", "ours")):
        queue.enter(QueuedJob(float(number), job_id, number, 1, QUICK))

    def chosen(breakers: Breakers, led: str) -> list[str]:
        return NextSubmits(breakers, (), (), {led}).of("segmind", queue, LIMITS, 1.0)

    each = [(Breakers(clock), "theirs"), (Breakers(clock), "ours")]
    for (breakers, _), served in zip(each, (1, 0), strict=True):
        breakers.of(QUICK).record_success(served)
    for failed in (8, 9):
        for breakers, _ in each:
            breakers.of(QUICK).record_lost_submit(failed, "502")
        clock.now += 60
    assert [chosen(*one) for one in each] == [["ours"], ["theirs"]]
    clock.now += TRY_PATIENCE_S
    assert [chosen(*one) for one in each] == [["theirs"], ["ours"]]
