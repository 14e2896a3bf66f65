"""Polls and delay of the learned schedule, beside fixed spacings: `python -m bench.polling`.

Run times are log-normal around 133 s. A job's cost is polls × mean delay (s); no schedule can be
below the limit ½ (∫ √(f·S) dt)², which is computed here too. Figures are ratios to that limit.
"""

import math
import random
from collections.abc import Callable

from bot.core.polling import TYPICAL_RUN_S, PastRun, RunTimes

JOBS = 5000


def run_times(sigma: float, count: int, seed: int) -> list[float]:
    """Log-normal run times, in seconds."""
    chance = random.Random(seed)
    return [TYPICAL_RUN_S * math.exp(sigma * chance.gauss(0, 1)) for _ in range(count)]


def limit(sigma: float, step_s: float = 0.05) -> float:
    """The least possible polls × mean delay."""
    total, t = 0.0, step_s / 2
    while t < 20 * TYPICAL_RUN_S:
        z = (math.log(t) - math.log(TYPICAL_RUN_S)) / sigma
        density = math.exp(-z * z / 2) / (t * sigma * math.sqrt(2 * math.pi))
        total += math.sqrt(density * 0.5 * math.erfc(z / math.sqrt(2))) * step_s
        t += step_s
    return total * total / 2


def measure(next_poll_s: Callable[[float], float], sigma: float) -> tuple[float, float]:
    """Mean polls and mean delay (s) over many jobs."""
    polled_at = [0.0]
    while polled_at[-1] < 20 * TYPICAL_RUN_S:
        polled_at.append(polled_at[-1] + next_poll_s(polled_at[-1]))
    polls = delay_s = 0.0
    for run_s in run_times(sigma, JOBS, seed=1):
        seen = next(n for n, moment in enumerate(polled_at) if moment >= run_s)
        polls += seen
        delay_s += polled_at[seen] - run_s
    return polls / JOBS, delay_s / JOBS


def main() -> None:
    """Print a table."""
    print("sigma  schedule              polls  delay  ratio to the limit")
    for sigma in (0.25, 0.1):
        best = limit(sigma)
        rows: list[tuple[str, Callable[[float], float]]] = [
            ("every 1 s (SDK)", lambda _: 1.0),
            ("every 2 s (page)", lambda _: 2.0),
            ("every 5 s", lambda _: 5.0),
        ]
        for count in (0, 20, 200):
            past = [PastRun("540p", 6.0, run_s) for run_s in run_times(sigma, count, seed=2)]
            times = RunTimes.learn(past, "540p", 6.0)
            rows.append((f"learned from {count}", times.next_poll_s))
        for name, next_poll_s in rows:
            polls, delay_s = measure(next_poll_s, sigma)
            ratio = polls * delay_s / best
            print(f"{sigma:5}  {name:20}  {polls:5.1f}  {delay_s:4.1f}s  {ratio:.2f}")


if __name__ == "__main__":
    main()
