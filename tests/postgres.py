"""Tests on a PostgreSQL of their own: `python -m tests.postgres [arguments of pytest]`.

The server comes from the system's packages, runs as an ordinary user in a temporary folder, is
reached by a socket there alone, and ends with the tests.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import create_engine

from bot.jobs.leading.tasks import prepare
from bot.store.migrations.upgrade import upgrade

SERVER = "TEST_POSTGRES"
"""In the environment: the address of the server, without a database."""

MIGRATED = "migrated"
"""The database there that those of the tests are copies of."""

MEMORY, NEEDED_BYTES = Path("/dev/shm"), 2_000_000_000
PROGRAMS = Path("/usr/lib/postgresql")
QUICK = (
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_wal_size=4GB",
)
SMALL = ("shared_buffers=128MB", "max_connections=200", "listen_addresses=")


def found() -> Path | None:
    """The folder of the newest server's programs, if there is one."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    folders = [path.parent for path in PROGRAMS.glob("*/bin/initdb")]
    return max(folders, key=lambda folder: float(folder.parent.name), default=None)


class Server:
    """A server in a folder of its own, for whoever is on this machine."""

    def __init__(self, programs: Path, folder: Path, settings: Iterable[str]) -> None:
        """Make its data; it may be started then."""
        self.address = f"postgresql+psycopg://postgres@/?host={folder}"
        self._log = folder / "log"
        self._own: dict[str, Any] = {"cwd": folder}
        if os.geteuid() == 0:  # as whom no server can be started
            self._own |= {"user": "nobody", "group": "nogroup", "extra_groups": []}
            shutil.chown(folder, "nobody", "nogroup")
        folder.chmod(0o755)
        data = folder / "data"
        made = ("--encoding=UTF8", "--locale=C", "--auth=trust", "--username=postgres", "--no-sync")
        with self._log.open("ab") as log:
            command: list[str | Path] = [programs / "initdb", "-D", data, *made]
            subprocess.run(command, check=True, stdout=log, stderr=log, **self._own)
        given = [part for each in settings for part in ("-c", each)]
        self._command: list[str | Path] = [programs / "postgres", "-D", data, "-k", folder, *given]

    def start(self) -> None:
        """Come back once it answers."""
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(self._command, stdout=log, stderr=log, **self._own)
        wait(self.address, self._log)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Whoever is connected: SIGINT ends each at once, SIGQUIT is as a crash of the machine."""
        self._running.send_signal(how)
        self._running.wait(timeout=60)


@contextmanager
def server(programs: Path, *settings: str, keeps: bool = False) -> Iterator[str]:
    """Its address, while it runs; with `keeps`, all is on the disk that is saved, as elsewhere."""
    with placed(programs, *settings, keeps=keeps) as running:
        yield running.address


@contextmanager
def placed(programs: Path, *settings: str, keeps: bool = False) -> Iterator[Server]:
    """One in a folder of its own, that runs, and may be stopped and started meanwhile."""
    place = None if keeps else in_memory()
    with tempfile.TemporaryDirectory(prefix="postgres-", dir=place) as name:
        given = () if keeps else QUICK
        running = Server(programs, Path(name), (*settings, *given, *SMALL))
        running.start()
        try:
            yield running
        finally:
            running.stop()


def in_memory() -> Path | None:
    """Where to make databases costs least, if there is room."""
    is_there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    return MEMORY if is_there and shutil.disk_usage(MEMORY).free > NEEDED_BYTES else None


def wait(address: str, log: Path) -> None:
    """Until it answers."""
    for _ in range(300):
        try:
            psycopg.connect(plain(address)).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(log.read_text())


def plain(address: str, database: str = "postgres") -> str:
    """As psycopg takes it."""
    return address.replace("+psycopg", "").replace("/?", f"/{database}?")


def place_migrated(address: str) -> None:
    """The database that is copied."""
    with psycopg.connect(plain(address), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {MIGRATED} TEMPLATE template0")
    engine = create_engine(address.replace("/?", f"/{MIGRATED}?"))
    with engine.begin() as connection:
        upgrade(connection)
        prepare(connection)
    engine.dispose()


class Asked:
    """A connection that is asked in SQLite's words; what is JSON comes as the text that it is."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        set_json_loads(_as_text, connection)
        self._connection = connection

    def execute(self, query: str, values: Any = (), /) -> Any:
        """With a question mark in the place of each value."""
        if values:
            query = query.replace("%", "%%").replace("?", "%s")
        return self._connection.execute(query.encode(), values or None)


def _as_text(json: str | bytes) -> str:
    """As it is written there, and as SQLite would give it."""
    return json if isinstance(json, str) else json.decode()


def main(*arguments: str) -> int:
    """Run them; 0 where there is no server, unless that was promised."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its server ends with it
    programs = found()
    if programs is None:
        print("PostgreSQL is not installed here: its tests are skipped.", flush=True)  # noqa: T201
        return 1 if os.environ.get("CI") else 0
    with server(programs) as address:
        place_migrated(address)
        tests = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(tests, env=os.environ | {SERVER: address}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
