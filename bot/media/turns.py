"""Whose turn it is where only so many can be served at once."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """So many at once, one of each owner; whoever waits takes turns by owner, then by arrival."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._served: set[int] = set()
        self._waiting: dict[int, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, owner: int) -> AsyncIterator[None]:
        """Wait for this owner's turn, and keep it until the block ends."""
        mine = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(mine)
        self._serve()
        try:
            await mine
            yield
        finally:
            if mine.done() and not mine.cancelled():
                self._free += 1
                self._served.discard(owner)
                if owner in self._waiting:  # others had none meanwhile
                    self._waiting[owner] = self._waiting.pop(owner)
            else:
                self._leave(owner, mine)
            self._serve()

    def _serve(self) -> None:
        for owner in list(self._waiting):
            if not self._free:
                return
            if owner in self._served:
                continue
            first = self._waiting[owner].popleft()
            if not self._waiting[owner]:
                del self._waiting[owner]
            if not first.cancelled():
                self._free -= 1
                self._served.add(owner)
                first.set_result(None)

    def _leave(self, owner: int, mine: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(owner)
        if waiting is not None and mine in waiting:
            waiting.remove(mine)
            if not waiting:
                del self._waiting[owner]
