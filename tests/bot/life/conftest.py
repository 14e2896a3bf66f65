"""A world for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.life.world import Life


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    """Both servers run; the bot is started by the test."""
    async with Life(tmp_path) as life:
        yield life
