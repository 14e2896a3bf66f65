"""What the operator decides about the whole bot, and what is known of a model, binds the submit."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.actions import EVERYWHERE, OPERATOR, ActionKind
from bot.core.admission import Block, Pause
from bot.core.jobs import Job, JobState
from bot.core.rules import OperatorLimits
from bot.errors import Problem, Refused
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import beside, place_database, url_of
from tests.bot.store.test_jobs import AT, LIMITS, begin, new, queue, submit

DAY_S = 86400.0
SERVER, PERSON = 1, 3
NEXT_DAY = AT - AT % DAY_S + DAY_S


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        yield Store(database, LIMITS)


def capped(store: Store, **caps: int) -> Store:
    """The same database, after a start with these caps."""
    return Store(store.database, replace(LIMITS, **caps))  # type: ignore[arg-type]


async def requeued(store: Store) -> Job:
    """A job that comes back to the queue from a submit, as after a refusal by the provider."""
    submitting = await submit(store, await queue(store))
    assert submitting is not None
    return submitting


async def refusal_of_submit(store: Store, job: Job) -> Problem:
    with pytest.raises(Refused) as caught:
        await submit(store, job)
    assert await store.read.job(job.id) == job, "nothing has changed"
    assert await store.read.attempts_of(job.id) == []
    return caught.value.problem


@pytest.mark.parametrize(
    ("server_id", "problem"),
    [(SERVER, Problem.PAUSED_HERE), (EVERYWHERE, Problem.PAUSED), (2, None), (0, None)],
)
async def test_a_pause_keeps_requests_holds_and_submits_from_being_made(
    store: Store, server_id: int, problem: Problem | None
) -> None:
    queued, checking = await queue(store, 1), await begin(store, 2)
    await store.rulebook.pause(server_id, "a fire", at=AT)
    if problem is None:
        assert await submit(store, queued) is not None
        return
    assert await refusal_of_submit(store, queued) is problem
    with pytest.raises(Refused) as caught:
        await store.admit(checking, quality="540p", duration_s=2.0, price=2, at=AT)
    assert caught.value.problem is problem
    assert caught.value.facts == {"reason": "a fire"}
    with pytest.raises(Refused) as caught:
        await store.begin(new(3), AT)
    assert caught.value.problem is problem
    assert (await store.read.balance(SERVER, PERSON, AT)).held == 2

    assert await store.rulebook.resume(server_id, "", at=AT)
    assert not await store.rulebook.resume(server_id, "", at=AT)
    assert await submit(store, queued) is not None
    told = await store.read.actions_after(0)
    assert [(kind, job_id, where) for _, kind, job_id, where in told] == [
        (ActionKind.PAUSE, None, server_id),
        (ActionKind.RESUME, None, server_id),
    ]


async def test_a_pause_of_the_whole_bot_is_told_before_that_of_a_server(store: Store) -> None:
    for server_id, reason in ((SERVER, "spam"), (EVERYWHERE, "a fire"), (EVERYWHERE, "a flood")):
        await store.rulebook.pause(server_id, reason, at=AT)
    assert await store.rulebook.pause_of(SERVER) == Pause("a flood", is_everywhere=True)
    assert await store.read.pauses() == {EVERYWHERE: "a flood", SERVER: "spam"}
    await store.rulebook.resume(EVERYWHERE, "", at=AT)
    assert await store.rulebook.pause_of(SERVER) == Pause("spam")
    assert await store.rulebook.pause_of(0) is None


async def test_a_block_everywhere_holds_in_every_server_and_is_not_lifted_in_one(
    store: Store,
) -> None:
    here, elsewhere = await queue(store), new(2)
    other = await store.begin(replace(elsewhere, server_id=2), AT)
    assert other is not None
    block = Block(None, "fraud", is_everywhere=True)
    cancelled = await store.rulebook.block(EVERYWHERE, PERSON, block, actor_id=OPERATOR, at=AT)
    assert sorted(job.id for job in cancelled) == [here.id, other.id]
    assert (await store.read.balance(SERVER, PERSON, AT)).held == 0
    for server_id in (0, SERVER, 2):
        _, standing = await store.read.standing(server_id, PERSON, AT)
        assert standing.block == block
    with pytest.raises(Refused) as caught:
        await store.begin(new(3), AT)
    assert caught.value.problem is Problem.BLOCKED_EVERYWHERE_FOR_GOOD
    lift: dict[str, Any] = {"actor_id": 9, "reason": "", "at": AT}
    assert not await store.rulebook.unblock(SERVER, PERSON, **lift)
    assert await store.rulebook.block_of(SERVER, PERSON, AT) == block
    assert await store.rulebook.unblock(EVERYWHERE, PERSON, **lift)
    assert await store.begin(new(3), AT) is not None


@pytest.mark.parametrize(
    ("server_id", "actor_id", "told"),
    [
        (SERVER, 9, Problem.CANCELLED_BY_MODERATOR),
        (EVERYWHERE, OPERATOR, Problem.CANCELLED_BY_OPERATOR),
    ],
)
async def test_what_comes_back_to_the_queue_after_a_block_is_not_sent_off(
    store: Store, server_id: int, actor_id: int, told: Problem
) -> None:
    submitting = await requeued(store)
    block = Block(None, "spam", is_everywhere=server_id == EVERYWHERE)
    assert await store.rulebook.block(server_id, PERSON, block, actor_id=actor_id, at=AT) == []
    back = await store.not_accepted(submitting, AT)
    with pytest.raises(Refused):
        await submit(store, back)
    ended = await store.rulebook.cancel_blocked(back, AT)
    assert ended is not None
    assert (ended.state, ended.failure and ended.failure.problem) == (JobState.CANCELLED, told)
    assert [entry.kind for entry in await store.read.entries_of(back.id)] == ["hold", "release"]
    assert (await store.read.actions_of(back.id))[-1].actor_id == actor_id


async def test_who_is_blocked_no_more_keeps_the_place(store: Store) -> None:
    queued = await queue(store)
    assert await store.rulebook.cancel_blocked(queued, AT) is None
    assert await store.read.job(queued.id) == queued


CAPS = ("daily_person_cap_credits", "daily_server_cap_credits")


@pytest.mark.parametrize("name", CAPS)
async def test_a_cap_bounds_holds_to_the_credit(store: Store, name: str) -> None:
    bounded = capped(store, **{name: 5})
    for number in (1, 2):
        await queue(bounded, number)
    third = await begin(bounded, 3)
    with pytest.raises(Refused) as caught:
        await bounded.admit(third, quality="540p", duration_s=2.0, price=2, at=AT)
    assert caught.value.facts == {"price": 2, "left": 1, "renews_at": NEXT_DAY}
    await bounded.admit(third, quality="540p", duration_s=1.0, price=1, at=AT)
    with pytest.raises(Refused) as caught:
        await bounded.begin(new(4), AT)
    assert caught.value.facts == {"budget": 5, "renews_at": NEXT_DAY}
    assert await bounded.begin(new(4), NEXT_DAY) is not None


async def test_one_persons_cap_counts_in_all_servers_and_a_servers_counts_everybody(
    store: Store,
) -> None:
    bounded = capped(store, daily_person_cap_credits=3, daily_server_cap_credits=3)
    await queue(bounded)
    for server_id, person_id, problem in (
        (2, PERSON, Problem.PERSON_CAP_TOO_LOW),
        (0, PERSON, Problem.PERSON_CAP_TOO_LOW),
        (SERVER, 4, Problem.SERVER_CAP_TOO_LOW),
        (2, 4, None),
        (0, 5, None),
    ):
        number = 100 + server_id * 10 + person_id
        asked = replace(new(number), server_id=server_id, person_id=person_id)
        job = await bounded.begin(asked, AT)
        assert job is not None
        hold = {"quality": "540p", "duration_s": 2.0, "price": 2, "at": AT}
        if problem is None:
            await bounded.admit(job, **hold)  # type: ignore[arg-type]
            continue
        with pytest.raises(Refused) as caught:
            await bounded.admit(job, **hold)  # type: ignore[arg-type]
        assert caught.value.problem is problem


async def test_what_is_given_back_counts_no_more_and_what_may_be_billed_does(store: Store) -> None:
    bounded = capped(store, daily_person_cap_credits=2, daily_server_cap_credits=2)
    await bounded.cancel(await queue(bounded, 1), AT)
    submitting = await submit(bounded, await queue(bounded, 2))
    assert submitting is not None
    doubted = await bounded.answer_lost(submitting)
    await bounded.give_up(doubted, AT)
    _, standing = await bounded.read.standing(SERVER, PERSON, AT)
    assert (standing.person_spent_today, standing.server_spent_today) == (2, 2)
    _, standing = await bounded.read.standing(SERVER, PERSON, NEXT_DAY)
    assert (standing.person_spent_today, standing.server_spent_today) == (0, 0)


@pytest.mark.parametrize("name", CAPS)
async def test_a_cap_that_was_made_smaller_keeps_what_is_queued_until_it_renews(
    store: Store, name: str
) -> None:
    first, second = await queue(store, 1), await queue(store, 2)
    assert await submit(capped(store, **{name: 4}), first) is not None
    smaller = capped(store, **{name: 3})
    problem = await refusal_of_submit(smaller, second)
    assert problem in {Problem.PERSON_CAP_SPENT, Problem.SERVER_CAP_SPENT}
    refused = await smaller.read.held_back(second, AT)
    assert refused is not None
    assert refused.problem is problem
    later = {"image_url": "i", "video_url": "v", "lease": "run", "at": NEXT_DAY}
    assert await smaller.submit(second, **later) is not None  # type: ignore[arg-type]


def test_no_cap_is_looked_up_where_none_is_set() -> None:
    assert not LIMITS.has_spending_caps
    for name in CAPS:
        limits: OperatorLimits = replace(LIMITS, **{name: 1})  # type: ignore[arg-type]
        assert limits.has_spending_caps


async def test_where_one_goes_out_at_a_time_no_process_sends_a_second(
    store: Store, tmp_path: Path
) -> None:
    """Whatever it has heard of the first."""
    async with await Database.open(url_of(tmp_path)) as database:
        others = Store(database, LIMITS)
        one, two, three = [await queue(store, number) for number in (1, 2, 3)]
        with beside(tmp_path) as opened:
            opened.execute("UPDATE jobs SET model = 'scail' WHERE id = 'j2'")

        async def alone(at: Store, job: Job) -> Job | None:
            how = {"image_url": "i", "video_url": "v", "lease": "run"}
            return await at.submit(job, **how, at=AT, one_at_a_time=True)

        first = await alone(store, one)
        assert first is not None
        assert await alone(others, three) is None
        assert await alone(others, replace(two, model="scail")) is not None, (
            "another model has its own"
        )
        await store.answer_lost(first)  # or whoever waited for it has died
        assert await alone(others, three) is not None
