"""A whole local world for each test: Discord, provider and bot, each a process of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.processes import local_world
from tests.e2e.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The two servers run; the bot is started by the test."""
    async with local_world(tmp_path, run_time_s=2.0) as cast, Stage(cast, tmp_path) as stage:
        yield stage
