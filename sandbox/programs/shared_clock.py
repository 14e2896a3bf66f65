"""One time for several processes: a file says how far it is ahead of the real one, in seconds."""

import asyncio
import os
from pathlib import Path

from sandbox.clock import MovableClock

LOOK_EVERY_S = 0.05


def tell(path: Path, ahead_s: float) -> None:
    """Let everybody who follows the file go by this; the file is whole at any moment."""
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(str(ahead_s))
    new.replace(path)


def catch_up(clock: MovableClock, path: Path) -> None:
    """Move a clock on to where the file says."""
    clock.advance(max(0.0, _read(path) - clock.ahead_s))


async def follow(clock: MovableClock, path: Path) -> None:
    """Keep a clock where the file says, and tell so beside it, until cancelled."""
    told_s = -1.0
    while True:
        catch_up(clock, path)
        if clock.ahead_s != told_s:
            told_s = clock.ahead_s
            tell(_followed(path), told_s)
        await asyncio.sleep(LOOK_EVERY_S)


async def until_followed(path: Path, timeout_s: float) -> None:
    """Wait until the one who follows the file is where it says. Raises `TimeoutError`."""
    async with asyncio.timeout(timeout_s):
        while _read(_followed(path)) < _read(path):  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(LOOK_EVERY_S)


def _followed(path: Path) -> Path:
    return path.with_suffix(".followed")


def _read(path: Path) -> float:
    return float(path.read_text()) if path.exists() else 0.0
