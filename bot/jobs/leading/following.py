"""Each job that is followed here has one task, which looks at it again and again."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from bot.clock import Clock, deciding, wait_for_event
from bot.store.group_commit import background, step_of

STOP_PATIENCE_S = 6.0

LONGEST_LED_S = 60.0
"""Whoever has to wait longer is led by nobody meanwhile, where several processes share the jobs."""


BUSY_LOOK_S = 2.0


class Leading(Protocol):
    """What is asked of `shared`, where other processes may follow jobs, too."""

    def call(self, job_id: str) -> None:
        """Somebody is to look at this job now, here or elsewhere."""

    def looks(self, job_id: str) -> None:
        """Here somebody begins to look at this job, and sees all that has changed."""

    def leaves(self, job_id: str) -> bool:
        """Whether it is led here no longer; not where it has changed since that look."""

    def forget(self, job_id: str) -> None:
        """It is led here no longer, whatever has changed."""

    def take_no_more(self) -> None:
        """Those that are led here may end."""

    async def stop(self) -> None:
        """Come back once all that was led here is handed on."""


class Following:
    """Looks by `step`, which says after how many seconds to look again, `None` once it is over.

    Of jobs that processes share, those are followed that `leading` names; none is left while
    something else `is_busy` with it, which is to be done again if this process dies.
    """

    def __init__(
        self,
        step: Callable[[str], Awaitable[float | None]],
        pause: Callable[[], Awaitable[None]],
        clock: Clock,
        leading: Leading | None,
        is_busy: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._step = step
        self._pause = pause
        self._clock = clock
        self._leading = leading
        self._is_busy = is_busy
        self._longest_s = math.inf if leading is None else LONGEST_LED_S
        self._wakers: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[float | None]] = {}
        self._let_go: set[str] = set()
        self._stopping = False

    @property
    def led(self) -> Collection[str]:
        """The jobs that are followed here."""
        return self._wakers.keys()

    def wake(self, job_id: str) -> None:
        """Look at this job now; where it is not followed here, whoever may."""
        if self.stir(job_id):
            return
        if self._leading is not None:
            self._leading.call(job_id)
        elif not self._stopping:
            self._begin(job_id)

    def stir(self, job_id: str) -> bool:
        """Look at this job now, if it is followed here; whether it is."""
        if job_id not in self._wakers:
            return False
        self._wakers[job_id].set()
        return True

    async def follow(self, job_id: str) -> float | None:
        """Lead this job; after how many seconds it is to go on, `None` once it is over.

        Where it is followed already, by somebody who was told to let go, that ends first.
        """
        while earlier := self._tasks.get(job_id):
            await asyncio.wait([earlier])
        if self._stopping:
            return 0.0
        task = self._begin(job_id)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            raise
        return 0.0 if task.cancelled() else task.result()

    def let_go(self) -> None:
        """Follow none any longer, once their steps are done: others may be at it."""
        self._let_go.update(self._wakers)
        for event in self._wakers.values():
            event.set()

    async def stop(self) -> None:
        """Take no more steps; let those under way end, or cut them off after a while."""
        self._stopping = True
        if self._leading is not None:
            self._leading.take_no_more()
        for event in self._wakers.values():
            event.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=STOP_PATIENCE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._leading is not None:
            await self._leading.stop()

    def _begin(self, job_id: str) -> "asyncio.Task[float | None]":
        self._wakers[job_id] = asyncio.Event()
        task = asyncio.create_task(self._follow(job_id), name=f"job {job_id}")
        self._tasks[job_id] = task
        task.add_done_callback(lambda done: self._end(job_id, done))
        return task

    def _end(self, job_id: str, task: object) -> None:
        """At once where it has ended itself: whoever wakes it then begins anew."""
        if self._tasks.get(job_id) is not task:
            return
        del self._wakers[job_id], self._tasks[job_id]
        self._let_go.discard(job_id)
        if self._leading is not None:
            self._leading.forget(job_id)

    async def _follow(self, job_id: str) -> float | None:
        woken = self._wakers[job_id]
        try:
            with background(), step_of(job_id):
                while not self._stopping and job_id not in self._let_go:
                    await self._pause()  # for people who wait for an answer
                    woken.clear()
                    if self._leading is not None:
                        self._leading.looks(job_id)
                    with deciding():
                        wait_s = await self._step(job_id)
                    if wait_s is None or wait_s > self._longest_s:
                        due_at = self._clock.monotonic() + (math.inf if wait_s is None else wait_s)
                        if await self._has_left(job_id, woken, due_at):
                            return wait_s and max(0.0, due_at - self._clock.monotonic())
                        wait_s = 0.0
                    await wait_for_event(woken, self._clock, wait_s)
            return 0.0
        finally:
            self._end(job_id, asyncio.current_task())

    async def _has_left(self, job_id: str, woken: asyncio.Event, due_at: float) -> bool:
        """Whether it is followed here no longer; else it is to be looked at again."""
        if self._leading is None:
            return True
        while self._is_busy(job_id) and not woken.is_set() and self._clock.monotonic() < due_at:
            await wait_for_event(woken, self._clock, BUSY_LOOK_S)
        return not woken.is_set() and self._leading.leaves(job_id)
