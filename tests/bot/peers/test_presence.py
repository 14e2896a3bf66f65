"""Processes of one bot know of one another, and one of them does what is to be done once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm, Alarms
from bot.clock import cancel
from bot.peers.presence import ANSWERED_S, EVERY_S, GONE_AFTER_S, Peer, Presence
from bot.store.database import Database
from bot.store.sharing.news import Heard, NobodyElse
from sandbox.clock import MovableClock
from tests.bot.databases import only_postgres, place_database


class Wire:
    """What is told reaches all others at once; a process that is cut off hears and tells nothing,
    and one that is frozen hears it later."""

    def __init__(self) -> None:
        self.ends: list[End] = []


class End:
    """As `bot.store.sharing.news.News` has it."""

    def __init__(self, wire: Wire, process: str) -> None:
        self.process = process
        self.on_missed: list[Callable[[], None]] = []
        self.was_alone = not wire.ends
        self.is_heard = True
        self.late: list[tuple[str, str, dict[str, Any]]] | None = None
        self._wire = wire
        self._heard: dict[str, list[Heard]] = {}
        wire.ends.append(self)

    def tell(self, kind: str, **facts: Any) -> None:
        for end in self._wire.ends if self.is_heard else ():
            if end is not self and end.is_heard:
                end.take(kind, self.process, facts)

    def take(self, kind: str, process: str, facts: dict[str, Any]) -> None:
        if self.late is not None:
            self.late.append((kind, process, facts))
            return
        for heard in self._heard.get(kind, ()):
            heard(process, facts)

    def hear(self, kind: str, heard: Heard) -> None:
        self._heard.setdefault(kind, []).append(heard)

    async def open(self) -> None:
        """It is."""

    async def close(self) -> None:
        self._wire.ends.remove(self)


class Process:
    """One of them, with a clock of its own, so that it can stand still."""

    def __init__(self, wire: Wire, name: str) -> None:
        self.news, self.clock, self.alarms = End(wire, name), MovableClock(), Alarms()
        self.presence = Presence(self.news, self.clock, self.alarms, is_shared=True)
        self.at_work = 0
        self.begun = 0
        self.tasks = [
            asyncio.create_task(self.presence.run()),
            asyncio.create_task(self.presence.duty(self._work)()),
        ]

    async def _work(self) -> None:
        self.at_work += 1
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.at_work -= 1

    async def leave(self) -> None:
        """Stop it."""
        await cancel(self.tasks)

    def kill(self) -> None:
        """It says nothing more."""
        self.news.is_heard = False

    def freeze(self) -> None:
        """As SIGSTOP does: its clock goes on, and it does nothing."""
        self.news.late = []

    def thaw(self, after_s: float) -> None:
        """It sees the time, and then what was told to it."""
        late, self.news.late = self.news.late or [], None
        self.clock.advance(after_s)
        for kind, process, facts in late:
            self.news.take(kind, process, facts)


@asynccontextmanager
async def processes(*names: str) -> AsyncIterator[list[Process]]:
    """Each came after the one before, and they know one another."""
    wire, made = Wire(), list[Process]()
    try:
        for name in names:
            made.append(Process(wire, name))
            await pass_s(ANSWERED_S, *made)
        yield made
    finally:
        for process in made:
            await process.leave()


async def pass_s(seconds: float, *moving: Process) -> None:
    """Time passes for these."""
    for _ in range(max(1, round(seconds))):
        for process in moving:
            process.clock.advance(min(seconds, 1.0))
        for _ in range(20):
            await asyncio.sleep(0)


def elders(made: list[Process]) -> list[str]:
    """Those at work; each is where it says it is the elder."""
    at_work = [process.news.process for process in made if process.at_work]
    assert at_work == [each.news.process for each in made if each.presence.is_elder]
    return at_work


async def test_the_one_that_came_first_does_the_work_until_it_leaves() -> None:
    async with processes("c", "b", "a") as made:
        assert elders(made) == ["c"]
        assert [peer.process for peer in made[0].presence.peers] == ["b", "a"]
        await made[0].leave()
        await pass_s(0, *made)
        assert elders(made[1:]) == ["b"]
        assert [peer.process for peer in made[2].presence.peers] == ["b"]
        await pass_s(3 * GONE_AFTER_S, *made[1:])
        assert elders(made[1:]) == ["b"]
        assert [process.begun for process in made] == [1, 1, 0]


async def test_a_newcomer_waits_for_an_answer_before_it_does_anything() -> None:
    async with processes("first") as made:
        made.append(Process(made[0].news._wire, "second"))
        assert elders(made) == ["first"]
        await pass_s(0, *made)
        assert elders(made) == ["first"]
        assert [peer.process for peer in made[1].presence.peers] == ["first"], "at once"


async def test_what_the_account_is_refused_in_one_is_over_when_it_goes_well_in_another() -> None:
    with capture_logs() as logs:
        async with processes("a", "b", "c") as (first, second, third):
            for alarm, source in ((Alarm.COST, "submits"), (Alarm.DISK, "database")):
                first.alarms.raise_(alarm, source)
            second.alarms.clear(Alarm.COST, "polls")
            assert third.alarms.is_raised(Alarm.COST), "that is another source"
            second.alarms.clear(Alarm.COST, "submits")
            second.alarms.clear(Alarm.DISK, "database")
            assert first.alarms.own == [Alarm.DISK], "the disk is each one's own"
            assert not third.alarms.is_raised(Alarm.COST)
    over = [log["trouble"] for log in logs if log["event"] == "a trouble is over"]
    assert over.count(Alarm.COST) == 1


async def test_a_killed_one_is_gone_after_a_while_and_its_alarms_with_it() -> None:
    with capture_logs() as logs:
        async with processes("first", "second", "third") as made:
            made[0].alarms.raise_(Alarm.KEY, "submits")
            assert made[2].alarms.is_raised(Alarm.KEY)
            made[0].kill()
            await pass_s(GONE_AFTER_S - EVERY_S, *made[1:])
            assert elders(made[1:]) == []
            assert made[2].alarms.is_raised(Alarm.KEY)
            await pass_s(2 * EVERY_S, *made[1:])
            assert elders(made[1:]) == ["second"]
            assert not made[2].alarms.is_raised(Alarm.KEY)
    events = [each["event"] for each in logs]
    assert events.count(Alarm.KEY.value) == 1
    assert events.count("a trouble is over") == 1


async def test_one_that_stood_still_is_elder_no_longer() -> None:
    async with processes("first", "second") as made:
        first, second = made
        first.freeze()
        await pass_s(GONE_AFTER_S + EVERY_S, second)
        assert elders([second]) == ["second"]
        first.thaw(GONE_AFTER_S + EVERY_S)
        for _ in range(20):
            await asyncio.sleep(0)
        assert elders(made) == ["second"]
        await pass_s(2 * ANSWERED_S, *made)
        assert elders(made) == ["second"]
        assert first.presence.own.since > second.presence.own.since


async def test_who_has_lost_the_others_does_nothing_for_them() -> None:
    async with processes("first", "second") as made:
        first, second = made
        first.news.is_heard = False
        await pass_s(GONE_AFTER_S + EVERY_S, *made)
        assert elders([first]) == []
        assert elders([second]) == ["second"]
        first.news.is_heard = True
        for missed in first.news.on_missed:
            missed()
        await pass_s(0, *made)
        assert elders(made) in (["first"], ["second"], [])
        await pass_s(2 * ANSWERED_S, *made)
        assert len(elders(made)) == 1


async def test_shares_go_by_the_jobs_that_each_leads_and_evenly() -> None:
    async with processes("first", "second", "third") as made:
        for process, led in zip(made, (7, 0, 2), strict=True):
            process.presence.led = lambda led=led: led  # type: ignore[misc]
        await pass_s(EVERY_S, *made)
        shares = [process.presence.share() for process in made]
        assert shares == pytest.approx([1 / 6 + 7 / 18, 1 / 6, 1 / 6 + 1 / 9])


async def test_what_one_says_of_itself_the_others_are_told_once() -> None:
    async with processes("first", "second") as (first, second):
        told: list[Peer] = []
        first.presence.on_change.append(lambda: told.extend(first.presence.peers))
        second.presence.shards = (0, 3, 16)
        second.presence.does = "run"
        second.presence.say()
        second.presence.say()
        assert [(peer.shards, peer.does) for peer in told] == [((0, 3, 16), "run")]


async def test_an_alarm_that_several_raise_is_told_once_and_over_once() -> None:
    with capture_logs() as logs:
        async with processes("first", "second") as (first, second):
            first.alarms.raise_(Alarm.KEY, "submits")
            second.alarms.raise_(Alarm.KEY, "polls")
            first.alarms.clear(Alarm.KEY, "submits")
            assert first.alarms.is_raised(Alarm.KEY)
            second.alarms.clear(Alarm.KEY, "polls")
            assert not first.alarms.is_raised(Alarm.KEY)
    told = [(each["log_level"], each["event"]) for each in logs if each["log_level"] != "debug"]
    assert told == [("error", Alarm.KEY), ("info", "a trouble is over")]


async def test_what_wakes_a_duty_reaches_the_process_that_has_it() -> None:
    async with processes("first", "second") as (first, second):
        woken: list[str] = []
        wakes = [
            process.presence.everywhere("cards", lambda name=name: woken.append(name))  # type: ignore[misc]
            for process, name in ((first, "first"), (second, "second"))
        ]
        wakes[1]()
        assert woken == ["second", "first"]


async def test_what_a_duty_raises_is_raised_and_what_is_done_is_not_done_again() -> None:
    done: list[bool] = []

    async def fail() -> None:
        raise LookupError

    async def end() -> None:
        done.append(True)

    async with processes("first") as (first,):
        with pytest.raises(LookupError):
            await first.presence.duty(fail)()
        ending = asyncio.create_task(first.presence.duty(end)())
        await pass_s(3 * EVERY_S, first)
        assert done == [True]
        await cancel([ending])


async def test_alone_it_is_the_elder_at_once_and_nothing_is_in_between() -> None:
    async def work() -> None:
        """Do nothing."""

    presence = Presence(NobodyElse(), MovableClock(), Alarms(), is_shared=False)
    assert presence.is_elder
    assert presence.share() == 1.0
    assert presence.duty(work) is work
    await presence.run()


@only_postgres
async def test_on_a_server_two_find_one_another(tmp_path: Path) -> None:
    url, clock = place_database(tmp_path), MovableClock()
    async with (
        await Database.open(url, is_peer=True) as one,
        await Database.open(url, is_peer=True) as other,
    ):
        made = [
            Presence(each.news, clock, Alarms(), is_shared=each.is_shared) for each in (one, other)
        ]
        assert [presence.is_elder for presence in made] == [True, False]
        running = [asyncio.create_task(presence.run()) for presence in made]
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                while not all(presence.peers for presence in made):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        assert [peer.process for peer in made[0].peers] == [other.news.process]
        assert made[0].is_elder
        await cancel(running[:1])
        async with asyncio.timeout(10):
            while not made[1].is_elder:
                clock.advance(ANSWERED_S)
                await asyncio.sleep(0.005)
        await cancel(running)
