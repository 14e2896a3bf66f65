"""One time for a whole world, that does not run away from a slow machine.

The bot's work takes real time: looks at files, the database, each request. Where a test moves time
on at every look, that work must not be overtaken by minutes only because other programs had the
machine.
"""

import asyncio
import os
import resource
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Self

from engine.api.clock import MovableClock as EngineClock
from sandbox.clock import MovableClock

LOOK_S = 0.01
QUIET_LOOK_S = 0.004
QUIET_CPU_S = 0.0006
"""What a process uses in such a while (s) if it has nothing to do but to wait."""

QUIET_SLEEP_S = 0.003
"""So long at least the loop sleeps of it then, at one go; where it is not let run, it waits."""

LONGEST_HOLD_S = 5.0
"""What stalls for so long (s of real time) does so on purpose."""

KEPT_FOR_OTHERS = (b"playwright", b"multiprocessing.")
"""In the command lines of the browser's driver, and of what the console is forked from."""

ASKED_LATELY_S = 1.0
"""What a server is asked it answers within this, unless it keeps somebody waiting on purpose."""

asked: dict[object, float] = {}
"""What a server of the tests is asked just now, since when: no thread of ours is at work then."""

_THREADS = Path("/proc/self/task")


class WorldClock(MovableClock):
    """Stands still while somebody is awaited: Discord waits three seconds for a first reply."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited: Callable[[], Iterable[int]] = tuple
        """Names each that is, for as long as it is."""
        self._since: dict[int, float] = {}
        self._seen_at = time.monotonic()
        self._held_s = 0.0

    def time(self) -> float:
        """Now, in unix seconds."""
        return super().time() - self._hold()

    def monotonic(self) -> float:
        """Seconds that only go on, jumps included."""
        return super().monotonic() - self._hold()

    def stands_still(self) -> bool:
        """Whether somebody is awaited, and not on purpose."""
        now = time.monotonic()
        self._since = {one: self._since.get(one, now) for one in self.awaited()}
        return any(now - since < LONGEST_HOLD_S for since in self._since.values())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing comes too late in here."""
        awaited = self.awaited
        self.awaited = lambda: (*awaited(), 0)
        try:
            yield
        finally:
            self.awaited = awaited

    def next_look_s(self, left_s: float) -> float:
        """How long (s of real time) until it is asked again: it may stand still just before."""
        return max(left_s, LOOK_S) if self.stands_still() else left_s

    def _hold(self) -> float:
        now = time.monotonic()
        if self.stands_still():
            self._held_s += now - self._seen_at
        self._seen_at = now
        return self._held_s

    async def until_quiet(self) -> None:
        """Wait until nothing is at work and nobody is awaited, or something has been too long.

        One look does not tell: whoever is at work may just be waiting for its turn in Python. And
        what a machine has not let us do for want of a processor has not been too long.
        """
        looked_s, quiet = 0.0, 0
        while quiet < 2 and looked_s < LONGEST_HOLD_S:
            before = Activity.so_far()
            await asyncio.sleep(QUIET_LOOK_S)
            done = Activity.so_far()
            looked_s += done.able_s - before.able_s
            is_idle = done.is_nothing_since(before) and not self.stands_still()
            quiet = quiet + 1 if is_idle and not _is_at_work() else 0


class ProvidersClock(EngineClock):
    """The same time, at the provider."""

    def __init__(self, world: WorldClock) -> None:
        super().__init__()
        self._world = world

    def time(self) -> float:
        """Now, in unix seconds."""
        return self._world.time()

    async def sleep_until(self, moment: Callable[[], float]) -> None:
        """Wait until this clock shows `moment()`, in unix seconds, whatever it is by then."""
        while (left_s := moment() - self.time()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._world.next_look_s(left_s)):
                    await self._woken.wait()


class Activity(NamedTuple):
    """What this process has done, which the kernel has counted: the loop's thread, and the others.

    Source: proc(5) and the kernel's scheduler statistics, in `/proc/<pid>/schedstat`.
    """

    at_s: float
    used_s: float
    loop_used_s: float
    run_delay_s: float
    """How long the loop has waited for a processor."""
    sleeps: int
    other_threads: Mapping[str, bytes]
    """How long and how often each was let run; who waits for its turn in Python looks often."""

    @classmethod
    def so_far(cls) -> Self:
        counted = dict[str, bytes]()
        for thread in _threads():
            with suppress(OSError):  # it has ended meanwhile, or the kernel does not count
                counted[thread] = _read(f"{_THREADS}/{thread}/schedstat")
        _, run_delay_ns, _ = counted.pop(str(threading.get_native_id()), b"0 0 0").split()
        return cls(
            at_s=time.monotonic(),
            used_s=time.process_time(),
            loop_used_s=time.thread_time(),
            run_delay_s=int(run_delay_ns) / 1e9,
            sleeps=resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw,
            other_threads=counted,
        )

    @property
    def able_s(self) -> float:
        """How long the loop has worked or slept, as it liked."""
        return self.at_s - self.run_delay_s

    @property
    def asleep_s(self) -> float:
        """How long of that it has slept."""
        return self.able_s - self.loop_used_s

    def is_nothing_since(self, before: Self) -> bool:
        """Whether all that was done since is to wait for the next look."""
        return (
            self.used_s - before.used_s < QUIET_CPU_S
            and self.asleep_s - before.asleep_s > QUIET_SLEEP_S
            and self.sleeps - before.sleeps <= 1
            and self.other_threads == before.other_threads
        )


def _is_at_work() -> bool:
    """Whether a process of ours is, or another thread: that runs, or would, or writes to a disk."""
    if not _THREADS.exists():
        return False
    if not all(map(_is_idle, _read(f"{_THREADS}/{os.getpid()}/children").split())):
        return True
    now = time.monotonic()
    if any(now - since < ASKED_LATELY_S for since in list(asked.values())):
        return True
    own = str(threading.get_native_id())
    for thread in _threads():
        with suppress(OSError):  # it has ended meanwhile
            if thread != own and _state(f"{_THREADS}/{thread}") in b"RD":
                return True
    return False


def _threads() -> list[str]:
    """The numbers of our threads, where the kernel tells."""
    if not _THREADS.exists():
        return []
    with os.scandir(_THREADS) as threads:
        return [thread.name for thread in threads]


def _is_idle(pid: bytes) -> bool:
    """Whether it is the decoders' parent without a file, or kept by the tests for other tests."""
    process = f"/proc/{int(pid)}"
    try:
        name = _read(f"{process}/cmdline")
        if any(kept in name for kept in KEPT_FOR_OTHERS):
            return True
        has_children = bool(_read(f"{process}/task/{int(pid)}/children"))
        return b"bot.media.forkserver" in name and _state(process) == b"S" and not has_children
    except OSError:
        return True  # it has ended meanwhile


def _state(process: str) -> bytes:
    return _read(f"{process}/stat").rpartition(b") ")[2][:1]


def _read(path: str) -> bytes:
    """A small file of the kernel's, of which so many are read that `Path` would cost most of it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)
