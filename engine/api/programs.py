"""A program of the engine's in a process of its own: started, listened to, and ended in time."""

import asyncio
import json
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.api.inputs import InputError

PACKAGE_PARENT = Path(__file__).resolve().parents[2]

logger = logging.getLogger(__name__)


async def run_apart(
    command: list[str], timeout_s: float, progress: Callable[[float], None] = lambda share: None
) -> dict[str, Any]:
    """Run it to its end; the last line it tells. Raises `InputError`, also for what it says."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(PACKAGE_PARENT)},
    )
    try:
        async with asyncio.timeout(timeout_s):
            async with asyncio.TaskGroup() as listening:
                told = listening.create_task(_listen(process.stdout, progress))
                complaint = listening.create_task(_read_end(process.stderr))
            await process.wait()
    except TimeoutError:
        raise InputError("the inputs take too long to process") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()  # also closes the pipes
    if process.returncode == -signal.SIGXCPU:
        raise InputError("the inputs take too long to process")
    if (outcome := told.result()) is None:
        logger.warning("A program died (%s): %s", process.returncode, complaint.result())
        raise InputError("the inputs could not be processed")
    if "error" in outcome:
        raise InputError(outcome["error"])
    return outcome


async def _listen(
    pipe: asyncio.StreamReader | None, progress: Callable[[float], None]
) -> dict[str, Any] | None:
    """Pass on how far it is; the outcome, if there comes one."""
    assert pipe is not None
    outcome: dict[str, Any] | None = None
    async for line in pipe:
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        if "progress" in told:
            progress(told["progress"])
        else:
            outcome = told
    return outcome


async def _read_end(pipe: asyncio.StreamReader | None) -> bytes:
    assert pipe is not None
    end = b""
    while piece := await pipe.read(4096):
        end = (end + piece)[-2000:]
    return end
