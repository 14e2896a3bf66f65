"""What would come out in tatters is known before it is shown, and what would not is left alone."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from engine.painting.judge import (
    MOST_HIDDEN,
    MOST_LITTER,
    MOST_STRANGE,
    are_whole,
    hidden,
    litter,
)
from engine.painting.puppet import strange_share, take_apart
from engine.painting.retarget import Rig, retarget
from engine.seeing.matte import best_pose, person_matte
from engine.seeing.motion import Moves, understand
from engine.seeing.pose import PoseModel
from sandbox.drawing.body import Limb, Stance
from sandbox.drawing.figures import BUILDS, Scene, build_by_chance
from sandbox.drawing.motions import MOTIONS
from tests.engine.dancers import SMALL, Frame, crowd, draw, take_of

Drawn = Callable[[], Frame]
"""Drawn in the test alone: every process that runs tests reads this file."""

BOTH, LEFT, RIGHT, LEGS = [0, 1], [0], [1], [2, 3]


def arms(*angles: Limb) -> Stance:
    """Both upper arms, then both forearms; the left first."""
    one, other, fore, other_fore = angles
    return Stance(arms=(one, other), forearms=(fore, other_fore))


HANGING, BENT = (0.35, 0.0), (0.2, 0.15)
CROSSED = arms((0.25, 0.2), (0.25, 0.2), (-1.9, 0.45), (-1.9, 0.45))
FOLDED = arms((0.15, 0.1), (0.15, 0.1), (-1.5, 0.3), (-1.5, 0.3))
ON_HIPS = arms((0.9, 0.0), (0.9, 0.0), (-0.8, 0.1), (-0.8, 0.1))
ONE_ACROSS = arms(HANGING, (0.25, 0.2), BENT, (-1.9, 0.45))
AT_THE_CHIN = arms(HANGING, (0.3, 0.3), BENT, (-2.6, 0.5))
IN_FRONT = arms((0.3, 0.1), (0.3, 0.1), (-0.9, 0.4), (-0.9, 0.4))
RAISED = arms((2.4, 0.0), (0.5, 0.0), (2.6, 0.0), (0.3, 0.0))
LEGS_CROSSED = Stance(legs=((-0.18, 0.05), (-0.18, 0.0)), shins=((-0.1, 0.0), (-0.1, 0.0)))
FROM_THE_SIDE = Stance(turn=1.4)


@dataclass(frozen=True)
class Verdict:
    """What was measured of one picture."""

    strange: float
    litter: list[float]
    hidden: list[float]
    whole: list[bool]

    def __str__(self) -> str:
        numbers = [np.round(each, 2).tolist() for each in (self.strange, self.litter, self.hidden)]
        return "strange {}, litter {}, hidden {}".format(*numbers)


@pytest.fixture(scope="module")
def moves() -> Moves:
    return understand(take_of(MOTIONS["dance"]))


@pytest.fixture(scope="module")
def spin() -> Moves:
    """In which every limb points at the viewer for a while."""
    return understand(take_of(MOTIONS["spin"], 3.0))


def judge(picture: Frame, model: PoseModel, *motions: Moves) -> list[Verdict]:
    """Of one picture with each of the motions."""
    pose = best_pose(model, picture)
    assert pose is not None
    alpha = person_matte(picture, pose)
    rig = Rig.of(pose, SMALL)
    puppet = take_apart(picture, alpha, rig)
    strange, unseen = strange_share(alpha, rig), hidden(puppet, alpha.shape)
    plans = [retarget(moves, rig) for moves in motions]
    return [
        Verdict(
            strange,
            litter(puppet, plan, alpha.shape),
            unseen,
            are_whole(puppet, plan, alpha.shape),
        )
        for plan in plans
    ]


@pytest.mark.parametrize(
    ("who", "where", "stance", "torn", "least"),
    [
        ("ada", "studio", CROSSED, BOTH, 1.0),
        ("ben", "garden", FOLDED, BOTH, 0.5),
        ("ada", "studio", ON_HIPS, BOTH, 0.6),
        ("eve", "bricks", ONE_ACROSS, RIGHT, 1.0),
        ("ada", "studio", AT_THE_CHIN, RIGHT, 0.5),
    ],
)
def test_limbs_that_would_take_pieces_along_are_known(
    model: PoseModel,
    moves: Moves,
    who: str,
    where: str,
    stance: Stance,
    torn: list[int],
    least: float,
) -> None:
    [found] = judge(draw(stance, who=who, where=where), model, moves)
    assert min(found.litter[limb] for limb in torn) > least, found
    assert [limb for limb in range(4) if not found.whole[limb]] == torn, found
    assert found.strange < 0.01, found


@pytest.mark.parametrize(("who", "stance"), [("ada", LEGS_CROSSED), ("cleo", FROM_THE_SIDE)])
def test_limbs_that_are_behind_others_are_known(
    model: PoseModel, moves: Moves, who: str, stance: Stance
) -> None:
    [found] = judge(draw(stance, who=who), model, moves)
    assert max(found.hidden[2:]) > MOST_HIDDEN, found
    assert max(found.litter) < 0.05, found


BEFORE = partial(crowd, ("ada", Stance(), 0.5, 0.76), ("ben", Stance(), 0.64, 0.6))
BEHIND = partial(
    crowd, ("ben", Stance(), 0.56, 0.78), ("eve", Stance(), 0.47, 0.76), where="garden"
)


@pytest.mark.parametrize(
    ("picture", "least"),
    [
        (BEFORE, 0.1),
        (BEHIND, 0.08),
    ],
    ids=["before", "behind"],
)
def test_a_second_person_in_the_cut_out_is_known(
    model: PoseModel, moves: Moves, picture: Drawn, least: float
) -> None:
    [found] = judge(picture(), model, moves)
    assert found.strange > least > MOST_STRANGE, found


def by_chance(number: int) -> Frame:
    """Somebody whom nobody chose, heavy or slim, some in skirts."""
    return Scene(build_by_chance(random.Random(number)), "warm", SMALL).draw(Stance())[0]


@pytest.mark.parametrize(
    "picture",
    [
        *(partial(draw, who=who) for who in BUILDS),
        partial(draw, RAISED, who="cleo", where="garden"),
        partial(draw, IN_FRONT, who="cleo", where="shelves"),
        partial(crowd, ("cleo", Stance(), 0.84, 0.7), ("ada", Stance(), 0.3, 0.76)),
        *(partial(by_chance, number) for number in (3, 7, 8, 14)),
    ],
)
def test_whoever_stands_freely_is_left_alone(
    model: PoseModel, moves: Moves, spin: Moves, picture: Drawn
) -> None:
    for found in judge(picture(), model, moves, spin):
        assert all(found.whole), found
        assert max(found.litter) < MOST_LITTER - 0.06, found
        assert max(found.hidden) < MOST_HIDDEN - 0.05, found
        assert found.strange < MOST_STRANGE - 0.02, found
