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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine

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


@contextmanager
def server(programs: Path, *settings: str, keeps: bool = False) -> Iterator[str]:
    """Its address, while it runs; with `keeps`, all is on the disk that is saved, as elsewhere."""
    own: dict[str, Any] = {}
    if os.geteuid() == 0:  # as whom no server can be started
        own = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    with tempfile.TemporaryDirectory(
        prefix="postgres-", dir=None if keeps else in_memory()
    ) as name:
        folder = Path(name)
        if own:
            shutil.chown(folder, "nobody", "nogroup")
        folder.chmod(0o755)
        data = folder / "data"
        made = ("--encoding=UTF8", "--locale=C", "--auth=trust", "--username=postgres", "--no-sync")
        chosen = (*settings, *SMALL) if keeps else (*settings, *QUICK, *SMALL)
        given = [part for each in chosen for part in ("-c", each)]
        with (folder / "log").open("wb") as log:
            own |= {"cwd": folder, "stdout": log, "stderr": log}
            subprocess.run([programs / "initdb", "-D", data, *made], check=True, **own)
            command: list[str | Path] = [programs / "postgres", "-D", data, "-k", folder, *given]
            running = subprocess.Popen(command, **own)
        try:
            address = f"postgresql+psycopg://postgres@/?host={folder}"
            wait(address, folder / "log")
            yield address
        finally:
            running.send_signal(signal.SIGINT)  # at once, whoever is connected
            running.wait(timeout=60)


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
    engine.dispose()


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
