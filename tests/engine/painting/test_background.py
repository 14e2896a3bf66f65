"""What is painted behind the person, held against the very wall that was drawn there."""

import cv2
import numpy as np
import pytest

from engine.painting.background import fill_hole
from engine.painting.retarget import Rig
from engine.painting.staging import clear
from engine.seeing.matte import best_pose, person_matte
from engine.seeing.pose import PoseModel
from sandbox.drawing.body import Stance
from sandbox.drawing.figures import BUILDS, Scene
from tests.engine.dancers import Frame

SIZE = (360, 480)


def hole_of(where: str) -> tuple[Frame, Frame, np.ndarray]:
    """The true wall, the picture with somebody before it, and where they and their shadow are."""
    scene = Scene(BUILDS["ben"], where, SIZE)
    wall, picture = scene.backdrop(), scene.draw(Stance())[0]
    differs = np.abs(picture.astype(int) - wall).max(2) > 3
    return wall, picture, cv2.dilate(differs.astype(np.uint8), np.ones((9, 9))) > 0


def off(one: Frame, other: Frame, where: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other)[where].mean())


@pytest.mark.parametrize("where", ["studio", "warm", "bricks"])
def test_the_wall_goes_on_behind_the_person(where: str) -> None:
    wall, picture, hole = hole_of(where)
    plain = cv2.inpaint(picture, hole.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    assert off(fill_hole(picture, hole), wall, hole) < 0.65 * off(plain, wall, hole)


def test_rows_of_bricks_go_on_with_their_mortar() -> None:
    wall, picture, hole = hole_of("bricks")
    filled = fill_hole(picture, hole)
    mortar = wall.min(2) > 140
    hole[round(0.8 * hole.shape[0]) :] = False  # only the wall, not the pavement
    found = filled.min(2) > 120
    right = (found & mortar & hole).sum() / (mortar & hole).sum()
    wrong = (
        found & ~cv2.dilate(mortar.astype(np.uint8), np.ones((3, 3))).astype(bool) & hole
    ).sum()
    assert right > 0.8
    assert wrong < 0.15 * (mortar & hole).sum()


def test_the_shadow_goes_from_the_floor_and_is_as_dark_again(model: PoseModel) -> None:
    wall, picture, hole = hole_of("studio")
    pose = best_pose(model, picture)
    assert pose is not None
    alpha, rig = person_matte(picture, pose), Rig.of(pose, SIZE)
    background, shadow = clear(picture, alpha, rig, np.ones_like(hole))
    assert off(background, wall, np.ones_like(hole)) < 1
    assert shadow is not None
    assert shadow.depth == pytest.approx(0.34, abs=0.07)  # as it was drawn


def test_only_what_may_be_used_is_copied() -> None:
    picture = np.full((240, 320, 3), (90, 140, 90), np.uint8)
    picture[::8] += 30
    picture[60:200, 210:260] = (250, 20, 20)  # a bystander
    hole = np.zeros(picture.shape[:2], bool)
    hole[50:220, 120:190] = True
    usable = np.ones_like(hole)
    usable[54:206, 204:266] = False
    filled = fill_hole(picture, hole, usable)
    assert not (filled[hole][:, 0] > 160).any()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("size", [(16, 16), (9, 200), (300, 400)])
def test_any_size_and_any_hole_is_filled_somehow(size: tuple[int, int], share: float) -> None:
    chance = np.random.default_rng(3)
    picture = chance.integers(0, 256, (*size, 3), dtype=np.uint8)
    hole = np.zeros(size, bool)
    hole[:, : round(share * size[1])] = True
    filled = fill_hole(picture, hole)
    assert (filled.shape, filled.dtype) == (picture.shape, picture.dtype)
    if share == 0:
        assert (filled == picture).all()
