"""Whose a run in the history is, where several submits had the very same inputs."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from bot.core.jobs import Attempt
from bot.errors import ProviderUnavailable
from bot.jobs.lookups import find_unclaimed
from bot.provider.providers import Providers
from bot.provider.runs import Row
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import place_database
from tests.bot.store.test_jobs import AT, LIMITS, queue, submit


class History:
    """What a provider tells of the runs of some inputs."""

    def __init__(self, *request_ids: str) -> None:
        self.rows = [Row(each, None, None, None, None, AT) for each in request_ids]

    def of(self, _: str) -> "History":
        return self

    async def find_runs(self, _: Attempt, *, since: float, until: float) -> list[Row]:
        return self.rows if since <= AT <= until else []


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        yield Store(database, LIMITS)


@pytest.mark.parametrize("answer", ["accepted", "lost"])
async def test_whoever_is_about_to_be_told_comes_first(store: Store, answer: str) -> None:
    """Else the answer names a run that was taken, and its job is in doubt for good."""
    lost, other = [await submit(store, await queue(store, number)) for number in (1, 2)]
    assert lost is not None
    assert other is not None
    lost = await store.answer_lost(lost)
    one, none = cast("Providers", History("run-1")), cast("Providers", History())
    assert await find_unclaimed(none, store, lost, AT) is None
    with pytest.raises(ProviderUnavailable):
        await find_unclaimed(one, store, lost, AT)
    if answer == "accepted":
        await store.accepted(other, "run-1", AT, AT)
        assert await find_unclaimed(one, store, lost, AT) is None
        return
    other = await store.answer_lost(other)
    for doubted in (lost, other):  # whoever asks first has it
        row = await find_unclaimed(one, store, doubted, AT)
        assert row is not None
    await store.accepted(lost, "run-1", AT, AT)
    assert await find_unclaimed(one, store, other, AT) is None
