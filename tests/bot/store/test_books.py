"""Every kind of difference in the books, on the real SQLite, and what a repair writes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.books import Difference, HoldRepair, WalletRepair, differences
from bot.core.jobs import Failure, Outcome
from bot.errors import Problem, StaleJob
from bot.store import books
from bot.store.books import Reconciliation
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import beside, free, only_sqlite, place_database, rows
from tests.bot.store.test_decisions import in_review, resolve
from tests.bot.store.test_jobs import AT, LIMITS, begin, queue, rendering, submit

REASON = "it did not agree"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """One job in every state that has one, as the bot itself leaves them."""
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        store = Store(database, LIMITS)
        await begin(store, 1)  # checking
        await queue(store, 2)
        assert await submit(store, await queue(store, 3)) is not None
        await rendering(store, 4)
        await in_review(store, 5)
        captured = await rendering(store, 6)
        captured = await store.rendered(captured, "https://files.example/v.mp4", 0.5, AT)
        await store.fetched(captured, AT)  # delivering
        await store.fail(await queue(store, 7), Failure(Problem.INTERRUPTED), AT)
        await store.grant(1, 3, 20, actor_id=9, reason="gift", at=AT)
        yield store


def spoil(store: Store, *statements: str) -> None:
    """Change the file as no program of ours would."""
    with beside(store.database) as opened:
        free(opened)
        for statement in statements:
            opened.execute(statement)


async def found(store: Store) -> list[Difference]:
    """As a whole; in parts no less is found, but for what only the whole shows."""
    everything = differences(await Reconciliation(store.database).books())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(books, "PART_ROWS", 2)
        in_parts = await store.database.read(books.differences_by_parts)
    only_whole = ("SQLite finds", "The run")
    assert {each for each in everything if not each.text.startswith(only_whole)} <= {*in_parts}
    assert everything or not in_parts
    return everything


async def test_what_the_bot_writes_agrees(store: Store) -> None:
    assert await found(store) == []


async def test_a_run_that_failed_for_nothing_is_no_second_acceptance(store: Store) -> None:
    job = await store.read.job("j4")
    assert job is not None
    again = await store.try_again(job, Failure(Problem.PROVIDER_BUSY), AT)
    assert again is not None
    submitting = await submit(store, again)
    assert submitting is not None
    await store.accepted(submitting, "its second run", AT, AT)
    assert await found(store) == []
    spoil(store, "UPDATE attempts SET cost = 0.5 WHERE cost = 0")
    [only] = await found(store)
    assert "accepted by the provider 2 times" in only.text


async def given_up(store: Store) -> None:
    """Job 8, before it was known whether it ran."""
    doubted = await submit(store, await queue(store, 8))
    assert doubted is not None
    await store.give_up(await store.answer_lost(doubted), AT)


@pytest.mark.parametrize("is_billed", [True, False, None])
async def test_a_job_that_was_given_up_agrees_whatever_comes_of_it(
    store: Store, is_billed: bool | None
) -> None:
    await given_up(store)
    assert await found(store) == []
    job = await store.read.job("j8")
    assert job is not None
    if is_billed is None:
        await store.never_ran(job)
    else:
        await store.ran_after_all(
            job, request_id="run-8", submitted_at=AT, cost=0.0, is_billed=is_billed
        )
    assert await found(store) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE unproven SET credits = 3",
        "UPDATE unproven SET server_id = 2",
        "UPDATE unproven SET held_at = 1",
        "UPDATE unproven SET job_id = 'j6'",
        "UPDATE unproven SET job_id = 'j1'",
        "UPDATE unproven SET attempt_id = 1",
    ],
)
async def test_what_budgets_count_besides_must_have_been_held_and_given_back(
    store: Store, statement: str
) -> None:
    await given_up(store)
    spoil(store, statement)
    [only] = await found(store)
    assert "of job j" in only.text
    assert "these are not what was held for it and given back" in only.text


async def test_a_run_that_another_one_follows_agrees_and_a_second_count_does_not(
    store: Store,
) -> None:
    """Of a job in review (j5) a moderator lets the provider make another run."""
    job = await store.read.job("j5")
    assert job is not None
    queued = await store.resolve(job, Outcome.AGAIN, actor_id=1, reason="so", at=AT)
    assert await found(store) == []
    submitting = await submit(store, queued)
    assert submitting is not None
    assert await found(store) == []
    spoil(store, "UPDATE unproven SET attempt_id = (SELECT max(id) FROM attempts)")
    [only] = await found(store)
    assert "these are not what was held for it and given back" in only.text


ENTRY = "INSERT INTO entries (server_id, person_id, kind, at, allowance, granted, job_id) VALUES "
ATTEMPT = "INSERT INTO attempts (job_id, image_url, video_url, quality, began_at, request_id)"
CASES = {
    "wallet": (["UPDATE wallets SET granted = 19"], "The wallet of person 3 in server 1 says 19"),
    "held": (["UPDATE wallets SET held = 3"], "20 granted and 3 held, the journal 20 and 8"),
    "no wallet": (["DELETE FROM wallets"], "says 0 granted and 0 held, the journal 20 and 8"),
    "stray wallet": (["INSERT INTO wallets VALUES (9, 9, 1, 0)"], "person 9 in server 9 says 1"),
    "checking holds": (
        ["UPDATE jobs SET state = 'checking' WHERE id = 'j2'"],
        "Job j2 is checking, but its credits are held already.",
    ),
    "queued without hold": (
        ["DELETE FROM entries WHERE job_id = 'j2'", "UPDATE wallets SET held = 6"],
        "Job j2 is queued, but its credits are not held.",
    ),
    "review settled": (
        [ENTRY + "(1, 3, 'capture', 1, 0, 0, 'j5')", "UPDATE wallets SET held = 6"],
        "Job j5 is review, but its credits are settled already (capture).",
    ),
    "failed holds": (
        ["UPDATE jobs SET state = 'failed' WHERE id = 'j2'"],
        "Job j2 is failed, but its credits are still held.",
    ),
    "delivering holds": (
        [
            "DELETE FROM entries WHERE kind = 'capture'",
            "UPDATE wallets SET held = 10",
        ],
        "Job j6 is delivering, but its credits are still held.",
    ),
    "delivering released": (
        ["UPDATE entries SET kind = 'release', allowance = 2 WHERE kind = 'capture'"],
        "Job j6 is delivering, but its credits are not captured.",
    ),
    "failed captured": (
        ["UPDATE entries SET kind = 'capture', allowance = 0 WHERE kind = 'release'"],
        "Job j7 is failed, but its credits are captured and not refunded.",
    ),
    "price": (["UPDATE jobs SET price = 3 WHERE id = 'j4'"], "Job j4 costs 3, and 2 were held."),
    "another's hold": (
        ["UPDATE jobs SET person_id = 4 WHERE id = 'j4'"],
        "Job j4 holds credits of a wallet that is not its requester's.",
    ),
    "release that does not fit": (
        ["UPDATE entries SET allowance = 1 WHERE kind = 'release'"],
        "Job j7 has a release that does not fit its hold.",
    ),
    "two holds": (
        [
            "DROP INDEX one_hold",
            ENTRY + "(1, 3, 'hold', 1, -2, 0, 'j2')",
            "UPDATE wallets SET held = 10",
        ],
        "Job j2 has more than one hold in the journal.",
    ),
    "entries without a hold": (
        [ENTRY + "(1, 3, 'capture', 1, 0, 0, 'j1')"],
        "Job j1 has entries in the journal, but no hold.",
    ),
    "refund of nothing": (
        [ENTRY + "(1, 3, 'refund', 1, 0, 2, 'j7')", "UPDATE wallets SET granted = 22"],
        "Job j7 was refunded without having been charged.",
    ),
    "run of two jobs": (
        ["UPDATE attempts SET request_id = 'REQUEST4' WHERE job_id = 'j3'"],
        "The run request4 is claimed more than once: by jobs j3 and j4.",
    ),
    "another's attempt": (
        ["UPDATE jobs SET attempt_id = 2 WHERE id = 'j6'"],
        "Job j6 names an attempt that is not its own.",
    ),
    "queued with an attempt": (
        ["UPDATE jobs SET state = 'queued' WHERE id = 'j3'"],
        "Job j3 is queued, but has an attempt under way.",
    ),
    "submitting without": (
        ["UPDATE jobs SET attempt_id = NULL WHERE id = 'j3'"],
        "Job j3 is submitting, but has no attempt.",
    ),
    "rendering without a request id": (
        ["UPDATE attempts SET request_id = NULL WHERE job_id = 'j4'"],
        "Job j4 is rendering, but has no request id.",
    ),
    "bought twice": (
        [
            f"{ATTEMPT} VALUES ('j4', 'i', 'v', '540p', 1, 'second')",
        ],
        "Job j4 was accepted by the provider 2 times, and nobody decided so.",
    ),
    "no job": (
        [
            f"{ATTEMPT} VALUES ('x', 'i', 'v', '', 1, NULL)",
        ],
        "Attempt 5 belongs to no job.",
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_each_difference_is_found(store: Store, case: str) -> None:
    statements, words = CASES[case]
    spoil(store, *statements)
    said = [difference.text for difference in await found(store)]
    assert any(words in text for text in said), said


@only_sqlite
async def test_sqlites_own_findings_are_told(store: Store) -> None:
    spoil(
        store,
        "INSERT INTO attempts (id, job_id, image_url, video_url, quality, began_at)"
        " VALUES (99, 'x', 'i', 'v', '', 1)",
    )
    said = [difference.text for difference in await found(store)]
    assert "SQLite finds the database damaged: row 99 of attempts points to no jobs." in said


async def test_a_second_run_that_somebody_decided_on_is_none(store: Store) -> None:
    job = await store.read.job("j4")
    assert job is not None
    queued = await resolve(store, await store.doubt(job, AT), Outcome.AGAIN)
    again = await submit(store, queued)
    assert again is not None
    await store.accepted(again, "second", AT, AT)
    assert await found(store) == []


async def test_a_wallet_is_mended_from_the_journal(store: Store) -> None:
    spoil(store, "UPDATE wallets SET granted = 1, held = 99")
    [difference] = await found(store)
    assert difference.repair == WalletRepair(1, 3)
    await Reconciliation(store.database).repair_wallet(1, 3, reason=REASON, at=AT)
    assert await found(store) == []
    query = "SELECT actor_id, action, reason, before, after FROM actions WHERE action = 'repair'"
    assert rows(store.database, query) == [
        (0, "repair", REASON, '{"granted": 1, "held": 99}', '{"granted": 20, "held": 8}')
    ]


@pytest.mark.parametrize(
    ("state", "kind", "available"), [("failed", "release", 1012), ("delivered", "capture", 1010)]
)
async def test_what_an_ended_job_holds_is_settled(
    store: Store, state: str, kind: str, available: int
) -> None:
    spoil(store, f"UPDATE jobs SET state = '{state}', attempt_id = 1 WHERE id = 'j3'")
    spoil(store, "UPDATE attempts SET request_id = 'r3' WHERE job_id = 'j3'")
    [difference] = await found(store)
    assert difference.repair == HoldRepair("j3")
    await Reconciliation(store.database).repair_hold("j3", reason=REASON, at=AT)
    assert await found(store) == []
    [*_, entry] = await store.read.entries_of("j3")
    assert (entry.kind, entry.actor_id, entry.reason) == (kind, 0, REASON)
    has = await store.read.balance(1, 3, AT)
    assert (has.available, has.held) == (available, 6)
    [action] = await store.read.actions_of("j3")
    assert action.reason == REASON


@pytest.mark.parametrize("job_id", ["j1", "j2", "j6", "j7"])
async def test_nothing_else_is_settled_by_a_repair(store: Store, job_id: str) -> None:
    with pytest.raises(StaleJob):
        await Reconciliation(store.database).repair_hold(job_id, reason=REASON, at=AT)
    assert await found(store) == []
