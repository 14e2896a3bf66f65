"""Who waits for an answer, and for whom the rest waits."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm, Alarms
from bot.errors import Problem, Refused
from bot.services.crowd import CALM_S, MANY, MOST_AT_ONCE, Crowd
from tests.bot.stopped_clock import StoppedClock


class Clock(StoppedClock):
    """Sleeps end when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.rings = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await self.rings.wait()


async def never() -> str:
    await asyncio.Event().wait()
    return "saved"


async def at_once() -> str:
    return "saved"


async def test_a_flood_waits_for_itself_alone() -> None:
    crowd, entered, leaves = Crowd(Clock(), Alarms()), list[int](), asyncio.Event()

    async def press(person_id: int) -> None:
        async with crowd.turn_of(person_id):
            entered.append(person_id)
            await leaves.wait()

    async with asyncio.TaskGroup() as group:
        for person_id in [1] * (MOST_AT_ONCE + 3) + [2]:
            group.create_task(press(person_id))
        await asyncio.sleep(0)
        assert entered == [1] * MOST_AT_ONCE + [2]
        leaves.set()
    assert len(entered) == MOST_AT_ONCE + 4


async def test_the_bots_own_work_pauses_while_several_wait_and_not_for_ever() -> None:
    clock = Clock()
    crowd = Crowd(clock, Alarms())
    for _ in range(MANY - 1):
        crowd.begin()
    await crowd.pause()
    crowd.begin()
    pausing = asyncio.create_task(crowd.pause())
    await asyncio.sleep(0)
    assert not pausing.done()
    crowd.end(missed=False)
    await pausing
    crowd.begin()
    pausing = asyncio.create_task(crowd.pause())
    await asyncio.sleep(0)
    assert not pausing.done()
    clock.rings.set()
    await pausing


async def test_who_is_late_is_turned_away_and_the_operator_told_once() -> None:
    clock = Clock()
    crowd = Crowd(clock, Alarms())
    assert await crowd.in_time(1, at_once) == "saved"
    clock.rings.set()
    with capture_logs() as logs:
        for _ in range(2):
            crowd.begin()
            with pytest.raises(Refused) as caught:
                await crowd.in_time(1, never)
            assert caught.value.problem is Problem.BUSY
            crowd.end(missed=False)
        crowd.begin()
        clock.now += CALM_S + 1
        crowd.end(missed=True)
    assert [entry["event"] for entry in logs if entry["log_level"] != "debug"] == [
        Alarm.CROWD.value,
        "a trouble is over",
    ]
    assert crowd.counts() == {"answered": 2, "turned_away": 2, "missed": 1}


async def test_a_flood_that_comes_to_no_turn_in_time_is_turned_away() -> None:
    clock = Clock()
    crowd = Crowd(clock, Alarms())
    asked = [asyncio.create_task(crowd.in_time(1, never)) for _ in range(MOST_AT_ONCE + 1)]
    await asyncio.sleep(0)
    assert await crowd.in_time(2, at_once) == "saved"
    clock.rings.set()
    for each in asked:
        with pytest.raises(Refused):
            await each


async def test_what_fails_in_time_fails() -> None:
    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await Crowd(Clock(), Alarms()).in_time(1, fail)
