"""What people like: one small row each, and none of those who like what is usual."""

from pathlib import Path

from sqlalchemy import func, select

from bot.core.accounts import Preferences
from bot.store.database import Database
from bot.store.people.preferences import PreferenceBook
from bot.store.tables import preferences
from tests.bot.databases import place_database

ANNA, BEN = 7, 8


async def test_each_has_their_own_and_the_usual_leaves_nothing(tmp_path: Path) -> None:
    rows = select(func.count()).select_from(preferences)
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        book = PreferenceBook(database)
        assert await book.of(ANNA) == Preferences()
        await book.change(ANNA, {"model": "pixverse-mimic", "quality": "720p"})
        both = await book.change(ANNA, {"keep_private": True, "ask_above": 0})
        assert both == Preferences(
            model="pixverse-mimic", quality="720p", ask_above=0, keep_private=True
        )
        assert await book.of(ANNA) == both
        assert await book.of(BEN) == Preferences()
        await book.change(BEN, {"notify_directly": True})
        usual = {"model": None, "quality": None, "ask_above": None, "keep_private": False}
        assert await book.change(ANNA, usual) == Preferences()
        assert await database.read(lambda opened: opened.scalar(rows)) == 1
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        assert await PreferenceBook(database).of(BEN) == Preferences(notify_directly=True)
