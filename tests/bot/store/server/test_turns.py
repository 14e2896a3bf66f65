"""In which order several processes write: what somebody waits for is behind one other at most."""

import asyncio
from pathlib import Path

from sqlalchemy import Connection

from bot.store.database import Database
from bot.store.group_commit import background
from tests.bot.databases import begins_to_write, beside, only_postgres, rows
from tests.bot.store.server.test_peers import processes, until

pytestmark = only_postgres

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def test_what_somebody_waits_for_goes_before_what_others_write_in_the_background(
    tmp_path: Path,
) -> None:
    written: list[str] = []

    async def write(database: Database, name: str) -> None:
        def note(_: Connection) -> None:
            written.append(name)

        await database.write(note)

    async def write_patiently(database: Database, name: str) -> None:
        with background():
            await write(database, name)

    async with processes(tmp_path, 3) as (first, second, asked):
        with beside(tmp_path) as opened:
            assert begins_to_write(opened)
            writing = []
            for number, (process, how) in enumerate(
                ((first, write_patiently), (second, write_patiently), (asked, write)), 1
            ):
                name = "asked" if process is asked else "patient"
                writing.append(asyncio.create_task(how(process.database, name)))
                await until(lambda number=number: rows(tmp_path, WAITING) == [(number,)])  # type: ignore[misc]
            opened.execute("ROLLBACK")
        await asyncio.gather(*writing)
    assert written == ["patient", "asked", "patient"]
