"""When the bot dies: at points that can be seen, in mid-download, and at random moments."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from functools import partial

from aiohttp import web

from sandbox.faults.injector import Faults, Point, Rule, Vanished, breaks_off
from tests.torture.world import World

DOWNLOADS = (
    ("cdn", "/ephemeral-attachments/{channel_id}/{attachment_id}/{name}"),
    ("cdn", "/attachments/{channel_id}/{attachment_id}/{name}"),
    ("provider", "/generations/{name}"),
    ("engine", "/generations/{name}"),
)
BOTS_DOWNLOADS = "Marionette"
"""Its User-Agent: the provider fetches from the same place."""

WAIT_FOR_POINT_S = 2.0
AT_RANDOM, IN_DOWNLOAD, MOSTLY = 0.15, 0.15, 0.8
AT_ONCE = 4
"""For so many points it lies in wait at once, so that one of them comes by soon."""


class Killer:
    """Kills so many times, while `may_kill` says so; `kill_on` goes on until that is done.

    It prefers the points at which it has killed least, and only knows those that it has seen.
    """

    def __init__(self, world: World, faults: Faults, chance: random.Random, kills: int) -> None:
        self._world = world
        self._faults = faults
        self._chance = chance
        self.left = kills
        self.may_kill: Callable[[], bool] = lambda: True
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

    async def kill_on(self) -> None:
        """Kill until enough is killed; mostly when the bot is online, else while it starts."""
        while self.left:
            await asyncio.sleep(self._chance.uniform(0.0, 1.0))
            is_early = not self._world.is_online and self._chance.random() < MOSTLY
            if is_early or not self.may_kill():
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
        before = self._world.kills.total()
        await self._world.kill(why)
        self.left -= min(self.left, self._world.kills.total() - before)
        self._done.set()


def _is_not_the_bots(request: web.Request) -> bool:
    return request.headers.get("User-Agent") != BOTS_DOWNLOADS
