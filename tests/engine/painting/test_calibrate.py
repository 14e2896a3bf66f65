"""What is learnt from looking at the puppet, and what is not."""

import random

import numpy as np

from engine.painting.calibrate import mistakes
from engine.painting.retarget import Rig, retarget
from engine.seeing.arrays import Floats
from engine.seeing.matte import best_pose
from engine.seeing.motion import understand
from engine.seeing.pose import PoseModel
from sandbox.drawing.motions import MOTIONS, by_chance
from tests.engine.dancers import RATE, SMALL, Frame, draw, take_of


def learnt(model: PoseModel, pictures: list[Frame]) -> Floats:
    moves = understand(take_of(MOTIONS["dance"]))
    still = best_pose(model, draw())
    assert still is not None
    plan = retarget(moves, Rig.of(still, SMALL))
    return np.degrees(mistakes(model, still, moves, plan, lambda index: pictures[index]))


def test_what_is_seen_as_it_should_be_is_hardly_corrected(model: PoseModel) -> None:
    pictures = [draw(MOTIONS["dance"](index / RATE)) for index in range(2 * RATE)]
    found = np.abs(learnt(model, pictures))
    assert 0.5 < found.max() < 12


def test_looks_that_disagree_tell_nothing(model: PoseModel) -> None:
    """As with limbs that the model cannot make out: each time it sees them elsewhere."""
    motion = by_chance(random.Random(2))
    pictures = [draw(motion(index)) for index in range(2 * RATE)]
    assert np.abs(learnt(model, pictures)).max() < 3
