"""Which cards are still to go: rows are asked for by the same rule that a job itself has."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.jobs import JobState, Source
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import beside, place_database
from tests.bot.store.test_jobs import AT, LIMITS

FAILURE = '{"problem": "damaged_video", "facts": {}}'
CASES: dict[str, tuple[Any, ...]] = {
    "state": (JobState.CANCELLED, JobState.FAILED, JobState.DELIVERED, JobState.QUEUED),
    "source": tuple(Source),
    "failure": (None, FAILURE),
    "queued_at": (None, AT),
    "is_direct": (False, True),
    "moved_from_id": (None, 7),
    "is_open": (False, True),
    "promised": (None, 3),
}
REST = {"revision": 1, "server_id": 1, "channel_id": 2, "person_id": 3, "created_at": AT}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        yield Store(database, LIMITS)


async def test_a_start_finds_what_has_not_gone_and_nothing_else(store: Store) -> None:
    rows = [
        dict(zip(CASES, case, strict=True))
        | REST
        | {"id": f"j{number}", "origin_id": number, "state_since": AT, "upload_limit_bytes": 1}
        | {"card_message_id": number, "card_shown": case[0]}
        for number, case in enumerate(itertools.product(*CASES.values()), 1)
    ]
    names = ", ".join(rows[0])
    marks = ", ".join("?" for _ in rows[0])
    with beside(store.database) as other:
        for row in rows:
            other.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(row.values()))
    every = [job for row in rows if (job := await store.read.job(row["id"]))]
    fleeting = {job.id for job in every if job.is_fleeting}
    assert 0 < len(fleeting) < len(every) == len(rows)
    posts_gone = {job.id for job in every if job.is_post_gone}
    assert {job.id for job in await store.read.behind(AT)} - posts_gone == fleeting
    assert {job.id for job in await store.read.behind(AT + 1)} == posts_gone
    for job_id in fleeting:
        await store.card_shows(job_id, f"{JobState.CANCELLED}:gone")
    left = {job.id for job in await store.read.behind(AT)} & fleeting
    assert left == {job.id for job in every if job.state is JobState.FAILED} & fleeting
