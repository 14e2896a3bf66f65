"""A tray: one of each person, an offer once it is full, and empty once that is started."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.core.jobs import Job, JobState, Source
from bot.core.models import Choice
from bot.core.uploads import TRAY_LIFE_S, Choices, Cut, Origin, Tray, Upload
from bot.errors import Problem, Refused, StaleJob
from bot.store.database import Database
from bot.store.offers.answers import Taken
from bot.store.store import Store
from bot.store.tables import trays
from tests.bot.databases import place_database
from tests.bot.store.test_jobs import AT, LIMITS, new

ANNA, BEN = 3, 8
PICTURE, MOTION = (
    Upload(f"https://cdn.example/{name}", name, 9, origin=Origin(BEN, 1, 2, 7))
    for name in ("a.jpg", "b.mp4")
)
TAKEN = Taken(Choice("pixverse-mimic", "540p"), 10, 1, frozenset())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        yield Store(database, LIMITS)


async def fill(store: Store, at: float = AT) -> None:
    await store.trays.put(ANNA, PICTURE, is_motion=False, at=at)
    await store.trays.put(ANNA, MOTION, is_motion=True, at=at)


async def offered(store: Store, number: int = 1, source: Source = Source.TRAY) -> Job | None:
    asked = replace(new(number, source, ANNA), quality=None)
    return await store.trays.offer(asked, AT, frozenset())


async def start(store: Store, job: Job, number: int, taken: Taken = TAKEN) -> Job:
    return await store.trays.start(
        job, taken, origin_id=number, token="t", token_expires_at=AT + 900, at=AT + 9
    )


async def state_of(store: Store, job: Job) -> JobState | None:
    found = await store.read.job(job.id)
    return found.state if found else None


async def test_it_is_remembered_for_an_hour_and_each_has_their_own(store: Store) -> None:
    await fill(store)
    assert await store.trays.of(ANNA, AT + TRAY_LIFE_S) == Tray(PICTURE, MOTION)
    assert await store.trays.of(BEN, AT) == Tray()
    assert await store.trays.of(ANNA, AT + TRAY_LIFE_S + 1) == Tray()
    choices = Choices(7, is_motion=True, files=(MOTION, PICTURE))
    await store.trays.ask(BEN, choices, AT + 9)
    assert await store.trays.of(BEN, AT + 9) == Tray(choices=choices)
    await store.trays.forget(AT + 9)
    count = select(func.count()).select_from(trays)
    assert await store.database.read(lambda opened: opened.scalar(count)) == 1


async def test_a_full_one_is_an_offer_until_it_changes(store: Store) -> None:
    await store.trays.put(ANNA, PICTURE, is_motion=False, at=AT)
    assert await offered(store) is None
    await fill(store)
    first = await offered(store)
    assert first is not None
    assert (first.is_offer, first.subject, first.motion) == (True, PICTURE, MOTION)
    assert await offered(store) is None, "its event was seen before"
    second = await offered(store, 2)
    assert second is not None
    assert await state_of(store, first) is JobState.CANCELLED
    await store.trays.put(ANNA, PICTURE, is_motion=False, at=AT)
    assert await state_of(store, second) is JobState.CANCELLED


async def test_it_is_started_once_and_empty_then(store: Store) -> None:
    await fill(store)
    job = await offered(store)
    assert job is not None
    job = await store.offer_checked(job, 2.0, at=AT)
    started, late = await asyncio.gather(
        start(store, job, 5), start(store, job, 6), return_exceptions=True
    )
    assert isinstance(started, Job)
    assert isinstance(late, StaleJob)
    assert (started.origin_id, started.card.message_id, started.card.token) == (5, None, "t")
    assert (started.is_open, started.promised, started.duration_s) == (False, 10, 2.0)
    assert await store.trays.of(ANNA, AT) == Tray()


async def test_what_is_refused_stays(store: Store) -> None:
    await fill(store)
    job = await offered(store)
    assert job is not None
    await store.preferences.change(BEN, {"keep_private": True})
    for refused in (
        start(store, job, 5),
        store.trays.put(ANNA, PICTURE, is_motion=False, at=AT),
        store.trays.ask(ANNA, Choices(7, is_motion=False, files=(PICTURE,)), AT),
    ):
        with pytest.raises(Refused) as caught:
            await refused
        assert caught.value.problem is Problem.KEPT_PRIVATE
    assert await store.read.job(job.id) == job
    await store.trays.put(BEN, PICTURE, is_motion=False, at=AT)
    await store.preferences.change(BEN, {"keep_private": False})
    dear = replace(TAKEN, promised=9_999)
    with pytest.raises(Refused):
        await start(store, job, 5, dear)
    assert (await store.trays.of(ANNA, AT)).is_full
    part = await start(store, job, 5, replace(TAKEN, cut=Cut(0.0, 10.0)))
    assert (part.duration_s, part.cut) == (None, Cut(0.0, 10.0))
