"""The ten motions that ship with the bot: somebody who moves so that anybody may move like them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sandbox.drawing.body import Limb, Stance
from sandbox.drawing.steps import Keys, Pose, loop

STAND = Pose()
ON_HIP: tuple[Limb, Limb] = ((0.72, 0.0), (-0.78, 0.12))
"""An arm and its forearm."""


@dataclass(frozen=True, slots=True)
class Starter:
    """One of them: what it is called, who does it before which backdrop, and for how long (s)."""

    name: str
    who: str
    where: str
    keys: Keys
    length_s: float

    @property
    def motion(self) -> Callable[[float], Stance]:
        """Its stance for each moment."""
        return loop(self.keys, self.length_s)


def _beats(beat_s: float, *poses: Pose) -> Keys:
    """A pose on each beat."""
    return [(number * beat_s, pose) for number, pose in enumerate(poses)]


def _wave() -> Starter:
    low = replace(STAND, sway=0.012, lean=0.01)
    ready = replace(
        STAND, arms=((0.1, 0.1), (0.24, 0.0)), forearms=((0.5, 0.3), (0.16, 0.2)), dip=0.016,
        lean=-0.03, nod=0.04, sway=-0.006,
    )  # fmt: skip
    up = replace(
        STAND, arms=((2.05, 0.12), (0.26, 0.0)), forearms=((3.25, 0.14), (0.2, 0.22)),
        sway=0.02, lean=-0.05, nod=-0.1,
    )  # fmt: skip
    out = replace(
        up, arms=((1.88, 0.12), (0.24, 0.0)), forearms=((2.15, 0.16), (0.24, 0.22)),
        sway=0.026, lean=0.02, nod=0.04,
    )  # fmt: skip
    keys = [
        (0.0, low), (0.34, ready), (0.82, up), (1.14, out), (1.46, up), (1.78, out), (2.1, up),
        (2.42, out), (2.74, up), (3.0, out), (3.5, replace(STAND, dip=0.008, nod=0.06)),
    ]  # fmt: skip
    return Starter("Wave", "cleo", "studio", keys, 4.0)


def _dance() -> Starter:
    """Steps from side to side; arms swing along and cross."""
    middle = Pose(
        arms=((0.5, 0.2), (0.5, 0.2)), forearms=((-0.7, 0.75), (-0.7, 0.75)), dip=0.05,
        feet=((0.1, 0.0), (0.1, 0.0)),
    )  # fmt: skip
    right = Pose(
        arms=((1.75, 0.15), (1.0, 0.2)), forearms=((2.7, 0.35), (2.4, 0.4)),
        feet=((0.17, 0.0), (0.01, 0.035)), sway=0.06, dip=0.012, lean=0.08, nod=-0.12,
    )  # fmt: skip
    high = replace(
        right, arms=((2.55, 0.05), (2.5, 0.05)), forearms=((2.95, 0.1), (2.9, 0.1)), nod=0.1,
    )  # fmt: skip
    steps = [right, middle, right.mirrored(), middle, high, middle, high.mirrored(), middle]
    return Starter("Dance", "ben", "warm", _beats(0.5, *steps), 4.0)


def _disco() -> Starter:
    """One hand points high, then low across, the other rests on the hip."""
    point = Pose(
        arms=((2.35, 0.05), ON_HIP[0]), forearms=((2.4, 0.1), ON_HIP[1]),
        feet=((0.17, 0.0), (0.15, 0.0)), sway=0.07, lean=-0.12, nod=-0.1,
    )  # fmt: skip
    across = Pose(
        arms=((0.1, 0.35), ON_HIP[0]), forearms=((-0.75, 0.35), ON_HIP[1]),
        feet=((0.17, 0.0), (0.15, 0.0)), sway=-0.06, dip=0.05, lean=0.08, nod=0.12,
    )  # fmt: skip
    change = Pose(
        arms=((0.95, 0.1), (0.95, 0.1)), forearms=((1.9, 0.3), (1.9, 0.3)), dip=0.03,
        feet=((0.16, 0.0), (0.16, 0.0)),
    )  # fmt: skip
    one = [point, across, point, across]
    other = [pose.mirrored() for pose in one]
    keys: list[tuple[float, Pose]] = []
    for start_s, half in ((0.0, one), (2.5, other)):
        keys += [(start_s + 0.5 * number, pose) for number, pose in enumerate(half)]
        keys.append((start_s + 2.05, change))
    return Starter("Disco", "eve", "studio", keys, 5.0)


def _jump() -> Starter:
    """Knees bend, arms swing back; up with both arms; a landing that gives way, and rest."""
    down = Pose(
        arms=((0.5, -0.25), (0.5, -0.25)), forearms=((0.55, 0.0), (0.55, 0.0)), dip=0.13,
        feet=((0.1, 0.0), (0.1, 0.0)), nod=0.05,
    )  # fmt: skip
    off = Pose(
        arms=((2.2, 0.1), (2.2, 0.1)), forearms=((2.5, 0.1), (2.5, 0.1)), dip=-0.003, jump=0.035,
        feet=((0.095, 0.0), (0.095, 0.0)),
    )  # fmt: skip
    air = Pose(
        arms=((2.55, 0.0), (2.55, 0.0)), forearms=((2.8, 0.05), (2.8, 0.05)), dip=0.05, jump=0.13,
        feet=((0.15, 0.0), (0.15, 0.0)),
    )  # fmt: skip
    fall = replace(off, arms=((1.9, 0.1),) * 2, forearms=((2.1, 0.1),) * 2, jump=0.03)
    landed = Pose(
        arms=((0.95, 0.15), (0.95, 0.15)), forearms=((1.0, 0.3), (1.0, 0.3)), dip=0.12,
        feet=((0.12, 0.0), (0.12, 0.0)), nod=-0.04,
    )  # fmt: skip
    rise = replace(STAND, arms=((0.34, 0.05),) * 2, feet=((0.11, 0.0),) * 2, dip=0.004)
    once = [(0.0, STAND), (0.5, down), (0.74, off), (0.98, air), (1.2, fall), (1.38, landed)]
    keys = [*once, (1.8, rise)]
    keys += [(1.95 + at, pose) for at, pose in once[1:]]
    keys += [(3.75, replace(rise, dip=0.01))]
    return Starter("Jump", "ada", "warm", keys, 4.2)


def _spin() -> Starter:
    """Winds up, turns once around with arms out, and comes to rest a little beyond."""
    ready = Pose(
        arms=((0.9, 0.3), (1.1, 0.0)), forearms=((-0.3, 0.5), (1.3, 0.1)), dip=0.045, turn=-0.35,
        nod=0.05, feet=((0.09, 0.0), (0.09, 0.0)),
    )  # fmt: skip
    wide = Pose(
        arms=((1.3, 0.0), (1.3, 0.0)), forearms=((1.45, 0.05), (1.45, 0.05)), dip=0.0,
        feet=((0.06, 0.0), (0.06, 0.0)),
    )  # fmt: skip
    keys = [
        (0.0, STAND), (0.55, ready), (1.15, replace(wide, turn=1.6)),
        (1.7, replace(wide, turn=3.3, arms=((1.0, 0.0),) * 2, forearms=((1.2, 0.0),) * 2)),
        (2.3, replace(wide, turn=5.1)),
        (2.85, replace(wide, turn=math.tau + 0.3, dip=0.03, arms=((1.15, 0.1),) * 2)),
        (3.4, replace(STAND, turn=math.tau - 0.06, arms=((0.4, 0.05),) * 2, dip=0.01)),
        (4.0, replace(STAND, turn=math.tau)),
    ]  # fmt: skip
    return Starter("Spin", "cleo", "warm", keys, 4.4)


def _bow() -> Starter:
    """An actor's: one arm sweeps up and around to the waist, the other one out; deep, and up."""
    open_ = Pose(
        arms=((2.2, 0.05), (0.5, 0.0)), forearms=((2.5, 0.1), (0.55, 0.2)), lean=-0.06, nod=-0.1,
        feet=((0.09, 0.0), (0.15, 0.0)), sway=-0.015,
    )  # fmt: skip
    deep = Pose(
        arms=((0.45, 0.3), (1.35, 0.0)), forearms=((-1.25, 0.4), (1.5, 0.05)), lean=0.42, nod=0.34,
        feet=((0.1, 0.0), (0.24, 0.0)), sway=0.05, dip=0.075,
    )  # fmt: skip
    held = replace(deep, lean=0.45, nod=0.38, dip=0.085, arms=((0.42, 0.3), (1.5, 0.0)))
    up = Pose(
        arms=((0.5, 0.15), (0.95, 0.0)), forearms=((-0.3, 0.4), (1.15, 0.1)), lean=-0.03, nod=-0.08,
        feet=((0.09, 0.0), (0.15, 0.0)),
    )  # fmt: skip
    keys = [
        (0.0, STAND), (0.35, replace(STAND, dip=0.02, lean=0.05, nod=0.06)), (1.0, open_),
        (1.9, deep), (2.6, held), (3.5, up), (4.15, replace(STAND, nod=0.09, dip=0.006)),
    ]  # fmt: skip
    return Starter("Bow", "dan", "studio", keys, 4.8)


def _walk() -> Starter:
    """Towards the viewer, on the spot: knees lift, arms swing against them, hips sway."""
    pass_ = Pose(
        arms=((0.2, 0.0), (0.2, 0.0)), forearms=((0.14, 0.3), (0.14, 0.3)), dip=0.0,
        feet=((0.06, 0.0), (0.06, 0.0)),
    )  # fmt: skip
    step = Pose(
        arms=((0.24, -0.4), (0.2, 0.5)), forearms=((0.2, 0.0), (-0.05, 0.8)),
        feet=((0.075, 0.15), (0.055, 0.0)), sway=-0.034, dip=-0.002, lean=0.03, nod=-0.03,
    )  # fmt: skip
    down = replace(pass_, dip=0.018)
    keys: list[tuple[float, Pose]] = []
    for number in range(8):
        pose = step if number % 2 else step.mirrored()
        keys += [(number * 0.52, down), (number * 0.52 + 0.24, pose)]
    return Starter("Walk", "ben", "studio", keys, 8 * 0.52)


def _clap() -> Starter:
    """Claps before the chest, with a bounce, and twice high above the head."""
    apart = Pose(
        arms=((0.62, 0.25), (0.62, 0.25)), forearms=((2.65, 0.35), (2.65, 0.35)), dip=0.0,
        feet=((0.12, 0.0), (0.12, 0.0)),
    )  # fmt: skip
    shut = replace(apart, arms=((0.4, 0.3),) * 2, forearms=((4.0, 0.4),) * 2, dip=0.045)
    wide = replace(apart, arms=((2.3, 0.05),) * 2, forearms=((2.75, 0.1),) * 2, dip=0.02)
    high = replace(apart, arms=((2.75, 0.1),) * 2, forearms=((3.5, 0.1),) * 2, dip=-0.002)
    moves = [
        *(replace(pose, sway=way * 0.03, lean=way * 0.05, nod=-way * 0.06)
          for way in (1, -1, 1) for pose in (apart, shut)),
        wide, high, wide, high,
    ]  # fmt: skip
    keys: list[tuple[float, Pose]] = []
    at_s = 0.0
    for number, pose in enumerate(moves):
        keys.append((at_s, pose))
        at_s += 0.27 if pose in {wide, high} or number % 2 else 0.3
    return Starter("Clap", "ada", "studio", keys, at_s + 0.35)


def _kick() -> Starter:
    """Hands in guard, a knee comes up, a foot goes out to the side; then the other one."""
    guard = Pose(
        arms=((0.5, 0.25), (0.5, 0.25)), forearms=((2.75, 0.45), (2.75, 0.45)), dip=0.05,
        feet=((0.15, 0.0), (0.15, 0.0)),
    )  # fmt: skip
    bounce = replace(guard, dip=0.025, sway=0.012)
    knee = replace(
        guard, feet=((0.17, 0.2), (0.1, 0.0)), sway=-0.075, dip=0.02, lean=-0.1, nod=0.08,
        arms=((0.75, 0.2), (0.6, 0.25)), forearms=((2.5, 0.4), (2.8, 0.45)),
    )  # fmt: skip
    out = replace(
        knee, feet=((0.5, 0.34), (0.09, 0.0)), sway=-0.1, dip=0.0, lean=-0.3, nod=0.24,
        arms=((1.05, 0.0), (0.7, 0.25)), forearms=((0.9, 0.1), (2.9, 0.45)),
    )  # fmt: skip
    back = replace(knee, dip=0.03, lean=-0.06)
    one = [(0.0, guard), (0.3, bounce), (0.62, knee), (0.9, out), (1.02, out), (1.35, back)]
    keys = [(at, pose) for at, pose in one] + [(2.1 + at, pose.mirrored()) for at, pose in one]
    keys.insert(6, (1.75, replace(guard, dip=0.06)))
    keys.append((3.85, replace(guard, dip=0.06)))
    return Starter("Kick", "eve", "warm", keys, 4.2)


def _cheer() -> Starter:
    """One fist up, then the other, then both with a hop, twice."""
    low = Pose(
        arms=((0.6, 0.25), (0.6, 0.25)), forearms=((2.6, 0.5), (2.6, 0.5)), dip=0.05,
        feet=((0.12, 0.0), (0.12, 0.0)),
    )  # fmt: skip
    one = replace(
        low, arms=((2.7, 0.0), (0.7, 0.25)), forearms=((2.95, 0.05), (2.5, 0.45)), dip=0.0,
        sway=0.03, lean=0.06, nod=-0.12,
    )  # fmt: skip
    both = replace(
        low, arms=((2.45, 0.0),) * 2, forearms=((2.65, 0.05),) * 2, dip=0.02, jump=0.075,
        feet=((0.14, 0.0),) * 2,
    )  # fmt: skip
    lift = replace(both, dip=0.0, jump=0.0, arms=((2.1, 0.05),) * 2, forearms=((2.6, 0.15),) * 2)
    deep = replace(low, dip=0.1)
    keys = [
        (0.0, low), (0.38, one), (0.76, low), (1.14, one.mirrored()), (1.56, deep), (1.82, lift),
        (2.04, both), (2.28, lift), (2.5, deep), (2.76, lift), (2.98, both), (3.22, lift),
        (3.48, deep),
    ]  # fmt: skip
    return Starter("Cheer", "dan", "warm", keys, 4.0)


STARTERS: Mapping[str, Starter] = {
    each.name: each
    for each in (
        _wave(), _dance(), _disco(), _jump(), _spin(), _bow(), _walk(), _clap(), _kick(), _cheer(),
    )
}  # fmt: skip
