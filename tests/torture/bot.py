"""The bot's program on a clock that another process moves: the number in a file, in seconds ahead.

So does discord.py wait between its own tries: else an hour would pass between two tries that are
seconds apart, and Discord would not know the second one for a repeat. Everything else is as in
`python -m bot run`. A machine's clock jumps, too: after it slept, or when it is set.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import discord.http
import discord.webhook.async_

from bot.app import run
from bot.settings import Settings
from bot.telemetry import set_up_logs
from sandbox.clock import MovableClock

LOOK_EVERY_S = 0.05


class Waits:
    """asyncio, whose `sleep` goes by a clock."""

    def __init__(self, clock: MovableClock) -> None:
        self.sleep = clock.sleep

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


async def follow(clock: MovableClock, path: Path) -> None:
    """Keep a clock where the file says, until cancelled."""
    while True:
        clock.advance(max(0.0, float(path.read_text()) - clock.ahead_s))  # noqa: ASYNC240
        await asyncio.sleep(LOOK_EVERY_S)


async def main(path: Path) -> None:
    """Run until SIGTERM."""
    stopping, clock = asyncio.Event(), MovableClock()
    clock.advance(float(path.read_text()))  # noqa: ASYNC240
    for module in (discord.http, discord.webhook.async_):
        module.asyncio = Waits(clock)  # type: ignore[attr-defined]
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    following = asyncio.create_task(follow(clock, path))
    await run(Settings.load(None), clock, stopping)
    following.cancel()


if __name__ == "__main__":
    os.umask(0o077)
    set_up_logs("INFO")
    asyncio.run(main(Path(sys.argv[1])))
