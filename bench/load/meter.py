"""What a process and its descendants have used, as Linux counts it under /proc."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU time so far (s) and resident memory now (bytes): the process's own, and its children's.

    Of its own, the loop's is that of its first thread. Children are all descendants, also those
    that have ended and were waited for.
    """

    own_cpu_s: float = 0.0
    loop_cpu_s: float = 0.0
    children_cpu_s: float = 0.0
    own_rss_bytes: int = 0
    children_rss_bytes: int = 0

    @property
    def cpu_s(self) -> float:
        """Its own and its children's together."""
        return self.own_cpu_s + self.children_cpu_s

    def since(self, before: "Usage") -> "Usage":
        """CPU time since then, and resident memory now."""
        return Usage(
            self.own_cpu_s - before.own_cpu_s,
            self.loop_cpu_s - before.loop_cpu_s,
            self.children_cpu_s - before.children_cpu_s,
            self.own_rss_bytes,
            self.children_rss_bytes,
        )


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    own_s: float
    waited_s: float
    rss_bytes: int


def usage(pid: int) -> Usage:
    """What this process has used; nothing of it if it has ended."""
    return usages([pid])[0]


def usages(pids: Sequence[int]) -> list[Usage]:
    """What each of them has used."""
    stats = dict(_stats())
    children: defaultdict[int, list[int]] = defaultdict(list)
    for one, stat in stats.items():
        children[stat.parent].append(one)
    return [_used(pid, stats, children) for pid in pids]


def together(found: Iterable[Usage]) -> Usage:
    """Of several, the sum."""
    return Usage(*map(sum, zip(*map(astuple, found), strict=True)))


def _used(pid: int, stats: dict[int, "_Stat"], children: defaultdict[int, list[int]]) -> Usage:
    if pid not in stats:
        return Usage()
    below = [stats[one] for one in _descendants(pid, children)]
    return Usage(
        own_cpu_s=stats[pid].own_s,
        loop_cpu_s=_first_thread_s(pid),
        children_cpu_s=stats[pid].waited_s + sum(stat.own_s + stat.waited_s for stat in below),
        own_rss_bytes=stats[pid].rss_bytes,
        children_rss_bytes=sum(stat.rss_bytes for stat in below),
    )


def busy_s() -> float:
    """How long all cores together have been at work for anybody since the machine's start (s)."""
    with (PROC / "stat").open() as file:
        user, nice, system, _idle, _waiting, *interrupts = map(int, file.readline().split()[1:8])
    return (user + nice + system + sum(interrupts)) / TICKS_PER_S


def _first_thread_s(pid: int) -> float:
    try:
        text = (PROC / str(pid) / "task" / str(pid) / "stat").read_text()
    except OSError:
        return 0.0
    return sum(map(int, text.rpartition(") ")[2].split()[11:13])) / TICKS_PER_S


def _descendants(pid: int, children: defaultdict[int, list[int]]) -> Iterator[int]:
    for child in children[pid]:
        yield child
        yield from _descendants(child, children)


def _stats() -> Iterator[tuple[int, _Stat]]:
    for folder in PROC.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            text = (folder / "stat").read_text()
        except OSError:
            continue  # it has ended meanwhile
        # The name in brackets may hold anything; what follows the last bracket is numbers.
        fields = text.rpartition(") ")[2].split()
        user, system, waited_user, waited_system = map(int, fields[11:15])
        yield (
            int(folder.name),
            _Stat(
                parent=int(fields[1]),
                own_s=(user + system) / TICKS_PER_S,
                waited_s=(waited_user + waited_system) / TICKS_PER_S,
                rss_bytes=int(fields[21]) * PAGE_BYTES,
            ),
        )
