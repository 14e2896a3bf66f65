"""The page's pictures, drawn by matplotlib without a screen."""

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.load.measurements import Measurement, Measurements

mpl.use("Agg")
SIZE_INCHES, DOTS_PER_INCH = (7.2, 3.6), 110
COLOURS = ("#5865f2", "#e0823d", "#3ba55d", "#9b59b6", "#888888")
BAR_WIDTH = 0.8


def draw(found: Measurements, folder: Path) -> list[tuple[str, str]]:
    """Write the pictures; the name of each, and what it shows."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn: list[tuple[str, str]] = []
    if found.of("burst"):
        name = "performance-answers.png"
        _answers(found, folder / name)
        drawn.append((name, "99th percentile of the first answer, by burst"))
    plots: list[tuple[str, str, Callable[[Measurement], float]]] = [
        ("cpu", "CPU a job (ms)", lambda m: m.figures["cpu_ms_a_job"]),
        ("memory", "memory at the peak (MB)", lambda m: m.figures["peak_mb"]),
        ("news", "polls a job × mean delay (s)", lambda m: m.figures["polls_times_delay_s"]),
    ]
    if found.of("in flight"):
        for stem, title, value in plots:
            name = f"performance-{stem}.png"
            _by_number(found, title, value, folder / name)
            drawn.append((name, f"{title}, by the number of jobs in flight"))
    return drawn


def _answers(found: Measurements, path: Path) -> None:
    bursts = found.of("burst")
    kinds = list(dict.fromkeys((m.count, m.within_s) for m in bursts))
    figure = Figure(SIZE_INCHES, DOTS_PER_INCH, layout="tight")
    axes = figure.subplots()
    width = BAR_WIDTH / len(found.bots)
    for place, who in enumerate(found.bots):
        own = {
            (m.count, m.within_s): m.figures.get("ack_p99_ms", 0.0) for m in bursts if m.who == who
        }
        at = [index + width * place for index, kind in enumerate(kinds) if kind in own]
        heights = [own[kind] for kind in kinds if kind in own]
        axes.bar(at, heights, width, label=who, color=COLOURS[place % len(COLOURS)])
    axes.axhline(3000, color="#c33", linewidth=1, linestyle="--")
    axes.set_yscale("log")
    axes.set_ylabel("p99 of the first answer (ms)")
    middle = BAR_WIDTH / 2 - width / 2
    labels = [f"{count:,} in {within_s:g} s" for count, within_s in kinds]
    axes.set_xticks([index + middle for index in range(len(kinds))], labels)
    axes.legend()
    figure.savefig(path)


def _by_number(
    found: Measurements, title: str, value: Callable[[Measurement], float], path: Path
) -> None:
    figure = Figure(SIZE_INCHES, DOTS_PER_INCH, layout="tight")
    axes = figure.subplots()
    scale = found.scales()[0]
    for place, who in enumerate(found.bots):
        series = found.series(who, scale)
        counts, values = [m.count for m in series], [value(m) for m in series]
        axes.plot(counts, values, "o-", label=who, color=COLOURS[place % len(COLOURS)])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("jobs in flight")
    axes.set_ylabel(title)
    axes.legend()
    figure.savefig(path)
