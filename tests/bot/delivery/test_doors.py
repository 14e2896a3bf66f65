"""What Discord has refused the processes of one bot, counted together."""

import aiohttp
import pytest
from aiohttp import web

from bot.alarms import Alarm, Alarms
from bot.clock import STOOD_STILL_S, Stillness, deciding
from bot.delivery.doors import MANY, WINDOW_S, Doors, StoodStillError
from tests.bot.local_server import serve
from tests.bot.peers.test_presence import End, Wire
from tests.bot.stopped_clock import StoppedClock

BURST = MANY // 2


async def answer(request: web.Request) -> web.Response:
    """What the path asks for."""
    if request.path == "/limited":
        return web.Response(status=429, headers={"X-RateLimit-Global": "true", "Retry-After": "7"})
    return web.Response(status=int(request.path.removeprefix("/")))


async def test_refusals_and_limits_are_those_of_all_processes() -> None:
    clock, wire = StoppedClock(), Wire()
    both = [(Doors(clock, alarms := Alarms()), alarms) for _ in range(2)]
    limits: list[list[float]] = [[], []]
    for (doors, _), told in zip(both, limits, strict=True):
        doors.share(End(wire, str(id(doors))), Stillness())
        doors.on_limited.append(told.append)
    (one, its_alarms), (other, other_alarms) = both
    async with (
        serve(answer) as url,
        aiohttp.ClientSession(trace_configs=[one.trace()]) as first,
        aiohttp.ClientSession(trace_configs=[other.trace()]) as second,
    ):
        for session in (first, second):
            for _ in range(BURST + 1):
                clock.now += 0.01
                await session.get(f"{url}/403")
        clock.now += 1
        for session in (first, second):
            await session.get(f"{url}/403")
        for doors, alarms in both:
            assert doors.are_many_closed
            assert alarms.is_raised(Alarm.REFUSED)
        assert limits == [[], []]
        await second.get(f"{url}/limited")
        assert limits == [[7.0], [7.0]]
        clock.now += WINDOW_S + 1
        for session in (first, second):
            await session.get(f"{url}/200")
    assert not its_alarms.is_raised(Alarm.REFUSED)
    assert not other_alarms.is_raised(Alarm.REFUSED)


async def test_what_was_decided_before_the_process_stood_still_is_not_done() -> None:
    clock, doors = StoppedClock(), Doors(StoppedClock(), Alarms())
    doors.share(End(Wire(), "one"), Stillness(clock.monotonic))

    async def ask(decided_at: float) -> int:
        with deciding(decided_at):
            async with session.get(f"{url}/200") as answer:
                return answer.status

    async with (
        serve(answer) as url,
        aiohttp.ClientSession(trace_configs=[doors.trace()]) as session,
    ):
        before = clock.monotonic()
        clock.now += STOOD_STILL_S - 0.1
        assert await ask(before) == 200
        clock.now += STOOD_STILL_S
        for _ in range(2):
            with pytest.raises(StoodStillError):
                await ask(before)
        assert await ask(clock.monotonic()) == 200
        assert (await session.get(f"{url}/200")).status == 200
