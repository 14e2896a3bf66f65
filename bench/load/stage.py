"""Both stand-ins and one bot between them, for one measurement.

Discord's stand-in lives in this process, the provider's and the bot in processes of their own.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp

from bench.load.crowd import CrowdedDiscord
from bench.load.database import Server, postgresql
from bench.load.meter import Usage, busy_s, together, usage, usages
from bench.load.provider import CONTROL
from bench.load.samples import Samples
from sandbox.programs.processes import PROJECT, Cast, Program

LIMITS = {
    "MAX_RUNNING": "10000",
    "MAX_WAITING": "10000",
    "MAX_RUNNING_PER_PERSON": "5",
    "MAX_WAITING_PER_PERSON": "10",
    "SEGMIND_REQUESTS_PER_MINUTE": "10000",
    "DAILY_BUDGET_CREDITS": "1000000",
    "ALLOWANCE_CREDITS": "1000",
}
"""What is lifted for the measurement: all that would make a request wait or be refused."""

RESULT = "canned.mp4"
SAMPLE_EVERY_S = 0.5
LAG_EVERY_S = 0.02
SETTLED_S = 2.0
START_PATIENCE_S = 60.0
ALL_SHARDS = "0-0/1"


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot that can be started: its module, the tree that it is from, and what it is called.

    Each of its processes is named by what it is started with. Its database is a file, or
    `on_server`.
    """

    name: str
    module: str
    processes: tuple[str, ...] = ("",)
    tree: Path = PROJECT
    is_ours: bool = False
    on_server: bool = False


BARE = Contender("bare discord.py bot", "bench.neighbours.bare")
SDK = Contender("bare bot with the SDK", "bench.neighbours.sdk")


def ours(tree: Path, name: str = "Marionette") -> Contender:
    """The bot of this working tree or another."""
    return Contender(name, "bot", ("run",), tree, is_ours=True)


def in_processes(bot: Contender, workers: int) -> Contender:
    """The same on PostgreSQL; with workers, the one that is connected leads no jobs itself."""
    beside = f", {workers} worker{'s' if workers > 1 else ''}" if workers else ""
    name = f"{bot.name} on PostgreSQL{beside}"
    processes = (f"run --shards {ALL_SHARDS}", *["worker"] * workers) if workers else ("run",)
    return replace(bot, name=name, processes=processes, on_server=True)


@dataclass(slots=True)
class Stage:
    """What one measurement works with; times in seconds, `peak` is since `rest`."""

    discord: CrowdedDiscord
    contender: Contender
    folder: Path
    cast: Cast
    http: aiohttp.ClientSession
    provider: Program
    server: Server | None = None
    peak_own_bytes: int = 0
    peak_children_bytes: int = 0
    lags_s: list[float] = field(default_factory=list)
    _bots: list[Program] = field(default_factory=list)
    _idle: list[Usage] = field(default_factory=list)
    _peaks_bytes: list[int] = field(default_factory=list)
    _began: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)

    async def start_bot(self) -> None:
        """Start the bot on what it has saved, and wait until it is there."""
        env = self.cast.bot_env(self.folder / "data") | LIMITS
        env["PYTHONPATH"] = str(self.contender.tree)
        if self.server is not None:
            env["DATABASE_URL"] = self.server.url
        self._bots = []
        for number, process in enumerate(self.contender.processes):
            log_path = self.folder / f"bot-{number}.log"
            bot = await Program.start(
                self.contender.module, *process.split(), log_path=log_path, env=env
            )
            self._bots.append(bot)
            if number == 0:
                async with asyncio.timeout(START_PATIENCE_S):
                    await self.discord.until_ready("mimic")

    async def stop_bot(self) -> None:
        """SIGTERM, as a new version would be rolled out; SIGKILL if it does not go."""
        await asyncio.gather(*(bot.stop() for bot in self._bots))

    def log(self) -> str:
        """The ends of what its processes wrote."""
        return "\n".join(bot.log() for bot in self._bots)

    @property
    def idle(self) -> Usage:
        """What the bot had used before anything was asked of it."""
        return together(self._idle)

    async def rest(self) -> None:
        """Let the bot settle, and note what it has used before anything is asked of it."""
        await asyncio.sleep(SETTLED_S * len(self._bots))
        self._idle = self._usages()
        self._peaks_bytes = [0] * len(self._idle)
        self.peak_own_bytes = self.idle.own_rss_bytes
        self._began = (time.monotonic(), *self._stand_ins_s(), busy_s())
        self.discord.calls = self.discord.limited_calls = 0
        if self.server is not None:
            self.server.rest()

    def used(self) -> Usage:
        """CPU time since `rest`, and resident memory now."""
        return together(self._used())

    def of_each(self, jobs: int) -> list[dict[str, Any]]:
        """What each of the bot's processes has taken since `rest`, of all that have done jobs."""
        rows = zip(self.contender.processes, self._used(), self._peaks_bytes, strict=True)
        return [
            {
                "process": process,
                "loop_cpu_ms_a_job": used.loop_cpu_s * 1000 / jobs,
                "own_cpu_ms_a_job": used.own_cpu_s * 1000 / jobs,
                "decoders_cpu_ms_a_job": used.children_cpu_s * 1000 / jobs,
                "peak_mb": peak_bytes / 1e6,
            }
            for process, used, peak_bytes in rows
        ]

    def asked_of_others(self, jobs: int, of_provider: int) -> dict[str, float]:
        """What so many jobs asked of Discord, of the provider and of the database's server."""
        discord = self.discord
        served = self.server.figures(jobs, self.passed_s) if self.server else {}
        return {
            "discord_requests_a_job": discord.calls / jobs,
            "discord_limited_a_job": discord.limited_calls / jobs,
            "provider_requests_a_job": of_provider / jobs,
            **served,
        }

    @property
    def passed_s(self) -> float:
        """How long ago `rest` was."""
        return time.monotonic() - self._began[0]

    def _usages(self) -> list[Usage]:
        return usages([bot.process.pid for bot in self._bots])

    def _used(self) -> list[Usage]:
        pairs = zip(self._usages(), self._idle, strict=True)
        return [now.since(before) for now, before in pairs]

    def stand_ins(self) -> dict[str, float]:
        """What each took of a core since `rest`, Discord's 429s, and how late it went on."""
        _, discord_s, provider_s, all_s = self._began
        passed_s = self.passed_s
        now_discord_s, now_provider_s = self._stand_ins_s()
        return {
            "all_cores": (busy_s() - all_s) / passed_s,
            "discord_cores": (now_discord_s - discord_s) / passed_s,
            "provider_cores": (now_provider_s - provider_s) / passed_s,
            "refused": self.discord.refused,
            "lag_p99_ms": quantiles(self.lags_s, n=100)[-1] * 1000,
            "lag_max_ms": max(self.lags_s) * 1000,
        }

    async def ask(self, what: str = "") -> Any:
        """What the provider has noted."""
        async with self.http.get(f"{self._control}{what}") as answer:
            return await answer.json()

    async def tell(self, what: str, body: object = None) -> None:
        """Have the provider do something."""
        async with self.http.post(f"{self._control}{what}", json=body) as answer:
            answer.raise_for_status()

    @property
    def _control(self) -> str:
        return f"{self.cast.provider['files_url']}{CONTROL}"

    def _stand_ins_s(self) -> tuple[float, float]:
        own, provider = usage(os.getpid()), usage(self.provider.process.pid)
        return own.own_cpu_s, provider.own_cpu_s

    async def watch_memory(self) -> None:
        """Keep the highest resident memory that was seen."""
        while True:
            of_each = self._usages()
            now = together(of_each)
            self.peak_own_bytes = max(self.peak_own_bytes, now.own_rss_bytes)
            self.peak_children_bytes = max(self.peak_children_bytes, now.children_rss_bytes)
            pairs = zip(self._peaks_bytes, of_each, strict=False)  # none before it is at rest
            self._peaks_bytes = [max(peak, one.own_rss_bytes) for peak, one in pairs]
            await asyncio.sleep(SAMPLE_EVERY_S)

    async def watch_lag(self) -> None:
        """How much later than asked this process goes on: its stand-in answers as much later."""
        while True:
            due = time.monotonic() + LAG_EVERY_S
            await asyncio.sleep(LAG_EVERY_S)
            self.lags_s.append(time.monotonic() - due)


@asynccontextmanager
async def staged(contender: Contender, people: int, samples: Samples) -> AsyncIterator[Stage]:
    """Everything started and at rest; every process is ended afterwards, whatever happens."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(_folder(samples))
        provider = await Program.start(
            "bench.load.provider", str(folder / RESULT), log_path=folder / "provider.log"
        )
        stack.push_async_callback(provider.kill)
        discord = await stack.enter_async_context(CrowdedDiscord(people, samples))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        cast = Cast(discord.announcement(), await provider.announcement())
        server = stack.enter_context(postgresql()) if contender.on_server else None
        stage = Stage(discord, contender, folder, cast, http, provider, server)
        stack.push_async_callback(stage.stop_bot)
        await stage.start_bot()
        for watch in (
            stage.watch_memory(),
            stage.watch_lag(),
            *([server.watch()] if server else []),
        ):
            stack.push_async_callback(_cancel, asyncio.create_task(watch))
        await stage.rest()
        try:
            yield stage
        except Exception as error:
            error.add_note(f"The bot's log:\n{stage.log()}")
            raise


@contextmanager
def _folder(samples: Samples) -> Iterator[Path]:
    """A folder of its own for each measurement, gone afterwards: finished videos are large."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / RESULT).write_bytes(samples.result)
        yield folder


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
