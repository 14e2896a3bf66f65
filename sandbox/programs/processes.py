"""The local world's programs, each a process of its own, as on a real machine."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
BOT = "sandbox.programs.bot"
"""The bot on a clock that can be moved, which it gets as a file."""

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0


class ProgramError(Exception):
    """A program did not start, or ended by itself; the message says which and shows its log."""


class Program:
    """One process, called by its module's last name; its standard error goes to `log_path`."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log_path: Path) -> None:
        self.name = name
        self.process = process
        self.log_path = log_path

    @classmethod
    async def start(
        cls, module: str, *arguments: str, log_path: Path, env: Mapping[str, str] | None = None
    ) -> "Program":
        """Run `python -m module` beside its log, so that no `.env` of the operator's is read.

        `env` replaces the environment but for what Python needs.
        """
        kept = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
        own = {name: os.environ[name] for name in kept if name in os.environ}
        with log_path.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                *arguments,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                cwd=log_path.parent,
                env={**own, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(PROJECT), **(env or {})},
            )
        return cls(module.rpartition(".")[2], process, log_path)

    async def announcement(self) -> dict[str, Any]:
        """The line of JSON with which a server says that it is ready, and where."""
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                line = await self.process.stdout.readline()
        except TimeoutError:
            line = b""
        if not line:
            raise ProgramError(f"{self.name} did not start:\n{self.log()}")
        found: dict[str, Any] = json.loads(line)
        return found

    async def stop(self) -> int:
        """SIGTERM, and after a while SIGKILL; the exit code."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                return await self.process.wait()
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """SIGKILL, as a power cut would."""
        self._signal(signal.SIGKILL)
        return await self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        """Past `subprocess`, which would take the exit code from asyncio if it has just ended."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def log(self) -> str:
        """The end of what it wrote to standard error."""
        return self.log_path.read_text(errors="replace")[-4000:]


class Supervised:
    """A program that runs until it is told to end; `lost` hears of one that ends by itself."""

    def __init__(
        self, start: Callable[[], Awaitable[Program]], lost: Callable[[Program], Awaitable[None]]
    ) -> None:
        self._start = start
        self._lost = lost
        self._program: Program | None = None
        self._watch: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._is_closed = False

    @property
    def is_running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._program is not None

    async def start(self) -> Program:
        """Start it. ProgramError if it runs already, or has ended for good."""
        async with self._turn:
            if self._program is not None:
                raise ProgramError(f"The {self._program.name} runs already.")
            return await self._begin()

    async def restart(self) -> None:
        """End it as a new version would be rolled out, and start it again."""
        async with self._turn:
            await self._end(Program.stop)
            await self._begin()

    async def close(self) -> None:
        """End it for good: SIGTERM, if it runs."""
        async with self._turn:
            self._is_closed = True
            await self._end(Program.stop)

    async def kill(self) -> None:
        """SIGKILL, if it runs."""
        async with self._turn:
            await self._end(Program.kill)

    async def _begin(self) -> Program:
        if self._is_closed:
            raise ProgramError("Everything is being stopped.")
        self._program = await self._start()
        self._watch = asyncio.create_task(self._look_after(self._program))
        return self._program

    async def _end(self, how: Callable[[Program], Awaitable[int]]) -> None:
        program, self._program = self._program, None
        if program is not None:
            await how(program)

    async def _look_after(self, program: Program) -> None:
        await program.process.wait()
        if self._program is program:
            self._program = None
            await self._lost(program)


@dataclass(frozen=True, slots=True)
class Cast:
    """The addresses of the two servers of a local world, as they announced them."""

    discord: dict[str, Any]
    provider: dict[str, Any]

    def bot_env(self, data_dir: Path) -> dict[str, str]:
        """The bot's settings in this world."""
        return {
            "DISCORD_TOKEN": self.discord["token"],
            "DISCORD_API_URL": self.discord["api_url"],
            "DISCORD_GATEWAY_URL": self.discord["gateway_url"],
            "SEGMIND_API_KEY": self.provider["api_key"],
            "SEGMIND_API_URL": self.provider["api_url"],
            "SEGMIND_HISTORY_URL": self.provider["history_url"],
            "SEGMIND_UPLOAD_URL": self.provider["upload_url"],
            "SEGMIND_CREDITS_URL": self.provider["credits_url"],
            "ENGINE_URL": self.provider["files_url"],
            "ENGINE_KEY": self.provider["api_key"],
            "DATA_DIR": str(data_dir.resolve()),
        }


@asynccontextmanager
async def local_world(folder: Path, *engine_arguments: str) -> AsyncIterator[Cast]:
    """A Discord and a provider on this machine, each in a process; logs are kept in `folder`.

    The provider is the offline engine.
    """
    async with AsyncExitStack() as stack:
        discord = await Program.start("sandbox.discord", log_path=folder / "discord.log")
        stack.push_async_callback(discord.stop)
        provider = await Program.start(
            "engine", *engine_arguments, log_path=folder / "provider.log"
        )
        stack.push_async_callback(provider.stop)
        yield Cast(await discord.announcement(), await provider.announcement())
