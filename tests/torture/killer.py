"""When the bot dies: at points that can be seen, in mid-download, and at random moments.

And when its processes only stand still, or are told to end, and its database's server is away.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from sandbox.faults.injector import REQUEST, Faults, Point, Rule, Vanished, breaks_off
from tests.torture.world import World

DOWNLOADS = (
    ("cdn", "/ephemeral-attachments/{channel_id}/{attachment_id}/{name}"),
    ("cdn", "/attachments/{channel_id}/{attachment_id}/{name}"),
    ("provider", "/generations/{name}"),
    ("engine", "/generations/{name}"),
)
BOTS_DOWNLOADS = "Marionette"
"""Its User-Agent: the provider fetches from the same place."""

SHORT_S, LONG_S, SELDOM = (1.0, 25.0), (25.0, 45.0), 0.2
"""So long a process stands still."""

WAIT_FOR_POINT_S = 2.0
AT_RANDOM, IN_DOWNLOAD, MOSTLY = 0.15, 0.15, 0.8
AT_ONCE = 4
"""For so many points it lies in wait at once, so that one of them comes by soon."""


class Blows:
    """So many of one kind, at random moments while `may_strike` says so; `go_on` deals them all.

    To deal one says what it was; nothing if it could not be dealt: another one follows then.
    """

    def __init__(
        self, deal: Callable[[], Awaitable[str]], chance: random.Random, wanted: int
    ) -> None:
        self._deal = deal
        self._chance = chance
        self.left = self.wanted = wanted
        self.may_strike: Callable[[], bool] = lambda: True
        self.dealt: Counter[str] = Counter()

    async def go_on(self) -> None:
        """Deal them all."""
        while self.left:
            await asyncio.sleep(self._chance.uniform(0.5, 5.0))
            if self.may_strike() and (name := await self._deal()):
                self.dealt[name] += 1
                self.left -= 1


def blows_of(
    world: World,
    chance: random.Random,
    *,
    restarts: int,
    standstills: int,
    hand_overs: int,
    longest_s: float,
) -> list[Blows]:
    """What is done to the database's server and to the bot's processes beside killing them."""

    async def stand_still() -> str:
        process = chance.choice(world.processes)
        seconds = chance.uniform(*(LONG_S if chance.random() < SELDOM else SHORT_S))
        seconds = min(seconds, longest_s)
        return f"SIGSTOP of a {process.role}" if await process.stand_still(seconds) else ""

    async def hand_over() -> str:
        process = chance.choice(world.processes)
        return f"SIGTERM to a {process.role}" if await process.hand_over() else ""

    return [
        Blows(partial(world.database.restart, chance), chance, restarts),
        Blows(stand_still, chance, standstills),
        Blows(hand_over, chance, hand_overs),
    ]


class Killer:
    """Kills so many times, while `may_strike` says so; `go_on` goes on until that is done.

    Of several processes it kills the one whose request it has seen, and any at a random moment. It
    prefers the points at which it has killed least, and only knows those that it has seen.
    """

    def __init__(self, world: World, faults: Faults, chance: random.Random, kills: int) -> None:
        self._world = world
        self._faults = faults
        self._chance = chance
        self.left = self.wanted = kills
        self.may_strike: Callable[[], bool] = lambda: True
        self._seen: Counter[Point] = Counter()
        self._killed_at: Counter[Point] = Counter()
        self._targets: list[Point] = []
        self._done = asyncio.Event()
        faults.witness = self.witness

    async def witness(self, point: Point) -> None:
        """A point is passed: perhaps this is the moment.

        Before the effect it may come just in time, so that there is none, or just too late.
        """
        if point.server == "cdn":
            return
        self._seen[point] += 1
        if point not in self._targets:
            return
        self._targets = []
        self._killed_at[point] += 1
        await self._kill(str(point))
        if point.moment == "before" and self._chance.random() < 0.5:
            raise Vanished

    async def go_on(self) -> None:
        """Kill until enough is killed; mostly when the bot is online, else while it starts."""
        while self.left:
            await asyncio.sleep(self._chance.uniform(0.0, 1.0))
            is_early = not self._world.is_online and self._chance.random() < MOSTLY
            if is_early or not self.may_strike():
                continue
            kind = self._chance.random()
            self._done.clear()
            if kind < AT_RANDOM or not self._seen:
                await self._kill("at a random moment")
            elif kind < AT_RANDOM + IN_DOWNLOAD:
                await self._wait_in_download()
            else:
                await self._wait_at_point()

    async def _wait_in_download(self) -> None:
        rules = []
        for server, route in DOWNLOADS:
            fault = breaks_off(partial(self._kill, f"in mid-download of {route}"))
            rules.append(Rule(fault, server, "GET", route, times=1, spares=_is_not_the_bots))
        self._faults.rules[:0] = rules
        await self._wait()
        for rule in rules:
            self._faults.rules.remove(rule)

    async def _wait_at_point(self) -> None:
        points = sorted(self._seen)
        self._chance.shuffle(points)
        self._targets = sorted(points, key=lambda point: self._killed_at[point])[:AT_ONCE]
        await self._wait()
        self._targets = []

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(WAIT_FOR_POINT_S):
                await self._done.wait()
        except TimeoutError:
            pass

    async def _kill(self, why: str) -> None:
        processes = self._world.processes
        process = processes.who_asks(REQUEST.get()) or self._chance.choice(processes)
        if await self._world.kill(why, process):
            self.left -= min(self.left, 1)
        self._done.set()


def _is_not_the_bots(request: web.Request) -> bool:
    return request.headers.get("User-Agent") != BOTS_DOWNLOADS
