"""Amounts are checked where they are used, whoever sends them: a forged press knows no form."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.core.rules import MOST_CREDITS, MOST_JOBS, ServerRules
from bot.errors import Problem, Refused
from bot.services.quotas import Quotas
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import place_database
from tests.bot.stopped_clock import StoppedClock
from tests.bot.store.test_jobs import LIMITS

BY: dict[str, Any] = {"actor_id": 9, "reason": "for fun"}


@pytest.fixture
async def quotas(tmp_path: Path) -> AsyncIterator[Quotas]:
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        yield Quotas(store=Store(database, LIMITS), wake=lambda _: None, clock=StoppedClock())


Change = Callable[[Quotas, int], Awaitable[object]]
CHANGES: dict[str, tuple[Change, int, int]] = {
    "grant": (lambda q, n: q.grant(1, 2, n, **BY), 1, MOST_CREDITS),
    "revoke": (lambda q, n: q.revoke(1, 2, n, **BY), 1, MOST_CREDITS),
    "set": (lambda q, n: q.set_granted(1, 2, n, **BY), 0, MOST_CREDITS),
    "allowance": (lambda q, n: q.set_allowance(1, n, **BY), 0, MOST_CREDITS),
    "a role's": (lambda q, n: q.set_allowance(1, n, role_id=5, **BY), 0, MOST_CREDITS),
    "budget": (lambda q, n: q.change(1, budget_credits=n, **BY), 0, MOST_CREDITS),
    "running": (lambda q, n: q.change(1, max_running_per_person=n, **BY), 0, MOST_JOBS),
    "waiting": (lambda q, n: q.change(1, max_waiting_per_person=n, **BY), 0, MOST_JOBS),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_no_amount_is_out_of_bounds(quotas: Quotas, name: str) -> None:
    change, least, most = CHANGES[name]
    for number in (least - 1, most + 1, -(2**63), 2**63):
        with pytest.raises(Refused) as caught:
            await change(quotas, number)
        assert caught.value.problem is Problem.OUT_OF_BOUNDS
        assert caught.value.facts == {"least": least, "most": most}
    assert await quotas.rules(1) == ServerRules()
    assert not await quotas.knows(1, 2)
