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
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own")
    parser.add_argument("--restarts", type=int, default=0, help="of that PostgreSQL")
    parser.add_argument("--processes", type=int, default=1, help="of one bot, on that PostgreSQL")
    parser.add_argument("--apart", action="store_true", help="the runs lead no jobs")
    parser.add_argument("--runs", type=int, default=1, help="of those with a gateway; else workers")
    parser.add_argument("--standstills", type=int, help="SIGSTOP; of several, a fifth of the kills")
    parser.add_argument("--hand-overs", type=int, help="SIGTERM; of several, a fifth of the kills")
    parser.add_argument("--folder", type=Path, help="kept, with the bot's log; must be new")
    given = parser.parse_args()
    if not given.postgres and (given.restarts or given.processes > 1):
        parser.error("--restarts and --processes need --postgres")
    usual = given.kills // 5 if given.processes > 1 else 0
    runs = min(given.runs, given.processes)
    plan = Plan(
        given.jobs,
        given.kills,
        given.seed,
        given.fault_rate,
        given.failing,
        is_on_postgres=given.postgres,
        restarts=given.restarts,
        roles=("run --shards 0/1" if given.apart else "run",) * runs
        + ("worker",) * (given.processes - runs),
        standstills=usual if given.standstills is None else given.standstills,
        hand_overs=usual if given.hand_overs is None else given.hand_overs,
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        tally = asyncio.run(torture(plan, folder.resolve()))
    sys.stdout.write(f"{tally}\n")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
