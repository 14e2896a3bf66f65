"""What the bot lacks is remembered within bounds, whatever one server refuses."""

from pathlib import Path

from bot.store.database import Database
from bot.store.people.missing import GATHERED_S, MOST_OF_A_SERVER, Missing, MissingBook
from tests.bot.databases import place_database

AT = 1000.0


async def test_one_server_fills_nobody_elses_place(tmp_path: Path) -> None:
    many = [Missing(1, channel, "Attach Files") for channel in range(100)]
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        book = MissingBook(database)
        assert len(await book.found(many, AT)) == MOST_OF_A_SERVER
        assert await book.found(many, AT) == []
        [other] = await book.found([Missing(2, 7, "Send Messages")], AT + 1)
        assert await book.untold(AT + GATHERED_S - 1) == []
        later = AT + GATHERED_S + 1
        assert await book.untold(later) == [1, 2]
        assert len(await book.telling(1, later)) == MOST_OF_A_SERVER
        assert await book.telling(2, later) == [other]
        await book.not_told([other])
        assert await book.untold(later) == []
        assert await book.untold(later + 24 * 3600.0) == [2]
