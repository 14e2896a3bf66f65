"""What a video costs, in whole credits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.jobs import QUALITIES, Quality

FLOAT_DUST = 1e-6
"""10 s × 0.9 must cost 9, however the product of the two is rounded."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Credits per second of motion, for each quality."""

    per_second: Mapping[Quality, float]


def price(quality: Quality, duration_s: float, rates: Rates) -> int:
    """`ceil(seconds × rate)`, at least 1."""
    return max(1, math.ceil(duration_s * rates.per_second[quality] - FLOAT_DUST))


def prices(duration_s: float, rates: Rates) -> dict[Quality, int]:
    """What each quality costs for so many seconds of motion."""
    return {quality: price(quality, duration_s, rates) for quality in QUALITIES}
