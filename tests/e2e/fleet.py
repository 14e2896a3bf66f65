"""A bot of several processes on PostgreSQL, between the two servers of a stage."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from sandbox.clients.person import PersonClient
from sandbox.programs.processes import Program
from tests.bot.databases import place_database, rows
from tests.e2e.stage import LONG_S, Stage, posts, says


class Fleet:
    """Processes that talk to Discord, and workers."""

    def __init__(
        self, stage: Stage, stack: AsyncExitStack, settings: Mapping[str, str] | None = None
    ) -> None:
        self.stage = stage
        self._stack = stack
        self._env = {**stage.cast.bot_env(stage.data), **(settings or {})}
        self._env["DATABASE_URL"] = place_database(stage.folder)
        self.workers: list[Program] = []

    async def start(self, name: str, *arguments: str, **settings: str) -> Program:
        """One more process, once it is logged in."""
        log_path = self.stage.folder / f"{name}.log"
        program = await Program.start(
            "bot", *arguments, log_path=log_path, env=self._env | settings
        )
        self._stack.push_async_callback(program.stop)
        await until(lambda: "logged in" in log_path.read_text(), LONG_S)
        if arguments == ("worker",):
            self.workers.append(program)
        return program

    def leads(self, job_id: str) -> Program | None:
        """Which worker has taken the last step of a job."""
        told = {worker: worker.log_path.read_text() for worker in self.workers}
        return next((worker for worker, text in told.items() if f'"job": "{job_id}"' in text), None)

    def worker_of(self, job_id: str) -> int | None:
        """Its number at procrastinate's, of whichever has the job now."""
        query = "SELECT worker_id FROM procrastinate_jobs WHERE lock = ? AND status = 'doing'"
        return next((number for (number,) in rows(self.stage.folder, query, job_id)), None)

    async def is_led_by_another(self, job_id: str, than: int | None, within_s: float) -> None:
        """Wait until it is."""
        await until(lambda: self.worker_of(job_id) not in {than, None}, within_s)

    def state(self, job_id: str) -> str:
        """Where it is."""
        [(state,)] = rows(self.stage.folder, "SELECT state FROM jobs WHERE id = ?", job_id)
        return str(state)

    async def render(self, person: PersonClient) -> tuple[str, Program, int | None]:
        """A job that renders as long as the provider is paused; who leads it, and its number."""
        await self.stage.provider("POST", "pause")
        await self.stage.mimic(person)
        newest = "SELECT id FROM jobs ORDER BY created_at DESC LIMIT 1"
        await until(lambda: bool(rows(self.stage.folder, newest)), LONG_S)
        [(job_id,)] = rows(self.stage.folder, newest)
        await until(lambda: self.state(job_id) == "rendering", LONG_S)
        await until(lambda: self.leads(job_id) is not None, LONG_S)
        leader = self.leads(job_id)
        assert leader is not None
        return job_id, leader, self.worker_of(job_id)

    async def is_delivered(self, person: PersonClient, number: int) -> None:
        """So many videos in all, each bought, paid and shown once."""
        await self.stage.provider("POST", "resume")
        await until(lambda: self.delivered() == number, LONG_S)
        await person.wait_for(says("[Your video]("))
        shown = posts(await person.messages(self.stage.channels["general"]))
        assert len(shown) == number
        assert await self.stage.accepted() == number
        kinds = [kind for (kind,) in rows(self.stage.folder, "SELECT kind FROM entries")]
        assert sorted(kinds) == ["capture"] * number + ["hold"] * number

    def delivered(self) -> int:
        """How many are."""
        query = "SELECT count(*) FROM jobs WHERE state = 'delivered'"
        return int(rows(self.stage.folder, query)[0][0])


async def until(holds: Callable[[], bool], within_s: float) -> None:
    """Wait for what other processes do, who announce nothing."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
