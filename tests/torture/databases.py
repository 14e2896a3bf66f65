"""Where the bot of a torture run keeps its database, and how that is asked from outside."""

import asyncio
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, Protocol, Self

import psycopg

from tests.postgres import Asked, found, placed, plain

NAME = "marionette"
WAYS = {signal.SIGINT: "fast", signal.SIGQUIT: "immediate"}
AWAY_S = 6.0
"""So long at most nobody starts the server again."""

SOONER = (
    "UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - make_interval(secs => ?)"
    " WHERE status = 'todo' AND scheduled_at > now() RETURNING id"
)
UNAVAILABLE, STARTS_WITHIN_S = "cannot be used: ", 30.0

Row = dict[str, Any]


class Kept(Protocol):
    """A database; use it with `with`."""

    @property
    def settings(self) -> dict[str, str]:
        """The bot's, that say where it is."""

    struck: int
    """How often its server was told to end."""

    @property
    def is_away(self) -> bool:
        """Whether its server is down at this moment."""

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[Row]:
        """What it holds at this moment; nothing before there is one."""

    def pass_time(self, seconds: float) -> None:
        """Everybody's clock moves on: what it is to begin at a time of its own clock, too."""

    def excuses(self, words: str, began: float) -> bool:
        """Whether who began then and ended so could not begin without it, and it was away."""

    async def restart(self, chance: random.Random) -> str:
        """Let its server be away for a while; how, and nothing if it has none."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...


class InFile:
    """SQLite, in the bot's folder."""

    settings: dict[str, str] = {}  # noqa: RUF012 - there are none
    is_away = False
    struck = 0

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "marionette.db"

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[Row]:
        """What it holds at this moment; nothing before there is one."""
        if not self._path.exists():
            return []
        with closing(sqlite3.connect(self._path, timeout=30)) as database:
            database.row_factory = sqlite3.Row
            try:
                return [dict(row) for row in database.execute(query, values)]
            except sqlite3.OperationalError:
                return []  # its tables are just being made

    def pass_time(self, seconds: float) -> None:
        """It has no clock."""

    def excuses(self, words: str, began: float) -> bool:
        """It is always there."""
        return False

    async def restart(self, chance: random.Random) -> str:
        """It has no server."""
        return ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Nothing is to be closed."""


class OnServer:
    """A PostgreSQL of its own, whose commits are on its disk; in the end it is written to a file.

    While its server is down it says what it has said last.
    """

    def __init__(self, folder: Path) -> None:
        programs = found()
        if programs is None:
            raise SystemExit("PostgreSQL is not installed here.")
        self._programs = programs
        self._kept_as = folder / "database.sql"
        self._stack = ExitStack()
        self._opened: psycopg.Connection[Row] | None = None
        self._last: dict[tuple[str, tuple[object, ...]], list[Row]] = {}
        self.is_away = False
        self._back_at = 0.0
        self.struck = 0

    def __enter__(self) -> Self:
        self._server = self._stack.enter_context(placed(self._programs, keeps=True))
        with psycopg.connect(plain(self._server.address), autocommit=True) as opened:
            opened.execute(f"CREATE DATABASE {NAME} TEMPLATE template0".encode())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._forget()
        with self._stack, self._kept_as.open("wb") as kept:
            dump: list[str | Path] = [self._programs / "pg_dump", self._address]
            subprocess.run(dump, stdout=kept, check=False)

    @property
    def settings(self) -> dict[str, str]:
        """The bot's, that say where it is."""
        return {"DATABASE_URL": self._server.address.replace("/?", f"/{NAME}?")}

    @property
    def _address(self) -> str:
        return plain(self._server.address, NAME)

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[Row]:
        """What it holds at this moment; nothing before its tables are made."""
        asked = query, values
        if not self.is_away:
            try:
                self._last[asked] = self._ask(query, values)
            except psycopg.OperationalError:  # a restart has ended that connection
                self._forget()
                self._last[asked] = self._ask(query, values)
        return self._last.get(asked, [])

    def _ask(self, query: str, values: tuple[object, ...]) -> list[Row]:
        if self._opened is None:
            rows = psycopg.rows.dict_row
            self._opened = psycopg.connect(self._address, autocommit=True, row_factory=rows)
        try:
            return list(Asked(self._opened).execute(query, values).fetchall())
        except psycopg.errors.UndefinedTable:
            return []

    def _forget(self) -> None:
        if self._opened is not None:
            with suppress(psycopg.Error):
                self._opened.close()
        self._opened = None

    def pass_time(self, seconds: float) -> None:
        """Everybody's clock moves on: what it is to begin at a time of its own clock, too."""
        self.rows(SOONER, (seconds,))

    def excuses(self, words: str, began: float) -> bool:
        """Whether who began then and ended so could not begin without it, and it was away."""
        was_away = self.is_away or self._back_at > began
        is_start = time.monotonic() - began < STARTS_WITHIN_S
        return was_away and is_start and UNAVAILABLE in words

    async def restart(self, chance: random.Random) -> str:
        """Let it be away for a while: ended in order, or as by a crash."""
        how = chance.choice(list(WAYS))
        self.is_away = True
        self.struck += 1
        try:
            await asyncio.to_thread(self._server.stop, how)
            await asyncio.sleep(chance.uniform(0.0, AWAY_S))
        finally:
            await asyncio.shield(asyncio.to_thread(self._server.start))
            self._forget()
            self.is_away, self._back_at = False, time.monotonic()
        return f"{WAYS[how]} restart of the database"
