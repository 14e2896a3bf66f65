"""Short torture runs: `make torture` has the long ones."""

import os
from pathlib import Path

import pytest

from tests.postgres import found
from tests.torture.run import Plan, torture

needs_postgres = pytest.mark.skipif(
    found() is None and not os.environ.get("CI"), reason="PostgreSQL is not installed here"
)


async def test_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path) -> None:
    plan = Plan(jobs=9, kills=4, seed=20, fault_rate=0.01, failing="p-video-animate")
    tally = await torture(plan, tmp_path)
    assert not tally.wrong, str(tally)
    assert tally.ends.total() >= 9
    assert tally.kills.total() == 4
    assert tally.posts > 0
    assert tally.accepted.total() > 0  # of which models is up to chance


@needs_postgres
async def test_nor_where_processes_and_their_database_go_away(tmp_path: Path) -> None:
    plan = Plan(
        jobs=10,
        kills=2,
        seed=21,
        is_on_postgres=True,
        restarts=1,
        roles=("run", "worker"),
        standstills=1,
        longest_still_s=15.0,
    )
    tally = await torture(plan, tmp_path)
    assert not tally.wrong, str(tally)
    assert tally.ends.total() >= 10
    assert (tally.kills.total(), tally.blows.total()) == (2, 2)
