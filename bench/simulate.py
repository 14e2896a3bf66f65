"""A Friday evening with a million members: `python -m bench.simulate [--members N] [--write]`.

What a job costs is read from `docs/performance.json`, which `make bench` has measured; how many
come is assumed, and can be changed. Two things are computed: at how many members each part would be
used more than it should be, and how long jobs wait in the peak hour, by letting them pass through
queues (`bench.queues`). Everything that is not named here is left out.
"""

import argparse
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from string import Template

from bench.load.measurements import Measurements
from bench.load.pages.parts import MILLION, renew, table
from bench.load.pages.processes import FIGURES
from bench.queues import Station, always, exponential, log_normal, passage
from sandbox.programs.processes import PROJECT

TEMPLATE = Path(__file__).with_name("million.md")
PAGE = PROJECT / "docs" / "performance.md"
A_MILLION = 1_000_000
MOST_USED = 0.7
"""Above it, what comes at random waits long; so much of each part is planned with."""

RUN_S, SIGMA = 133.0, 0.25
LOOKS = 3
SHARES = (0.5, 1.0, 1.3, 1.6)
PEAK_HOUR_S, MOST_JOBS = 3600.0, 60_000


@dataclass(frozen=True, slots=True)
class Evening:
    """What is assumed of members and of their files in the hour in which most is asked for."""

    around: float = 0.1
    """The share of all members that writes, or has Discord open, in that hour."""
    asking: float = 0.1
    """The share of those that wants videos."""
    videos: float = 1.5
    """For each of these."""
    others: float = 2.0
    """Further commands and presses for a video, each as costly to answer as the one that asks."""
    messages: float = 20.0
    """By each who is around, in servers with the bot."""
    larger: float = 2.0
    """How much more decoding people's files take than the bench's."""
    per_shard: float = 62_500.0
    """Members in the servers of one shard."""
    job_mb: float = 20.0
    """Bytes that come and go for a video: its files in, to the provider, out, and to Discord."""

    def jobs_per_s(self, members: float) -> float:
        """In the peak hour."""
        return members * self.around * self.asking * self.videos / 3600


@dataclass(frozen=True, slots=True)
class Costs:
    """What one job takes of each part, as measured; in milliseconds where nothing else is said."""

    connected: float
    workers: float
    decoders: float
    server: float
    writer: float
    discord: float
    """Requests that Discord's limit of 50 a second counts."""
    hearing: float
    """Of each further process: it is told what the others save."""
    provider: float = 26.0
    """Requests: 23.6 polls at 133 s, one submit, one result, and now and then another."""
    polling: float = 19.0
    """Of a worker: that many polls more than in the measured runs of 20 s, 0.9 ms each."""
    message: float = 0.049
    """One event of the gateway that is nothing for the bot (`python -m bench.busy_server`)."""

    def answering(self, evening: Evening) -> float:
        """What the connected process does for one video in all (ms)."""
        messages = evening.messages / (evening.asking * evening.videos)
        return (1 + evening.others) * self.connected + messages * self.message

    def working(self) -> float:
        """What a worker does for one (ms)."""
        return self.workers + self.polling

    @classmethod
    def measured(cls, path: Path) -> "Costs":
        """Of the measurement with most workers, and how that with fewest differs from it."""
        found = Measurements.load(path)
        rows = [one.figures for one in found.of("processes") if len(one.figures["of_each"]) > 1]
        rows.sort(key=lambda one: len(one["of_each"]))
        fewest, figures = rows[0], rows[-1]
        connected, *workers = figures["of_each"]
        more = len(figures["of_each"]) - len(fewest["of_each"])
        return cls(
            connected=connected["own_cpu_ms_a_job"],
            workers=sum(each["own_cpu_ms_a_job"] for each in workers),
            hearing=(figures["own_cpu_ms_a_job"] - fewest["own_cpu_ms_a_job"]) / max(more, 1),
            decoders=figures["decoders_cpu_ms_a_job"],
            server=figures["server_cpu_ms_a_job"],
            writer=figures["writer_ms_a_job"],
            discord=figures["discord_limited_a_job"],
        )


@dataclass(frozen=True, slots=True)
class Part:
    """Something that jobs need: so much of it each, where one piece `gives` so much a second."""

    name: str
    takes: float
    unit: str
    gives: float
    first: int
    """How many pieces there are at first."""
    pieces: str
    then: str

    def bends_at(self, evening: Evening) -> float:
        """How many members use `MOST_USED` of the first pieces."""
        return MOST_USED * self.first * self.gives / self.takes / evening.jobs_per_s(1.0)

    def needed(self, evening: Evening, members: float) -> int:
        """How many pieces so many members need, and never fewer than there are."""
        load = evening.jobs_per_s(members) * self.takes / self.gives
        return max(self.first, math.ceil(load / MOST_USED))

    def told(self, count: int) -> str:
        """So many pieces."""
        one = {"cores": "core", "processes": "process"}
        return f"{count:,} {one.get(self.pieces, self.pieces) if count == 1 else self.pieces}"


def parts(costs: Costs, evening: Evening) -> list[Part]:
    """All of them, what bends first in front; what then, in the words of `million.md`."""
    mean_run_s = RUN_S * math.exp(SIGMA**2 / 2)
    core, looks = "ms of a core", costs.decoders * evening.larger
    found = [
        Part("slots", mean_run_s, "s of a run", 1, 3, "at once", "a plan with more"),
        Part("asks", costs.provider, "requests", 1 / 60, 45, "a minute", "a plan with more"),
        Part("discord", costs.discord, "requests", 1, 50, "a second", "a raised limit"),
        Part(
            "connected", costs.answering(evening), core, 1000, 1, "processes", "more `run --shards`"
        ),
        Part("workers", costs.working(), core, 1000, 1, "processes", "more `worker`"),
        Part("decoders", looks, core, 1000, 1, "cores", "more cores, or more machines"),
        Part("writer", costs.writer, "ms of its lock", 1000, 1, "× as fast", "a faster disk"),
        Part("server", costs.server, core, 1000, 1, "cores", "more cores"),
        Part("network", evening.job_mb, "MB", 125, 1, "Gbit/s", "more machines"),
    ]
    return sorted(found, key=lambda part: part.bends_at(evening))


NAMES = {
    "slots": "the provider's slots: requests wait in line",
    "asks": "the provider's requests: polls come later, submits do not",
    "discord": "Discord's requests: cards and posts come later",
    "connected": "the connected process: answers come later, then people are turned away",
    "workers": "the worker: polls and posts come later",
    "decoders": "decoders: files wait for their look",
    "writer": "PostgreSQL's one writer: writes are committed together, then all wait",
    "server": "PostgreSQL's processor time",
    "network": "the network: files come later",
}
"""What each part is to a reader, and how it shows that it bends."""


def bending(costs: Costs, evening: Evening, members: float) -> str:
    """The table of what bends first."""
    rows = [
        (
            NAMES[part.name],
            f"{part.takes:,.3g} {part.unit}",
            part.told(part.first),
            _round(part.bends_at(evening)),
            _round(part.bends_at(evening) * evening.jobs_per_s(1.0) * PEAK_HOUR_S),
            part.then,
            part.told(part.needed(evening, members)),
        )
        for part in parts(costs, evening)
    ]
    head = (
        "what bends, and how",
        "a job takes",
        "at first",
        "bends at, members",
        "jobs an hour",
        "then",
    )
    return table((*head, f"for {members:,.0f} members"), rows)


def waiting(costs: Costs, evening: Evening, planned: float) -> str:
    """How long jobs wait where all is there that so many need, and other numbers of them come."""
    has = {part.name: part.needed(evening, planned) for part in parts(costs, evening)}
    rows = []
    for share in SHARES:
        per_s = evening.jobs_per_s(planned * share)
        jobs = min(MOST_JOBS, round(per_s * PEAK_HOUR_S))
        waits = passage(_route(costs, evening, has), per_s, jobs, random.Random(1))
        told = [_sums(waits, stops) for stops in ((0, 1), (2,), (4,), (5, 6, 7, 8))]
        rows.append((f"{planned * share:,.0f}", f"{per_s * 3600:,.0f}", *told))
    head = ("members", "jobs in the hour", "before the answer", "for a decoder", "for a slot")
    return table((*head, "between run and post"), rows)


def _route(costs: Costs, evening: Evening, has: dict[str, int]) -> list[Station]:
    """A job's way. What else takes a process's time makes its steps as much longer: at most so."""
    look_s = costs.decoders * evening.larger / LOOKS / 1000
    answers = Station(has["connected"], exponential(costs.answering(evening) / 1000))
    writes = Station(1, exponential(costs.writer / 2 / 1000 / has["writer"]))
    decoders = Station(has["decoders"], exponential(look_s * LOOKS / 2))
    works = Station(has["workers"], exponential(costs.working() / 2 / 1000))
    slots = Station(has["slots"], log_normal(RUN_S, SIGMA))
    limit = Station(1, always(costs.discord / has["discord"]))
    return [answers, writes, decoders, works, slots, decoders, works, writes, limit]


def _sums(waits: list[list[float]], stops: Sequence[int]) -> str:
    sums = sorted(sum(job[stop] for stop in stops) for job in waits)
    return " · ".join(_time(sums[int(len(sums) * share)]) for share in (0.5, 0.99))


def _time(wait_s: float) -> str:
    return f"{wait_s * 1000:.0f} ms" if wait_s < 1 else f"{wait_s:.0f} s"


def _round(members: float) -> str:
    digits = max(0, int(math.log10(members)) - 1)
    return f"{round(members, -digits):,.0f}"


def section(costs: Costs, evening: Evening, members: float) -> str:
    """The page's part."""
    around = members * evening.around
    shards = math.ceil(members / evening.per_shard)
    return Template(TEMPLATE.read_text()).substitute(
        members=f"{members:,.0f}",
        around=f"{around:,.0f}",
        asking=f"{around * evening.asking:,.0f}",
        videos=f"{evening.videos:g}",
        jobs=f"{evening.jobs_per_s(members) * 3600:,.0f}",
        run_s=f"{RUN_S:g}",
        others=f"{evening.others:g}",
        messages=f"{evening.messages:g}",
        message_us=f"{costs.message * 1000:.0f}",
        larger=f"{evening.larger:g}",
        job_mb=f"{evening.job_mb:g}",
        provider=f"{costs.provider:g}",
        hearing_ms=f"{costs.hearing:.0f}",
        shards=f"{shards:,} shard{'s' * (shards > 1)}",
        most_used=f"{MOST_USED:.0%}",
        bending=bending(costs, evening, members),
        waiting=waiting(costs, evening, members),
    )


def main() -> None:
    """Print it, and write it to the page if that is wanted."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulate", description=__doc__)
    parser.add_argument("--members", type=float, default=A_MILLION)
    parser.add_argument("--figures", type=Path, default=PAGE.with_name(FIGURES))
    parser.add_argument("--write", action="store_true", help=f"renew its part of {PAGE.name}")
    for field in fields(Evening):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float, default=field.default)
    wanted = parser.parse_args()
    evening = Evening(**{field.name: getattr(wanted, field.name) for field in fields(Evening)})
    text = section(Costs.measured(wanted.figures), evening, wanted.members)
    print(text)
    if wanted.write:
        renew(PAGE, MILLION, text)


if __name__ == "__main__":
    main()
