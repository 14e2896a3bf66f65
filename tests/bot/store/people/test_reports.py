"""Reports in the store: bounded by person, by message and by server, whoever comes at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.people.reports import (
    MOST_CASES,
    MOST_IN_AN_HOUR,
    MOST_OF_A_MESSAGE,
    Report,
    Reported,
    Settled,
    Why,
)
from bot.errors import Problem, Refused
from bot.store.database import Database
from bot.store.people.reports import Reports
from tests.bot.databases import place_database

AT, ANNA, DANA = 2e9, 7, 9


@pytest.fixture
async def reports(tmp_path: Path) -> AsyncIterator[Reports]:
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        yield Reports(database)


async def report(
    reports: Reports, message: int, person: int = ANNA, server: int = 1, at: float = AT
) -> Problem | None:
    """Why it was refused, if it was."""
    reported = Reported(server, 2, message, 3)
    try:
        await reports.report(reported, Report(person, at, Why.SPAM), at)
    except Refused as refused:
        return refused.problem
    return None


async def settle(reports: Reports, message: int, how: Settled = Settled.DISMISSED) -> None:
    case = await reports.case_of(message)
    assert case is not None
    await reports.settle(case.id, how, actor_id=DANA, reason="looked", at=AT + 1)


async def test_one_person_makes_so_many_an_hour_in_all_servers(reports: Reports) -> None:
    for number in range(MOST_IN_AN_HOUR):
        assert await report(reports, number, server=number % 3) is None
    assert await report(reports, 100, server=4) is Problem.REPORTS_TOO_OFTEN
    assert await report(reports, 0, server=0) is Problem.REPORT_IS_KNOWN
    assert await report(reports, 100, server=4, at=AT + 3601) is None


async def test_a_crowd_is_one_case_of_so_many(reports: Reports) -> None:
    people = range(MOST_OF_A_MESSAGE + 20)
    said = await asyncio.gather(*(report(reports, 5, person) for person in people))
    assert said.count(None) == MOST_OF_A_MESSAGE
    assert said.count(Problem.REPORT_IS_KNOWN) == 20
    case = await reports.case_of(5)
    assert case is not None
    assert case.count == MOST_OF_A_MESSAGE
    assert [known.id for known in await reports.untold()] == [case.id]


async def test_a_server_has_so_many_cases_until_some_are_settled(reports: Reports) -> None:
    for number in range(MOST_CASES):
        assert await report(reports, number, person=1000 + number) is None
    assert await report(reports, 900) is Problem.REPORTS_FULL
    assert await report(reports, 0) is None, "one more of a case that is there"
    assert await report(reports, 900, server=2) is None, "others have their own"
    await settle(reports, 3)
    assert await report(reports, 3) is Problem.REPORT_WAS_SETTLED
    assert await report(reports, 901) is None


async def test_what_is_yet_to_be_deleted_or_told_is_not_forgotten(reports: Reports) -> None:
    for message in (1, 2):
        await report(reports, message)
    await settle(reports, 1)
    await settle(reports, 2, Settled.REMOVED)
    assert await reports.forget(AT + 99, 10) == 0
    first, second = await reports.untold()
    await reports.card_shows(first, 77)
    await reports.card_shows(second, 78)
    assert await reports.forget(AT + 99, 10) == 1
    [unwanted] = await reports.unwanted()
    await reports.taken_down(unwanted.id, stays=False)
    [again] = await reports.untold()
    await reports.card_shows(again, 78)
    assert await reports.forget(AT + 99, 10) == 1
    assert await report(reports, 1) is None
