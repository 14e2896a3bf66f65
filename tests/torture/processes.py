"""The bot's processes: each is started again whenever it has ended, as its supervisor would."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from sandbox.programs.processes import BOT, Program

RECOVERED_S = 20.0

Words = tuple[int, str]
"""How a process ended, and what it wrote last."""


class Process:
    """One of them, that goes on after its ends. `keep` runs it until that is cancelled.

    `falls` are its ends that nobody had asked for, unless its last words excuse it.
    """

    def __init__(
        self,
        name: str,
        role: str,
        *,
        log_path: Path,
        clock_file: Path,
        env: Callable[[], Mapping[str, str]],
    ) -> None:
        self.name = name
        self.role = role
        self.log_path = log_path
        self._clock_file = clock_file
        self._env = env
        self.pause_s: Callable[[], float] = lambda: 0.0
        self.is_excused: Callable[[str, float], bool] = lambda _, began: False
        self.program: Program | None = None
        self.starts = 0
        self.falls: list[Words] = []
        self.struck = 0
        self.is_still = False
        self.since = self.began = time.monotonic()
        self._condemned: Program | None = None

    async def keep(self) -> None:
        """Start it, and again, after a pause, whenever it has ended."""
        while True:
            self.starts += 1
            program = await Program.start(
                BOT,
                str(self._clock_file),
                *self.role.split(),
                log_path=self.log_path,
                env=self._env(),
            )
            self.program, self.began = program, time.monotonic()
            self.since = self.began
            code = await program.process.wait()
            words = program.log()
            if program is not self._condemned and not self.is_excused(words, self.began):
                self.falls.append((code, words))
            await asyncio.sleep(self.pause_s())

    @property
    def hears(self) -> bool:
        """Whether it has a gateway."""
        return self.role.startswith("run")

    @property
    def pid(self) -> int | None:
        """Its number, while it runs and nobody has told it to end."""
        program = self.program
        if program is None or program is self._condemned or program.process.returncode is not None:
            return None
        return program.process.pid

    async def kill(self) -> bool:
        """SIGKILL; whether there was anything to kill."""
        if self.pid is None or self.program is None:
            return False
        self._condemned = self.program
        self.struck += 1
        await self.program.kill()
        return True

    async def stop(self) -> int:
        """SIGTERM, if it runs; the exit code."""
        if self.pid is None or self.program is None:
            return 0
        self._condemned = self.program
        self.struck += 1
        return await self.program.stop()

    async def hand_over(self) -> bool:
        """SIGTERM, as when a new version comes; whether it ran."""
        program = self.program
        if self.pid is None or program is None or self.is_still:
            return False
        code, words = await self.stop(), program.log()
        is_well = code in {0, -signal.SIGTERM}  # which is how it ends before it has begun
        if not is_well and not self.is_excused(words, self.began):
            self.falls.append((code, f"after SIGTERM: {words}"))
        return True

    async def stand_still(self, seconds: float) -> bool:
        """SIGSTOP, and SIGCONT after so long; whether there was anything to stop."""
        pid = self.pid
        if pid is None or self.is_still:
            return False
        self.is_still = True
        self.struck += 1
        try:
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(seconds)
        finally:
            self.is_still, self.since = False, time.monotonic()
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        return True


class Processes(list[Process]):
    """All of a bot's."""

    def who_asks(self, request: web.Request | None) -> Process | None:
        """Whose request it is; on a system without `/proc` nobody knows."""
        peer = request.transport and request.transport.get_extra_info("peername") if request else ()
        socket = _socket(peer[1]) if peer else None
        return next((each for each in self if socket and _holds(each.pid, socket)), None)

    @property
    def is_somebody_up(self) -> bool:
        """Whether any of them runs, and does not stand still."""
        return any(each.pid is not None and not each.is_still for each in self)

    @property
    def hear(self) -> bool:
        """Whether anybody is told by Discord what people do: else that ends unanswered."""
        return any(each.hears and each.pid and not each.is_still for each in self)

    @property
    def are_well(self) -> bool:
        """Whether each of several has run for a while, so that all that one left has a leader."""
        now = time.monotonic()
        return len(self) == 1 or all(now - each.since > RECOVERED_S for each in self)

    @property
    def falls(self) -> list[Words]:
        """The ends that nobody had asked for."""
        return [fall for each in self for fall in each.falls]

    @property
    def starts(self) -> int:
        """How often any was started."""
        return sum(each.starts for each in self)

    async def keep(self) -> None:
        """Run all, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for each in self:
                group.create_task(each.keep())

    async def stop(self) -> Counter[int]:
        """SIGTERM to all; their exit codes. `keep` must have been cancelled before."""
        return Counter(await asyncio.gather(*(each.stop() for each in self)))

    async def kill(self) -> None:
        """SIGKILL to all."""
        await asyncio.gather(*(each.kill() for each in self))


def _socket(port: int) -> str | None:
    """What `/proc` calls the socket at this port of this machine's own."""
    with suppress(OSError):
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port:
                return f"socket:[{fields[9]}]"
    return None


def _holds(pid: int | None, socket: str) -> bool:
    with suppress(OSError):
        for opened in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if str(opened.readlink()) == socket:
                    return True
    return False
