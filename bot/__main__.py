"""The command line. Every failure is one plain sentence and a non-zero exit."""

import argparse
import asyncio
import os
import signal
import sys

from bot.app import run
from bot.clock import SystemClock
from bot.errors import MarionetteError, SettingsError
from bot.settings import Settings
from bot.telemetry import set_up_logs


def main() -> int:
    """0 after a clean stop, 2 for a wrong setting, 1 for anything else that went wrong."""
    parser = argparse.ArgumentParser(prog="python -m bot", description="Marionette, a Discord bot")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the bot until SIGTERM or Ctrl-C")
    parser.parse_args()
    os.umask(0o077)  # the database holds people's requests and live tokens
    code = 0
    try:
        settings = Settings.load()
        set_up_logs(settings.log_level)
        asyncio.run(_until_signalled(settings))
    except* SettingsError as wrong:
        code = _say(wrong, 2)
    except* MarionetteError as failed:
        code = code or _say(failed, 1)
    return code


async def _until_signalled(settings: Settings) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await run(settings, SystemClock(), stopping)


def _say(errors: BaseExceptionGroup[BaseException], code: int) -> int:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    sys.stderr.write(f"{error}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
