"""When to poll: near the best that is possible, and never too often."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.polling import PastRun, RunTimes, most_running

TYPICAL = 133.0


def runs(sigma: float, count: int, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [TYPICAL * math.exp(sigma * chance.gauss(0, 1)) for _ in range(count)]


def learned(sigma: float, count: int) -> RunTimes:
    past = [PastRun("540p", 6.0, run_s) for run_s in runs(sigma, count, seed=2)]
    return RunTimes.learn(past, "540p", 6.0)


def polls_and_delay(times: RunTimes, sigma: float, share: float = 1.0) -> tuple[float, float]:
    at = [0.0]
    while at[-1] < 2000:
        at.append(at[-1] + times.next_poll_s(at[-1], share))
    polls = delay = 0.0
    sample = runs(sigma, 4000)
    for run_s in sample:
        seen = next(n for n, moment in enumerate(at) if moment >= run_s)
        polls += seen
        delay += at[seen] - run_s
    return polls / len(sample), delay / len(sample)


def polls_times_delay(times: RunTimes, sigma: float) -> float:
    polls, delay = polls_and_delay(times, sigma)
    return polls * delay


@pytest.mark.parametrize(("running", "per_minute"), [(1, 45), (3, 45), (11, 60), (1800, 10_000)])
def test_all_runs_together_stay_within_the_budget(running: int, per_minute: int) -> None:
    """What is saved are polls, at no more delay than that many fewer cost at best."""
    times = learned(0.25, 200)
    share = times.affordable_share(running, per_minute)
    polls, delay = polls_and_delay(times, 0.25, share)
    mean_run_s = sum(runs(0.25, 4000)) / 4000
    assert running * (polls + 2) * 60 / mean_run_s <= 0.85 * per_minute
    assert polls * delay <= 1.3 * 30.2
    if running == 1:
        assert share == 1.0


def test_what_takes_far_too_long_is_asked_after_each_minute() -> None:
    assert learned(0.25, 200).next_poll_s(7200.0) == 60.0


def test_the_most_runs_at_once_follow_from_the_budget() -> None:
    assert [most_running(per_minute) for per_minute in (1, 45, 60, 1000)] == [1, 3, 4, 70]


@pytest.mark.parametrize(("sigma", "limit"), [(0.25, 30.2), (0.1, 13.0)])
def test_once_learned_polls_and_delay_are_near_the_limit(sigma: float, limit: float) -> None:
    assert polls_times_delay(learned(sigma, 200), sigma) <= 1.15 * limit


def test_before_anything_is_learned_it_is_far_better_than_a_fixed_spacing() -> None:
    assert polls_times_delay(RunTimes.learn([], "540p", 6.0), 0.25) < 0.6 * 67


def test_a_service_that_is_much_faster_is_noticed_at_once() -> None:
    at = 0.0
    fresh = RunTimes.learn([], "540p", 6.0)
    while at < 8:
        at += fresh.next_poll_s(at)
    assert at < 20
    quick = RunTimes.learn([PastRun("540p", 6.0, 8.0)] * 20, "540p", 6.0)
    assert quick.typical_s < 20


@given(st.floats(0, 7200), st.integers(0, 50), st.sampled_from([0.02, 0.1, 0.25, 1.0]))
def test_polls_keep_their_distance(elapsed_s: float, count: int, sigma: float) -> None:
    times = learned(sigma, count)
    assert 1.0 <= times.next_poll_s(elapsed_s) <= 60.0


@given(st.floats(0.02, 0.4), st.integers(1, 1000))
def test_eight_of_ten_runs_end_in_the_time_that_is_called_usual(sigma: float, typical: int) -> None:
    times = RunTimes(math.log(typical), sigma, 0.0)
    least, most = times.usual_s
    assert times.left(most) <= 0.1 + 1e-9
    step_s = 60 if most > 60 else 10
    assert times.left(max(0.1, least - step_s / 2)) >= 0.9 - 1e-9
    assert (least % step_s, most % step_s) == (0, 0)


def test_runs_of_another_kind_say_less() -> None:
    other = [PastRun("720p", 28.0, 400.0)] * 50
    same = [PastRun("540p", 6.0, 400.0)] * 50
    assert RunTimes.learn(other, "540p", 6.0).mu < RunTimes.learn(same, "540p", 6.0).mu
