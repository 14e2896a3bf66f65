"""How fast a process asks, beside others with the same token."""

from bot.gateway.pace import PER_S, Pace
from tests.bot.stopped_clock import StoppedClock

COUNT = 200


async def asked_in_s(share: float, path: str = "/channels/1") -> float:
    """How long (s) so many requests take."""
    clock = StoppedClock()
    pace, began = Pace(lambda: share, clock), clock.monotonic()
    for _ in range(COUNT):
        await pace.wait(path)
    return clock.monotonic() - began


async def test_who_shares_the_limit_keeps_to_its_part() -> None:
    assert await asked_in_s(1.0) == 0, "alone"
    for share in (0.5, 0.1):
        assert 0.8 < await asked_in_s(share) * PER_S * share / COUNT <= 1
    assert await asked_in_s(0.1, "/interactions/1/x/callback") == 0
    assert await asked_in_s(0.1, "/webhooks/1/x") == 0


async def test_a_limit_that_another_process_has_met_is_everybodys() -> None:
    clock = StoppedClock()
    pace, began = Pace(lambda: 1.0, clock), clock.monotonic()
    pace.hold(3.0)
    pace.hold(1.0)
    await pace.wait("/interactions/1/x/callback")
    assert clock.monotonic() == began
    await pace.wait("/channels/1")
    assert clock.monotonic() == began + 3
