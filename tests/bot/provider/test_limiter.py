"""One rate limit for all requests."""

from bot.provider.limiter import RateLimiter
from tests.bot.stopped_clock import StoppedClock


def test_a_429_stops_everything_and_submits_go_on_first() -> None:
    clock = StoppedClock()
    limiter = RateLimiter(clock, per_minute=60)
    limiter.record_throttled(30)
    limiter.record_throttled(None)
    assert limiter.paused_s == 30
    assert limiter.wait_s(submit=True) == limiter.wait_s() == 30
    clock.now += 30
    assert limiter.paused_s == limiter.wait_s(submit=True) == 0
    assert limiter.wait_s() > 0


def test_a_429_that_names_no_time_is_a_pause_all_the_same() -> None:
    limiter = RateLimiter(StoppedClock(), per_minute=60)
    limiter.record_throttled(None)
    assert limiter.wait_s(submit=True) == 10
