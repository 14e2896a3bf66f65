import asyncio
import time

import pytest

from engine.api.clock import MovableClock


async def test_a_sleeper_wakes_when_the_clock_is_moved_past_its_moment() -> None:
    clock = MovableClock()
    begun_at = time.monotonic()
    async with asyncio.TaskGroup() as group:
        sleepers = [group.create_task(clock.sleep(seconds)) for seconds in (60, 3600)]
        await asyncio.sleep(0)
        clock.advance(100)
        await sleepers[0]
        assert not sleepers[1].done()
        clock.advance(3600)
    assert time.monotonic() - begun_at < 50  # of sixty


async def test_it_runs_with_real_time_and_keeps_what_it_was_moved_by() -> None:
    clock = MovableClock()
    clock.advance(7200)
    before = clock.time()
    await clock.sleep(0.01)
    assert clock.time() - before >= 0.009
    assert clock.time() - time.time() == pytest.approx(7200, abs=1)


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
async def test_it_does_not_go_back(seconds: float) -> None:
    with pytest.raises(ValueError, match="0 seconds or more"):
        MovableClock().advance(seconds)
