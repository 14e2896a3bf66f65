"""Work in other threads, a little ahead of who uses it, in its order and in bounded memory."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
CORES = len(os.sched_getaffinity(0))
THREADS = min(2, CORES)
BUSY = 2.0  # that many wait for each core: this program's own two threads make half of it


def free_threads() -> int:
    """How many threads that wait for each other all the time are worth it now.

    Where others have the cores, each would wait for a core, and then for the other.
    """
    return THREADS if os.getloadavg()[0] < BUSY * CORES else 1


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, each found by another thread while the one before is used."""
    end, source = object(), iter(items)
    with ThreadPoolExecutor(1) as other:
        coming: Future[Item | object] = other.submit(next, source, end)
        while (item := coming.result()) is not end:
            coming = other.submit(next, source, end)
            yield item  # type: ignore[misc]  # it is not the end


def together(make: Callable[[int], Item], count: int) -> Iterator[Item]:
    """`make(0)` up to `make(count - 1)`, `THREADS` at a time and as many ahead."""
    with ThreadPoolExecutor(THREADS) as others:
        coming: deque[Future[Item]] = deque()
        for index in range(count):
            coming.append(others.submit(make, index))
            if len(coming) > THREADS:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
