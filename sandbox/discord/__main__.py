"""`python -m sandbox.discord --port 0`: a seeded server that says in one line where it is."""

import argparse
import asyncio
import json
import signal
import sys

from sandbox.discord.server import DiscordServer
from sandbox.discord.state.seed import seed_world


async def serve(port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    async with DiscordServer(seed_world(), port=port) as server:
        sys.stdout.write(json.dumps(server.announcement()) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> int:
    """Read the command line; one sentence and 1 if the port cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.discord", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (the default) picks a free one")
    port = parser.parse_args().port
    try:
        asyncio.run(serve(port))
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"The sandbox cannot listen on port {port}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
