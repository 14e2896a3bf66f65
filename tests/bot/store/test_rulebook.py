"""A server's rules, blocks and payers: each change is one event, and is remembered."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.actions import Action, ActionKind
from bot.core.admission import Block
from bot.core.jobs import QUALITIES, JobState, Source
from bot.core.ledger import Period
from bot.core.rules import RoleRules, ServerRules
from bot.errors import Problem
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import beside, place_database, refuse
from tests.bot.store.test_jobs import AT, LIMITS, begin, new, queue, rendering

SERVER, ROLE, PERSON, ADMIN = 1, 50, 3, 77
BY: dict[str, Any] = {"actor_id": ADMIN, "reason": "so we agreed", "at": AT}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = place_database(tmp_path)
    async with await Database.open(url, exclusive=True) as database:
        yield Store(database, LIMITS)


async def remembered(store: Store, server_id: int = SERVER) -> list[Action]:
    return [action for _, action in await store.audit_log.actions_after(server_id, 0, 100)]


EVERYTHING: dict[str, Any] = {
    "allowance_credits": 5,
    "period": Period.WEEK,
    "budget_credits": 90,
    "max_running_per_person": 1,
    "max_waiting_per_person": 2,
    "channels": frozenset({2**62, 9}),
    "qualities": frozenset({"360p", "720p"}),
    "models": frozenset({"scail", "pixverse-mimic"}),
    "direct_use": True,
    "audit_channel_id": 2**62,
}


async def test_what_is_set_holds_in_that_server_and_is_remembered(store: Store) -> None:
    after = await store.rulebook.set_rules(SERVER, EVERYTHING, kind=ActionKind.SETTINGS, **BY)
    assert after == await store.rulebook.of(SERVER) == ServerRules(**EVERYTHING)
    assert await store.rulebook.of(2) == ServerRules()
    [action] = await remembered(store)
    assert (action.actor_id, action.action, action.reason) == (ADMIN, "settings", "so we agreed")
    assert (action.at, action.server_id, action.person_id) == (AT, SERVER, None)
    assert action.before == {
        **dict.fromkeys(EVERYTHING),
        "period": "day",
        "channels": [],
        "qualities": sorted(QUALITIES),
        "direct_use": False,
    }
    assert action.after == {
        **EVERYTHING,
        "period": "week",
        "channels": [str(2**62), "9"],
        "qualities": ["360p", "720p"],
        "models": ["pixverse-mimic", "scail"],
    }


@pytest.mark.parametrize("name", EVERYTHING)
async def test_one_change_leaves_everything_else_as_it_is(store: Store, name: str) -> None:
    await store.rulebook.set_rules(SERVER, EVERYTHING, kind=ActionKind.SETTINGS, **BY)
    default = getattr(ServerRules(), name)
    await store.rulebook.set_rules(SERVER, {name: default}, kind=ActionKind.SETTINGS, **BY)
    assert await store.rulebook.of(SERVER) == ServerRules(**{**EVERYTHING, name: default})
    action = (await remembered(store))[-1]
    assert action.before is not None
    assert action.after is not None
    told = [name, "period"] if name == "budget_credits" else [name]
    assert list(action.before) == list(action.after) == told
    assert action.before != action.after


async def test_what_changes_nothing_is_not_remembered(store: Store) -> None:
    for _ in range(2):
        await store.rulebook.set_rules(
            SERVER, {"allowance_credits": 5}, kind=ActionKind.ALLOWANCE, **BY
        )
        await store.rulebook.set_role(
            SERVER, ROLE, {"allowance_credits": 50}, kind=ActionKind.ALLOWANCE, **BY
        )
    assert len(await remembered(store)) == 2


async def test_a_role_is_added_changed_and_taken_away(store: Store) -> None:
    async def role(**changes: Any) -> ServerRules:
        period = changes.pop("period", None)
        return await store.rulebook.set_role(
            SERVER, ROLE, changes, period=period, kind=ActionKind.ALLOWANCE, **BY
        )

    assert (await role(allowance_credits=50)).roles == {ROLE: RoleRules(50)}
    both = await role(qualities=frozenset({"720p"}), period=Period.MONTH)
    assert both.roles == {ROLE: RoleRules(50, frozenset({"720p"}))}
    assert both.period is Period.MONTH
    assert (await role(allowance_credits=None)).roles == {
        ROLE: RoleRules(None, frozenset({"720p"}))
    }
    assert (await role(qualities=frozenset())).roles == {}
    assert (await store.rulebook.of(SERVER)).period is Period.MONTH
    seen = [(action.before, action.after) for action in await remembered(store)]
    assert seen == [
        ({"role_id": ROLE, "allowance_credits": None}, {"role_id": ROLE, "allowance_credits": 50}),
        (
            {"role_id": ROLE, "qualities": [], "period": "day"},
            {"role_id": ROLE, "qualities": ["720p"], "period": "month"},
        ),
        ({"role_id": ROLE, "allowance_credits": 50}, {"role_id": ROLE, "allowance_credits": None}),
        ({"role_id": ROLE, "qualities": ["720p"]}, {"role_id": ROLE, "qualities": []}),
    ]


async def test_an_audit_channel_hears_of_its_own_choice_and_of_what_comes_later(
    store: Store,
) -> None:
    await store.grant(SERVER, PERSON, 5, **BY)
    assert await store.rulebook.audience() == []
    await store.rulebook.set_rules(SERVER, {"audit_channel_id": 8}, kind=ActionKind.SETTINGS, **BY)
    [(server_id, channel_id, told)] = await store.rulebook.audience()
    assert (server_id, channel_id) == (SERVER, 8)
    [(number, action)] = await store.audit_log.actions_after(SERVER, told, 100)
    assert action.action is ActionKind.SETTINGS
    await store.rulebook.audited(SERVER, 9, number)  # another channel: it was changed meanwhile
    assert await store.rulebook.audience() == [(SERVER, 8, told)]
    await store.rulebook.audited(SERVER, 8, number)
    await store.rulebook.set_rules(SERVER, {"direct_use": True}, kind=ActionKind.SETTINGS, **BY)
    assert await store.rulebook.audience() == [(SERVER, 8, number)]


# --- blocks -----------------------------------------------------------------------------------


async def test_a_block_cancels_what_waits_and_nothing_else(store: Store) -> None:
    checking, queued = await begin(store, 1), await queue(store, 2)
    running, ended = await rendering(store, 3), await store.cancel(await queue(store, 4), AT)
    cancelled = await store.rulebook.block(
        SERVER, PERSON, Block(AT + 60, "spam"), actor_id=ADMIN, at=AT
    )
    assert {job.id for job in cancelled} == {checking.id, queued.id}
    for job in cancelled:
        now = await store.read.job(job.id)
        assert now == job
        assert now is not None
        assert now.state is JobState.CANCELLED
        assert now.failure is not None
        assert now.failure.problem is Problem.CANCELLED_BY_MODERATOR
    assert await store.read.job(running.id) == running
    assert await store.read.job(ended.id) == ended
    has = await store.read.balance(SERVER, PERSON, AT)
    assert (has.held, has.available) == (2, 998)  # the running one's
    assert [(action.action, action.job_id) for action in await remembered(store)] == [
        ("block", None),
        ("cancel", checking.id),
        ("cancel", queued.id),
    ]


async def test_a_block_here_leaves_other_servers_and_people_alone(store: Store) -> None:
    queued = await queue(store)
    for server_id, person_id in ((2, PERSON), (SERVER, 4), (0, PERSON)):
        block = Block(None, "spam")
        assert await store.rulebook.block(server_id, person_id, block, actor_id=1, at=AT) == []
    assert await store.read.job(queued.id) == queued
    assert await store.rulebook.block_of(SERVER, PERSON, AT) is None


@pytest.mark.parametrize("table", ["actions", "entries", "jobs", "blocks"])
async def test_a_block_happens_whole_or_not_at_all(store: Store, table: str) -> None:
    """Whichever of its writes fails."""
    queued = await queue(store)
    change = "UPDATE" if table == "jobs" else "INSERT"
    with beside(store.database) as opened:
        refuse(opened, change, table)
    with pytest.raises(Exception, match="no"):
        await store.rulebook.block(SERVER, PERSON, Block(None, "spam"), actor_id=ADMIN, at=AT)
    assert await store.read.job(queued.id) == queued
    assert await store.rulebook.block_of(SERVER, PERSON, AT) is None
    assert (await store.read.balance(SERVER, PERSON, AT)).held == 2
    assert await remembered(store) == []


async def test_a_block_ends_by_itself(store: Store) -> None:
    block = Block(AT + 60, "spam")
    await store.rulebook.block(SERVER, PERSON, block, actor_id=ADMIN, at=AT)
    for at, expected in ((AT, block), (AT + 59.9, block), (AT + 60, None), (AT + 1e9, None)):
        assert await store.rulebook.block_of(SERVER, PERSON, at) == expected
        _, standing = await store.read.standing(SERVER, PERSON, at)
        assert standing.block == expected
    lifted = await store.rulebook.unblock(SERVER, PERSON, actor_id=ADMIN, reason="", at=AT + 60)
    assert lifted is False  # there was nothing to lift any more
    assert len(await remembered(store)) == 1


async def test_blocks_replace_each_other_and_are_lifted_once(store: Store) -> None:
    for_good = Block(None, "again")
    for block in (Block(AT + 60, "spam"), for_good):
        await store.rulebook.block(SERVER, PERSON, block, actor_id=ADMIN, at=AT)
    assert await store.rulebook.block_of(SERVER, PERSON, AT + 1e9) == for_good
    lift: Callable[[], Any] = lambda: store.rulebook.unblock(  # noqa: E731
        SERVER, PERSON, actor_id=ADMIN, reason="they are sorry", at=AT
    )
    assert [await lift(), await lift()] == [True, False]
    assert [(action.before, action.after) for action in await remembered(store)] == [
        ({"blocked": False, "until": None}, {"blocked": True, "until": AT + 60}),
        ({"blocked": True, "until": AT + 60}, {"blocked": True, "until": None}),
        ({"blocked": True, "until": None}, {"blocked": False, "until": None}),
    ]
    assert (await remembered(store))[-1].reason == "they are sorry"


# --- who pays for direct messages -------------------------------------------------------------


async def test_only_a_server_that_allows_it_and_knows_somebody_may_pay(store: Store) -> None:
    for server_id in (1, 2, 4):
        await store.rulebook.set_rules(
            server_id,
            {"direct_use": server_id != 2, "budget_credits": 50},
            kind=ActionKind.SETTINGS,
            **BY,
        )
    for server_id in (0, 1, 2, 3):
        await store.grant(server_id, PERSON, 5, **BY)
    await store.grant(4, PERSON + 1, 5, **BY)
    assert await store.rulebook.possible_payers(PERSON) == [1]
    assert await store.rulebook.possible_payers(99) == []


async def test_the_last_choice_of_who_pays_counts(store: Store) -> None:
    assert await store.rulebook.payer_of(PERSON) == 0
    for server_id in (1, 2, 0, 2):
        await store.rulebook.choose_payer(PERSON, server_id)
        assert await store.rulebook.payer_of(PERSON) == server_id
    assert await store.rulebook.payer_of(PERSON + 1) == 0


async def test_a_servers_offer_stays_that_servers_whoever_pays_for_direct_messages(
    store: Store,
) -> None:
    """Its block, budget, qualities and pause would count no more."""
    here = await begin(store, 1, Source.MESSAGE)
    direct = replace(new(2, Source.MESSAGE), server_id=0, is_direct=True, channel_id=77)
    assert await store.begin(direct, AT) is not None
    await store.rulebook.choose_payer(PERSON, 2)
    offers = {job.id: job.server_id for job in await store.read.offers_of(PERSON)}
    assert offers == {here.id: SERVER, direct.id: 2}
