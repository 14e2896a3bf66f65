"""All processes of a bot are replaced, one after the other, and whoever asks does not notice."""

import asyncio
import socket
import time
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path

import aiohttp
import pytest

from sandbox.programs.processes import Program
from tests.bot.databases import only_postgres, rows
from tests.e2e.conftest import plain_stage
from tests.e2e.fleet import Fleet, until
from tests.e2e.stage import LONG_S, posts

pytestmark = [pytest.mark.slow, only_postgres]

ASKING = {"ada": "general", "cleo": "lawn", "finn": "den", "ben": "general", "dana": "general"}
"""People in servers of both shards, and the channels in which they ask."""

RUN_TIME_S, EVERY_S, UNDISTURBED = 8.0, 2.0, 5
SETTINGS = {
    "MAX_RUNNING": "20",
    "MAX_RUNNING_PER_PERSON": "5",
    "ALLOWANCE_CREDITS": "1000",
    "DAILY_BUDGET_CREDITS": "10000",
    "SEGMIND_REQUESTS_PER_MINUTE": "600",
}
HANDED_OVER_WITHIN_S, LATE_S = 10.0, 15.0
BUSY_S = 20.0
"""So much more, on a machine that other tests have, too."""

WHEN = (
    "SELECT state, jobs.state_since - jobs.created_at, delivered FROM jobs "
    "ORDER BY created_at, origin_id"
)


class Crowd:
    """Asks for a video every two seconds, until it has `asked` enough."""

    def __init__(self, fleet: Fleet) -> None:
        self.asked = 0
        self.is_enough = False
        self._fleet = fleet

    async def run(self) -> None:
        """Each command is answered in time, or it fails."""
        stage = self._fleet.stage
        people = {name: await stage.person(name) for name in ASKING}
        for name, channel in cycle(ASKING.items()):
            if self.is_enough:
                return
            used = await stage.mimic(people[name], channel)
            outcome = await people[name].outcome(used)
            assert outcome["state"] == "deferred", outcome
            self.asked += 1
            await asyncio.sleep(EVERY_S)


async def replace(fleet: Fleet, old: Program, share: str) -> tuple[Program, float]:
    """Another one with the same shards, which is well before the old one is ended; how long (s)
    that took to end."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    new = await fleet.start(f"{old.name}-new-{port}", "run", "--shards", share, HTTP_PORT=str(port))
    async with aiohttp.ClientSession() as session, asyncio.timeout(LONG_S):
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
                    if answer.status == 200:
                        break
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    return new, await ended(old)


async def ended(program: Program) -> float:
    """How long it takes (s) to end in order."""
    began = time.monotonic()
    assert await program.stop() == 0, program.log()
    return time.monotonic() - began


async def test_nobody_notices_that_all_processes_are_replaced(tmp_path: Path) -> None:
    async with plain_stage(tmp_path, RUN_TIME_S) as stage, AsyncExitStack() as stack:
        fleet = Fleet(stage, stack, SETTINGS)
        talking = [await fleet.start(f"t{n}", "run", "--shards", f"{n}/2") for n in (0, 1)]
        working = [await fleet.start(f"w{n}", "worker") for n in (0, 1)]
        crowd = Crowd(fleet)
        asking = asyncio.create_task(crowd.run())
        await until(lambda: crowd.asked >= UNDISTURBED or asking.done(), LONG_S)
        took_s = []
        for n, old in enumerate(working):
            took_s.append(await ended(old))
            await fleet.start(f"w{n}-new", "worker")
        for n, old in enumerate(talking):
            took_s.append((await replace(fleet, old, f"{n}/2"))[1])
        crowd.is_enough = True
        await asking
        await until(lambda: fleet.delivered() == crowd.asked, LONG_S)
        seconds = [float(after_s) for _, after_s, _ in rows(stage.folder, WHEN)]
        usual_s, late_s = max(seconds[:UNDISTURBED]), max(seconds)
        told = f"{[round(each, 1) for each in seconds]}; ended within {took_s}"
        print(told)  # noqa: T201 - with -s
        assert max(took_s) < HANDED_OVER_WITHIN_S + BUSY_S, told
        assert late_s < usual_s + LATE_S + BUSY_S, told
        assert await stage.accepted() == crowd.asked
        readers = {ASKING[name]: await stage.person(name) for name in ASKING}
        shown = [
            post
            for channel, reader in readers.items()
            for post in posts(await reader.messages(stage.channels[channel]))
        ]
        assert len(shown) == crowd.asked
        logs = "".join(path.read_text() for path in stage.folder.glob("*.log"))
        assert "another bot with this token" not in logs
        assert "Traceback" not in logs
