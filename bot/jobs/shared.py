"""Work that many want at the same moment, done once for all of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Each call gets the outcome of a run that began after it: never of an older one.

    However many call meanwhile, there is one run under way and one to come. A caller that is
    cancelled leaves the run to the others.
    """

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._under_way: asyncio.Task[T] | None = None
        self._to_come: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """What came of it; its errors are everybody's."""
        if self._to_come is None:
            self._to_come = asyncio.create_task(self._run())
            self._to_come.add_done_callback(_retrieved)
        return await asyncio.shield(self._to_come)

    async def _run(self) -> T:
        if self._under_way is not None:
            await asyncio.wait([self._under_way])
        self._under_way, self._to_come = self._to_come, None
        return await self._work()


def _retrieved(task: asyncio.Task[T]) -> None:
    """Its callers may all be gone by now."""
    if not task.cancelled():
        task.exception()
