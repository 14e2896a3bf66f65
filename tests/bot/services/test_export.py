"""A server's past as a file: in parts, the newest first, and no more than a file is good for."""

from pathlib import Path

from sqlalchemy import Connection, insert

from bot.services.quotas import EXPORTED_AT_ONCE, MOST_EXPORTED, Quotas
from bot.store.database import Database
from bot.store.store import Store
from bot.store.tables import entries
from tests.bot.databases import place_database
from tests.bot.stopped_clock import StoppedClock
from tests.bot.store.test_jobs import LIMITS


async def parts(folder: Path, count: int) -> tuple[list[int], list[str], int]:
    """How many lines each part has, the reasons in order, and how many there are in all."""

    def fill(connection: Connection) -> None:
        row = {"server_id": 1, "person_id": 2, "kind": "grant", "allowance": 0, "granted": 1}
        connection.execute(
            insert(entries), [row | {"at": n // 3, "reason": str(n)} for n in range(count)]
        )

    async with await Database.open(place_database(folder), exclusive=True) as database:
        await database.write(fill)
        clock = StoppedClock(now=float(count))
        quotas = Quotas(store=Store(database, LIMITS), wake=lambda _: None, clock=clock)
        lines: list[str] = []
        sizes: list[int] = []
        async for part in quotas.newest(1):
            sizes.append(len(part))
            lines += [line.reason or "" for line in part]
            clock.now += 1
            await quotas.grant(1, 3, 1, actor_id=9, reason="meanwhile")
        return sizes, lines, await quotas.count(1)


async def test_a_long_past_comes_in_parts_and_has_an_end(tmp_path: Path) -> None:
    count = MOST_EXPORTED + 3000
    sizes, lines, of = await parts(tmp_path, count)
    assert sizes == [EXPORTED_AT_ONCE] * (MOST_EXPORTED // EXPORTED_AT_ONCE)
    assert lines == [str(n) for n in range(count - 1, count - 1 - MOST_EXPORTED, -1)]
    assert of == count + len(sizes)


async def test_a_short_past_is_whole(tmp_path: Path) -> None:
    sizes, lines, of = await parts(tmp_path, 7)
    assert (sizes, lines, of) == ([7], [str(n) for n in range(6, -1, -1)], 8)
