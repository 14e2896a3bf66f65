"""What a video costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.jobs import QUALITIES, Quality
from bot.core.pricing import Rates, price, prices

RATES = Rates({"360p": 0.9, "540p": 1.0, "720p": 1.2})


@pytest.mark.parametrize(
    ("quality", "duration_s", "credits"),
    [
        ("540p", 10.0, 10),
        ("540p", 10.01, 11),
        ("360p", 10.0, 9),
        ("720p", 10.0, 12),
        ("720p", 5.0, 6),
        ("360p", 30.0, 27),
        ("540p", 0.04, 1),
        ("540p", 0.0, 1),
    ],
)
def test_prices(quality: Quality, duration_s: float, credits: int) -> None:
    assert price(quality, duration_s, RATES) == credits


@given(st.floats(0, 30))
def test_a_better_quality_never_costs_less(duration_s: float) -> None:
    costs = prices(duration_s, RATES)
    assert costs["360p"] <= costs["540p"] <= costs["720p"]


@given(st.integers(1, 300), st.sampled_from(QUALITIES))
def test_float_dust_costs_nothing(tenths: int, quality: Quality) -> None:
    exact = -(-tenths * round(RATES.per_second[quality] * 10) // 100)
    assert price(quality, tenths / 10, RATES) == max(1, exact)
