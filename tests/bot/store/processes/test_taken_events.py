"""What several processes hear of at once, one of them takes."""

import asyncio
from pathlib import Path

from bot.store.database import Database
from bot.store.processes.taken_events import KEPT_S, TakenEvents
from tests.bot.databases import place_database, rows

AT = 1_000_000.0


async def test_of_all_who_would_take_an_event_one_has_it(tmp_path: Path) -> None:
    url = place_database(tmp_path)
    async with await Database.open(url) as one, await Database.open(url) as other:
        both = TakenEvents(one), TakenEvents(other)
        events = range(10**18, 10**18 + 20)
        found = await asyncio.gather(*(each.take(event, AT) for event in events for each in both))
        pairs = [sorted(found[at : at + 2]) for at in range(0, len(found), 2)]
        assert pairs == [[False, True]] * 20


async def test_what_is_long_past_is_forgotten(tmp_path: Path) -> None:
    async with await Database.open(place_database(tmp_path)) as database:
        events = TakenEvents(database)
        assert await events.take(1, AT)
        assert await events.take(2, AT + KEPT_S + 1)
        assert rows(database, "SELECT id FROM taken_events") == [(2,)]
        assert await events.take(3, AT - KEPT_S), "a clock that was set back"
        assert rows(database, "SELECT id FROM taken_events") == [(3,)]
