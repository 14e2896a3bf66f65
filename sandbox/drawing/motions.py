"""How drawn people move: each motion gives a stance for a moment, in seconds."""

import math
import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import astuple
from itertools import accumulate

from sandbox.drawing.body import Limb, Stance


def dance(t: float) -> Stance:
    """Arms that wave high and low, steps from side to side, hips that sway."""
    beat = math.tau * t * 0.75
    swing, sway = math.sin(beat), math.sin(beat * 2)
    return Stance(
        arms=((1.35 + 0.95 * swing, 0.15), (1.35 - 0.95 * swing, 0.15)),
        forearms=((1.9 + 0.9 * math.sin(beat + 0.7), 0.2), (1.9 - 0.9 * math.sin(beat + 0.7), 0.2)),
        legs=((0.16 + 0.28 * max(0.0, swing), 0.1), (0.16 + 0.28 * max(0.0, -swing), 0.1)),
        shins=((0.06 - 0.25 * max(0.0, swing), -0.2), (0.06 - 0.25 * max(0.0, -swing), -0.2)),
        lean=0.13 * swing,
        nod=0.1 * sway,
        shift=(0.035 * swing, 0.0),
    )


def jacks(t: float) -> Stance:
    """Jumping jacks."""
    share = 0.5 - 0.5 * math.cos(math.tau * t * 0.9)
    arm, leg = 0.25 + 2.45 * share, 0.06 + 0.42 * share
    return Stance(
        arms=((arm, 0.0),) * 2,
        forearms=((arm + 0.12, 0.1),) * 2,
        legs=((leg, 0.0),) * 2,
        shins=((leg - 0.03, 0.0),) * 2,
        shift=(0.0, -0.05 * math.sin(math.pi * share)),
    )


def wave(t: float) -> Stance:
    """One hand greets, the other rests on the hip."""
    greet = math.sin(math.tau * t * 1.3)
    return Stance(
        arms=((1.75 + 0.1 * greet, 0.1), (0.75, 0.0)),
        forearms=((2.75 + 0.5 * greet, 0.15), (-0.75, 0.2)),
        lean=0.04 * math.sin(math.tau * t * 0.4),
        nod=0.12 * math.sin(math.tau * t * 0.65),
    )


def march(t: float) -> Stance:
    """Walking on the spot towards the viewer, and drifting across the picture."""
    step = math.sin(math.tau * t * 0.9)
    ups = (max(0.0, step), max(0.0, -step))
    legs: tuple[Limb, Limb] = ((0.07, 0.75 * ups[0]), (0.07, 0.75 * ups[1]))
    shins: tuple[Limb, Limb] = ((0.04, -0.3 * ups[0]), (0.04, -0.3 * ups[1]))
    return Stance(
        arms=((0.3, 0.5 * step), (0.3, -0.5 * step)),
        forearms=((0.35, 0.45 + 0.3 * step), (0.35, 0.45 - 0.3 * step)),
        legs=legs,
        shins=shins,
        lean=0.03 * step,
        shift=(0.12 * math.sin(math.tau * t * 0.25), 0.0),
    )


def squat(t: float) -> Stance:
    """Knees bend outwards, arms lift to the sides."""
    deep = 0.5 - 0.5 * math.cos(math.tau * t * 0.6)
    return Stance(
        arms=((0.3 + 1.2 * deep, 0.1),) * 2,
        forearms=((0.3 + 1.3 * deep, 0.1),) * 2,
        legs=((0.15 + 0.75 * deep, 0.35 * deep),) * 2,
        shins=((0.08 - 0.3 * deep, -0.2 * deep),) * 2,
    )


def stretch(t: float) -> Stance:
    """Bends to one side and to the other under a raised arm."""
    bend = math.sin(math.tau * t * 0.4)
    left, right = max(0.0, bend), max(0.0, -bend)
    return Stance(
        arms=((0.4 + 2.2 * right, 0.0), (0.4 + 2.2 * left, 0.0)),
        forearms=((0.1 + 3.0 * right, 0.1), (0.1 + 3.0 * left, 0.1)),
        legs=((0.24, 0.0), (0.24, 0.0)),
        shins=((0.2, 0.0), (0.2, 0.0)),
        lean=0.38 * bend,
        nod=0.15 * bend,
    )


def kick(t: float) -> Stance:
    """Kicks to either side, arms held in guard."""
    swing = math.sin(math.tau * t * 0.55)
    high = (max(0.0, swing) ** 1.5, max(0.0, -swing) ** 1.5)
    return Stance(
        arms=((0.5 + 0.5 * high[1], 0.2), (0.5 + 0.5 * high[0], 0.2)),
        forearms=((2.5 - 0.9 * high[0], 0.3), (2.5 - 0.9 * high[1], 0.3)),
        legs=((0.1 + 1.15 * high[0], 0.1), (0.1 + 1.15 * high[1], 0.1)),
        shins=((0.06 + 1.1 * high[0], 0.0), (0.06 + 1.1 * high[1], 0.0)),
        lean=-0.16 * swing,
        shift=(-0.02 * swing, 0.0),
    )


def spin(t: float) -> Stance:
    """Turns once around in four seconds, arms half raised."""
    stance = wave(t)
    return Stance(
        arms=((1.2, 0.0), (1.0, 0.0)),
        forearms=((1.5 + 0.3 * math.sin(math.tau * t), 0.0), (1.3, 0.0)),
        nod=stance.nod,
        turn=math.tau * t / 4,
    )


def by_chance(chance: random.Random, longest_s: float = 30.0) -> Callable[[float], Stance]:
    """A motion through stances that nobody chose, each held for no time at all."""
    steps_s = [chance.uniform(0.35, 0.9) for _ in range(round(longest_s / 0.35) + 2)]
    times_s = [0.0, *accumulate(steps_s)]
    stances = [_any_stance(chance) for _ in times_s]

    def motion(t: float) -> Stance:
        index = min(bisect_right(times_s, t), len(times_s) - 1)
        share = (t - times_s[index - 1]) / (times_s[index] - times_s[index - 1])
        return _between(stances[index - 1], stances[index], 0.5 - 0.5 * math.cos(math.pi * share))

    return motion


def _any_stance(chance: random.Random) -> Stance:
    """Within what joints allow: elbows and knees bend one way, one leg at most is lifted."""
    lifted, high = chance.randrange(2), chance.choice([0.0, 0.0, chance.uniform(0.2, 1.1)])
    arms, forearms, legs, shins = [], [], [], []
    for side in (0, 1):
        arm = chance.uniform(0.1, 2.8)
        arms.append((arm, chance.uniform(-0.1, 0.45)))
        forearms.append((arm + chance.uniform(-1.2, 1.7), chance.uniform(0.0, 0.5)))
        leg = chance.uniform(0.02, 0.4) + (high if side == lifted else 0.0)
        legs.append((leg, chance.uniform(0.0, 0.4)))
        shins.append((leg - chance.uniform(0.0, 0.3 + leg / 2), chance.uniform(-0.4, 0.0)))
    return Stance(
        (arms[0], arms[1]), (forearms[0], forearms[1]), (legs[0], legs[1]), (shins[0], shins[1]),
        lean=chance.uniform(-0.3, 0.3),
        nod=chance.uniform(-0.2, 0.2),
        turn=chance.uniform(-0.35, 0.35),
        shift=(chance.uniform(-0.12, 0.12), -chance.choice([0.0, 0.0, 0.05])),
    )  # fmt: skip


def _between(one: Stance, other: Stance, share: float) -> Stance:
    def mix(a: object, b: object) -> object:
        if isinstance(a, tuple) and isinstance(b, tuple):
            return tuple(mix(x, y) for x, y in zip(a, b, strict=True))
        assert isinstance(a, float)
        assert isinstance(b, float)
        return a + (b - a) * share

    return Stance(*(mix(a, b) for a, b in zip(astuple(one), astuple(other), strict=True)))  # type: ignore[arg-type]


MOTIONS: dict[str, Callable[[float], Stance]] = {
    each.__name__: each for each in (dance, jacks, wave, march, squat, stretch, kick, spin)
}
