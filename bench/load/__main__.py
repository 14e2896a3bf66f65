"""The command line: measure, keep the figures, write the page. `make bench ARGS="--quick"`."""

import argparse
import asyncio
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.load import database
from bench.load.measurements import Measurement, Measurements
from bench.load.pages import page
from bench.load.samples import make_samples
from bench.load.scenarios import Bench, Figures
from bench.load.stage import BARE, LIMITS, SDK, Contender, in_processes, ours
from sandbox.programs.processes import PROJECT

KEPT = PROJECT / "data" / "bench"
FULL_OUT = PROJECT / "docs"
HASTE = (50, 150)
NEIGHBOURS = {"bare": BARE, "sdk": SDK}
PARTS = ("burst", "haste", "in flight", "start", "processes")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: bursts as (commands, seconds), jobs in flight as (jobs, scales)."""

    bursts: tuple[tuple[int, float], ...]
    burst_scale: float
    in_flight: tuple[tuple[int, float], ...]
    started_with: int
    in_processes: tuple[tuple[int, int, float], ...]
    """Workers beside a process, jobs, scale."""


QUICK = Size(
    ((100, 10.0),), 0.05, ((50, 0.075), (200, 0.075)), 50, ((0, 50, 0.075), (1, 50, 0.075))
)
FULL = Size(
    ((100, 10.0), (1000, 10.0), (1000, 60.0)),
    0.15,
    ((200, 0.15), (50, 1.0), (200, 1.0), (1000, 1.0), (5000, 1.0)),
    2000,
    tuple((workers, 100, 0.15) for workers in (0, 1, 2, 4)),
)


@dataclass(frozen=True, slots=True)
class Task:
    """One measurement to come; the same fields as in what becomes of it."""

    scenario: str
    who: Contender
    count: int
    scale: float = 1.0
    within_s: float = 0.0

    @property
    def key(self) -> tuple[str, str, int, float, float]:
        """By which it is found among what was measured."""
        return self.scenario, self.who.name, self.count, self.scale, self.within_s

    def run(self, bench: Bench) -> Awaitable[Figures]:
        """Measure it."""
        match self.scenario:
            case "burst":
                return bench.burst(self.who, self.count, self.within_s, self.scale)
            case "haste":
                return bench.haste(self.who, self.count)
            case "in flight":
                return bench.in_flight(self.who, self.count, self.scale)
            case "processes":
                return bench.processes(self.who, self.count, self.scale)
            case _:
                return bench.start(self.who, self.count)


def tasks(size: Size, bots: list[Contender], wanted: argparse.Namespace) -> Iterator[Task]:
    """Everything that is to be measured, those that are compared next to each other."""
    own = [bot for bot in bots if bot.is_ours]
    if "burst" in wanted.only:
        for count, within_s in size.bursts:
            yield from (Task("burst", bot, count, size.burst_scale, within_s) for bot in bots)
    if "haste" in wanted.only:
        yield from (Task("haste", bot, count) for count in HASTE for bot in own)
    if "in flight" in wanted.only:
        for count, scale in size.in_flight:
            fitting = bots if count <= wanted.neighbours_most else own
            yield from (Task("in flight", bot, count, scale) for bot in fitting)
    if "start" in wanted.only:
        yield from (Task("start", bot, size.started_with) for bot in own)
    if "processes" in wanted.only and database.is_there():
        for count, scale in dict.fromkeys(each[1:] for each in size.in_processes):
            yield from (Task("processes", bot, count, scale) for bot in own)
            for workers in [each[0] for each in size.in_processes if each[1:] == (count, scale)]:
                yield from (Task("processes", in_processes(b, workers), count, scale) for b in own)


async def measure(found: Measurements, plan: list[Task], bench: Bench, kept: Path) -> None:
    """Do all of it in turn, and keep the figures after each."""
    for number, task in enumerate(plan, 1):
        began = time.monotonic()
        about = f"{task.scenario} of {task.count}, {task.who.name}"
        print(f"{number}/{len(plan)} {about} …", flush=True)
        figures = await task.run(bench)
        found.done.append(Measurement(*task.key, figures))
        found.save(kept)
        print(f"    {time.monotonic() - began:.0f} s: {_brief(figures)}", flush=True)


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    """Also a SIGTERM must leave no bot behind."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


def _brief(figures: Figures) -> str:
    numbers = {name: value for name, value in figures.items() if isinstance(value, int | float)}
    return ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())


def facts(is_quick: bool, files: list[tuple[str, str, int]]) -> dict[str, Any]:
    """The circumstances that the page states."""
    return {
        "is_quick": is_quick,
        "day": time.strftime("%Y-%m-%d", time.gmtime()),
        "load": f"{os.getloadavg()[0]:.0f}",
        "cores": len(os.sched_getaffinity(0)),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "files": files,
        "limits": LIMITS,
    }


def _trees(given: list[str]) -> list[Contender]:
    """The versions of the bot: "PATH" is called Marionette, "NAME=PATH" has its own name."""
    found = []
    for one in given or [str(PROJECT)]:
        name, _, path = one.rpartition("=")
        found.append(ours(Path(path).resolve(), name or "Marionette"))
    return found


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers and short runs")
    parser.add_argument(
        "--tree",
        action="append",
        default=[],
        metavar="[NAME=]PATH",
        help="a version of the bot, instead of this one; repeat it to compare several",
    )
    parser.add_argument("--in-flight", type=_numbers, help="so many jobs, such as 50,200,1000")
    parser.add_argument("--scale", type=float, help="run times as a share of 133 s, for all")
    parser.add_argument("--start", type=int, help="jobs in flight at the start that is measured")
    parser.add_argument("--workers", type=_numbers, help="beside one process, such as 0,1,2")
    parser.add_argument(
        "--only",
        type=lambda text: text.replace("-", " ").split(","),
        default=PARTS,
        help="some of burst, haste, in-flight, start and processes",
    )
    parser.add_argument(
        "--neighbours-most", type=int, default=1000, help="the most jobs that the others are given"
    )
    parser.add_argument(
        "--bots",
        type=lambda text: text.split(","),
        default=["ours", *NEIGHBOURS],
        help=f"which, of ours, {' and '.join(NEIGHBOURS)}",
    )
    parser.add_argument(
        "--out", type=Path, help="where the page goes; docs, or data/bench if quick"
    )
    parser.add_argument(
        "--go-on", action="store_true", help="measure only what the last figures lack"
    )
    parser.add_argument(
        "--page-only", action="store_true", help="write the page anew from the last figures"
    )
    return parser


def _size(wanted: argparse.Namespace) -> Size:
    size = QUICK if wanted.quick else FULL
    in_flight = size.in_flight
    if wanted.in_flight:
        scale = wanted.scale or in_flight[-1][1]
        in_flight = tuple((count, scale) for count in wanted.in_flight)
    elif wanted.scale:
        counts = sorted({count for count, _ in in_flight})
        in_flight = tuple((count, wanted.scale) for count in counts)
    started_with = wanted.start or size.started_with
    in_processes = size.in_processes
    if wanted.workers is not None:
        in_processes = tuple(each for each in in_processes if each[0] in wanted.workers)
    return replace(size, in_flight=in_flight, started_with=started_with, in_processes=in_processes)


def main() -> int:
    """Measure unless only the page is wanted, and write it."""
    wanted = _parser().parse_args()
    kept = KEPT / "figures.json"
    if wanted.page_only:
        found = Measurements.load(kept)
    else:
        bots = _trees(wanted.tree) if "ours" in wanted.bots else []
        bots += [bot for name, bot in NEIGHBOURS.items() if name in wanted.bots]
        with tempfile.TemporaryDirectory() as name:
            samples = make_samples(Path(name))
            about = facts(wanted.quick, samples.described())
            found = Measurements([bot.name for bot in bots], about)
            plan = list(tasks(_size(wanted), bots, wanted))
            found.facts |= {"planned": len(plan), "goes": 1}
            if wanted.go_on and kept.exists():
                found = Measurements.load(kept)
                found.facts["goes"] += 1
                plan = [task for task in plan if not found.has(*task.key)]
            asyncio.run(_until_told(measure(found, plan, Bench(samples), kept)))
    is_quick = found.facts["is_quick"]
    print(f"Written: {page.write(found, wanted.out or (KEPT if is_quick else FULL_OUT))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
