"""Which processes of the bot are there, and what of it is done here.

Each says every few seconds that it is there; who has not been heard for a while is gone. Alone on a
database that nobody shares there is nothing to hear, and everything is done here.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from bot.alarms import Alarm, Alarms
from bot.clock import Clock, cancel, wait_for_event
from bot.store.sharing.news import News

log = structlog.get_logger()

HERE, LEFT, WELL = "here", "left", "went well"
"""The kinds of news."""

EVERY_S, GONE_AFTER_S = 3.0, 12.0
STOOD_STILL_S = 9.0
"""Who has said nothing for so long may have been taken for gone, and comes anew."""

ANSWERED_S = 1.0
"""Whoever is there has answered a newcomer by then."""

Shards = tuple[int, int, int]
"""The first and the last that a process has, and among how many."""

Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Peer:
    """One process: since when it is there (unix s), what it does, and how many jobs it leads."""

    process: str
    since: float
    led: int = 0
    shards: Shards | None = None
    does: str = ""

    @property
    def age(self) -> tuple[float, str]:
        """The elder comes first."""
        return self.since, self.process


class Presence:
    """`run` it as long as the process is there.

    The elder, which is there longest, does what is to be done once (`duty`). Who stands still for a
    while, or has lost the others, is elder no longer; there may be none for some seconds then.
    """

    def __init__(self, news: News, clock: Clock, alarms: Alarms, *, is_shared: bool) -> None:
        self.led: Callable[[], int] = lambda: 0
        self.shards: Shards | None = None
        self.does = ""
        self.on_change: list[Callable[[], None]] = []
        """Told when processes have come or gone, and of what they say anew."""

        self._news = news
        self._clock = clock
        self._alarms = alarms
        self._is_shared = is_shared
        self._since = clock.time()
        self._said_at = clock.monotonic()
        self._settles_at: float | None = None
        self._peers: dict[str, Peer] = {}
        self._heard_at: dict[str, float] = {}
        self._due = asyncio.Event()
        self._changed = asyncio.Event()
        if is_shared:
            self._listen()

    def _listen(self) -> None:
        if not self._news.was_alone:
            self._settles_at = self._clock.monotonic() + ANSWERED_S
        self._news.hear(HERE, self._hear)
        self._news.hear(LEFT, lambda process, _: self._forget(process))
        self._news.on_missed.append(self._come_anew)
        self._news.hear(WELL, self._hear_well)
        self._alarms.on_change.append(self.say)
        self._alarms.on_clear.append(self._tell_well)

    @property
    def own(self) -> Peer:
        """This process."""
        return Peer(self._news.process, self._since, self.led(), self.shards, self.does)

    @property
    def peers(self) -> list[Peer]:
        """The others, from the elder on."""
        return sorted(self._peers.values(), key=lambda peer: peer.age)

    @property
    def is_elder(self) -> bool:
        """Whether what is to be done once is to be done here."""
        if self._settles_at is not None:
            return False
        if not self._peers:
            return True
        if not self._news.is_heard:
            return False
        return (self._since, self._news.process) < min(peer.age for peer in self._peers.values())

    def share(self) -> float:
        """The part of what all may do together that is this process's: half of all goes evenly,
        since who leads no jobs answers people, and half by the jobs that each leads."""
        everybody = [self.own, *self._peers.values()]
        evenly = 1 / len(everybody)
        led = sum(peer.led for peer in everybody)
        return (evenly + self.own.led / led) / 2 if led else evenly

    def duty(self, work: Work) -> Work:
        """The same, but only while this process is the elder: begun anew each time it becomes it,
        and cancelled when it is it no longer."""
        return partial(self._keep_to, work, is_elder=True) if self._is_shared else work

    def unless_elder(self, work: Work) -> Work:
        """The same, but only while another process has that duty."""
        return partial(self._keep_to, work, is_elder=False)

    async def _keep_to(self, work: Work, *, is_elder: bool) -> None:
        while True:
            await self._until(is_elder=is_elder)
            task = asyncio.ensure_future(work())
            ended = asyncio.ensure_future(self._until(is_elder=not is_elder))
            try:
                await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED)
                if task.done():
                    await task  # what it raises is raised here
                    await ended
            finally:
                await cancel([task, ended])

    def everywhere(self, kind: str, wake: Callable[[], None]) -> Callable[[], None]:
        """The same, done in each process: what it wakes may be another one's duty."""
        self._news.hear(kind, lambda _process, _facts: wake())
        self._news.on_missed.append(wake)

        def wake_all() -> None:
            wake()
            self._news.tell(kind)

        return wake_all

    async def run(self) -> None:
        """Say that this process is there until cancelled, and that it leaves."""
        if not self._is_shared:
            return
        self._come_anew()
        try:
            while True:
                self._due.clear()
                self._look_around()
                self.say()
                pause_s = EVERY_S if self._settles_at is None else min(EVERY_S, ANSWERED_S)
                await wait_for_event(self._due, self._clock, pause_s)
        finally:
            self._news.tell(LEFT)

    def say(self, *, is_new: bool = False) -> None:
        """That this process is there, and what is new of it; whoever hears of a new one answers."""
        own = self.own
        self._news.tell(
            HERE,
            since=own.since,
            led=own.led,
            shards=own.shards,
            does=own.does,
            alarms=[alarm.name for alarm in self._alarms.own],
            is_new=is_new,
        )

    def _come_anew(self) -> None:
        """Nobody is known to be gone, and whoever is there says so."""
        now = self._clock.monotonic()
        if self._peers or self._settles_at is not None:
            self._settles_at = now + ANSWERED_S
        self._heard_at = dict.fromkeys(self._peers, now)
        self._said_at = now
        self.say(is_new=True)
        self._due.set()
        self._note()

    def _look_around(self) -> None:
        now = self._clock.monotonic()
        if now - self._said_at >= STOOD_STILL_S and self._peers:
            log.warning("this process stood still", seconds=round(now - self._said_at))
            self._since = self._clock.time()
            self._come_anew()
        self._said_at = now
        if not self._news.is_heard:
            self._heard_at = dict.fromkeys(self._peers, now)
        for process, heard_at in list(self._heard_at.items()):
            if now - heard_at >= GONE_AFTER_S:
                log.warning("a process of the bot is gone", process=process)
                self._forget(process)
        if self._settles_at is not None and now >= self._settles_at:
            self._settles_at = None
        self._note()

    def _hear(self, process: str, facts: Mapping[str, Any]) -> None:
        shards = facts["shards"]
        said = Peer(
            process=process,
            since=facts["since"],
            led=facts["led"],
            shards=(shards[0], shards[1], shards[2]) if shards else None,
            does=facts["does"],
        )
        before = self._peers.get(process)
        self._peers[process] = said
        self._heard_at[process] = self._clock.monotonic()
        self._alarms.learn(process, facts["alarms"])
        if facts["is_new"]:
            self.say()
        if before != said:
            self._note(is_news=True)

    def _tell_well(self, alarm: Alarm, source: str) -> None:
        self._news.tell(WELL, alarm=alarm.name, source=source)

    def _hear_well(self, _process: str, facts: Mapping[str, Any]) -> None:
        self._alarms.clear(Alarm[facts["alarm"]], facts["source"], is_heard=True)

    def _forget(self, process: str) -> None:
        self._heard_at.pop(process, None)
        if self._peers.pop(process, None) is not None:
            self._alarms.learn(process, (), is_told=self.is_elder)
            self._note(is_news=True)

    def _note(self, *, is_news: bool = False) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
        if is_news:
            for told in self.on_change:
                told()

    async def _until(self, *, is_elder: bool) -> None:
        while self.is_elder is not is_elder:
            await self._changed.wait()
