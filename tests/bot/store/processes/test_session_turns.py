"""Whose turn it is to begin a session, among several processes and after a start."""

from pathlib import Path

from bot.store.database import Database
from bot.store.processes.session_turns import SessionTurns
from tests.bot.databases import place_database

HELD_S, REST_S, AT = 30.0, 5.0, 1_000_000.0


async def test_one_has_a_turn_and_the_next_one_has_it_after_a_rest(tmp_path: Path) -> None:
    async with await Database.open(place_database(tmp_path)) as database:
        turns = SessionTurns(database)

        async def take(key: int, at: float) -> float:
            return await turns.take(key, HELD_S, REST_S, at)

        assert await take(0, AT) == 0
        assert await take(1, AT) == 0, "another key's"
        assert await take(0, AT + 1) == HELD_S + REST_S - 1, "it is not known to be over"
        await turns.give_back(0, REST_S, AT + 2)
        assert await take(0, AT + 3) == REST_S - 1
        assert await take(0, AT + 2 + REST_S) == 0
        assert await take(0, AT + 2 + REST_S + HELD_S + REST_S) == 0, "who had it has gone"


async def test_a_clock_that_was_set_back_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with await Database.open(place_database(tmp_path)) as database:
        turns = SessionTurns(database)
        assert await turns.take(0, HELD_S, REST_S, AT) == 0
        yesterday = AT - 86400
        assert await turns.take(0, HELD_S, REST_S, yesterday) == REST_S
        assert await turns.take(0, HELD_S, REST_S, yesterday + REST_S) == 0
