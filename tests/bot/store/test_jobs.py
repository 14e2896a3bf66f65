"""Changes of a job: fenced by state and revision, once for each event, within the caps."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from bot.core.admission import NewJob
from bot.core.jobs import TRANSITIONS, Delivered, Failure, Job, JobState, Source
from bot.core.queue import LATE_RUN_S, MAX_IN_FLIGHT
from bot.core.rules import OperatorLimits
from bot.core.uploads import Upload
from bot.errors import Problem, Refused, StaleJob
from bot.store.database import Database
from bot.store.queries import Queries
from bot.store.store import Store
from bot.store.transitions import transition
from tests.bot.databases import only_sqlite, place_database

LIMITS = OperatorLimits(
    allowance_credits=1000,
    dm_allowance_credits=1000,
    daily_budget_credits=1000,
    max_running=99,
    max_running_per_person=99,
    max_waiting=99,
    max_waiting_per_person=99,
)
AT, FILE = 1_795_000_000.0, Upload("https://cdn.example/a", "a", 1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        yield Store(database, LIMITS)


def new(number: int, source: Source = Source.SLASH, person_id: int = 3) -> NewJob:
    return NewJob(
        id=f"j{number}",
        source=source,
        origin_id=number,
        server_id=1,
        channel_id=2,
        person_id=person_id,
        upload_limit_bytes=10,
        subject=FILE,
        quality="540p",
    )


async def begin(store: Store, number: int = 1, source: Source = Source.SLASH) -> Job:
    job = await store.begin(new(number, source), AT)
    assert job is not None
    return job


async def queue(store: Store, number: int = 1) -> Job:
    job = await begin(store, number)
    return await store.admit(job, quality="540p", duration_s=2.0, price=2, at=AT)


async def submit(store: Store, job: Job) -> Job | None:
    return await store.submit(job, image_url="i", video_url="v", lease="run", at=AT)


async def rendering(store: Store, number: int = 1) -> Job:
    job = await submit(store, await queue(store, number))
    assert job is not None
    return await store.accepted(job, f"request-{number}", AT, AT)


async def test_a_repeated_event_makes_no_second_job(store: Store) -> None:
    first = await begin(store)
    again = NewJob(
        id="other",
        source=Source.SLASH,
        origin_id=first.origin_id,
        server_id=1,
        channel_id=2,
        person_id=3,
        upload_limit_bytes=10,
    )
    assert await store.begin(again, AT) is None
    assert await store.read.job("other") is None


async def test_a_message_that_completed_an_offer_makes_no_job_of_its_own(store: Store) -> None:
    offer = await begin(store, source=Source.MESSAGE)
    full = await store.add_to_offer(offer, 77, at=AT + 9, motion=FILE)
    assert (full.motion, full.state_since) == (FILE, AT + 9)
    again = NewJob(
        id="other",
        source=Source.MESSAGE,
        origin_id=77,
        server_id=0,
        channel_id=2,
        person_id=3,
        upload_limit_bytes=10,
    )
    assert await store.begin(again, AT) is None
    assert await store.read.offers_of(3) == [full]


async def test_who_is_slower_changes_nothing(store: Store) -> None:
    seen = await queue(store)
    cancelled = await store.cancel(seen, AT)
    assert cancelled.state is JobState.CANCELLED
    with pytest.raises(StaleJob):
        await submit(store, seen)
    with pytest.raises(StaleJob):
        await store.fail(seen, Failure(Problem.INTERRUPTED), AT)
    assert await store.read.job(seen.id) == cancelled


async def test_who_is_slower_within_a_state_changes_nothing_either(store: Store) -> None:
    """A newer file came while the earlier one was looked at: its length is not the new one's."""
    seen = await begin(store, source=Source.MESSAGE)
    newer = await store.add_to_offer(seen, 77, at=AT, motion=FILE)
    with pytest.raises(StaleJob):
        await store.offer_checked(seen, 2.0, at=AT)
    assert await store.read.job(seen.id) == newer


async def test_no_step_that_the_table_does_not_have(store: Store) -> None:
    job = await begin(store)
    for leaves in JobState:
        for enters in set(JobState) - TRANSITIONS[leaves]:
            step = partial(transition, job=replace(job, state=leaves), enters=enters, at=AT)
            with pytest.raises(StaleJob):
                await store.database.write(step)
    assert await store.read.job(job.id) == job


async def test_at_most_so_many_submits_are_in_flight(store: Store) -> None:
    first = await submit(store, await queue(store))
    assert first is not None
    for number in range(2, MAX_IN_FLIGHT + 1):
        assert await submit(store, await queue(store, number)) is not None
    assert await submit(store, await queue(store, MAX_IN_FLIGHT + 1)) is None
    await store.answer_lost(first)
    job = await store.read.job(f"j{MAX_IN_FLIGHT + 1}")
    assert job is not None
    assert await submit(store, job) is not None


async def test_a_job_in_doubt_gives_its_slot_to_the_next(store: Store) -> None:
    store.limits = replace(LIMITS, max_running=2, max_running_per_person=1)
    doubted = await submit(store, await queue(store))
    next_one = await queue(store, 2)
    assert doubted is not None
    assert await submit(store, next_one) is None
    doubted = await store.answer_lost(doubted)
    assert doubted.is_in_doubt
    assert await submit(store, next_one) is None, "one more might come to be in doubt"
    store.limits = replace(LIMITS, max_running=2, max_running_per_person=2)
    running = await submit(store, next_one)
    assert running is not None
    _, standing = await store.read.standing(1, 3, AT)
    assert (standing.running, standing.running_of_person, standing.running_here) == (1, 1, 1)
    assert (standing.in_flight, standing.unanswered, standing.unanswered_of_person) == (1, 2, 2)
    assert (await store.read.balance(1, 3, AT)).held == 4
    running = await store.accepted(running, "request-2", AT, AT)
    assert await submit(store, await queue(store, 3)) is not None
    with pytest.raises(StaleJob):
        await store.answer_lost(running)


async def test_a_run_that_lasts_gives_its_slot_to_another_person(store: Store) -> None:
    store.limits = replace(LIMITS, max_running=1, max_running_per_person=1)
    running = await rendering(store)
    same, begun = await queue(store, 2), await store.begin(replace(new(3), person_id=4), AT)
    assert begun is not None
    other = await store.admit(begun, quality="540p", duration_s=2.0, price=2, at=AT)
    sent = partial(store.submit, image_url="i", video_url="v", lease="run")
    assert await sent(other, at=AT + LATE_RUN_S - 1) is None
    assert await sent(same, at=AT + LATE_RUN_S) is None, "one person's limit stays"
    assert await sent(other, at=AT + LATE_RUN_S) is not None
    await store.rendered(running, "https://files.example/v.mp4", 0.5, AT + LATE_RUN_S)
    _, standing = await Queries(store.database, store.limits).standing(1, 3, AT + LATE_RUN_S)
    assert (standing.running, standing.running_of_person) == (1, 1), "nor while it is fetched"


async def test_the_caps_of_what_is_in_doubt_hold_whoever_asks_at_once(store: Store) -> None:
    """Every submit that has no answer may come to be in doubt."""
    store.limits = replace(LIMITS, max_running=5, max_running_per_person=3)
    lost = 0
    for wave in range(4):
        queued = [await queue(store, 10 * wave + number) for number in range(1, 9)]
        sent = await asyncio.gather(*(submit(store, job) for job in queued))
        for job in filter(None, sent):
            await store.answer_lost(job)
            lost += 1
    assert lost == 3, "one person's"
    others = [replace(new(number), person_id=100 + number) for number in range(100, 116)]
    waiting = []
    for one in others:
        begun = await store.begin(one, AT)
        assert begun is not None
        waiting.append(await store.admit(begun, quality="540p", duration_s=2.0, price=2, at=AT))
    while sent := await asyncio.gather(*(submit(store, job) for job in waiting)):
        for job in filter(None, sent):
            await store.answer_lost(job)
            lost += 1
        waiting = [job for job, was in zip(waiting, sent, strict=True) if was is None]
        if not any(sent):
            break
    assert lost == store.limits.max_running + MAX_IN_FLIGHT, "everybody's"


async def test_a_claimed_request_id_puts_the_other_job_in_doubt(store: Store) -> None:
    first = await rendering(store)
    second = await submit(store, await queue(store, 2))
    assert second is not None
    assert first.attempt is not None
    after = await store.accepted(second, first.attempt.request_id or "", AT, AT)
    assert (after.state, after.lease) == (JobState.SUBMITTING, None)
    assert after.attempt is not None
    assert after.attempt.request_id is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempts SET request_id = 'request-1'",
        "UPDATE jobs SET origin_id = 1",
        "UPDATE jobs SET completed_by_id = 77",
    ],
)
async def test_the_database_itself_refuses_what_is_claimed(store: Store, statement: str) -> None:
    """Even a bug above it cannot give two jobs one run, or make two jobs of one event."""
    await rendering(store)
    await submit(store, await queue(store, 2))
    with pytest.raises(IntegrityError):
        await store.database.write(lambda opened: opened.exec_driver_sql(statement))


async def test_a_new_attempt_after_a_refusal_keeps_the_hold(store: Store) -> None:
    job = await submit(store, await queue(store))
    assert job is not None
    queued = await store.not_accepted(job, AT)
    assert (queued.state, queued.attempt, queued.price) == (JobState.QUEUED, None, 2)
    assert (await store.read.balance(1, 3, AT)).held == 2
    assert await submit(store, queued) is not None


BUSY, UNKNOWN = Failure(Problem.PROVIDER_BUSY), Failure(Problem.GENERATION_FAILED)


async def test_a_run_for_nothing_leads_back_into_the_line_with_its_hold(store: Store) -> None:
    job = await rendering(store)
    again = await store.try_again(job, BUSY, AT)
    assert again is not None
    assert (again.state, again.attempt, again.failure) == (JobState.QUEUED, None, BUSY)
    assert (await store.read.balance(1, 3, AT)).held == 2
    assert [attempt.cost for attempt in await store.read.attempts_of(job.id)] == [0.0]
    for late in (store.try_again(job, BUSY, AT), store.fail(job, BUSY, AT)):
        with pytest.raises(StaleJob):
            await late
    assert await store.read.job(job.id) == again
    cancelled = await store.cancel(again, AT)
    assert cancelled.failure is None


async def test_a_job_has_two_runs_for_nothing_at_most(store: Store) -> None:
    job = await rendering(store)
    for number in (2, 3):
        again = await store.try_again(job, BUSY, AT)
        assert again is not None
        turned_away = await submit(store, again)
        assert turned_away is not None
        again = await store.not_accepted(turned_away, AT)  # which is no run at all
        submitting = await submit(store, again)
        assert submitting is not None
        job = await store.accepted(submitting, f"request-{number}-of-it", AT, AT)
    assert await store.try_again(job, BUSY, AT) is None
    assert await store.read.job(job.id) == job
    done = await store.rendered(job, "https://files.example/v.mp4", 0.5, AT)
    assert (done.state, done.failure) == (JobState.FETCHING, None)


async def test_what_has_no_known_cause_is_tried_again_once(store: Store) -> None:
    again = await store.try_again(await rendering(store), UNKNOWN, AT)
    assert again is not None
    submitting = await submit(store, again)
    assert submitting is not None
    job = await store.accepted(submitting, "another", AT, AT)
    assert await store.try_again(job, UNKNOWN, AT) is None
    assert await store.try_again(job, BUSY, AT) is not None


async def test_cancelling_ends_at_the_submit(store: Store) -> None:
    job = await submit(store, await queue(store))
    assert job is not None
    with pytest.raises(Refused) as caught:
        await store.cancel(job, AT)
    assert caught.value.problem is Problem.TOO_LATE_TO_CANCEL


async def test_a_job_in_doubt_is_not_cancelled_and_is_told_what_else_there_is(
    store: Store,
) -> None:
    job = await submit(store, await queue(store))
    assert job is not None
    job = await store.answer_lost(job)
    with pytest.raises(Refused) as caught:
        await store.cancel(job, AT)
    assert caught.value.problem is Problem.STILL_IN_DOUBT


async def test_a_delivered_job_is_charged_and_over(store: Store) -> None:
    job = await rendering(store)
    job = await store.rendered(job, "https://files.example/v.mp4", 0.5, AT + 130)
    job = await store.fetched(job, AT + 131)
    job = await store.delivery_begins(job, 2, AT + 132)
    job = await store.delivered(job, Delivered.CHANNEL, 9, AT + 133)
    assert job.ended
    assert job.attempt is not None
    assert job.attempt.cost == 0.5
    assert await store.read.run_times("pixverse-mimic", 10) == [("540p", 2.0, 130.0)]
    has = await store.read.balance(1, 3, AT + 134)
    assert (has.available, has.held) == (998, 0)
    assert await store.read.unended() == []


@pytest.mark.parametrize("how", [Delivered.CHANNEL, Delivered.KEPT])
async def test_what_failed_in_the_line_is_followed_until_it_is_told(
    store: Store, how: Delivered
) -> None:
    never_queued = await begin(store, 1)
    await store.fail(never_queued, Failure(Problem.INTERRUPTED), AT)
    await store.cancel(await queue(store, 2), AT)
    failed = await store.fail(await queue(store, 3), Failure(Problem.GENERATION_FAILED), AT)
    by_moderator = await store.cancel_for(await queue(store, 4), actor_id=9, reason="so", at=AT)
    owing = await store.read.unended()
    assert {job.id for job in owing} == {failed.id, by_moderator.id}
    assert all(job.owes_notice for job in owing)
    for job in owing:
        tried = await store.delivery_begins(job, 2, AT)
        told = await store.notice_given(tried, how, 9 if how is Delivered.CHANNEL else None)
        assert (told.state, told.delivered, told.owes_notice) == (job.state, how, False)
        with pytest.raises(StaleJob):
            await store.notice_given(tried, how, 10)
    assert await store.read.unended() == []
    posted = [failed.id, by_moderator.id] if how is Delivered.CHANNEL else []
    assert {job.id for job in await store.read.posted_as({8, 9})} == {*posted}
    assert {job.id for job in await store.read.old_notices(AT + 1, 9)} == {*posted}
    assert await store.read.old_notices(AT, 9) == []
    for job in owing:
        await store.post_is_gone(job.id)
    assert await store.read.old_notices(AT + 1, 9) == []
    assert await store.read.posted_as({9}) == []


@pytest.mark.parametrize(("took_s", "owes"), [(119.0, False), (121.0, True)])
async def test_a_reply_that_went_unseen_is_followed_until_it_is_announced(
    store: Store, took_s: float, owes: bool
) -> None:
    job = await store.rendered(await rendering(store), "https://files.example/v.mp4", 0.5, AT)
    job = await store.fetched(job, AT)
    job = await store.delivery_begins(job, job.channel_id, AT)  # which was refused
    job = await store.reply_begins(job, 7)
    done = await store.delivered(job, Delivered.REPLY, 7, job.created_at + took_s)
    assert done.owes_notice is owes
    assert [found.id for found in await store.read.unended()] == [done.id] * owes
    if owes:
        tried = await store.delivery_begins(done, 99, AT)
        assert tried.owes_notice
        over = await store.notice_given(tried, Delivered.KEPT, None)
        assert (over.delivered, over.delivery_message_id) == (Delivered.REPLY, 7)
        assert await store.read.unended() == []


@only_sqlite
async def test_a_post_is_looked_up_by_an_index(store: Store) -> None:
    """Messages are deleted all day on a busy server."""
    plan = await store.database.read(
        lambda opened: opened.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT id FROM jobs"
            " WHERE delivery_message_id IN (1, 2, 3) AND delivered IS NOT NULL"
        ).all()
    )
    assert "jobs_by_post" in str(plan)


async def test_the_line_is_in_order_of_asking(store: Store) -> None:
    """Not in the order in which the checks happened to end."""
    asked = [await begin(store, number) for number in (1, 2)]
    earlier = "UPDATE jobs SET created_at = created_at - 5 WHERE id='j2'"
    await store.database.write(lambda opened: opened.exec_driver_sql(earlier))
    for number, job in enumerate(asked):
        await store.admit(job, quality="540p", duration_s=2.0, price=2, at=AT + number)
    queue = (await store.read.queues())["segmind"]
    assert [queued.job_id for queued in queue.next_turns(9)] == ["j2", "j1"]
    assert queue.running == 0
