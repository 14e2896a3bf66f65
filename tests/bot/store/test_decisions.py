"""What people decide: in one transaction with what it changes, kept for ever, and never twice."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.core.actions import Action, ActionKind
from bot.core.jobs import Failure, Job, JobState, Outcome
from bot.core.ledger import Period
from bot.errors import Problem, Refused, StaleJob
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import (
    BROKEN_RULE,
    beside,
    only_postgres,
    only_sqlite,
    place_database,
    rows,
)
from tests.bot.store.test_jobs import AT, LIMITS, queue, rendering, submit

MODERATOR = 77


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        yield Store(database, LIMITS)


async def in_review(store: Store, number: int = 1) -> Job:
    """A job whose submit's reply was lost."""
    job = await submit(store, await queue(store, number))
    assert job is not None
    return await store.doubt(job, AT + 900)


async def resolve(
    store: Store, job: Job, outcome: Outcome, run: tuple[str, float] | None = None
) -> Job:
    return await store.resolve(
        job, outcome, run=run, actor_id=MODERATOR, reason="I looked", at=AT + 1000
    )


async def held(store: Store) -> tuple[int, int]:
    has = await store.read.balance(1, 3, AT + 1000)
    return has.available, has.held


async def test_it_ran(store: Store) -> None:
    job = await resolve(store, await in_review(store), Outcome.RAN, ("run-1", AT + 1))
    assert (job.state, job.settled) == (JobState.RENDERING, Outcome.RAN)
    assert job.attempt is not None
    assert (job.attempt.request_id, job.attempt.submitted_at) == ("run-1", AT + 1)
    assert await held(store) == (998, 2)
    assert await store.read.actions_of(job.id) == [
        Action(
            at=AT + 1000,
            actor_id=MODERATOR,
            server_id=1,
            action=ActionKind.RESOLVE,
            reason="I looked",
            job_id=job.id,
            person_id=3,
            before={"state": "review", "request_id": None},
            after={"state": "rendering", "request_id": "run-1"},
        )
    ]


async def test_it_did_not_run(store: Store) -> None:
    first, other = await in_review(store), await queue(store, 2)
    job = await resolve(store, first, Outcome.AGAIN)
    assert (job.state, job.attempt) == (JobState.QUEUED, None)
    assert await held(store) == (996, 4)
    turns = (await store.read.queues())["segmind"].next_turns(9)
    assert [queued.job_id for queued in turns] == [job.id, other.id]
    again = await submit(store, job)
    assert again is not None
    assert len(await store.read.attempts_of(job.id)) == 2


async def test_given_up(store: Store) -> None:
    job = await resolve(store, await in_review(store), Outcome.GIVE_UP)
    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.problem is Problem.GIVEN_UP
    assert await held(store) == (1000, 0)


@pytest.mark.parametrize("outcome", Outcome)
async def test_only_a_job_as_it_was_seen_in_review(store: Store, outcome: Outcome) -> None:
    seen = await in_review(store)
    run = ("run-1", AT) if outcome is Outcome.RAN else None
    await resolve(store, seen, outcome, run)
    with pytest.raises(StaleJob):
        await resolve(store, seen, outcome, run)
    with pytest.raises(StaleJob):
        await resolve(store, await rendering(store, 2), outcome)
    assert len(await store.read.actions_of(seen.id)) == 1


async def test_a_run_that_was_claimed_meanwhile_changes_nothing(store: Store) -> None:
    other = await rendering(store, 2)
    assert other.attempt is not None
    assert other.attempt.request_id is not None
    job = await in_review(store)
    with pytest.raises(Refused) as caught:
        await resolve(store, job, Outcome.RAN, (other.attempt.request_id, AT))
    assert caught.value.problem is Problem.RUN_CLAIMED
    assert await store.read.job(job.id) == job
    assert await store.read.actions_of(job.id) == []


async def test_a_job_keeps_the_run_that_it_has(store: Store) -> None:
    job = await store.doubt(await rendering(store), AT + 900)
    with pytest.raises(Refused):
        await resolve(store, job, Outcome.RAN, ("another", AT))
    after = await resolve(store, job, Outcome.RAN, ("request-1", AT))
    assert (after.state, after.attempt) == (JobState.RENDERING, job.attempt)


async def test_what_needs_a_decision_comes_first_in_a_servers_list(store: Store) -> None:
    older, review, newer = await queue(store, 1), await in_review(store, 2), await queue(store, 3)
    states = tuple(JobState)
    listed = await store.read.jobs_in(1, states=states, person_id=None, limit=9, offset=0)
    assert [job.id for job in listed] == [review.id, older.id, newer.id]
    page = await store.read.jobs_in(1, states=states, person_id=None, limit=2, offset=1)
    assert [job.id for job in page] == [older.id, newer.id]


# --- given up before it was known whether it ran -------------------------------------------------

DAY_S = 24 * 3600.0


async def in_doubt(store: Store, number: int = 1) -> Job:
    job = await submit(store, await queue(store, number))
    assert job is not None
    return await store.answer_lost(job)


async def spent(store: Store, at: float = AT + 1000) -> tuple[int, int]:
    """What counts in the bot's budget, and in the server's."""
    _, standing = await store.read.standing(1, 3, at)
    assert standing.budget_spent == (await store.read.tally(at)).budget_spent
    return standing.budget_spent, standing.server_spent


async def test_its_requester_has_the_credits_and_budgets_count_them_on(store: Store) -> None:
    await store.rulebook.set_rules(
        1, {"period": Period.WEEK}, kind=ActionKind.SETTINGS, actor_id=1, reason="so", at=AT
    )
    job = await store.give_up(await in_doubt(store), AT + 60)
    assert job.state is JobState.FAILED
    assert job.failure == Failure(Problem.GIVEN_UP_BY_REQUESTER)
    assert await held(store) == (1000, 0)
    assert await spent(store) == (2, 2)
    assert await spent(store, AT + DAY_S) == (0, 2), "it counts when it was held"
    assert await spent(store, AT + 8 * DAY_S) == (0, 0)
    assert await store.read.actions_of(job.id) == []
    with pytest.raises(Refused) as caught:
        await store.give_up(job, AT + 61)
    assert caught.value.problem is Problem.ALREADY_ENDED


async def test_what_may_be_billed_leaves_no_room_in_a_budget(store: Store) -> None:
    store.limits = replace(LIMITS, daily_budget_credits=3)
    await store.give_up(await in_doubt(store), AT)
    with pytest.raises(Refused) as caught:
        await queue(store, 2)
    assert caught.value.problem is Problem.BUDGET_TOO_LOW
    given_up = await store.read.job("j1")
    assert given_up is not None
    await store.never_ran(given_up)
    assert await spent(store) == (0, 0)
    await queue(store, 3)


async def test_only_a_job_in_doubt_can_be_given_up(store: Store) -> None:
    """Of one in flight the answer would be lost."""
    in_flight = await submit(store, await queue(store))
    assert in_flight is not None
    others = await queue(store, 2), await rendering(store, 3), await in_review(store, 4)
    for job in (in_flight, *others):
        with pytest.raises(Refused) as caught:
            await store.give_up(job, AT)
        assert caught.value.problem is Problem.NOT_IN_DOUBT
        assert await store.read.job(job.id) == job
    assert await held(store) == (992, 8)


async def test_who_is_slower_than_the_history_gives_nothing_up(store: Store) -> None:
    doubted = await in_doubt(store)
    found = await store.accepted(doubted, "run-1", AT, AT)
    with pytest.raises(StaleJob):
        await store.give_up(doubted, AT)
    assert await store.read.job(doubted.id) == found
    assert await held(store) == (998, 2)
    doubted = await in_doubt(store, 2)
    given_up = await store.give_up(doubted, AT)
    for late in (store.accepted(doubted, "run-2", AT, AT), store.doubt(doubted, AT)):
        with pytest.raises(StaleJob):
            await late
    assert await store.read.job(doubted.id) == given_up


async def ran(store: Store, job: Job, request_id: str, *, is_billed: bool = True) -> bool:
    return await store.ran_after_all(
        job, request_id=request_id, submitted_at=AT, cost=0.2 * is_billed, is_billed=is_billed
    )


async def test_a_run_that_shows_after_all_is_noted_and_counts(store: Store) -> None:
    job = await store.give_up(await in_doubt(store), AT)
    assert await store.read.unproven(AT) == [(job, AT)]
    assert await store.read.unproven(AT + 1) == []
    assert await ran(store, job, "run-1")
    after = await store.read.job(job.id)
    assert after is not None
    assert after.attempt is not None
    assert (after.state, after.attempt.request_id, after.attempt.cost) == (
        JobState.FAILED,
        "run-1",
        0.2,
    )
    assert await spent(store) == (2, 2)
    assert await store.read.unproven(AT) == []
    assert not await ran(store, await store.give_up(await in_doubt(store, 2), AT), "run-1")


async def test_a_run_that_failed_for_nothing_counts_no_longer(store: Store) -> None:
    job = await store.give_up(await in_doubt(store), AT)
    assert await ran(store, job, "run-1", is_billed=False)
    assert await spent(store) == (0, 0)


@pytest.mark.parametrize("state", ["in flight", "in doubt", "in review"])
async def test_who_still_waits_for_such_a_run_comes_first(store: Store, state: str) -> None:
    """The very same inputs: the run may be either's."""
    given_up = await store.give_up(await in_doubt(store), AT)
    other = await submit(store, await queue(store, 2))
    assert other is not None
    if state != "in flight":
        other = await store.answer_lost(other)
    if state == "in review":
        other = await store.doubt(other, AT)
    assert not await ran(store, given_up, "run-1")
    if state == "in review":
        await resolve(store, other, Outcome.RAN, ("run-1", AT))
    else:
        await store.accepted(other, "run-1", AT, AT)
    assert await ran(store, given_up, "run-2")


@pytest.mark.parametrize("cost", [None, 0.0, 0.4])
async def test_a_run_that_failed_counts_on_until_it_is_proved_free(
    store: Store, cost: float | None
) -> None:
    failed = await store.fail(await rendering(store), Failure(Problem.MODERATED), AT + 60, cost)
    assert await held(store) == (1000, 0)
    is_billed = cost != 0
    assert await spent(store) == (2 * is_billed, 2 * is_billed)
    assert failed.attempt is not None
    assert failed.attempt.cost == cost
    followed = await store.read.unproven(0)
    assert followed == ([(failed, AT + 60)] if cost is None else [])
    for later in (0.3, 0.0) if followed else ():
        await store.cost_is_known(failed, later, is_billed=later > 0)
        assert (await spent(store))[0] == (2 if later else 0)
        assert await store.read.unproven(0) == []


async def test_what_is_turned_down_before_it_runs_is_not_counted(store: Store) -> None:
    submitting = await submit(store, await queue(store))
    assert submitting is not None
    await store.fail(submitting, Failure(Problem.PROVIDER_REJECTED), AT)
    assert await spent(store) == (0, 0)


@pytest.mark.parametrize("run_is_known", [False, True])
async def test_each_run_that_a_moderator_has_followed_by_another_counts_on(
    store: Store, run_is_known: bool
) -> None:
    """As often as one says so: the job holds its price once."""
    job = await store.doubt(await rendering(store), AT) if run_is_known else await in_review(store)
    for count in (1, 2):
        queued = await resolve(store, job, Outcome.AGAIN)
        assert await held(store) == (998, 2)
        assert await spent(store) == (2 + 2 * count, 2 + 2 * count)
        submitting = await submit(store, queued)
        assert submitting is not None
        job = await store.doubt(await store.answer_lost(submitting), AT)
    first, second = [followed for followed, _ in await store.read.unproven(0)]
    assert first.attempt is not None
    assert (first.attempt.request_id is not None) == run_is_known
    await store.never_ran(second)
    assert await spent(store) == (4, 4)
    again = await resolve(store, job, Outcome.AGAIN)
    await store.cancel(again, AT)
    assert await spent(store) == (4, 4), "the first, and the third"


@pytest.mark.parametrize("run_is_known", [False, True])
async def test_what_a_moderator_gives_up_counts_on_whether_or_not_its_run_is_known(
    store: Store, run_is_known: bool
) -> None:
    if run_is_known:
        job = await store.doubt(await rendering(store), AT)
    else:
        job = await in_review(store)
    await resolve(store, job, Outcome.GIVE_UP)
    assert await held(store) == (1000, 0)
    assert (await spent(store))[0] == 2
    assert len(await store.read.unproven(0)) == 1


async def test_credits_given_and_taken_are_remembered(store: Store) -> None:
    await store.grant(1, 3, 5, actor_id=MODERATOR, reason="gift", at=AT)
    await store.revoke(1, 3, 9, actor_id=MODERATOR, reason="oops", at=AT)
    decided = "SELECT action, person_id, reason, before, after FROM actions ORDER BY id"
    assert rows(store.database, decided) == [
        ("grant", 3, "gift", '{"granted": 0}', '{"granted": 5}'),
        ("revoke", 3, "oops", '{"granted": 5}', '{"granted": 0}'),
    ]


@pytest.mark.parametrize("table", ["entries", "actions"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET reason = 'none'",
        "DELETE FROM {}",
        pytest.param("INSERT OR REPLACE INTO {0} SELECT * FROM {0}", marks=only_sqlite),
        pytest.param("TRUNCATE {} CASCADE", marks=only_postgres),
    ],
)
async def test_what_was_written_stays(store: Store, table: str, statement: str) -> None:
    await store.grant(1, 3, 5, actor_id=MODERATOR, reason="gift", at=AT)
    with pytest.raises(IntegrityError, match="never changed"):
        await store.database.write(lambda opened: opened.execute(text(statement.format(table))))
    assert rows(store.database, f"SELECT reason FROM {table}") == [("gift",)]
    with beside(store.database) as other, pytest.raises(BROKEN_RULE, match="never changed"):
        other.execute(f"DELETE FROM {table}")
