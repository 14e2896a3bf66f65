"""A whole database copied into an empty one, and compared row by row before it is saved there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, inspect
from sqlalchemy.exc import DBAPIError

from bot.errors import StoreError
from bot.store.books import differences_by_parts
from bot.store.database import place_of
from bot.store.migrations.upgrade import upgrade, versions
from bot.store.moving.side import Rows, Side, held
from bot.store.sharing.claims import Claim
from bot.store.tables import metadata

BATCH_ROWS = 1000
"""So many of each are in memory."""

Tell = Callable[[str, str, int], None]
"""Is told what is being done, with which table, and with how many of its rows so far."""


@dataclass(slots=True)
class Copied:
    """How much was copied; `differences` were in the books before, and are there as they were."""

    rows: dict[str, int] = field(default_factory=dict)
    altered: int = 0
    """Rows with characters that the other kind of database does not take."""

    differences: list[str] = field(default_factory=list)


async def copy(source: str, target: str, tell: Tell) -> Copied:
    """From one address to another. Raises `StoreError`, `SettingsError`; then nothing is there.

    Both are held alone meanwhile, and the first one stays as it is.
    """
    place_of(source).claim(Claim.BESIDE, None)  # who claims it alone would make it
    copied = Copied()
    async with held(place_of(source), is_made=False) as original:
        await original.do(_refuse_other_versions(original.place.name))
        async with held(place_of(target), is_made=True) as new:
            await new.do(_refuse_what_is_there(new.place.name))
            copied.differences = await _look_at_books(original)
            await new.do(upgrade)
            for table in metadata.sorted_tables:
                copied.rows[table.name] = await _copy_table(original, new, table, tell)
            for table in metadata.sorted_tables:
                copied.altered += await _compare(original, new, table, tell)
            if await _look_at_books(new) != copied.differences:
                raise StoreError("The books of the copy are not those of the original.")
    return copied


def _refuse_other_versions(name: str) -> Callable[[Connection], None]:
    def refuse(connection: Connection) -> None:
        current, head = versions(connection)
        if current != head:
            raise StoreError(
                f"{_first_large(name)} is not set up for this version: start the bot once on it, "
                "stop it, and copy then."
            )

    return refuse


def _refuse_what_is_there(name: str) -> Callable[[Connection], None]:
    def refuse(connection: Connection) -> None:
        if found := sorted(inspect(connection).get_table_names()):
            more = f" and {len(found) - 3} more tables" if len(found) > 3 else ""
            raise StoreError(
                f"{_first_large(name)} is not empty, it has {', '.join(found[:3])}{more}: name a "
                "new one, or empty that one first."
            )

    return refuse


async def _look_at_books(side: Side) -> list[str]:
    """What the doctor would find in them; of what is damaged there is no copy."""
    for damage in await side.do(side.place.findings):
        raise StoreError(
            f"{_first_large(side.place.name)} is damaged ({damage}): restore a backup, as "
            "docs/operations.md says."
        )
    return sorted(each.text for each in await side.do(differences_by_parts))


async def _copy_table(original: Side, new: Side, table: Table, tell: Tell) -> int:
    async with original.reading(table, BATCH_ROWS) as following:
        done, rows = 0, await following()
        while rows:
            _, next_rows = await asyncio.gather(_put(new, table, rows), following())
            done += len(rows)
            tell("copied", table.name, done)
            rows = next_rows
    if (numbers := table.autoincrement_column) is not None:
        await new.do(lambda connection: new.place.number_on(connection, numbers))
    return done


async def _put(new: Side, table: Table, rows: Rows) -> None:
    """Raises `StoreError`, also for what the other kind of database did not look at."""
    names = table.columns.keys()
    values = [dict(zip(names, row, strict=True)) for row in rows]
    try:
        await new.do(lambda connection: connection.execute(insert(table), values))
    except DBAPIError as error:
        said = next(iter(str(error.orig).splitlines()), "it does not say why")
        raise StoreError(
            f"{_first_large(new.place.name)} does not take all {table.name} from "
            f"{_key(table, rows[0])} to {_key(table, rows[-1])}: {said}. Nothing was copied."
        ) from None


async def _compare(original: Side, new: Side, table: Table, tell: Tell) -> int:
    """How many rows differ by what cannot be kept there. Raises `StoreError` for any other."""
    done, altered = 0, 0
    async with (
        original.reading(table, BATCH_ROWS) as following,
        new.reading(table, BATCH_ROWS) as following_new,
    ):
        while True:
            rows, copies = await asyncio.gather(following(), following_new())
            if rows != copies:
                altered += _altered(rows, copies, new.place.kept, table)
            if not rows:
                return altered
            done += len(rows)
            tell("compared", table.name, done)


def _altered(rows: Rows, copies: Rows, kept: Callable[[str], str], table: Table) -> int:
    altered = 0
    for row, copy_ in zip_longest(rows, copies):
        if row == copy_:
            continue
        if row is None or copy_ is None or _as_kept(row, kept) != tuple(copy_):
            raise StoreError(
                f"The copy is not as the original in {table.name} {_key(table, row or copy_)}: "
                "nothing was copied. Look for a newer version of this program."
            )
        altered += 1
    return altered


def _as_kept(row: Row[Any], kept: Callable[[str], str]) -> tuple[object, ...]:
    return tuple(kept(value) if isinstance(value, str) else value for value in row)


def _key(table: Table, row: Row[Any]) -> str:
    return " ".join(str(row._mapping[key]) for key in table.primary_key)


def _first_large(name: str) -> str:
    """As it begins a sentence; a path stays as it is."""
    return f"T{name[1:]}" if name.startswith("the ") else name
