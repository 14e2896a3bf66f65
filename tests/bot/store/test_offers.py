"""A job that asks something waits outside the limits until it is answered, once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.jobs import Failure, Job, JobState, Source
from bot.core.models import Choice
from bot.core.uploads import Cut
from bot.errors import Fact, Problem, Refused, StaleJob
from bot.jobs.live import LiveJobs
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import place_database
from tests.bot.store.test_jobs import AT, LIMITS, begin, new

QUESTION = Failure(Problem.MOTION_TOO_LONG, {"duration_s": 40.0, "most_s": 30.0})
CHOICE = Choice("pixverse-mimic", "540p")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    address = place_database(tmp_path)
    async with await Database.open(address, exclusive=True) as database:
        yield Store(database, replace(LIMITS, max_waiting_per_person=1))


async def asking(store: Store, number: int = 1) -> Job:
    job = await begin(store, number)
    return await store.ask(job, QUESTION, AT + 5)


async def waiting(store: Store, job: Job) -> int:
    _, standing = await store.read.standing(job.server_id, job.person_id, AT)
    return standing.waiting_of_person


async def test_it_takes_a_place_when_it_is_answered(store: Store) -> None:
    job = await asking(store)
    assert (job.is_offer, job.question, job.state_since) == (True, QUESTION, AT + 5)
    assert await store.read.offers_of(job.person_id) == [job]
    assert await waiting(store, job) == 0
    cut = Cut(0.0, 10.0)
    taken = await store.answered(job, choice=CHOICE, promised=10, at=AT + 9, cut=cut)
    assert (taken.state, taken.is_offer, taken.question) == (JobState.CHECKING, False, None)
    assert (taken.cut, taken.promised) == (cut, 10)
    assert await waiting(store, job) == 1


async def test_two_answers_are_one(store: Store) -> None:
    job = await asking(store)
    answers = (store.answered(job, choice=CHOICE, promised=10, at=AT + 9) for _ in range(2))
    taken, late = await asyncio.gather(*answers, return_exceptions=True)
    assert isinstance(taken, Job)
    assert isinstance(late, StaleJob)


@pytest.mark.parametrize(
    ("promised", "waits", "problem"),
    [(9_999, False, Problem.TOO_EXPENSIVE), (10, True, Problem.TOO_MANY_WAITING)],
)
async def test_what_is_over_a_limit_changes_nothing(
    store: Store, promised: int, waits: bool, problem: Problem
) -> None:
    job = await asking(store)
    if waits:
        await begin(store, 2)
    with pytest.raises(Refused) as caught:
        await store.answered(job, choice=CHOICE, promised=promised, at=AT + 9)
    assert caught.value.problem is problem
    assert await store.read.job(job.id) == job


async def test_a_newer_question_ends_the_earlier_one(store: Store) -> None:
    first, second = await asking(store, 1), await asking(store, 2)
    gone = await store.read.job(first.id)
    assert gone is not None
    assert (gone.state, gone.is_taken_back) == (JobState.CANCELLED, True)
    named = await store.cut_named(second, Cut(3.0, 5.0), AT + 9)
    assert named.is_offer
    assert await store.read.offers_of(named.person_id) == [named]


async def test_a_plain_message_that_is_asked_about_again_is_the_only_one(store: Store) -> None:
    asked = await begin(store, 1, Source.MESSAGE)
    taken = await store.answered(asked, choice=CHOICE, promised=10, at=AT + 1)
    newer = await begin(store, 2, Source.MESSAGE)
    again = await store.ask(taken, Failure(Problem.NOBODY_SEEN, {"where": "x"}), AT + 2, 10.0)
    assert await store.read.offers_of(again.person_id) == [again]
    gone = await store.read.job(newer.id)
    assert gone is not None
    assert gone.state is JobState.CANCELLED


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"where": "in the video"}, {"where": "video"}),
        ({"where": "in the picture or in the video"}, {"where": "both"}),
        ({"offered": "Plain or Other"}, {"offered": ["Plain", "Other"]}),
        ({"allowed": "another model"}, {"allowed": []}),
        ({"allowed": ["360p", "540p"]}, {"allowed": ["360p", "540p"]}),
    ],
)
async def test_what_was_kept_in_english_words_is_read_without_them(
    store: Store, before: dict[str, Fact], now: dict[str, Fact]
) -> None:
    asked = await begin(store, 1, Source.MESSAGE)
    await store.ask(asked, Failure(Problem.NOBODY_SEEN, before), AT + 1, 10.0)
    job = await store.read.job(asked.id)
    assert job is not None
    assert job.question == Failure(Problem.NOBODY_SEEN, now)


async def test_its_turn_comes_as_of_its_answer(store: Store) -> None:
    """Whoever lets a question wait has not stood in line meanwhile."""
    job = await asking(store)
    taken = await store.answered(job, choice=CHOICE, promised=10, at=AT + 9)
    await store.admit(taken, quality="540p", duration_s=10.0, price=10, at=AT + 10)
    later = replace(new(2, person_id=4), id="other")
    other = await store.begin(later, AT + 8)
    assert other is not None
    await store.admit(other, quality="540p", duration_s=2.0, price=2, at=AT + 8)
    live = LiveJobs(store)
    await live.load()
    for queues in (await store.read.queues(), await live.queues()):
        queue = queues["segmind"]
        assert list(queue.places()) == [other.id, job.id]
