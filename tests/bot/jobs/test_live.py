"""What the program remembers of the jobs under way is what the database has, and not read again."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.event import listen, remove

from bot.core.actions import ActionKind
from bot.core.jobs import DEFAULT_MODEL, Delivered, Failure, Job, JobState, Source
from bot.errors import Problem
from bot.jobs.live import LiveJobs
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import place_database
from tests.bot.store.test_jobs import AT, LIMITS, begin, queue, rendering, submit


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        yield Store(database, replace(LIMITS, max_running_per_person=2))


async def seen(jobs: LiveJobs | Store) -> tuple[list[str], dict[str, int], list[int], bool]:
    """The queue as it is remembered, or as the database has it."""
    queues = await (jobs if isinstance(jobs, LiveJobs) else jobs.read).queues()
    queue = queues["segmind"]
    turns = [queued.job_id for queued in queue.next_turns(99)]
    counts = [
        queue.running,
        queue.in_flight,
        queue.unanswered,
        queue.free(5, AT),
        queue.free(1, AT + 900.0),
    ]
    return turns, queue.places(), counts, queue.waits_for_own(3, 1)


async def deliver(store: Store, job: Job) -> Job:
    job = await store.rendered(job, "https://files.example/v.mp4", 0.5, AT)
    job = await store.fetched(job, AT)
    return await store.delivered(job, Delivered.CHANNEL, 9, AT)


@pytest.mark.parametrize("loaded_first", [True, False])
async def test_the_queue_is_what_the_database_has(store: Store, loaded_first: bool) -> None:
    live = LiveJobs(store)
    if loaded_first:
        await live.load()
    queued = [await queue(store, number) for number in (1, 2, 3)]
    running = await rendering(store, 4)
    await begin(store, 5, Source.MESSAGE)
    assert await seen(live) == await seen(store)
    submitting = await submit(store, queued[1])
    assert submitting is not None
    assert await seen(live) == await seen(store)
    doubted = await store.answer_lost(submitting)
    assert await seen(live) == await seen(store)
    assert (await live.queue(DEFAULT_MODEL)).running == 1
    await store.give_up(doubted, AT)
    assert await seen(live) == await seen(store)
    assert (await live.queue(DEFAULT_MODEL)).unanswered == 0
    await store.cancel(queued[0], AT)
    await deliver(store, running)
    assert await seen(live) == await seen(store)


async def test_what_this_program_commits_is_not_read_again(store: Store) -> None:
    live = LiveJobs(store)
    await live.load()
    await live.queue(DEFAULT_MODEL)
    job = await rendering(store)
    await store.card_shows(job.id, "rendering")
    statements: list[object] = []
    for connection in store.database._connections:
        listen(connection.engine, "before_cursor_execute", lambda *told: statements.append(told))
    for _ in range(5):
        known = await live.job(job.id)
        assert (await live.queue(DEFAULT_MODEL)).running == 1
    assert statements == []
    assert known is not None
    assert known == await store.read.job(job.id)
    assert known.card.shown == "rendering"


async def test_nothing_is_kept_of_a_job_that_has_ended(store: Store) -> None:
    live = LiveJobs(store)
    await live.load()
    done = await deliver(store, await rendering(store))
    assert await live.job(done.id) == done
    assert await live.job("unknown") is None
    assert live._jobs == {}
    assert (await live.queue(DEFAULT_MODEL))._people == {}


async def test_what_failed_is_kept_until_it_is_told(store: Store) -> None:
    for loaded_first in (True, False):
        live = LiveJobs(store)
        if loaded_first:
            await live.load()
            failed = await store.fail(await queue(store), Failure(Problem.GENERATION_FAILED), AT)
        else:
            assert await live.load() == [failed]
        assert [*live._jobs] == [failed.id]
        assert await seen(live) == await seen(store)
    await store.notice_given(failed, Delivered.CHANNEL, 9)
    assert live._jobs == {}


async def test_what_another_program_decides_is_seen_when_it_is_looked_for(
    store: Store, tmp_path: Path
) -> None:
    live = LiveJobs(store)
    await live.load()
    job = await queue(store)
    async with await Database.open(place_database(tmp_path)) as beside:
        other = Store(beside, LIMITS)
        await other.cancel_for(job, actor_id=0, reason="so", at=AT)
        await other.rulebook.set_rules(
            1,
            {"max_running_per_person": 1},
            kind=ActionKind.SETTINGS,
            actor_id=0,
            reason="so",
            at=AT,
        )
    assert await live.job(job.id) == job
    cancelled = await live.refresh(job.id)
    assert cancelled is not None
    assert cancelled.state is JobState.CANCELLED
    live.forget_rules()
    await rendering(store, 2)
    assert await seen(live) == await seen(store)
    assert (await live.queue(DEFAULT_MODEL)).waits_for_own(3, 1)


async def overtaken(store: Store, live: LiveJobs, job_id: str, change: Awaitable[object]) -> None:
    """Look a job up, and change it once it has been read and before anybody knows."""
    has_read, go_on = threading.Event(), threading.Event()

    def hold(_: object, __: object, statement: str, *___: object) -> None:
        if statement.startswith("SELECT"):
            has_read.set()
            go_on.wait(10)

    reader = store.database._connections[1].engine
    listen(reader, "after_cursor_execute", hold)
    looking_up = asyncio.create_task(live.refresh(job_id))
    await asyncio.to_thread(has_read.wait, 10)
    await change
    go_on.set()
    await looking_up
    remove(reader, "after_cursor_execute", hold)


async def test_a_reading_that_was_overtaken_changes_nothing(store: Store) -> None:
    """A job ends while it is read: what was read must not bring it back."""
    live = LiveJobs(store)
    await live.load()
    job = await queue(store)
    await overtaken(store, live, job.id, store.card_shows(job.id, "queued:1"))
    assert await live.job(job.id) == await store.read.job(job.id)
    seen_last = await live.job(job.id)
    assert seen_last is not None
    assert seen_last.card.shown == "queued:1"
    await overtaken(store, live, job.id, store.cancel(seen_last, AT))
    ended = await live.job(job.id)
    assert ended is not None
    assert ended.state is JobState.CANCELLED
    assert live._jobs == {}
