"""Who is sent a copy of which video: seldom enough that nobody else waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.clock import Clock
from bot.errors import Problem, Refused

AN_HOUR_S, A_MINUTE_S = 3600.0, 60.0
MOST_AN_HOUR = 10
"""Of one person, of different videos."""

MOST_PEOPLE = 10_000
AT_ONCE, MOST_WAITING = 2, 20
"""Each is a direct message with a file of some megabytes: finished videos go before them."""


class Copies:
    """It is remembered in memory alone: after a restart the same may be sent once more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: dict[int, dict[str, float]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    @asynccontextmanager
    async def turn(self, job_id: str, person_id: int) -> AsyncIterator[None]:
        """Send this person a copy of a job's video in here.

        What fails may be tried again in a minute. Raises `Refused` where it is too often, and while
        too many others wait.
        """
        now = self._clock.monotonic()
        sent = {job: at for job, at in self._sent.pop(person_id, {}).items() if at > now}
        self._sent[person_id] = sent
        if len(self._sent) > MOST_PEOPLE:
            del self._sent[next(iter(self._sent))]
        if job_id in sent:
            again_s = sent[job_id] - now
            raise Refused(Problem.SENT_BEFORE, until=self._clock.time() + again_s)
        if len(sent) >= MOST_AN_HOUR:
            raise Refused(Problem.SENT_MANY, until=self._clock.time() + min(sent.values()) - now)
        if self._waiting >= MOST_WAITING:
            raise Refused(Problem.BUSY)
        sent[job_id] = now + AN_HOUR_S
        self._waiting += 1
        try:
            async with self._slots:
                yield
        except BaseException:
            sent[job_id] = now + A_MINUTE_S
            raise
        finally:
            self._waiting -= 1
