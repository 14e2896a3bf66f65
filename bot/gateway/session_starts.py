"""When a session may be started. Discord lets so many begin in a day, and in five seconds one of
the shards that are the same by `shard_id % max_concurrency`.

Whoever starts more than the day's is given a new token, and the bot is out. A session that goes on
(RESUME) does not count.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import discord

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.errors import StoreError

PACE_S = 5.25
"""A little more than five: what is sent first may be longer on its way."""

OPENED_WITHIN_S = 30.0

LOOK_S = 1.0
"""Who has a turn may give it back at any moment."""

LONGEST_WAIT_S = 3600.0
"""The limit may be lifted before its time: then it is asked for again."""

SOURCE = "discord"


class Turns(Protocol):
    """Whose turn it is among all processes of the bot, and after a start too."""

    async def take(self, key: int, held_s: float, rest_s: float, at: float) -> float:
        """Take it, and return 0; or the seconds after which to ask again. Raises `StoreError`."""

    async def give_back(self, key: int, rest_s: float, at: float) -> None:
        """A session was asked for. Raises `StoreError`."""


class Left(NamedTuple):
    """How many may be started until the number is renewed, and when that is."""

    sessions: int
    renewed_in_s: float


class SessionStarts:
    """One for all shards of the process."""

    def __init__(self, client: discord.Client, turns: Turns, clock: Clock, alarms: Alarms) -> None:
        self._client = client
        self._all_turns = turns
        self._clock = clock
        self._alarms = alarms
        self.shards = 1
        """How many Discord recommends."""
        self._left = 0
        self._asked_at = 0.0
        self._max_concurrency = 1
        self._asking = asyncio.Lock()
        self._turns = defaultdict[int, asyncio.Lock](asyncio.Lock)
        self._begun_at = defaultdict[int, float](lambda: -math.inf)

    async def ask(self) -> Left:
        """Learn what Discord says now. Raises `discord.HTTPException`, and what aiohttp does."""
        answer = await self._client.http.request(discord.http.Route("GET", "/gateway/bot"))
        limit = answer["session_start_limit"]
        left = Left(limit["remaining"], limit["reset_after"] / 1000)
        self.shards, self._left = max(1, answer["shards"]), left.sessions
        self._asked_at = self._clock.monotonic()
        self._max_concurrency = max(1, limit["max_concurrency"])
        return left

    @asynccontextmanager
    async def turn(self, shard_id: int) -> AsyncIterator[None]:
        """While this is held, nobody else may start a session that this one would be too soon for.

        Raises what `ask` does.
        """
        key = shard_id % self._max_concurrency
        async with self._turns[key]:
            wait_s = self._begun_at[key] + PACE_S - self._clock.monotonic()
            if wait_s > 0:
                await self._clock.sleep(wait_s)
            while wait_s := await self._take_among_all(key):
                await self._clock.sleep(wait_s)
            try:
                yield
            finally:
                self._begun_at[key] = self._clock.monotonic()
                await self._give_back(key)

    async def _take_among_all(self, key: int) -> float:
        """0, or the seconds after which to try again."""
        at = self._clock.time()
        try:
            wait_s = await self._all_turns.take(key, OPENED_WITHIN_S, PACE_S, at)
        except StoreError:  # then nobody is to be asked, and each keeps its own pace
            wait_s = 0.0
        if wait_s:
            return LOOK_S if wait_s > PACE_S else wait_s
        try:
            left_in_s = await self._until_some_are_left()
        except BaseException:
            await self._give_back(key)
            raise
        if left_in_s:
            await self._give_back(key)
        return left_in_s

    async def _give_back(self, key: int) -> None:
        with suppress(StoreError):
            await self._all_turns.give_back(key, PACE_S, self._clock.time())

    async def _until_some_are_left(self) -> float:
        """0 if one of the day's is left, else the seconds after which there may be."""
        async with self._asking:
            if not self._may_be_gone():
                return 0.0
            left = await self.ask()
            if self._may_be_gone():
                until = datetime.fromtimestamp(self._clock.time() + left.renewed_in_s, UTC)
                self._alarms.raise_(Alarm.SESSIONS, SOURCE, until=f"{until:%Y-%m-%d %H:%M} UTC")
                return min(max(left.renewed_in_s, 1.0), LONGEST_WAIT_S)
            self._alarms.clear(Alarm.SESSIONS, SOURCE)
            return 0.0

    def _may_be_gone(self) -> bool:
        """Whether all that were left may have begun since, in whichever process."""
        rounds = 1 + (self._clock.monotonic() - self._asked_at) // PACE_S
        return self._left < rounds * self._max_concurrency
