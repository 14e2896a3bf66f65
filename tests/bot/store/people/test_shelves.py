"""Each server's library: its names, its bounds, and what is remembered of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.library.motions import MOST_BYTES, MOST_MOTIONS, Motion
from bot.errors import Problem, Refused
from bot.store.database import Database
from bot.store.people.shelves import Shelves
from tests.bot.databases import place_database

AT = 1_800_000_000.0
HERE, THERE, DANA = 1, 2, 9


@pytest.fixture
async def shelves(tmp_path: Path) -> AsyncIterator[Shelves]:
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        yield Shelves(database)


def motion(number: int, name: str, server_id: int = HERE, size_bytes: int = 1000) -> Motion:
    return Motion(f"motion{number}", server_id, name, 2.5, size_bytes, DANA, AT, "0" * 64)


async def refusal(shelves: Shelves, one: Motion) -> Problem:
    with pytest.raises(Refused) as caught:
        await shelves.add(one)
    return caught.value.problem


async def test_a_name_is_there_once_in_each_server(shelves: Shelves) -> None:
    await shelves.add(motion(1, "Wave"))
    await shelves.add(motion(2, "Wave", THERE))
    assert await refusal(shelves, motion(3, "WAVE")) is Problem.MOTION_NAME_TAKEN
    assert [one.id for one in await shelves.of(HERE)] == ["motion1"]
    assert (await shelves.named(THERE, " wave ")) == motion(2, "Wave", THERE)
    assert await shelves.refs() == {"1/motion1", "2/motion2"}


async def test_a_renamed_one_is_found_by_its_new_name_alone(shelves: Shelves) -> None:
    await shelves.add(motion(1, "Wave"))
    await shelves.add(motion(2, "Bow"))
    with pytest.raises(Refused) as caught:
        await shelves.rename(HERE, "wave", "BOW", actor_id=DANA, at=AT)
    assert caught.value.problem is Problem.MOTION_NAME_TAKEN
    await shelves.rename(HERE, "wave", "Hello", actor_id=DANA, at=AT)
    await shelves.rename(HERE, "hello", "HELLO", actor_id=DANA, at=AT)
    assert [one.name for one in await shelves.of(HERE)] == ["Bow", "HELLO"]
    with pytest.raises(Refused) as caught:
        await shelves.remove(HERE, "wave", actor_id=DANA, at=AT)
    assert caught.value.problem is Problem.MOTION_MISSING


async def test_a_library_has_an_end(shelves: Shelves) -> None:
    for number in range(MOST_MOTIONS):
        await shelves.add(motion(number, f"Motion {number}"))
    assert await refusal(shelves, motion(99, "One more")) is Problem.LIBRARY_FULL
    await shelves.remove(HERE, "motion 7", actor_id=DANA, at=AT)
    large = motion(99, "One more", size_bytes=MOST_BYTES)
    assert await refusal(shelves, large) is Problem.LIBRARY_TOO_LARGE
    await shelves.add(motion(99, "One more"))


async def test_links_are_forgotten_when_they_are_old(shelves: Shelves) -> None:
    keep = {"at": AT, "life_s": 60.0}
    await shelves.keep_link("https://p.example", "one", "https://p.example/1", **keep)
    await shelves.keep_link("https://p.example", "one", "https://p.example/2", **keep)
    assert await shelves.link("https://p.example", "one") == ("https://p.example/2", AT)
    assert await shelves.link("https://q.example", "one") is None
    await shelves.keep_link("https://p.example", "two", "u", at=AT + 61, life_s=60.0)
    assert await shelves.link("https://p.example", "one") is None
    await shelves.forget_link("u")
    assert await shelves.link("https://p.example", "two") is None
