"""What counts as quiet: a test moves time on then, so that nothing may be at work any more."""

import asyncio
import hashlib

from tests.bot.life.pace import QUIET_CPU_S, QUIET_LOOK_S, Activity, WorldClock

BEFORE = Activity(
    at_s=10.0,
    used_s=2.0,
    loop_used_s=1.0,
    run_delay_s=0.5,
    sleeps=7,
    other_threads={"12": b"400 0 3"},
)
QUIET = BEFORE._replace(at_s=10.0 + QUIET_LOOK_S, sleeps=8)


async def test_whoever_works_in_turns_with_threads_is_awaited() -> None:
    async def work() -> None:
        for number in range(20):
            await asyncio.to_thread(hashlib.sha256, bytes([number]))

    for _ in range(10):
        working = asyncio.create_task(work())
        await WorldClock().until_quiet()
        assert working.done()


def test_a_loop_that_slept_through_the_whole_look_is_quiet() -> None:
    assert QUIET.is_nothing_since(BEFORE)
    late = QUIET._replace(at_s=QUIET.at_s + 1, run_delay_s=BEFORE.run_delay_s + 1)
    assert late.is_nothing_since(BEFORE)


def test_who_is_not_let_run_is_not_quiet() -> None:
    """However little of a processor a busy machine has left for it."""
    assert not QUIET._replace(run_delay_s=0.5 + QUIET_LOOK_S / 2).is_nothing_since(BEFORE)
    assert not QUIET._replace(sleeps=9).is_nothing_since(BEFORE)
    assert not QUIET._replace(other_threads={"12": b"401 0 4"}).is_nothing_since(BEFORE)
    assert not QUIET._replace(used_s=2.0 + 2 * QUIET_CPU_S).is_nothing_since(BEFORE)
