"""A bot of several processes on PostgreSQL: whatever happens to one of them, another goes on."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.bot.databases import only_postgres
from tests.e2e.conftest import plain_stage
from tests.e2e.fleet import Fleet, until

pytestmark = [pytest.mark.slow, only_postgres]

GONE_ON_WITHIN_S, HANDED_OVER_WITHIN_S, STOOD_STILL_S = 30.0, 10.0, 20.0


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
