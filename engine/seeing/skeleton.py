"""The joints and bones of a person, by BlazePose's numbers, and the angles between them."""

import numpy as np

from engine.seeing.arrays import Floats

NOSE, EYES, EARS = 0, (2, 5), (7, 8)
SHOULDERS, ELBOWS, WRISTS, KNUCKLES = (11, 12), (13, 14), (15, 16), (19, 20)
HIPS, KNEES, ANKLES, TOES = (23, 24), (25, 26), (27, 28), (31, 32)
SIDES = (0, 1)
LIMB_BONES = tuple(
    pair
    for side in SIDES
    for pair in (
        (SHOULDERS[side], ELBOWS[side]),
        (ELBOWS[side], WRISTS[side]),
        (HIPS[side], KNEES[side]),
        (KNEES[side], ANKLES[side]),
    )
)
ARM_CHAINS = tuple((SHOULDERS[s], ELBOWS[s], WRISTS[s]) for s in SIDES)
LEG_CHAINS = tuple((HIPS[s], KNEES[s], ANKLES[s]) for s in SIDES)


def middle(points: Floats, pair: tuple[int, int]) -> Floats:
    """The point between two joints; works on one pose and on many."""
    return np.asarray((points[..., pair[0], :2] + points[..., pair[1], :2]) / 2, np.float32)


def torso_length(points: Floats) -> Floats:
    """From between the hips to between the shoulders, in pixels."""
    spine = middle(points, SHOULDERS) - middle(points, HIPS)
    return np.asarray(np.hypot(spine[..., 0], spine[..., 1]))


def angle_of(vector: Floats) -> Floats:
    """Radians on screen, from the right clockwise, of vectors in the last axis."""
    return np.asarray(np.arctan2(vector[..., 1], vector[..., 0]))


def wrap(angle: Floats) -> Floats:
    """The same angle between -π and π."""
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)
