"""Of what several processes hear, one does something about it."""

import asyncio
from functools import partial

from structlog.testing import capture_logs

from bot.alarms import Alarms
from bot.errors import CannotSave
from bot.gateway.shares import Share
from bot.peers.overlap import (
    GIVE_WAY_S,
    HEARD_WITHIN_S,
    MIXED,
    SILENT_S,
    SUCCEEDED_WITHIN_S,
    Overlap,
)
from bot.peers.presence import GONE_AFTER_S, Presence
from sandbox.clock import MovableClock
from tests.bot.peers.test_presence import End, Wire

SERVER = 1 << 22
ODD, EVEN, ALL = Share.parse("1/2"), Share.parse("0/2"), Share.parse("0/1")


class Shared:
    """What has been taken, for all processes."""

    def __init__(self) -> None:
        self.taken = set[int]()
        self.asked = 0
        self.is_broken = False

    async def take(self, event_id: int, at: float) -> bool:
        self.asked += 1
        if self.is_broken:
            raise CannotSave("broken")
        is_new = event_id not in self.taken
        self.taken.add(event_id)
        return is_new


class Process:
    """One that hears events."""

    def __init__(self, wire: Wire, name: str, events: Shared, clock: MovableClock) -> None:
        self.news = End(wire, name)
        self.presence = Presence(self.news, clock, Alarms(), is_shared=True)
        self.overlap = Overlap(self.news, self.presence, events, clock)
        self.done: list[int] = []
        self._clock = clock
        self._running = asyncio.create_task(self.presence.run())

    async def join(self, share: Share) -> float:
        """How long (s) that took."""
        began = self._clock.monotonic()
        joining = asyncio.create_task(self.overlap.join(share))
        await settled()
        while not joining.done():
            self._clock.advance(0.1)
            await settled()
        return self._clock.monotonic() - began

    def hear(self, event: int, server: int = SERVER) -> None:
        """Discord tells it."""
        self.overlap.admit(event, server, partial(self.done.append, event))

    def die(self) -> None:
        """Without a word."""
        self.news.is_heard = False


async def settled() -> None:
    """Whatever goes on without time has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


def made(count: int) -> tuple[list[Process], Shared, MovableClock]:
    """So many processes, of which each knows the others once time has passed."""
    wire, events, clock = Wire(), Shared(), MovableClock()
    return [Process(wire, f"p{number}", events, clock) for number in range(count)], events, clock


async def test_who_was_there_acts_at_once_and_a_newcomer_where_that_does_not() -> None:
    (old, new), events, clock = made(2)
    await settled()
    assert await old.join(ALL) < HEARD_WITHIN_S
    old.hear(1)
    assert (old.done, events.asked) == ([1], 0), "nobody else hears it"
    assert await new.join(ALL) < HEARD_WITHIN_S, "the other one has answered"
    for process in (new, old):
        process.hear(2)
    await settled()
    assert old.done == [1, 2]
    clock.advance(GIVE_WAY_S)
    await settled()
    assert new.done == []
    new.hear(3)  # which the other one stands still for
    await settled()
    assert new.done == []
    clock.advance(GIVE_WAY_S)
    await settled()
    assert new.done == [3]
    old.hear(3)
    await settled()
    assert old.done == [1, 2]


async def test_nothing_is_asked_of_the_database_about_servers_of_one_process_alone() -> None:
    (odd, even, all_), events, _ = made(3)
    await settled()
    await odd.join(ODD)
    await even.join(EVEN)
    odd.hear(1)
    even.hear(2, 0)
    assert (odd.done, even.done, events.asked) == ([1], [2], 0)
    with capture_logs() as logs:
        await all_.join(ALL)
    told = sorted((log["ours"], log["theirs"]) for log in logs if log["event"] == MIXED)
    assert told == [("0/1", "0/2"), ("0/1", "1/2"), ("0/2", "0/1"), ("1/2", "0/1")]
    for process in (odd, all_):
        process.hear(3)
    await settled()
    assert (odd.done, even.done, events.asked) == ([1, 3], [2], 1)


async def test_a_process_that_is_silent_is_not_waited_for_and_finds_what_was_done() -> None:
    (old, new), events, clock = made(2)
    await settled()
    await old.join(ALL)
    await new.join(ALL)
    old.die()
    for _ in range(round(GONE_AFTER_S) + 4):
        clock.advance(1)
        await settled()
    new.hear(1)
    await settled()
    assert (new.done, events.asked) == ([1], 1)
    old.hear(1)
    await settled()
    assert (old.done, events.asked) == ([], 2), "it stood still, and hears of it late"
    clock.advance(SILENT_S)
    new.hear(2)
    assert (new.done, events.asked) == ([1, 2], 2), "by now it is gone"


async def test_who_cannot_ask_acts() -> None:
    """Else nobody might; whoever waits is told what is wrong."""
    (old, new), events, _ = made(2)
    await settled()
    await old.join(ALL)
    await new.join(ALL)
    events.is_broken = True
    old.hear(1)
    await settled()
    assert old.done == [1]


async def leaves(process: Process, clock: MovableClock, step_s: float = 1.0) -> float:
    """How long (s) it waits."""
    began = clock.monotonic()
    leaving = asyncio.create_task(process.overlap.leave())
    await settled()
    while not leaving.done():
        clock.advance(step_s)
        await settled()
    return clock.monotonic() - began


async def test_who_leaves_alone_leaves_at_once_and_takes_nothing_any_more() -> None:
    (old, new), _, clock = made(2)
    await settled()
    await old.join(ODD)
    await new.join(EVEN)
    assert await leaves(old, clock) < 1
    old.hear(1)
    await settled()
    assert old.done == []


async def test_who_is_replaced_waits_until_the_other_one_is_ready() -> None:
    (old, new), events, clock = made(2)
    await settled()
    await old.join(ALL)
    await new.join(ALL)
    leaving = asyncio.create_task(leaves(old, clock, 0.0))
    await settled()
    old.hear(1)
    await settled()
    assert old.done == [1]
    new.overlap.be_ready()
    clock.advance(0.2)
    await leaving
    asked = events.asked
    new.hear(2)
    assert (new.done, events.asked) == ([2], asked), "the other one has left"


async def test_who_is_replaced_by_one_that_never_comes_leaves_after_a_while() -> None:
    (old, new), _, clock = made(2)
    await settled()
    await old.join(ALL)
    await new.join(ALL)
    assert SUCCEEDED_WITHIN_S <= await leaves(old, clock) < SUCCEEDED_WITHIN_S + 2


async def test_a_newcomer_that_nobody_answers_comes_all_the_same() -> None:
    (old, new), _, clock = made(2)
    await settled()
    await old.join(ALL)
    clock.advance(0)
    old.news.late = []
    assert HEARD_WITHIN_S <= await new.join(ALL) < HEARD_WITHIN_S + 0.5
