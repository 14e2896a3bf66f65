"""A bot of several processes on PostgreSQL: whatever happens to one of them, another goes on."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sandbox.clients.person import PersonClient
from sandbox.programs.processes import Program
from tests.bot.databases import only_postgres, place_database, rows
from tests.e2e.conftest import plain_stage
from tests.e2e.stage import LONG_S, Stage, posts, says

pytestmark = [pytest.mark.slow, only_postgres]

GONE_ON_WITHIN_S, HANDED_OVER_WITHIN_S, STOOD_STILL_S = 30.0, 10.0, 20.0


class Fleet:
    """One process that talks to Discord, and workers."""

    def __init__(self, stage: Stage, stack: AsyncExitStack) -> None:
        self.stage = stage
        self._stack = stack
        self._env = stage.cast.bot_env(stage.data) | {"DATABASE_URL": place_database(stage.folder)}
        self.workers: list[Program] = []

    async def start(self, name: str, *arguments: str) -> Program:
        """One more process, once it is logged in."""
        log_path = self.stage.folder / f"{name}.log"
        program = await Program.start("bot", *arguments, log_path=log_path, env=self._env)
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


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    async with plain_stage(tmp_path) as stage, AsyncExitStack() as stack:
        fleet = Fleet(stage, stack)
        await fleet.start("talks", "run", "--shards", "0/1")
        for name in ("first", "second"):
            await fleet.start(name, "worker")
        yield fleet


async def test_a_killed_worker_is_followed_by_the_other(fleet: Fleet) -> None:
    ada = await fleet.stage.person("ada")
    job_id, leader, number = await fleet.render(ada)
    await leader.kill()
    await fleet.is_led_by_another(job_id, number, GONE_ON_WITHIN_S)
    await fleet.is_delivered(ada, 1)


async def test_one_that_stood_still_does_nothing_twice(fleet: Fleet) -> None:
    ada = await fleet.stage.person("ada")
    job_id, leader, number = await fleet.render(ada)
    leader.process.send_signal(signal.SIGSTOP)
    await fleet.stage.provider("POST", "resume")
    await asyncio.sleep(STOOD_STILL_S)
    assert fleet.worker_of(job_id) != number
    leader.process.send_signal(signal.SIGCONT)
    await until(lambda: "stood still" in leader.log_path.read_text(), GONE_ON_WITHIN_S)
    await fleet.is_delivered(ada, 1)


async def test_one_that_is_stopped_hands_its_jobs_over(fleet: Fleet) -> None:
    ada = await fleet.stage.person("ada")
    job_id, leader, number = await fleet.render(ada)
    began = time.monotonic()
    assert await leader.stop() == 0
    await fleet.is_led_by_another(job_id, number, HANDED_OVER_WITHIN_S)
    assert time.monotonic() - began < HANDED_OVER_WITHIN_S
    await fleet.is_delivered(ada, 1)
