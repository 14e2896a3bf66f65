"""The past as one list: what the journal has, and what was decided and is not in it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.actions import CREDIT_KINDS, HISTORY_KINDS, ActionKind, HistoryLine, Spender
from bot.core.admission import Block, NewJob
from bot.core.jobs import Failure, Job, Outcome, Source
from bot.core.ledger import SETTLEMENTS
from bot.errors import Problem
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import BROKEN_RULE, beside, place_database, rows
from tests.bot.store.test_decisions import in_review
from tests.bot.store.test_jobs import AT, LIMITS, queue, rendering

SERVER, PERSON, OTHER, ADMIN = 1, 3, 4, 77
BY: dict[str, Any] = {"actor_id": ADMIN, "reason": "because"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        yield Store(database, LIMITS)


async def live(store: Store) -> None:
    """Everything that can happen, oldest first, all at one moment except the first two."""
    await store.grant(SERVER, PERSON, 9, at=AT - 20, **BY)
    await store.grant(SERVER, OTHER, 9, at=AT - 10, **BY)
    await store.revoke(SERVER, PERSON, 2, at=AT, **BY)
    await store.set_granted(SERVER, PERSON, 5, at=AT, **BY)
    await store.set_granted(SERVER, PERSON, 8, at=AT, **BY)
    await store.set_granted(SERVER, PERSON, 8, at=AT, **BY)  # nothing to do, nothing to remember
    job = await rendering(store, 1)
    job = await store.rendered(job, "https://files.example/v.mp4", 0.5, AT)
    await store.fetched(job, AT)
    await store.refund(job.id, at=AT, **BY)
    await store.fail(await queue(store, 2), Failure(Problem.GENERATION_FAILED), AT)
    await store.resolve(await in_review(store, 3), Outcome.GIVE_UP, at=AT, **BY)
    await store.cancel_for(await queue(store, 4), at=AT, **BY)
    change = {"allowance_credits": 5}
    await store.rulebook.set_rules(SERVER, change, kind=ActionKind.ALLOWANCE, at=AT, **BY)
    await store.rulebook.set_rules(
        SERVER, {"direct_use": True}, kind=ActionKind.SETTINGS, at=AT, **BY
    )
    await store.rulebook.block(SERVER, PERSON, Block(None, "because"), actor_id=ADMIN, at=AT)
    await store.rulebook.unblock(SERVER, PERSON, at=AT, **BY)
    await store.grant(2, PERSON, 1, at=AT, **BY)


async def lines(store: Store, **asked: Any) -> list[HistoryLine]:
    return await store.audit_log.lines(SERVER, **asked)


async def test_everything_is_there_once(store: Store) -> None:
    await live(store)
    kinds = sorted(line.kind for line in await lines(store))
    assert kinds == sorted(
        ["grant"] * 3  # two gifts, and what brought the purse up to 8
        + ["revoke"] * 2
        + ["hold"] * 4
        + ["release"] * 3
        + ["capture", "refund"]
        + ["allowance", "block", "cancel", "resolve", "settings", "unblock"]
    )
    of_others = {"repair", "pause", "resume", "remove", "dismiss", "describe", "library"}
    assert set(kinds) == set(HISTORY_KINDS) - of_others
    assert {line.server_id for line in await lines(store)} == {SERVER}


async def test_a_line_of_each_source_has_what_is_known_of_it(store: Store) -> None:
    await store.grant(SERVER, PERSON, 9, at=AT, **BY)
    change = {"allowance_credits": 5}
    await store.rulebook.set_rules(SERVER, change, kind=ActionKind.ALLOWANCE, at=AT + 1, **BY)
    assert await lines(store) == [
        HistoryLine(
            at=AT + 1,
            kind="allowance",
            server_id=SERVER,
            person_id=None,
            credits=None,
            job_id=None,
            actor_id=ADMIN,
            reason="because",
            before={"allowance_credits": None},
            after={"allowance_credits": 5},
        ),
        HistoryLine(
            at=AT,
            kind="grant",
            server_id=SERVER,
            person_id=PERSON,
            credits=9,
            job_id=None,
            actor_id=ADMIN,
            reason="because",
        ),
    ]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
async def test_pages_follow_each_other_without_a_gap(store: Store, size: int) -> None:
    """Though nearly everything happened at the same moment."""
    await live(store)
    whole = await lines(store)
    assert whole == await lines(store)
    assert [line.at for line in whole] == sorted((line.at for line in whole), reverse=True)
    query = "SELECT kind FROM entries WHERE server_id = ? ORDER BY at DESC, id DESC"
    newest_first = [row[0] for row in rows(store.database, query, SERVER)]
    assert [line.kind for line in whole if line.kind in CREDIT_KINDS] == newest_first
    paged: list[HistoryLine] = []
    while page := await lines(store, limit=size, offset=len(paged)):
        paged += page
    assert paged == whole
    assert await store.audit_log.count(SERVER) == len(whole)


@pytest.mark.parametrize(
    "asked",
    [
        {"person_id": PERSON},
        {"person_id": OTHER},
        {"person_id": 99},
        {"kinds": CREDIT_KINDS},
        {"kinds": ["block", "unblock", "grant"]},
        {"kinds": ["repair"]},
        {"kinds": []},
        {"person_id": PERSON, "kinds": ["grant", "settings", "cancel"]},
    ],
)
async def test_a_filter_takes_what_fits_it_from_the_whole(
    store: Store, asked: dict[str, Any]
) -> None:
    await live(store)
    expected = [
        line
        for line in await lines(store)
        if asked.get("person_id") in {None, line.person_id}
        and line.kind in asked.get("kinds", HISTORY_KINDS)
    ]
    assert await lines(store, **asked) == expected
    assert await store.audit_log.count(SERVER, **asked) == len(expected)


async def test_the_journal_and_the_lines_add_up(store: Store) -> None:
    await live(store)
    has = await store.read.balance(SERVER, PERSON, AT)
    added = sum(line.credits or 0 for line in await lines(store, person_id=PERSON))
    assert added == has.granted - 2  # the one captured hold took its two from the allowance


async def test_by_video_each_has_one_line_that_says_what_became_of_it(store: Store) -> None:
    await live(store)
    await queue(store, 5)
    every = await lines(store, by_video=True)
    videos = [(line.kind, line.credits) for line in every if line.kind in {"hold", *SETTLEMENTS}]
    assert videos == [("hold", -2), *[("release", -2)] * 3, ("capture", -2)]
    others = [line for line in await lines(store) if line.kind not in {"hold", *SETTLEMENTS}]
    assert [line for line in every if line.kind not in {"hold", *SETTLEMENTS}] == others
    assert await store.audit_log.count(SERVER, by_video=True) == len(every)
    assert await lines(store, by_video=True, limit=3, offset=2) == every[2:5]


async def test_who_has_a_past_is_known(store: Store) -> None:
    await live(store)
    known = [await store.audit_log.knows(SERVER, person) for person in (PERSON, OTHER, 99)]
    assert known == [True, True, False]
    assert not await store.audit_log.knows(2, OTHER)
    await store.rulebook.block(5, 99, Block(None, "because"), actor_id=ADMIN, at=AT)
    assert await store.audit_log.knows(5, 99)


# --- who has spent most -----------------------------------------------------------------------


async def ask(store: Store, number: int, person_id: int, price: int, at: float) -> Job:
    new = NewJob(f"t{number}", Source.SLASH, number, SERVER, 5, person_id, upload_limit_bytes=1)
    job = await store.begin(new, at)
    assert job is not None
    return await store.admit(job, quality="540p", duration_s=1.0, price=price, at=at)


async def test_who_has_spent_most(store: Store) -> None:
    prices = [(10, 5, AT), (11, 4, AT), (11, 4, AT + 5), (12, 8, AT), (13, 99, AT - 1)]
    for number, (person, price, at) in enumerate(prices, 1):
        await ask(store, number, person, price, at)
    await store.fail(await ask(store, 9, 14, 50, AT), Failure(Problem.GENERATION_FAILED), AT)
    await store.grant(SERVER, 15, 500, at=AT, **BY)
    top = await store.audit_log.top(SERVER, AT, 10)
    assert top == [Spender(11, 8, 2), Spender(12, 8, 1), Spender(10, 5, 1)]
    assert await store.audit_log.top(SERVER, AT, 2) == top[:2]
    assert await store.audit_log.top(2, AT, 10) == []


async def test_nothing_of_it_can_be_changed(store: Store) -> None:
    await live(store)
    before = await lines(store)
    with beside(store.database) as other:
        for table in ("entries", "actions"):
            for statement in (f"UPDATE {table} SET at = 0", f"DELETE FROM {table}"):
                with pytest.raises(BROKEN_RULE, match="never changed"):
                    other.execute(statement)
    assert await lines(store) == before
