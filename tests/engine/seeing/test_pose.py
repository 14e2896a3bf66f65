"""The pose model on drawn people, whose joints are known exactly."""

import numpy as np
import pytest

from engine.seeing.matte import best_pose, person_matte
from engine.seeing.pose import PoseModel
from sandbox.drawing.body import Stance
from sandbox.drawing.figures import BUILDS, Scene
from sandbox.drawing.motions import MOTIONS
from tests.engine.dancers import SMALL, draw

JOINTS = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)


@pytest.mark.parametrize(
    ("who", "where", "motion", "moment"),
    [
        ("ada", "studio", "dance", 0.3),
        ("ben", "bricks", "jacks", 0.5),
        ("cleo", "shelves", "wave", 0.8),
        ("dan", "garden", "squat", 0.7),
        ("eve", "warm", "kick", 0.4),
    ],
)
def test_joints_are_where_they_were_drawn(
    model: PoseModel, who: str, where: str, motion: str, moment: float
) -> None:
    picture, joints = Scene(BUILDS[who], where, SMALL).draw(MOTIONS[motion](moment))
    pose = best_pose(model, picture)
    assert pose is not None
    off = [np.hypot(*(pose.points[n, :2] - joints[n][:2])) for n in JOINTS]
    assert np.median(off) < 5
    assert max(off) < 16
    assert pose.seen[list(JOINTS)].min() > 0.5


def test_nobody_is_found_where_nobody_is(model: PoseModel) -> None:
    blank = Scene(BUILDS["ada"], "shelves", SMALL)
    assert best_pose(model, blank.backdrop()) is None


@pytest.mark.parametrize("where", ["studio", "bricks", "shelves"])
def test_the_cut_follows_the_outline(model: PoseModel, where: str) -> None:
    scene = Scene(BUILDS["ada"], where, SMALL)
    picture, empty = scene.draw(Stance())[0], scene.backdrop()
    pose = best_pose(model, picture)
    assert pose is not None
    alpha = person_matte(picture, pose) > 0.5
    truth = np.abs(picture.astype(int) - empty).max(2) > 0
    truth[round(0.87 * SMALL[1]) :] = alpha[round(0.87 * SMALL[1]) :]  # the shadow is not theirs
    assert (alpha & truth).sum() / (alpha | truth).sum() > 0.9


def test_a_small_and_a_very_large_picture_will_do(model: PoseModel) -> None:
    picture = draw()
    large = np.kron(picture, np.ones((6, 6, 1), np.uint8))
    small, huge = best_pose(model, picture), best_pose(model, large)
    assert small is not None
    assert huge is not None
    assert np.abs(huge.points[list(JOINTS), :2] / 6 - small.points[list(JOINTS), :2]).max() < 8
