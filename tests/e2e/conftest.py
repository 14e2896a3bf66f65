"""A whole local world for each test: Discord, provider and bot, each a process of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sandbox.programs.processes import local_world
from tests.e2e.stage import Stage


@asynccontextmanager
async def plain_stage(folder: Path, run_time_s: float = 2.0) -> AsyncIterator[Stage]:
    """The two servers run, videos are made without motion; the bot is started by the test."""
    world = local_world(folder, "--plain", "--run-time-s", str(run_time_s))
    async with world as cast, Stage(cast, folder) as stage:
        yield stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with plain_stage(tmp_path) as stage:
        yield stage
