"""How long jobs are led by nobody: seen in the database, in real seconds."""

import asyncio
import statistics
import time
from dataclasses import dataclass, field

from tests.torture.databases import Row
from tests.torture.world import World

LOOK_EVERY_S = 0.25
SILENT_S = 4.0
"""A process that lives says so each three seconds."""

TOO_LONG_S, AGAIN_S = 30.0, 18.0
"""So long a job may be led by nobody; and for each further blow meanwhile, since whoever would take
it over, or has just done so, may be the one that is struck."""

LEADERS = """
    SELECT lock AS job, task.status::text AS status,
        extract(epoch FROM now() - coalesce(worker.last_heartbeat, now() - interval '1 hour'))
            AS silent_s,
        extract(epoch FROM now() - coalesce(task.scheduled_at, now())) AS due_s
    FROM procrastinate_jobs AS task
    LEFT JOIN procrastinate_workers AS worker ON worker.id = task.worker_id
    WHERE task.status IN ('todo', 'doing') AND lock IS NOT NULL
"""


@dataclass(slots=True)
class Alone:
    """A job whose leader has gone: for how long, and whether that was a death."""

    seconds: float
    blows_before: int
    is_orphan: bool = False


@dataclass(slots=True)
class Takeovers:
    """`watch` until cancelled; `lasted` is of each job that lost its leader and got another."""

    world: World
    lasted: list[float] = field(default_factory=list)
    _too_long: list[str] = field(default_factory=list)
    _alone: dict[str, Alone] = field(default_factory=dict)

    async def watch(self) -> None:
        """Look again and again."""
        before = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now = time.monotonic()
            passed_s, before = now - before, now
            if not self.world.database.is_away:
                self._look(passed_s if self.world.processes.is_somebody_up else 0.0)

    def _look(self, passed_s: float) -> None:
        orphans, waiting = _led_by_nobody(self.world.rows(LEADERS))
        for job in [*self._alone]:
            if job not in orphans and job not in waiting:
                self._end(job, self._alone.pop(job))
        for job in orphans.keys() | waiting:
            new = Alone(orphans.get(job, 0.0), self.world.blows)
            alone = self._alone.setdefault(job, new)
            alone.seconds += passed_s
            alone.is_orphan |= job in orphans

    def _end(self, job: str, alone: Alone) -> None:
        if alone.is_orphan:
            self.lasted.append(alone.seconds)
        blows = self.world.blows - alone.blows_before
        if alone.seconds > TOO_LONG_S + AGAIN_S * blows:
            self._too_long.append(
                f"{job} was led by nobody for {alone.seconds:.0f} s, with {blows} blows meanwhile."
            )

    def faults(self) -> list[str]:
        """What took too long."""
        for job, alone in self._alone.items():
            self._end(job, alone)
        self._alone.clear()
        return self._too_long

    def __str__(self) -> str:
        if not self.lasted:
            return "none"
        median, longest = statistics.median(self.lasted), max(self.lasted)
        return f"{len(self.lasted)}, {median:.1f} s in the median, {longest:.1f} s at the longest"


def _led_by_nobody(rows: list[Row]) -> tuple[dict[str, float], set[str]]:
    """Those whose leader has been silent, and for how long; and those that wait for one now."""
    silent = {row["job"]: float(row["silent_s"]) for row in rows if row["status"] == "doing"}
    due = {row["job"] for row in rows if row["status"] == "todo" and row["due_s"] >= 0}
    orphans = {job: seconds for job, seconds in silent.items() if seconds > SILENT_S}
    return orphans, due - silent.keys()
