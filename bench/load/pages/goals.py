"""The goals on two cores, each held against what was measured."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.load.measurements import Measurements

FULL, SHORT = 1.0, 0.15
"""The scales of the goals' run times: 133 s and 20 s."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted, what was measured, and whether that is enough (None: not measured)."""

    text: str
    measured: str
    is_met: bool | None

    @property
    def verdict(self) -> str:
        """In words."""
        return {True: "met", False: "**not met**", None: "not measured"}[self.is_met]


def goals(found: Measurements) -> list[Goal]:
    """Each goal with its verdict."""
    return [
        *_bursts(found),
        *_costs(found),
        _most_in_flight(found),
        _start(found),
        _posting(found),
        *_slopes(found),
    ]


def _bursts(found: Measurements) -> Iterator[Goal]:
    for within_s, most_ms in ((10.0, 300), (60.0, 60)):
        text = f"1,000 commands in {within_s:.0f} s"
        figures = found.one("burst", found.ours, count=1000, within_s=within_s)
        all_of_it = f"{text}: each answered within 3 s and none lost"
        p99 = f"{text}: p99 of the answer ≤ {most_ms} ms"
        if figures is None:
            yield Goal(all_of_it, "–", None)
            yield Goal(p99, "–", None)
            continue
        answered, posted = figures["in_time"], figures["posted"]
        measured = f"{answered:,} answered, {posted:,} posted"
        yield Goal(all_of_it, measured, answered == 1000 and posted == 1000)
        p99_ms = figures.get("ack_p99_ms")
        told = "none in time" if p99_ms is None else f"{p99_ms:.0f} ms"
        yield Goal(p99, told, p99_ms is not None and p99_ms <= most_ms)


def _costs(found: Measurements) -> Iterator[Goal]:
    for scale, run_s, most_ms in ((FULL, 133, 130), (SHORT, 20, 90)):
        text = f"CPU a job, all included, at {run_s} s runs ≤ {most_ms} ms"
        figures = found.one("in flight", found.ours, count=200, scale=scale)
        cost_ms = figures["cpu_ms_a_job"] if figures else None
        yield _at_most(text, cost_ms, most_ms, "ms")
    figures = found.one("in flight", found.ours, count=1000, scale=FULL)
    kb = figures["memory_kb_a_job"] if figures else None
    yield _at_most("memory a job in flight (of 1,000) ≤ 60 KB", kb, 60, "KB")


def _most_in_flight(found: Measurements) -> Goal:
    figures = found.one("in flight", found.ours, count=5000, scale=FULL)
    mb = figures["peak_mb"] if figures and figures["accepted"] == 5000 else None
    return _at_most("5,000 in flight ≤ 450 MB", mb, 450, "MB")


def _start(found: Measurements) -> Goal:
    text = "start with 2,000 in flight: all polled again within 5 s"
    figures = found.one("start", found.ours, count=2000)
    if figures is None:
        return Goal(text, "–", None)
    again, last_s = figures["polled_again"], figures["last_poll_s"]
    measured = f"{again:,} after {last_s:.1f} s, counted from the process's start"
    return Goal(text, measured, again == 2000 and last_s <= 5)


def _posting(found: Measurements) -> Goal:
    text = "seen COMPLETED → posted, 200 in flight: p50 ≤ 150 ms, p99 ≤ 1 s"
    figures = found.one("in flight", found.ours, count=200, scale=FULL)
    if figures is None or "post_p50_ms" not in figures:
        return Goal(text, "–", None)
    p50_ms, p99_ms = figures["post_p50_ms"], figures["post_p99_ms"]
    return Goal(text, f"{p50_ms:.0f} ms, {p99_ms:.0f} ms", p50_ms <= 150 and p99_ms <= 1000)


def _slopes(found: Measurements) -> Iterator[Goal]:
    counts, slopes = found.slopes(found.ours, FULL)
    text = "log-log slope from 200 to 5,000 in flight ≤ 1.1: "
    is_whole = bool(counts) and counts[0] == 200 and counts[-1] == 5000
    if not is_whole:
        yield Goal(f"{text}every cost", "–", None)
        return
    for name, value in slopes.items():
        yield Goal(f"{text}{name}", f"{value:.2f}", value <= 1.1)


def _at_most(text: str, value: float | None, most: float, unit: str) -> Goal:
    if value is None:
        return Goal(text, "–", None)
    return Goal(text, f"{value:.0f} {unit}", value <= most)
