"""A short torture run: `make torture` has the long ones."""

from pathlib import Path

from tests.torture.run import Plan, torture


async def test_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path) -> None:
    plan = Plan(jobs=9, kills=4, seed=20, fault_rate=0.01, failing="p-video-animate")
    tally = await torture(plan, tmp_path)
    assert not tally.wrong, str(tally)
    assert tally.ends.total() >= 9
    assert tally.kills.total() == 4
    assert tally.posts > 0
    assert tally.accepted.total() > 0  # of which models is up to chance
