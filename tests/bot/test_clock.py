"""Ways to wait, and to end what goes on."""

import asyncio
from contextlib import suppress

import pytest

from bot import clock


async def test_a_cancellation_that_is_lost_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when discord.py's connection is made in the very moment in which the bot is stopped."""
    monkeypatch.setattr(clock, "CANCEL_AGAIN_S", 0.01)
    begun = asyncio.Event()

    async def loses_the_first() -> None:
        begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(loses_the_first())
    await begun.wait()
    async with asyncio.timeout(60):
        await clock.cancel([task])
    assert task.cancelled()
