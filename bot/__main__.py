"""The command line. Every failure is one plain sentence and a non-zero exit."""

import argparse
import asyncio
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.cards.refusals import sentence
from bot.clock import Clock, SystemClock
from bot.console.database import db
from bot.console.doctor import doctor
from bot.console.jobs import jobs
from bot.console.pauses import pause, resume
from bot.console.quota import quota
from bot.console.secrecy import warn
from bot.console.tables import plain
from bot.console.usage import parser
from bot.errors import MarionetteError, Refused, SettingsError
from bot.gateway.shares import Share
from bot.media import isolation
from bot.settings import Settings
from bot.telemetry import set_up_logs

SWITCH_S = 0.0001
"""The database's thread lets the interpreter go at each statement, and a busy loop gives it back
only after so long: with Python's 5 ms, a request of twenty statements takes a tenth of a second.
"""

OPEN_FILES = 8192
"""Each job, each person and each download has files and connections open; a usual 1,024 are few."""

RUNNING = {"run", "worker"}
Report = tuple[str, int] | str
BESIDE: dict[str, Callable[[argparse.Namespace, Settings, Clock], Awaitable[Report]]] = {
    "jobs": jobs,
    "quota": quota,
    "pause": pause,
    "resume": resume,
    "db": db,
    "doctor": doctor,
}


def main() -> int:
    """0 after a clean stop or answer, 2 for a wrong setting, 1 for anything else that went wrong.

    The doctor also ends with 1 when it has found something.
    """
    wanted = parser().parse_args()
    os.umask(0o077)  # the database holds people's requests and live tokens
    isolation.hide()
    code = 0
    try:
        settings = Settings.load(to_run=wanted.command in RUNNING)
        if wanted.command in RUNNING:
            set_up_logs(settings.log_level)
            warn(settings)
            sys.setswitchinterval(SWITCH_S)
            _open_more_files()
            asyncio.run(_until_signalled(wanted, settings))
        else:
            set_up_logs("CRITICAL")  # what is to be said is said in a sentence
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `… | head` is no failure
            code = _tell(asyncio.run(_beside(wanted, settings)))
    except* SettingsError as wrong:
        code = _say(wrong, 2)
    except* MarionetteError as failed:
        code = code or _say(failed, 1)
    except* KeyboardInterrupt:
        code = 130
    return code


def _open_more_files() -> None:
    """As many as there is sense in, and as the machine lets its users have if they ask."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):  # macOS may let nobody have as many as it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


async def _beside(wanted: argparse.Namespace, settings: Settings) -> Report:
    return await BESIDE[wanted.command](wanted, settings, SystemClock())


async def _until_signalled(wanted: argparse.Namespace, settings: Settings) -> None:
    from bot.app import run  # noqa: PLC0415 - what answers beside the bot need not load Discord

    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    share = wanted.shards if wanted.command == "run" else Share.of_none()
    await run(settings, SystemClock(), stopping, share)


def _tell(report: Report) -> int:
    text, code = (report, 0) if isinstance(report, str) else report
    sys.stdout.write(f"{text}\n")
    return code


def _say(errors: BaseExceptionGroup[BaseException], code: int) -> int:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    text = str(error)
    if isinstance(error, Refused):
        text = plain(sentence(error.problem, error.facts))
    sys.stderr.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
