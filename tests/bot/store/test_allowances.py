"""What is left needs no job of its own: periods end, rules and roles change, the bot restarts."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.core.actions import ActionKind
from bot.core.admission import NewJob
from bot.core.jobs import Failure, Job, Source
from bot.core.ledger import Period
from bot.core.rules import OperatorLimits
from bot.errors import Problem, Refused
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import place_database

SERVER, PERSON = 1, 3
SUPPORTER, PATRON = 50, 51
LIMITS = OperatorLimits(
    allowance_credits=30,
    dm_allowance_credits=8,
    daily_budget_credits=1000,
    max_running=99,
    max_running_per_person=99,
    max_waiting=999,
    max_waiting_per_person=999,
)
BY: dict[str, Any] = {"actor_id": 77, "reason": "", "kind": ActionKind.ALLOWANCE}


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


WEDNESDAY = at("2026-11-25T12:00")


class Reopened:
    """A store whose file is closed and opened again on demand, as at a restart."""

    def __init__(self, folder: Path) -> None:
        self._url = place_database(folder)
        self._asked = 0
        self.store: Store

    async def open(self, limits: OperatorLimits = LIMITS) -> None:
        self.store = Store(await Database.open(self._url, exclusive=True), limits)

    async def restart(self, limits: OperatorLimits = LIMITS) -> None:
        await self.store.database.close()
        await self.open(limits)

    async def ask(
        self,
        price: int,
        when: float,
        *,
        server_id: int = SERVER,
        person_id: int = PERSON,
        roles: tuple[int, ...] = (),
    ) -> Job:
        """Begin and admit. Raises `Refused`."""
        self._asked += 1
        new = NewJob(
            f"j{self._asked}", Source.SLASH, self._asked, server_id, 5, person_id,
            upload_limit_bytes=1,
        )  # fmt: skip
        job = await self.store.begin(new, when, frozenset(roles))
        assert job is not None
        return await self.store.admit(
            job, quality="540p", duration_s=1.0, price=price, at=when, roles=frozenset(roles)
        )

    async def left(self, when: float, *roles: int, server_id: int = SERVER) -> int:
        balance = await self.store.read.balance(server_id, PERSON, when, frozenset(roles))
        return balance.allowance_left

    async def rules(self, when: float = WEDNESDAY, **changes: Any) -> None:
        await self.store.rulebook.set_rules(SERVER, changes, at=when, **BY)

    async def role(self, role_id: int, credits: int | None) -> None:
        changes = {"allowance_credits": credits}
        await self.store.rulebook.set_role(SERVER, role_id, changes, at=WEDNESDAY, **BY)


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Reopened]:
    it = Reopened(tmp_path)
    await it.open()
    yield it
    await it.store.database.close()


@pytest.mark.parametrize(
    ("period", "last", "first"),
    [
        (Period.DAY, "2026-11-25T23:59:59", "2026-11-26T00:00"),
        (Period.WEEK, "2026-11-29T23:59:59", "2026-11-30T00:00"),
        (Period.MONTH, "2026-11-30T23:59:59", "2026-12-01T00:00"),
    ],
)
@pytest.mark.parametrize("restarts", [False, True])
async def test_a_period_ends_whether_or_not_anybody_was_there(
    it: Reopened, period: Period, last: str, first: str, restarts: bool
) -> None:
    await it.rules(period=period)
    await it.ask(20, WEDNESDAY)
    if restarts:
        await it.restart()
    assert [await it.left(at(last)), await it.left(at(first))] == [10, 30]
    with pytest.raises(Refused) as caught:
        await it.ask(11, at(last))
    assert caught.value.problem is Problem.NO_CREDITS
    assert caught.value.facts["renews_at"] == at(first)
    await it.ask(30, at(first))


async def test_a_changed_period_counts_from_its_own_beginning(it: Reopened) -> None:
    await it.ask(4, at("2026-11-02T12:00"))  # this month
    await it.ask(5, at("2026-11-23T12:00"))  # this week
    await it.ask(6, WEDNESDAY)
    for period, left in (
        (Period.DAY, 24),
        (Period.WEEK, 19),
        (Period.MONTH, 15),
        (Period.DAY, 24),  # changing to and fro gives nothing
    ):
        await it.rules(period=period)
        await it.restart()
        assert await it.left(WEDNESDAY) == left


async def test_a_changed_allowance_holds_at_once_and_never_becomes_a_debt(it: Reopened) -> None:
    await it.ask(20, WEDNESDAY)
    for credits, left in ((50, 30), (21, 1), (20, 0), (5, 0), (0, 0), (None, 10)):
        await it.rules(allowance_credits=credits)
        assert await it.left(WEDNESDAY) == left
    await it.restart(OperatorLimits(**{**_fields(LIMITS), "allowance_credits": 40}))
    assert await it.left(WEDNESDAY) == 20


def _fields(limits: OperatorLimits) -> dict[str, Any]:
    return {name: getattr(limits, name) for name in OperatorLimits.__dataclass_fields__}


async def test_a_role_gives_the_difference_and_takes_back_no_more(it: Reopened) -> None:
    await it.role(SUPPORTER, 40)
    await it.role(PATRON, 60)
    await it.ask(35, WEDNESDAY, roles=(SUPPORTER,))
    assert await it.left(WEDNESDAY) == 0  # the role was taken from them
    assert await it.left(WEDNESDAY, SUPPORTER) == 5
    assert await it.left(WEDNESDAY, SUPPORTER, PATRON) == 25
    await it.role(SUPPORTER, 38)
    assert await it.left(WEDNESDAY, SUPPORTER) == 3
    await it.role(SUPPORTER, None)  # the rule was taken away, as when the role is deleted
    assert await it.left(WEDNESDAY, SUPPORTER) == 0
    assert await it.left(at("2026-11-26T00:00"), SUPPORTER) == 30


async def test_who_left_and_came_back_has_what_they_had(it: Reopened) -> None:
    """Nothing is kept or forgotten for a member: their wallet is its journal."""
    await it.role(SUPPORTER, 40)
    await it.store.grant(SERVER, PERSON, 7, actor_id=77, reason="gift", at=WEDNESDAY)
    await it.ask(33, WEDNESDAY, roles=(SUPPORTER,))
    before = await it.store.read.balance(SERVER, PERSON, WEDNESDAY, frozenset({SUPPORTER}))
    await it.restart()
    after = await it.store.read.balance(SERVER, PERSON, WEDNESDAY, frozenset({SUPPORTER}))
    assert before == after
    assert (after.allowance_left, after.granted) == (7, 7)


async def test_what_a_failed_job_held_returns_to_the_period_it_came_from(it: Reopened) -> None:
    job = await it.ask(20, WEDNESDAY)
    thursday = at("2026-11-26T00:05")
    await it.store.fail(job, Failure(Problem.GENERATION_FAILED), thursday)
    assert await it.left(thursday) == 30
    await it.rules(period=Period.WEEK)
    assert await it.left(thursday) == 30


async def test_direct_messages_have_their_own_allowance(it: Reopened) -> None:
    assert await it.left(WEDNESDAY, server_id=0) == 8
    await it.ask(8, WEDNESDAY, server_id=0)
    assert await it.left(WEDNESDAY, server_id=0) == 0
    assert await it.left(WEDNESDAY) == 30


# --- budgets, counted in the hold's own transaction ---------------------------------------------


async def many(it: Reopened, people: int, each: int, price: int) -> Counter[str]:
    """What so many people heard who all asked at once."""
    asked = (
        it.ask(price, WEDNESDAY, person_id=100 + person)
        for person in range(people)
        for _ in range(each)
    )
    return Counter(await asyncio.gather(*(_heard(one) for one in asked)))


async def _heard(asking: Awaitable[Job]) -> str:
    try:
        await asking
    except Refused as refused:
        return refused.problem
    return "held"


@pytest.mark.parametrize("server", [True, False])
async def test_a_budget_lets_through_what_it_is_and_no_more(it: Reopened, server: bool) -> None:
    if server:
        await it.rules(budget_credits=21)
    else:
        await it.restart(OperatorLimits(**{**_fields(LIMITS), "daily_budget_credits": 21}))
    heard = await many(it, 15, 4, 2)
    assert heard["held"] == 10
    low = "server_budget_too_low" if server else "budget_too_low"
    assert heard == {"held": 10, low: 50}
    await it.restart(LIMITS)
    _, standing = await it.store.read.standing(SERVER, PERSON, WEDNESDAY)
    assert (standing.server_spent, standing.budget_spent) == (20, 20)


async def test_two_servers_share_the_bots_budget_and_not_each_others(it: Reopened) -> None:
    await it.restart(OperatorLimits(**{**_fields(LIMITS), "daily_budget_credits": 30}))
    await it.rules(budget_credits=20)
    await it.ask(9, WEDNESDAY, server_id=2)
    await it.ask(20, WEDNESDAY)
    with pytest.raises(Refused) as caught:
        await it.ask(1, WEDNESDAY)
    assert caught.value.problem is Problem.SERVER_BUDGET_SPENT
    await it.ask(1, WEDNESDAY, server_id=2)
    with pytest.raises(Refused) as caught:
        await it.ask(1, WEDNESDAY, server_id=2)
    assert caught.value.problem is Problem.BUDGET_SPENT


async def test_a_servers_budget_renews_with_its_period_and_takes_back_what_was_released(
    it: Reopened,
) -> None:
    await it.rules(budget_credits=20, period=Period.WEEK)
    job = await it.ask(20, WEDNESDAY)
    with pytest.raises(Refused) as caught:
        await it.ask(1, at("2026-11-29T23:59"), person_id=9)
    assert caught.value.facts == {"budget": 20, "renews_at": at("2026-11-30T00:00")}
    await it.ask(5, at("2026-11-30T00:00"), person_id=9)
    await it.store.fail(job, Failure(Problem.GENERATION_FAILED), at("2026-11-30T00:01"))
    _, standing = await it.store.read.standing(SERVER, PERSON, at("2026-11-30T00:02"))
    assert standing.server_spent == 5  # last week's release gives this week's budget nothing
    await it.rules(period=Period.MONTH)
    _, standing = await it.store.read.standing(SERVER, PERSON, at("2026-11-30T00:02"))
    assert standing.server_spent == 5
