"""Whose turn it is: owners one after the other, each with one at a time, nobody for ever."""

import asyncio

from bot.media.inspect import Turns


class Desk:
    """Notes who is served, and lets a test end each."""

    def __init__(self, at_once: int) -> None:
        self.turns = Turns(at_once)
        self.served: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.done: dict[str, asyncio.Event] = {}

    def comes(self, *names: str) -> None:
        """Somebody asks for a turn; the first letter says who."""
        for name in names:
            self.done[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._stay(name))

    async def _stay(self, name: str) -> None:
        async with self.turns.turn(ord(name[0])):
            self.served.append(name)
            await self.done[name].wait()

    async def ends(self, *names: str) -> None:
        """Their turns are over."""
        for name in names:
            self.done[name].set()
            await self.tasks[name]
        await self.settle()

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
