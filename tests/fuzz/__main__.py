"""`python -m tests.fuzz`: spoil files, requests and answers by the thousand, and count."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.fuzz.answers import fuzz_answers
from tests.fuzz.files import fuzz_files
from tests.fuzz.requests import fuzz_requests

FROM_PEOPLE = 0.7
"""Of the requests; the rest are answers that the provider gives to the bot's own."""


def main() -> int:
    """0 when nothing was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--folder", type=Path, help="kept, with what was odd; must be new")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        wrong = asyncio.run(_fuzz(given.files, given.requests, given.seed, folder))
    sys.stdout.write(f"wrong: {wrong}; repeat it with --seed {given.seed}\n")
    return 1 if wrong else 0


async def _fuzz(files: int, requests: int, seed: int, folder: Path) -> int:
    """One part after the other; how much was wrong."""
    from_people = round(requests * FROM_PEOPLE)
    parts = (
        (fuzz_files, files, folder / "files"),
        (fuzz_requests, from_people, folder / "requests"),
        (fuzz_answers, requests - from_people, folder / "answers"),
    )
    wrong = 0
    for part, count, place in parts:
        tally = await part(count, seed, place)
        sys.stdout.write(f"{tally}\n")
        sys.stdout.flush()
        wrong += len(tally.wrong)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
