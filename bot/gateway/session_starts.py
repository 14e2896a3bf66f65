"""When a session may be started. Discord lets so many begin in a day, and in five seconds one of
the shards that are the same by `shard_id % max_concurrency`.

Whoever starts more than the day's is given a new token, and the bot is out. A session that goes on
(RESUME) does not count.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import discord

from bot.alarms import Alarm, Alarms
from bot.clock import Clock

PACE_S = 5.25
"""A little more than five: what is sent first may be longer on its way."""

LONGEST_WAIT_S = 3600.0
"""The limit may be lifted before its time: then it is asked for again."""

SOURCE = "discord"


class Left(NamedTuple):
    """How many may be started until the number is renewed, and when that is."""

    sessions: int
    renewed_in_s: float


class SessionStarts:
    """One for all shards of the process."""

    def __init__(self, client: discord.Client, clock: Clock, alarms: Alarms) -> None:
        self._client = client
        self._clock = clock
        self._alarms = alarms
        self.shards = 1
        """How many Discord recommends."""
        self._left = 0
        self._max_concurrency = 1
        self._counting = asyncio.Lock()
        self._turns = defaultdict[int, asyncio.Lock](asyncio.Lock)
        self._begun_at = defaultdict[int, float](lambda: -math.inf)

    async def ask(self) -> Left:
        """Learn what Discord says now. Raises `discord.HTTPException`, and what aiohttp does."""
        answer = await self._client.http.request(discord.http.Route("GET", "/gateway/bot"))
        limit = answer["session_start_limit"]
        left = Left(limit["remaining"], limit["reset_after"] / 1000)
        self.shards, self._left = max(1, answer["shards"]), left.sessions
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
            await self._take_one()
            try:
                yield
            finally:
                self._begun_at[key] = self._clock.monotonic()

    async def _take_one(self) -> None:
        async with self._counting:
            while self._left <= 0:
                left = await self.ask()
                if left.sessions <= 0:
                    until = datetime.fromtimestamp(self._clock.time() + left.renewed_in_s, UTC)
                    self._alarms.raise_(Alarm.SESSIONS, SOURCE, until=f"{until:%Y-%m-%d %H:%M} UTC")
                    await self._clock.sleep(min(max(left.renewed_in_s, 1.0), LONGEST_WAIT_S))
            self._left -= 1
            self._alarms.clear(Alarm.SESSIONS, SOURCE)
