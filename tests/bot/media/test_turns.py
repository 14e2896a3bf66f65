"""Whose turn it is: owners one after the other, each with one at a time, nobody for ever."""

import asyncio
import threading
from contextlib import suppress

import pytest

from bot.media.inspect import Media
from bot.media.turns import LONGEST_REST_S, Share, Turns
from tests.bot.stopped_clock import StoppedClock


class Desk:
    """Notes who is served, and lets a test end each."""

    def __init__(self, at_once: int, share: Share | None = None) -> None:
        self.clock = StoppedClock()
        self.turns = Turns(at_once, self.clock, *([share] if share else []))
        self.served: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.done: dict[str, asyncio.Event] = {}

    def comes(self, *names: str, late_s: float = 0.0, takes_s: float = 0.0) -> None:
        """Somebody asks for a turn; the first letter says who."""
        for name in names:
            self.done[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._stay(name, late_s, takes_s))

    async def _stay(self, name: str, late_s: float, takes_s: float) -> None:
        async with self.turns.turn(ord(name[0]), late_s=late_s, takes_s=takes_s):
            self.served.append(name)
            await self.done[name].wait()

    async def ends(self, *names: str) -> None:
        """Their turns are over."""
        for name in names:
            self.done[name].set()
            await self.tasks[name]
        await self.settle()

    async def takes(self, name: str, seconds: float) -> None:
        """They come, are served, and go after so long."""
        self.comes(name)
        await self.settle()
        assert self.served[-1] == name
        self.clock.now += seconds
        await self.ends(name)

    async def settle(self) -> None:
        """Let everybody do what they can."""
        for _ in range(5):
            await asyncio.sleep(0)


async def test_one_persons_many_do_not_come_before_anothers_first() -> None:
    desk = Desk(1)
    desk.comes("a1", "a2", "a3", "b1", "c1")
    await desk.settle()
    for _ in range(5):
        await desk.ends(desk.served[-1])
    assert desk.served == ["a1", "b1", "c1", "a2", "a3"]


async def test_one_person_has_one_turn_at_a_time() -> None:
    desk = Desk(3)
    desk.comes("a1", "a2", "b1")
    await desk.settle()
    assert desk.served == ["a1", "b1"]
    await desk.ends("a1", "a2", "b1")
    assert desk.served == ["a1", "b1", "a2"]


async def test_who_gives_up_waiting_or_is_cut_off_keeps_nobody_waiting() -> None:
    desk = Desk(1)
    desk.comes("a1", "b1", "c1")
    await desk.settle()
    desk.tasks["b1"].cancel()
    desk.tasks["a1"].cancel()
    await desk.settle()
    assert desk.served == ["a1", "c1"]
    desk.tasks["c1"].cancel()
    await desk.settle()
    desk.comes("d1")
    await desk.ends("d1")
    assert desk.served[-1] == "d1"


async def test_a_turn_given_at_the_moment_of_giving_up_goes_on_to_the_next() -> None:
    desk = Desk(1)
    desk.comes("a1", "b1", "c1")
    await desk.settle()
    desk.done["a1"].set()
    await asyncio.sleep(0)
    desk.tasks["b1"].cancel()
    await desk.settle()
    assert "c1" in desk.served
    await desk.ends("c1")


TENTH = Share(30.0, 0.1)


async def test_who_has_used_much_of_late_comes_after_others() -> None:
    desk = Desk(1, TENTH)
    await desk.takes("a1", 5.0)
    desk.comes("b1")
    await desk.settle()
    desk.comes("a2")
    await desk.settle()
    desk.clock.now += 49.0
    desk.comes("c1")
    await desk.ends("b1")
    desk.comes("d1")
    await desk.ends("c1")
    await desk.ends("d1")
    assert desk.served == ["a1", "b1", "c1", "d1", "a2"], "one second is not won back yet"
    await desk.ends("a2")


async def test_nobody_waits_for_ever_for_those_who_have_used_less() -> None:
    desk = Desk(1, TENTH)
    await desk.takes("a1", 5.0)
    desk.comes("b1")
    await desk.settle()
    desk.comes("a2")
    for other in "cdefghijklmnopqrstuvwxyz":
        desk.comes(f"{other}1")
        desk.clock.now += 4.0
        await desk.ends(desk.served[-1])
    assert "a2" in desk.served
    assert "z1" not in desk.served
    while len(desk.served) < 27:
        await desk.ends(desk.served[-1])
    await desk.ends(desk.served[-1])


async def test_who_has_used_more_than_their_share_rests_until_it_is_won_back() -> None:
    desk = Desk(1, TENTH)
    for turn in range(3):
        await desk.takes(f"a{turn}", 12.0)
    began_at = desk.clock.now
    await desk.takes("a3", 0.0)
    over_s = 12.0 + 2 * (12.0 - 1.2) - 30.0  # each second of a turn wins back a tenth, too
    assert desk.clock.now - began_at == pytest.approx(over_s / 0.1)
    began_at = desk.clock.now
    await desk.takes("b1", 12.0)
    assert desk.clock.now - began_at == 12.0, "others do not rest"


async def test_nobody_rests_longer_than_ten_minutes() -> None:
    desk = Desk(1, TENTH)
    await desk.takes("a1", 10_000.0)
    began_at = desk.clock.now
    await desk.takes("a2", 0.0)
    assert desk.clock.now - began_at == LONGEST_REST_S


async def test_a_turn_that_ends_in_an_error_or_is_broken_off_is_counted_too() -> None:
    desk = Desk(1, TENTH)
    desk.comes("a1")
    await desk.settle()
    desk.clock.now += 31.0
    desk.tasks["a1"].cancel()
    await desk.settle()
    began_at = desk.clock.now
    await desk.takes("a2", 0.0)
    assert desk.clock.now - began_at == pytest.approx(10.0)


async def test_waiting_costs_nothing() -> None:
    desk = Desk(1, TENTH)
    desk.comes("b1", "a1", "c1")
    await desk.settle()
    desk.clock.now += 100.0
    desk.tasks["c1"].cancel()
    await desk.ends("b1", "a1")
    began_at = desk.clock.now
    await desk.takes("c2", 0.0)
    await desk.takes("a2", 0.0)
    assert desk.clock.now == began_at


async def test_what_lets_others_by_or_takes_long_comes_later_than_it_came() -> None:
    desk = Desk(1, TENTH)
    desk.comes("a1")
    await desk.settle()
    desk.comes("b1", late_s=60.0)
    desk.comes("c1", takes_s=5.0)
    await desk.settle()
    desk.clock.now += 49.0
    desk.comes("d1")
    await desk.settle()
    desk.clock.now += 2.0
    desk.comes("e1")
    await desk.settle()
    desk.clock.now += 10.0
    desk.comes("f1")
    for _ in range(6):
        await desk.ends(desk.served[-1])
    assert desk.served == ["a1", "d1", "c1", "e1", "b1", "f1"]


async def test_the_bot_itself_goes_through_one_strangers_file_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = threading.Barrier(2)
    met: list[int] = []

    def walk(*_: object) -> bool:
        with suppress(threading.BrokenBarrierError):
            met.append(both.wait(0.05))
        return False

    monkeypatch.setattr("bot.media.inspect._are_swapped", walk)
    async with Media() as media:
        await asyncio.gather(*(media.are_swapped(None, None, person_id) for person_id in (1, 2)))
    assert met == []
