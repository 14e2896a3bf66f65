"""When a step that fails again and again is given up."""

from bot.jobs.deadlines import RetryDeadline
from tests.bot.stopped_clock import StoppedClock


def test_a_deadline_needs_both_time_and_tries() -> None:
    clock = StoppedClock()
    deadline = RetryDeadline(clock, limit_s=60)
    clock.now += 3600
    deadline.record_try("job")
    clock.now += 3600
    deadline.record_try("job")
    assert not deadline.has_passed("job")
    deadline.record_try("job")
    assert deadline.has_passed("job")
    deadline.forget("job")
    assert not deadline.has_passed("job")
