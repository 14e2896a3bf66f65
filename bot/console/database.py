"""`db`: back the database up, say its version, and move it to another one."""

import argparse
import sys

from sqlalchemy import make_url

from bot.clock import Clock
from bot.console.tables import table
from bot.errors import MarionetteError, SettingsError
from bot.settings import Settings, database_address
from bot.store.database import Database, place_of
from bot.store.moving.copying import Copied, copy

TOLD_EACH_S = 5.0
MOST_NAMED = 10


async def db(wanted: argparse.Namespace, settings: Settings, clock: Clock) -> str:
    """Do what is asked and tell it. Raises `MarionetteError`."""
    if wanted.action == "copy":
        return await _copy(wanted.source, wanted.target, clock)
    async with await Database.open(settings.database, any_version=True) as database:
        if wanted.action == "version":
            current, head = await database.versions()
            said = f"database {current or 'empty'}, program {head}"
            return said if current == head else f"{said}: the bot's next start migrates it"
        if wanted.path.exists():
            raise MarionetteError(f"{wanted.path} exists already: choose another name.")
        size_bytes = await database.back_up(wanted.path)
    return f"{wanted.path}: {size_bytes} bytes"


async def _copy(source: str, target: str, clock: Clock) -> str:
    source, target = _address("FROM", source), _address("TO", target)
    if _where(source) == _where(target):
        raise MarionetteError("FROM and TO are the same database: name another one.")
    copied = await copy(source, target, _Progress(clock).tell)
    return "\n".join(_told(copied, place_of(source).name, place_of(target).name))


def _address(name: str, url: str) -> str:
    try:
        return database_address(url)
    except ValueError as error:
        raise SettingsError(f"{name} is wrong: {error}.") from None


def _where(url: str) -> tuple[object, ...]:
    """What of an address says which database it is."""
    parts = make_url(url)
    files = (path.resolve() for path in place_of(url).files)
    server = parts.host or parts.query.get("host"), parts.port or 5432, parts.database
    return tuple(files) or server


class _Progress:
    """A line now and then, for whoever waits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told_at = clock.monotonic()

    def tell(self, done: str, of: str, rows: int) -> None:
        """So far."""
        if self._clock.monotonic() - self._told_at >= TOLD_EACH_S:
            self._told_at = self._clock.monotonic()
            sys.stderr.write(f"{done}: {of}, {rows} rows so far\n")


def _told(copied: Copied, source: str, target: str) -> list[str]:
    there = [(name, rows) for name, rows in copied.rows.items() if rows]
    lines = [table(("TABLE", "ROWS"), there), ""] if there else []
    lines.append(f"All of {source} is in {target} now, compared row by row.")
    if copied.altered:
        lines.append(
            f"Rows with characters that cannot be kept there, \ufffd in their place: "
            f"{copied.altered}."
        )
    if copied.differences:
        lines.append("The doctor finds in both, as before:")
        lines += [f"- {each}" for each in copied.differences[:MOST_NAMED]]
        if more := copied.differences[MOST_NAMED:]:
            lines.append(f"- and {len(more)} more")
    else:
        lines.append("The books of both agree.")
    lines.append(
        "Set DATABASE_URL to TO, let the doctor look, and start the bot. Files stay in DATA_DIR. "
        "Keep the old database until you are content, but where no bot finds it."
    )
    return lines
