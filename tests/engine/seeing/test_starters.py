"""The starter set is made of what the engine sees somebody in."""

from pathlib import Path

import pytest

import engine
from engine.seeing.glance import who_moves
from engine.seeing.pose import PoseModel

STARTERS = Path(engine.__file__).parents[1] / "bot" / "media" / "starter"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bow", "spin"])
def test_somebody_is_seen_in_a_starter_motion(model: PoseModel, name: str) -> None:
    assert who_moves(STARTERS / f"{name}.mp4", model) == "person"
