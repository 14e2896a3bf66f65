"""A PostgreSQL for one measurement: on the disk as a file is, and with what it has done counted."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.load.meter import Usage, usages
from bot.store.server.link import _ONE_WRITER, _OURS
from tests.postgres import found, plain, server

DATABASE = "marionette"
LOOK_EVERY_S = 0.01
COUNTS = "shared_preload_libraries=pg_stat_statements"

DONE = f"""
    SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = '{DATABASE}'), sum(calls)
    FROM pg_stat_statements JOIN pg_database ON oid = dbid WHERE datname = '{DATABASE}'
"""
IS_HELD = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted
"""


@dataclass(slots=True)
class Server:
    """What its processes have used, what it was asked, and how long its one writer was at work.

    The last is looked at a hundred times a second, by a connection whose costs are not counted.
    """

    url: str
    _pid: int
    _asked: psycopg.Connection
    _began: tuple[Usage, int, int] = (Usage(), 0, 0)
    _looks: int = 0
    _held: int = 0

    def rest(self) -> None:
        """Count from here on."""
        self._began = (self._used(), *self._done())
        self._looks = self._held = 0

    def figures(self, jobs: int, passed_s: float) -> dict[str, float]:
        """Since `rest`, in which so many jobs were done."""
        used, commits, statements = self._used(), *self._done()
        before, commits_before, statements_before = self._began
        commits -= commits_before
        share = self._held / max(1, self._looks)
        return {
            "saved": self._saved(),
            "server_cpu_ms_a_job": (used.cpu_s - before.cpu_s) * 1000 / jobs,
            "commits_a_job": commits / jobs,
            "statements_a_job": (statements - statements_before) / jobs,
            "writer_share": share,
            "writer_ms_a_job": share * passed_s * 1000 / jobs,
        }

    async def watch(self) -> None:
        """Look whether somebody writes."""
        while True:
            self._held += await asyncio.to_thread(self._is_held)
            self._looks += 1
            await asyncio.sleep(LOOK_EVERY_S)

    def _is_held(self) -> bool:
        return self._asked.execute(IS_HELD, (_OURS, _ONE_WRITER)).fetchone() != (0,)

    def _used(self) -> Usage:
        server, ours = usages([self._pid, self._asked.info.backend_pid])
        return server.since(Usage(children_cpu_s=ours.own_cpu_s))

    def _saved(self) -> int:
        with psycopg.connect(self.url.replace("+psycopg", "")) as opened:
            [count] = opened.execute("SELECT count(*) FROM jobs").fetchone() or [0]
        return int(count)

    def _done(self) -> tuple[int, int]:
        commits, statements = self._asked.execute(DONE).fetchone() or (0, 0)
        return int(commits), int(statements or 0)


def is_there() -> bool:
    """Whether one can be started on this machine."""
    return found() is not None


@contextmanager
def postgresql() -> Iterator[Server]:
    """One with an empty database, gone afterwards."""
    programs = found()
    assert programs is not None
    with server(programs, COUNTS, keeps=True) as address:
        folder = Path(address.partition("host=")[2])
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        with psycopg.connect(plain(address), autocommit=True) as asked:
            asked.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
            asked.execute("CREATE EXTENSION pg_stat_statements")
            yield Server(address.replace("/?", f"/{DATABASE}?"), pid, asked)
