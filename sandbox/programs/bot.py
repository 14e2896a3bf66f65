"""The bot's program on a clock that another process moves: `python -m sandbox.programs.bot FILE`.

The file is a `shared_clock`. By it discord.py waits between its own tries, too: else an hour would
pass between two that are seconds apart, and Discord would not know the second one for a repeat.
What stands behind it, and everything else, is as in `python -m bot`. A machine's clock jumps, too:
after it slept, or when it is set. Only who else is there, and leads which jobs, the bot's processes
learn in real time: they run in it, and none has stood still because that clock was moved.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import discord.http
import discord.webhook.async_

import bot.app
from bot.clock import SystemClock
from bot.console.usage import parser
from bot.gateway.shares import Share
from bot.peers.overlap import Overlap
from bot.peers.presence import Presence
from bot.settings import Settings
from bot.telemetry import set_up_logs
from sandbox.clock import MovableClock
from sandbox.programs.shared_clock import catch_up, follow


class Waits:
    """asyncio, whose `sleep` goes by a clock."""

    def __init__(self, clock: MovableClock) -> None:
        self.sleep = clock.sleep

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


def _in_real_time(made: Any) -> Any:
    """Whoever is made with a clock, with the machine's own."""

    def make(*given: Any, **named: Any) -> Any:
        real = SystemClock()
        return made(*(real if isinstance(each, MovableClock) else each for each in given), **named)

    return make


async def main(path: Path, share: Share | None) -> None:
    """Run until SIGTERM or Ctrl-C."""
    stopping, clock = asyncio.Event(), MovableClock()
    catch_up(clock, path)
    for module in (discord.http, discord.webhook.async_):
        module.asyncio = Waits(clock)  # type: ignore[attr-defined]
    for made in (Presence, Overlap):
        vars(bot.app)[made.__name__] = _in_real_time(made)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    following = asyncio.create_task(follow(clock, path))
    await bot.app.run(Settings.load(None), clock, stopping, share)
    following.cancel()


if __name__ == "__main__":
    os.umask(0o077)
    set_up_logs("INFO")
    wanted = parser().parse_args(sys.argv[2:] or ["run"])
    share = wanted.shards if wanted.command == "run" else Share.of_none()
    asyncio.run(main(Path(sys.argv[1]), share))
