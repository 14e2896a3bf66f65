"""The page's part about several processes: one bot on a file, on PostgreSQL, and with workers."""

from pathlib import Path
from string import Template
from typing import Any

from bench.load.measurements import Measurement, Measurements
from bench.load.pages.parts import table
from bench.load.scenarios import CALM_PER_S, RUSH_PER_S, TYPICAL_RUN_S

TEMPLATE = Path(__file__).with_name("processes.md")
FIGURES = "performance.json"
"""Beside the page: what this part was written from, and what `bench.simulate` counts with."""


def keep(found: Measurements, folder: Path) -> None:
    """Write those figures."""
    Measurements(found.bots, found.facts, found.of("processes")).save(folder / FIGURES)


def section(found: Measurements) -> str:
    """All of the part."""
    rows = found.of("processes")
    facts = found.facts
    first = rows[0]
    return Template(TEMPLATE.read_text()).substitute(
        day=facts["day"],
        cores=facts["cores"],
        load=facts["load"],
        count=f"{first.count:,}",
        run_s=f"{TYPICAL_RUN_S * first.scale:.0f}",
        arrivals=f"{CALM_PER_S:g}",
        rush=f"{RUSH_PER_S:g}",
        costs=_costs(rows),
        in_a_rush=_rush(rows),
        memory=_memory(rows),
    )


def _costs(rows: list[Measurement]) -> str:
    alone = rows[0].figures
    told = []
    for m in rows:
        figures = m.figures
        connected, *workers = figures["of_each"]
        server_ms = figures.get("server_cpu_ms_a_job")
        all_ms = _all_ms(figures)
        told.append(
            (
                m.who,
                f"{all_ms:.0f} ms",
                f"{all_ms / _all_ms(alone):.2f} ×",
                f"{connected['own_cpu_ms_a_job']:.0f} ms",
                f"{sum(w['own_cpu_ms_a_job'] for w in workers):.0f} ms" if workers else "–",
                f"{figures['decoders_cpu_ms_a_job']:.0f} ms",
                _or_dash(server_ms, "{:.0f} ms"),
                _or_dash(figures.get("statements_a_job"), "{:.0f}"),
                _or_dash(figures.get("commits_a_job"), "{:.0f}"),
                _or_dash(figures.get("writer_ms_a_job"), "{:.0f} ms"),
                f"{figures['posted']:,}",
                f"{figures['stand_ins']['all_cores']:.2f}",
            )
        )
    head = ("bot", "CPU a job, all", "to the file", "connected process", "workers", "decoders")
    more = ("PostgreSQL", "statements a job", "commits", "writer", "posted", "cores in use")
    return table((*head, *more), told)


def _rush(rows: list[Measurement]) -> str:
    told = [
        (
            m.who,
            _or_dash(m.figures.get("jobs_per_s"), "{:.1f}"),
            *(_or_dash(m.figures.get(f"ack_{part}_ms"), "{:.0f} ms") for part in ("p50", "p99")),
            f"{m.figures['in_time']:,} of {m.figures['asked']:,}",
            f"{m.figures['rush_posted']:,}",
            f"{m.figures['rush_cores']:.2f}",
        )
        for m in rows
    ]
    head = ("bot", "jobs a second", "answer p50", "p99", "within 3 s", "posted", "cores in use")
    return table(head, told)


def _memory(rows: list[Measurement]) -> str:
    told = [
        (
            m.who,
            ", ".join(f"{each['peak_mb']:.0f} MB" for each in m.figures["of_each"]),
            f"{m.figures['idle_cores'] * 100:.1f}",
            _or_dash(m.figures.get("server_idle_cores"), "{:.1f}", 100),
        )
        for m in rows
    ]
    return table(("bot", "memory", "the bot at rest", "PostgreSQL"), told)


def _all_ms(figures: dict[str, Any]) -> float:
    return float(figures["cpu_ms_a_job"] + figures.get("server_cpu_ms_a_job", 0.0))


def _or_dash(value: float | None, shown: str, times: float = 1.0) -> str:
    return "–" if value is None else shown.format(max(0.0, value * times))
