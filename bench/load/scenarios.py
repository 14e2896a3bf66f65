"""What is measured: bursts of commands, one person's haste, many jobs in flight, a start."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from bench.load.samples import Samples
from bench.load.stage import Contender, Stage, staged

TYPICAL_RUN_S, SIGMA = 133.0, 0.25
REPLY_DEADLINE_S = 3.0
ARRIVALS_PER_S = 25.0
LOOK_EVERY_S = 0.2
STALLED_S = 90.0
AFTERMATH_S = 3.0
IDLE_S = 5.0
CALM_PER_S, RUSH_PER_S, RUSH_RUN_S = 10.0, 50.0, 1.0
UNANSWERED_S = 20.0
"""Who was turned away has no video: that is nothing to wait for long."""
MOST_OF_IT = 10
"""From so many posts on, those between the first tenth and the last make a rate."""
PICTURE_ID = re.compile(r"/(\d+)/picture\.jpg")

Figures = dict[str, Any]
"""Plain numbers by name, for the page and for JSON; each name ends with its unit."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Measures with these files; each measurement has stand-ins and a bot of its own."""

    samples: Samples

    async def burst(self, who: Contender, count: int, within_s: float, scale: float) -> Figures:
        """So many commands within so long, and whether each one's video is posted in the end."""
        async with staged(who, count, self.samples) as stage:
            await _plan(stage, scale, held=False)
            began = time.monotonic()
            await stage.discord.mimic(count, count / within_s)
            await asyncio.sleep(REPLY_DEADLINE_S + 0.5)
            stand_ins = stage.stand_ins()
            posted = await _until_posted(stage, count, scale)
            return {
                **_acknowledged(stage),
                "posted": posted,
                "drained_s": time.monotonic() - began,
                "stand_ins": stand_ins,
            }

    async def haste(self, who: Contender, count: int) -> Figures:
        """So many `/credits` of one person at once."""
        async with staged(who, 1, self.samples) as stage:
            stage.discord.credits(count)
            await asyncio.sleep(REPLY_DEADLINE_S + 0.5)
            return {**_acknowledged(stage), "stand_ins": stage.stand_ins()}

    async def in_flight(self, who: Contender, count: int, scale: float) -> Figures:
        """So many jobs in flight at once, each from its command to its post."""
        async with staged(who, count, self.samples) as stage:
            accepted, filled_s = await _fill(stage, count, scale)
            await stage.tell("/open")
            posted = await _until_posted(stage, count, scale)
            await asyncio.sleep(AFTERMATH_S)
            return {
                **_costs(stage, accepted),
                **_news(stage, (await stage.ask("?full"))["records"]),
                **_acknowledged(stage),
                "accepted": accepted,
                "posted": posted,
                "filled_s": filled_s,
                "stand_ins": stage.stand_ins(),
            }

    async def processes(self, who: Contender, count: int, scale: float) -> Figures:
        """What so many jobs cost each of the bot's processes, and then how many it does at most.

        For the second, as many more come in a rush, with runs of a second.
        """
        async with staged(who, 2 * count, self.samples) as stage:
            idle = await _idleness(stage)
            accepted, _ = await _fill(stage, count, scale, CALM_PER_S, UNANSWERED_S)
            await stage.tell("/open")
            posted = await _until_posted(stage, accepted, scale, UNANSWERED_S)
            await asyncio.sleep(AFTERMATH_S)
            told = await stage.ask("?full")
            return {
                **idle,
                **_costs(stage, accepted),
                **_news(stage, told["records"]),
                **stage.asked_of_others(accepted, told["requests"]),
                "of_each": stage.of_each(accepted),
                "accepted": accepted,
                "posted": posted,
                "stand_ins": stage.stand_ins(),
                **await _rush(stage, count),
            }

    async def start(self, who: Contender, count: int) -> Figures:
        """A start with so many jobs in flight: how long until each has been polled again."""
        async with staged(who, count, self.samples) as stage:
            accepted, _ = await _fill(stage, count, scale=1.0)
            await stage.stop_bot()
            await stage.tell("/mark")
            began = time.time()
            await stage.start_bot()
            ready_s = time.time() - began
            await _until_noted(stage, "polled_again", lambda: accepted)
            records = (await stage.ask("?full"))["records"]
            again = [r["polled_again_at"] - began for r in records if r["polled_again_at"]]
            return {
                "accepted": accepted,
                "polled_again": len(again),
                "ready_s": ready_s,
                "first_poll_s": min(again, default=0.0),
                "last_poll_s": max(again, default=0.0),
                "stand_ins": stage.stand_ins(),
            }


async def _plan(stage: Stage, scale: float, *, held: bool) -> None:
    plan = {"median_s": TYPICAL_RUN_S * scale, "sigma": SIGMA, "held": held}
    await stage.tell("", plan)


async def _fill(
    stage: Stage,
    count: int,
    scale: float,
    per_s: float = ARRIVALS_PER_S,
    stalled_s: float = STALLED_S,
) -> tuple[int, float]:
    """Bring so many jobs in flight, none of which ends; how many came, and how long it took (s)."""
    await _plan(stage, scale, held=True)
    began = time.monotonic()
    await stage.discord.mimic(count, per_s)
    accepted = await _until_noted(
        stage, "accepted", lambda: count - stage.discord.watcher.lost, stalled_s
    )
    return accepted, time.monotonic() - began


async def _idleness(stage: Stage) -> Figures:
    """What the bot takes while nobody asks for anything, in cores."""
    await asyncio.sleep(IDLE_S)
    passed_s = stage.passed_s
    idle = {"idle_cores": stage.used().cpu_s / passed_s}
    if stage.server is not None:
        served = stage.server.figures(1, passed_s)
        idle["server_idle_cores"] = served["server_cpu_ms_a_job"] / 1000 / passed_s
    await stage.rest()
    return idle


async def _rush(stage: Stage, count: int) -> Figures:
    """Many commands at once by others than before: their answers, and how many jobs are done in a
    second between the first tenth and the last."""
    await _plan(stage, RUSH_RUN_S / TYPICAL_RUN_S, held=False)
    await stage.rest()
    watcher = stage.discord.watcher
    watcher.answered_s.clear()
    before = set(watcher.posted_at)
    await stage.discord.mimic(count, RUSH_PER_S, first=count)
    await asyncio.sleep(REPLY_DEADLINE_S + 0.5)
    await _until_posted(stage, len(before) + count, RUSH_RUN_S / TYPICAL_RUN_S, UNANSWERED_S)
    at = sorted(at for person, at in watcher.posted_at.items() if person not in before)
    figures = {"rush_posted": len(at), "rush_cores": stage.stand_ins()["all_cores"]}
    if len(at) >= MOST_OF_IT:
        first, last = len(at) // 10, len(at) * 9 // 10
        figures["jobs_per_s"] = (last - first) / (at[last] - at[first])
    return {**figures, **_acknowledged(stage)}


async def _until_noted(
    stage: Stage, name: str, wanted: Callable[[], int], stalled_s: float = STALLED_S
) -> int:
    """Wait for the provider to have noted so many, or no more for long."""
    noted, news_at = 0, time.monotonic()
    while noted < wanted() and time.monotonic() - news_at < stalled_s:
        await asyncio.sleep(LOOK_EVERY_S)
        now = int((await stage.ask())[name])
        noted, news_at = (now, time.monotonic()) if now != noted else (noted, news_at)
    return noted


async def _until_posted(
    stage: Stage, count: int, scale: float, stalled_s: float = STALLED_S
) -> int:
    """Wait for the videos of all who were answered, or until none comes for longer than a run."""
    patience_s = stalled_s + 3 * TYPICAL_RUN_S * scale
    watcher = stage.discord.watcher
    posted, news_at = 0, time.monotonic()
    while posted < count - watcher.lost and time.monotonic() - news_at < patience_s:
        await asyncio.sleep(LOOK_EVERY_S)
        now = len(watcher.posted_at)
        posted, news_at = (now, time.monotonic()) if now != posted else (posted, news_at)
    return len(watcher.posted_at)


def _acknowledged(stage: Stage) -> Figures:
    answered = stage.discord.watcher.answered_s
    in_time = [waited_s * 1000 for waited_s in answered if waited_s is not None]
    return {"asked": len(answered), "in_time": len(in_time), **_spread("ack", in_time)}


def _costs(stage: Stage, jobs: int) -> Figures:
    used = stage.used()
    grown_bytes = stage.peak_own_bytes - stage.idle.own_rss_bytes
    return {
        "own_cpu_s": used.own_cpu_s,
        "decoders_cpu_s": used.children_cpu_s,
        "loop_cpu_ms_a_job": used.loop_cpu_s * 1000 / max(1, jobs),
        "own_cpu_ms_a_job": used.own_cpu_s * 1000 / max(1, jobs),
        "decoders_cpu_ms_a_job": used.children_cpu_s * 1000 / max(1, jobs),
        "cpu_ms_a_job": (used.own_cpu_s + used.children_cpu_s) * 1000 / max(1, jobs),
        "idle_mb": stage.idle.own_rss_bytes / 1e6,
        "peak_mb": stage.peak_own_bytes / 1e6,
        "decoders_peak_mb": stage.peak_children_bytes / 1e6,
        "memory_kb_a_job": grown_bytes / 1e3 / max(1, jobs),
    }


def _news(stage: Stage, records: list[dict[str, Any]]) -> Figures:
    """How soon the end of a run is seen, what that costs in polls, and how soon it is posted."""
    posted_at, asked = stage.discord.watcher.posted_at, stage.discord.asked
    posting_ms, delays_s = [], []
    for record in records:
        if record["seen_at"] is None:
            continue
        delays_s.append(record["seen_at"] - record["ended_at"])
        found = PICTURE_ID.search(record["image_url"])
        at = posted_at.get(asked.get(int(found[1]), 0)) if found else None
        if at is not None:
            posting_ms.append((at - record["seen_at"]) * 1000)
    polls = fmean(record["polls"] for record in records) if records else 0.0
    delay_s = fmean(delays_s) if delays_s else 0.0
    return {
        "polls_a_job": polls,
        "delay_s": delay_s,
        "polls_times_delay_s": polls * delay_s,
        **_spread("post", posting_ms),
    }


def _spread(name: str, values_ms: list[float]) -> Figures:
    """Median, 99th percentile and maximum, in ms; nothing at all of no values."""
    if not values_ms:
        return {}
    ordered = sorted(values_ms)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {
        f"{name}_{key}_ms": ordered[min(len(ordered) - 1, int(share * len(ordered)))]
        for key, share in at.items()
    }
