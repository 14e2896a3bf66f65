"""`python -m tests.torture`: kill the bot at every point that can be seen, and count."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.torture.run import Plan, torture
from tests.torture.world import OFFERED


def main() -> int:
    """0 when nothing was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--fault-rate", type=float, default=0.0, help="of each kind, per request")
    parser.add_argument(
        "--failing", choices=OFFERED, default="", help="whose submits often fail; else by the seed"
    )
    parser.add_argument("--folder", type=Path, help="kept, with the bot's log; must be new")
    given = parser.parse_args()
    plan = Plan(given.jobs, given.kills, given.seed, given.fault_rate, given.failing)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        tally = asyncio.run(torture(plan, folder.resolve()))
    sys.stdout.write(f"{tally}\n")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
