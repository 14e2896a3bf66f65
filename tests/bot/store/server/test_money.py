"""Several processes commit at once: not one credit, slot or submit more than one process would."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from pathlib import Path

import pytest

from bot.core.actions import ActionKind
from bot.core.jobs import Job, JobState
from bot.core.queue import MAX_IN_FLIGHT
from bot.errors import Refused, StaleJob
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import beside, only_postgres, place_database, rows
from tests.bot.store.test_jobs import AT, LIMITS, begin

pytestmark = [only_postgres, pytest.mark.slow]

PROCESSES = 4
CREDITS, REQUESTS = 10, 1000
SERVER, BUDGET, PEOPLE = 7, 20, 200
MAX_RUNNING, IN_LINE, IN_LINE_EACH = 12, 20, 3


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[list[Store]]:
    """Of each process its own, with a connection of its own that writes."""
    url = place_database(tmp_path)
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(
                await Database.open(url, is_peer=True, folder=tmp_path / "data")
            )
            for _ in range(PROCESSES)
        ]
        limits = replace(LIMITS, max_waiting=10**4, max_waiting_per_person=10**4)
        yield [Store(database, limits) for database in opened]


def limited(stores: list[Store], **limits: int) -> list[Store]:
    changed = replace(stores[0].limits, **limits)  # type: ignore[arg-type]
    return [Store(store.database, changed) for store in stores]


async def many(store: Store, folder: Path, server: int, people: int, count: int) -> list[Job]:
    """So many requests of so many people, all of them looked at."""
    first = await begin(store, server * 10**6)
    with beside(folder) as opened:
        query = "SELECT column_name FROM information_schema.columns WHERE table_name = 'jobs'"
        columns = [row[0] for row in opened.execute(query).fetchall()]
        own = {"id": f"'{server}-' || n", "origin_id": f"{server * 10**6} + n"}
        own |= {"person_id": f"n % {people}", "server_id": str(server)}
        values = ", ".join(own.get(column, column) for column in columns)
        opened.execute(
            f"INSERT INTO jobs ({', '.join(columns)}) SELECT {values} FROM jobs,"
            f" generate_series(1, {count}) AS n WHERE id = '{first.id}'"
        )
        opened.execute(f"DELETE FROM jobs WHERE id = '{first.id}'")
    return [
        replace(first, id=f"{server}-{n}", person_id=n % people, server_id=server)
        for n in range(1, count + 1)
    ]


async def at_once(
    work: Callable[[Store, Job], Awaitable[Job | None]], each: Iterable[tuple[Store, Job]]
) -> list[Job]:
    """What came of it where it was neither refused nor too late."""

    async def one(store: Store, job: Job) -> Job | None:
        try:
            return await work(store, job)
        except (Refused, StaleJob):
            return None

    done = await asyncio.gather(*(one(store, job) for store, job in each))
    return [job for job in done if job is not None]


async def admit(store: Store, job: Job) -> Job:
    return await store.admit(job, quality="540p", duration_s=1.0, price=1, at=AT)


async def test_a_thousand_requests_for_ten_credits_and_two_hundred_people_for_a_budget(
    stores: list[Store], tmp_path: Path
) -> None:
    of_all = await many(stores[0], tmp_path, SERVER, PEOPLE, PEOPLE)
    of_one = await many(stores[0], tmp_path, 1, 1, REQUESTS)
    await stores[0].rulebook.set_rules(
        SERVER,
        {"budget_credits": BUDGET},
        kind=ActionKind.ALLOWANCE,
        actor_id=1,
        reason="",
        at=AT,
    )
    stores = limited(stores, allowance_credits=CREDITS)
    asked = [job for pair in zip_longest(of_one, of_all) for job in pair if job is not None]
    each = [(stores[number % PROCESSES], job) for number, job in enumerate(asked)]
    queued = Counter(job.server_id for job in await at_once(admit, each))
    assert queued == {1: CREDITS, SERVER: BUDGET}
    balance = await stores[1].read.balance(1, 0, AT)
    assert (balance.allowance_left, balance.held) == (0, CREDITS)
    assert (await stores[2].read.tally(AT)).budget_spent == CREDITS + BUDGET
    assert rows(tmp_path, "SELECT count(*) FROM entries") == [(CREDITS + BUDGET,)]


async def test_however_many_want_a_slot_at_once_none_is_had_twice(
    stores: list[Store], tmp_path: Path
) -> None:
    """Each process tries each job, each from another one on, as if it had heard of nothing."""
    line = await many(stores[0], tmp_path, 1, IN_LINE, IN_LINE * IN_LINE_EACH)
    stores = limited(stores, max_running=MAX_RUNNING, max_running_per_person=1)
    line = await at_once(admit, [(stores[0], job) for job in line])
    assert len(line) == IN_LINE * IN_LINE_EACH

    async def submit(store: Store, job: Job, *, one_at_a_time: bool = False) -> Job | None:
        how = {"image_url": "i", "video_url": "v", "lease": "run"}
        return await store.submit(job, **how, at=AT, one_at_a_time=one_at_a_time)

    async def answer(store: Store, job: Job) -> Job:
        return await store.accepted(job, f"request-{job.id}", AT, AT)

    async def finish(store: Store, job: Job) -> Job:
        job = await store.rendered(job, "https://files.example/v.mp4", 0.5, AT)
        return await store.fetched(job, AT)

    everywhere = [
        (store, line[(place + number * len(line) // PROCESSES) % len(line)])
        for place in range(len(line))
        for number, store in enumerate(stores)
    ]
    sent = await at_once(submit, everywhere)
    assert len(sent) == len({job.person_id for job in sent}) == MAX_IN_FLIGHT
    answered = await at_once(answer, [(store, job) for job in sent for store in stores])
    assert len(answered) == MAX_IN_FLIGHT, "an answer counts once"
    more = await at_once(submit, everywhere)
    assert len(more) == MAX_RUNNING - MAX_IN_FLIGHT
    assert len({job.person_id for job in (*sent, *more)}) == MAX_RUNNING
    assert not await at_once(submit, everywhere)
    assert rows(tmp_path, "SELECT count(*) FROM attempts") == [(MAX_RUNNING,)]
    done = await at_once(finish, [(store, job) for job in answered for store in stores])
    assert len(done) == len(answered)
    assert rows(tmp_path, "SELECT count(*) FROM entries WHERE kind = 'capture'") == [(len(done),)]
    alone = partial(submit, one_at_a_time=True)
    assert not await at_once(alone, everywhere), "four are on their way"
    assert len(await at_once(answer, [(stores[0], job) for job in more])) == len(more)
    assert [job.state for job in await at_once(alone, everywhere)] == [JobState.SUBMITTING]
