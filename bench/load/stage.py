"""Both stand-ins and one bot between them, for one measurement.

Discord's stand-in lives in this process, the provider's and the bot in processes of their own.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp

from bench.load.crowd import CrowdedDiscord
from bench.load.meter import Usage, busy_s, usage
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


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot that can be started: its module, the tree that it is from, and what it is called."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    tree: Path = PROJECT
    is_ours: bool = False


BARE = Contender("bare discord.py bot", "bench.neighbours.bare")
SDK = Contender("bare bot with the SDK", "bench.neighbours.sdk")


def ours(tree: Path, name: str = "Marionette") -> Contender:
    """The bot of this working tree or another."""
    return Contender(name, "bot", ("run",), tree, is_ours=True)


@dataclass(slots=True)
class Stage:
    """What one measurement works with; times in seconds, `peak` is since `rest`."""

    discord: CrowdedDiscord
    contender: Contender
    folder: Path
    cast: Cast
    http: aiohttp.ClientSession
    provider: Program
    _bot: Program | None = None
    idle: Usage = field(default_factory=Usage)
    peak_own_bytes: int = 0
    peak_children_bytes: int = 0
    lags_s: list[float] = field(default_factory=list)
    _began: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)

    async def start_bot(self) -> None:
        """Start the bot on what it has saved, and wait until it is there."""
        env = self.cast.bot_env(self.folder / "data") | LIMITS
        env["PYTHONPATH"] = str(self.contender.tree)
        self._bot = await Program.start(
            self.contender.module,
            *self.contender.arguments,
            log_path=self.folder / "bot.log",
            env=env,
        )
        async with asyncio.timeout(START_PATIENCE_S):
            await self.discord.until_ready("mimic")

    async def stop_bot(self) -> None:
        """SIGTERM, as a new version would be rolled out; SIGKILL if it does not go."""
        if self._bot is not None:
            await self._bot.stop()

    @property
    def bot(self) -> Program:
        """The bot's process."""
        assert self._bot is not None
        return self._bot

    async def rest(self) -> None:
        """Let the bot settle, and note what it has used before anything is asked of it."""
        await asyncio.sleep(SETTLED_S)
        self.idle = usage(self.bot.process.pid)
        self.peak_own_bytes = self.idle.own_rss_bytes
        self._began = (time.monotonic(), *self._stand_ins_s(), busy_s())

    def used(self) -> Usage:
        """CPU time since `rest`, and resident memory now."""
        now = usage(self.bot.process.pid)
        return Usage(
            now.own_cpu_s - self.idle.own_cpu_s,
            now.loop_cpu_s - self.idle.loop_cpu_s,
            now.children_cpu_s - self.idle.children_cpu_s,
            now.own_rss_bytes,
            now.children_rss_bytes,
        )

    def stand_ins(self) -> dict[str, float]:
        """What each took of a core since `rest`, Discord's 429s, and how late it went on."""
        began, discord_s, provider_s, all_s = self._began
        passed_s = time.monotonic() - began
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
            now = usage(self.bot.process.pid)
            self.peak_own_bytes = max(self.peak_own_bytes, now.own_rss_bytes)
            self.peak_children_bytes = max(self.peak_children_bytes, now.children_rss_bytes)
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
        stage = Stage(discord, contender, folder, cast, http, provider)
        stack.push_async_callback(stage.stop_bot)
        await stage.start_bot()
        for watch in (stage.watch_memory(), stage.watch_lag()):
            stack.push_async_callback(_cancel, asyncio.create_task(watch))
        await stage.rest()
        try:
            yield stage
        except Exception as error:
            error.add_note(f"The bot's log:\n{stage.bot.log()}")
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
