"""A draft judged before it is shown: which limbs come out whole, and whether it is one person.

What the picture hides of a limb does not exist, what is before it goes along: bent as the dancer
bends it would be in tatters, and pieces of cloth would fly about, over faces too. So each limb is
bent alone, in a few frames, and looked at: what it paints far from its own bones is litter.
"""

import numpy as np

from engine.painting.puppet import FAR_FROM_A_LIMB, Layer, Puppet, nearness
from engine.painting.retarget import Choreography
from engine.painting.stage import cover
from engine.seeing.arrays import Floats

LOOKS = 12
MOST_LITTER = 0.2  # of the limb, in its worst frame: whole ones have up to 0.11, bent or not
MOST_HIDDEN = 0.15  # of its inside, in the still
MOST_STRANGE = 0.07  # of the cut-out: one person alone has up to 0.05, in skirts
STEP_PIXELS = 4
INSIDE = 0.5  # of its girth


def are_whole(puppet: Puppet, plan: Choreography, shape: tuple[int, ...]) -> list[bool]:
    """Of each arm and leg, the left first, whether it can be shown as it would move.

    A limb that stays with the body is whole.
    """
    found = zip(litter(puppet, plan, shape), hidden(puppet, shape), strict=True)
    return [stray < MOST_LITTER and unseen < MOST_HIDDEN for stray, unseen in found]


def hidden(puppet: Puppet, shape: tuple[int, ...]) -> list[float]:
    """Which share of the inside of each limb the picture does not show."""
    return [
        _hidden(layer, shape) if layer is not None else 0.0
        for layer in (*puppet.arms, *puppet.legs)
    ]


def litter(puppet: Puppet, plan: Choreography, shape: tuple[int, ...]) -> list[float]:
    """How much litter each limb paints in its worst frame, in shares of itself in the still."""
    frames = np.unique(np.linspace(0, len(plan.hips) - 1, LOOKS).astype(int))
    found = []
    for limb, layer in enumerate((*puppet.arms, *puppet.legs)):
        posed = (plan.arms if limb < 2 else plan.legs)[frames, limb % 2]
        found.append(_litter(layer, posed, shape) if layer is not None else 0.0)
    return found


def _litter(layer: Layer, posed: Floats, shape: tuple[int, ...]) -> float:
    whole, _ = _look(layer, layer.chain, shape)
    looks = [_look(layer, chain, shape) for chain in posed]
    stray = max(float(painted[away > FAR_FROM_A_LIMB].sum()) for painted, away in looks)
    return stray / max(1.0, float(whole.sum()))


def _hidden(layer: Layer, shape: tuple[int, ...]) -> float:
    painted, away = _look(layer, layer.chain, shape)
    inside = away < INSIDE
    return float((1 - painted[inside]).mean()) if inside.any() else 1.0


def _look(layer: Layer, posed: Floats, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """How far a bent limb covers each place, coarsely, and how far that is from its bones."""
    painted = cover(layer, posed, shape)[::STEP_PIXELS, ::STEP_PIXELS] / 255
    girth = tuple(each / STEP_PIXELS for each in layer.girth)
    return painted, nearness(posed / STEP_PIXELS, girth, painted.shape)
