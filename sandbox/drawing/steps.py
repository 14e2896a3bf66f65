"""Motions by keyframes, with the weight of a body: feet that stay where they stand, limbs that ease
in and out, and hands and head that arrive a little later than what carries them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sandbox.drawing.body import Limb, Stance

THIGH, SHIN, HIP = 0.245, 0.235, 0.052
"""Of a slim body, in its heights; `HIP` is how far a hip is from the middle."""

STANDING = 0.474
"""The hips above the ankles: legs are never quite straight."""

HANDS_LATE_S, HEAD_LATE_S = 0.05, 0.08

Foot = tuple[float, float]
"""How far outwards from the middle, and how high."""


@dataclass(frozen=True, slots=True)
class Pose:
    """One key of a motion; the left side first, in heights of the body and radians as in `Stance`.

    `sway` moves the hips to the right and `dip` lowers them, while each foot stays where it is;
    `jump` lifts everything.
    """

    arms: tuple[Limb, Limb] = ((0.22, 0.0), (0.22, 0.0))
    forearms: tuple[Limb, Limb] = ((0.14, 0.18), (0.14, 0.18))
    feet: tuple[Foot, Foot] = ((0.085, 0.0), (0.085, 0.0))
    sway: float = 0.0
    dip: float = 0.0
    jump: float = 0.0
    lean: float = 0.0
    nod: float = 0.0
    turn: float = 0.0

    def mirrored(self) -> "Pose":
        """The same with left and right exchanged."""
        return replace(
            self,
            arms=self.arms[::-1],
            forearms=self.forearms[::-1],
            feet=self.feet[::-1],
            sway=-self.sway,
            lean=-self.lean,
            nod=-self.nod,
            turn=-self.turn,
        )


Keys = Sequence[tuple[float, Pose]]
"""Poses and when each is reached (s); a motion ends as it begins."""


def loop(keys: Keys, length_s: float) -> Callable[[float], Stance]:
    """A motion through these poses, over and over again; the first one is at 0."""
    curve = _Curve([at for at, _ in keys], [_flat(pose) for _, pose in keys], length_s)

    def motion(t: float) -> Stance:
        now, hands, head = (curve.at(t - late) for late in (0.0, HANDS_LATE_S, HEAD_LATE_S))
        return _stance(np.concatenate([now[:4], hands[4:8], now[8:-2], head[-2:-1], now[-1:]]))

    return motion


def _flat(pose: Pose) -> NDArray[np.float64]:
    pairs = (*pose.arms, *pose.forearms, *pose.feet)
    rest = (pose.sway, pose.dip, pose.jump, pose.lean, pose.nod, pose.turn)
    return np.array([*(value for pair in pairs for value in pair), *rest])


def _stance(values: NDArray[np.float64]) -> Stance:
    arms, forearms, feet = (_pairs(values[first : first + 4]) for first in (0, 4, 8))
    sway, dip, jump, lean, nod, turn = (float(value) for value in values[12:])
    legs = [_leg(foot, way * sway, dip) for foot, way in zip(feet, (1, -1), strict=True)]
    return Stance(
        arms=arms,
        forearms=forearms,
        legs=(legs[0][0], legs[1][0]),
        shins=(legs[0][1], legs[1][1]),
        lean=lean,
        nod=nod,
        turn=turn,
        shift=(sway, -jump),
    )


def _pairs(values: NDArray[np.float64]) -> tuple[Limb, Limb]:
    one, two, three, four = map(float, values)
    return (one, two), (three, four)


def _leg(foot: Foot, outwards: float, dip: float) -> tuple[Limb, Limb]:
    """The thigh and the shin from the hip to where the foot is; the knee points at the viewer."""
    out, down = foot[0] - outwards - HIP, STANDING - dip - foot[1]
    far = min(0.998 * (THIGH + SHIN), max(0.2 * THIGH, math.hypot(out, down)))
    angle = math.atan2(out, down)
    bent = (THIGH**2 + far**2 - SHIN**2) / (2 * THIGH * far)
    near = math.sqrt(max(0.0, 1 - min(1.0, bent) ** 2))
    return (angle, near), (angle, -min(1.0, near * THIGH / SHIN))


class _Curve:
    """Through all keys, without ever going beyond one; a pose given twice in a row is held."""

    def __init__(
        self, times_s: Sequence[float], values: Sequence[NDArray[np.float64]], length_s: float
    ) -> None:
        whole_turn = np.zeros_like(values[0])
        whole_turn[-1] = 2 * math.pi * round((values[-1][-1] - values[0][-1]) / (2 * math.pi))
        self._length_s, self._whole_turn = length_s, whole_turn
        self._times = np.array([*times_s, length_s])
        self._values = np.array([*values, values[0] + whole_turn])
        steps = np.diff(self._times)[:, None]
        rates = np.diff(self._values, axis=0) / steps
        before, after = np.roll(rates, 1, 0), rates
        # the harmonic mean of Fritsch and Butland: 0 wherever a value turns round
        product = before * after
        total = np.where(product > 0, before + after, 1.0)
        slopes = np.where(product > 0, 2 * product / total, 0.0)
        self._slopes = np.concatenate([slopes, slopes[:1]])

    def at(self, t: float) -> NDArray[np.float64]:
        rounds, t = divmod(t, self._length_s)
        index = int(np.searchsorted(self._times, t, side="right")) - 1
        index = min(index, len(self._times) - 2)
        step = self._times[index + 1] - self._times[index]
        u = (t - self._times[index]) / step
        one, other = self._values[index], self._values[index + 1]
        slope_one, slope_other = self._slopes[index] * step, self._slopes[index + 1] * step
        found: NDArray[np.float64] = (
            (2 * u**3 - 3 * u**2 + 1) * one
            + (u**3 - 2 * u**2 + u) * slope_one
            + (3 * u**2 - 2 * u**3) * other
            + (u**3 - u**2) * slope_other
            + rounds * self._whole_turn
        )
        return found
