"""The cut-out, held against where the drawn person truly is."""

import cv2
import numpy as np

from engine.seeing.matte import best_pose, person_matte
from engine.seeing.pose import PoseModel
from sandbox.drawing.body import Stance
from sandbox.drawing.figures import BUILDS, Scene

SIZE = (360, 480)


def test_what_is_seen_between_arm_and_body_is_not_theirs(model: PoseModel) -> None:
    """Not even where it has a colour that the person has elsewhere: dark wood, dark hair."""
    scenes = [Scene(BUILDS["cleo"], where, SIZE) for where in ("shelves", "studio")]
    picture, other = (scene.draw(Stance())[0] for scene in scenes)
    alike = (np.abs(picture.astype(int) - other).max(2) < 1).astype(np.uint8)
    true = cv2.morphologyEx(alike, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0
    pose = best_pose(model, picture)
    assert pose is not None
    alpha = person_matte(picture, pose)
    too_much = float(alpha[~true].sum()) / true.sum()
    too_little = float((1 - alpha)[true].sum()) / true.sum()
    assert too_much < 0.04
    assert too_little < 0.05
