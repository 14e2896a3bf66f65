"""How far one film's motion is another's: the angles of the limbs, looked at in both."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.seeing.arrays import Flags, Floats
from engine.seeing.motion import resample
from engine.seeing.pose import PoseModel
from engine.seeing.skeleton import LIMB_BONES, angle_of, wrap
from engine.seeing.track import Take, follow

CLOSE_DEGREES = 20.0
SURE = 0.5
LONG_ENOUGH = 0.2
OTHER_SIDE = (4, 5, 6, 7, 0, 1, 2, 3)


@dataclass(frozen=True)
class Agreement:
    """The mean difference of the limbs' angles, the share of close ones, and of how many."""

    mean_degrees: float
    close_share: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean_degrees:.1f}° mean, {self.close_share:.1%} within 20°"


def agreement(reference: Path, output: Path, model: PoseModel) -> Agreement:
    """Of two films, moment by moment. Raises `RenderError` if either cannot be used."""
    one, other = (follow(path, model, lambda share: None) for path in (reference, output))
    truth, is_sure = angles_of(one, one.times_s)
    return compare(truth, is_sure, other, one.times_s)


def angles_of(take: Take, times_s: Floats) -> tuple[Floats, Flags]:
    """Eight limbs' angles on screen at these moments, and which of them are surely seen."""
    there = take.seen.max(1) > 0
    points = resample(take.times_s[there], take.points[there].astype(float), times_s)
    seen = resample(take.times_s, take.seen.astype(float), times_s)
    bones = np.stack([points[:, b, :2] - points[:, a, :2] for a, b in LIMB_BONES], 1)
    sure = np.stack([np.minimum(seen[:, a], seen[:, b]) > SURE for a, b in LIMB_BONES], 1)
    # what points at the viewer has no angle on screen
    length = np.hypot(bones[..., 0], bones[..., 1])
    sure &= length > LONG_ENOUGH * np.percentile(length, 90, axis=0)
    return np.asarray(angle_of(bones)), sure


def compare(
    truth: Floats,
    is_sure: Flags,
    output: Take,
    times_s: Floats,
) -> Agreement:
    """The output's angles against known ones, for a dancer who turns as on screen."""
    found, seen = angles_of(output, times_s)
    both = is_sure & seen
    straight = np.abs(wrap(found - truth))
    crossed = np.abs(wrap(found - truth[:, list(OTHER_SIDE)]))
    is_turned = (crossed * both).sum(1) < (straight * both).sum(1) * 0.5
    errors = np.degrees(np.where(is_turned[:, None], crossed, straight))[both]
    if not errors.size:
        return Agreement(180.0, 0.0, 0)
    close = float((errors < CLOSE_DEGREES).mean())
    return Agreement(float(errors.mean()), close, int(errors.size))


def of_truth(joints: Sequence[Floats]) -> Floats:
    """The limbs' angles of exact joints, 33 a frame."""
    points = np.stack(joints)
    bones = np.stack([points[:, b, :2] - points[:, a, :2] for a, b in LIMB_BONES], 1)
    return np.asarray(angle_of(bones))
