"""`python -m engine`: the stand-in provider on this machine, until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import json
import math
import signal
import sys
from pathlib import Path

from engine.server import ProviderServer


async def serve(server: ProviderServer) -> None:
    """Print the addresses as one line of JSON once they answer; return on SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with server:
        sys.stdout.write(json.dumps(server.urls()) + "\n")
        sys.stdout.flush()
        await stop.wait()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port from 0 to 65535")
    return int(text)


def _not_negative(text: str) -> float:
    try:
        if 0 <= (number := float(text)) < math.inf:
            return number
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text} is not a number of 0 or more")


def main() -> int:
    """Exit status 0 after a signal; 1 and one sentence when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m engine", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=0, help="0: any free one")
    parser.add_argument("--api-key", default="SG_local")
    parser.add_argument(
        "--run-time-s", type=_not_negative, default=8.0, help="of one job, in seconds"
    )
    parser.add_argument("--media-dir", type=Path, help="kept; default: a temporary folder")
    parser.add_argument(
        "--credits", type=_not_negative, default=100.0, help="the account's balance"
    )
    given = parser.parse_args()
    try:
        asyncio.run(serve(ProviderServer(**vars(given))))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"The engine cannot start: {where}{error.strerror or error}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
