"""Everybody gets an answer in time, also from a bot that is held up. The disk is the culprit here:
the machine's time stands still for somebody who waits, but not for longer than five real seconds.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine
from sqlalchemy.event import listen, remove
from structlog.testing import capture_logs

from bot.alarms import Alarm
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import text_of
from tests.bot.databases import BEGIN_TO_WRITE
from tests.bot.life.operator.test_alarms import errors
from tests.bot.life.world import Life
from tests.e2e.stage import says

COMMIT = "the commit"
BUSY = "So many people are asking right now that I could not take this in time."


class Disk:
    """The database's; `held_up` makes it stop at its next such moment."""

    def __init__(self) -> None:
        self._stops_at: str | None = None
        self._goes_on = threading.Event()

    def comes_to(self, *told: object) -> None:
        """In the database's thread, before a statement or (told of nothing else) a commit."""
        moment = str(told[2]) if len(told) > 1 else COMMIT
        if self._stops_at is not None and self._stops_at in moment:
            self._goes_on.wait(60)

    @contextmanager
    def held_up(self, at: str) -> Iterator[None]:
        """Meanwhile it goes no further than there."""
        self._goes_on.clear()
        self._stops_at = at
        try:
            yield
        finally:
            self._stops_at = None
            self._goes_on.set()


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    moments = ("before_cursor_execute", "commit")
    for moment in moments:
        listen(Engine, moment, disk.comes_to)
    yield disk
    for moment in moments:
        remove(Engine, moment, disk.comes_to)


async def answered(person: PersonClient, used: int) -> tuple[str, str, bool]:
    """The state of an interaction, what its first answer says, and whether only they see it."""
    outcome: Json = await person.outcome(used)
    message = outcome.get("message") or {}
    return outcome["state"], text_of(message) if message else "", outcome["ephemeral"]


async def test_who_is_not_saved_in_time_is_told_so_and_not_saved_later(
    disk: Disk, life: Life
) -> None:
    await life.start()
    ada = await life.person("ada")
    with capture_logs() as logs:
        with disk.held_up(BEGIN_TO_WRITE):
            state, said, is_private = await answered(ada, await life.mimic(ada))
        assert (state, is_private) == ("replied", True)
        assert BUSY in said
        assert "Nothing was charged" in said
        assert errors(logs) == [Alarm.CROWD]
        await life.mimic(ada)
        await ada.wait_for(says("learning to move"))
    assert life.states() == ["rendering"]
    assert errors(logs) == [Alarm.CROWD]


async def told_busy_and_saved(disk: Disk, life: Life, ada: PersonClient) -> tuple[str, str, bool]:
    """Her commit lasts too long; where another one was held up in its place, she asks again."""
    for _ in range(5):
        await life.clock.until_quiet()
        with disk.held_up(COMMIT):
            told = await answered(ada, await life.mimic(ada))
        await life.clock.until_quiet()
        if life.states():
            break
    return told


async def test_what_was_saved_after_all_is_ended_by_the_next_write(disk: Disk, life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    state, said, is_private = await told_busy_and_saved(disk, life, ada)
    assert (state, is_private) == ("replied", True)
    assert BUSY in said
    await life.until(lambda: life.states() == ["failed"])
    assert life.money() == []
    await life.stop()
    assert life.states() == ["failed"]


async def test_a_kill_after_being_told_busy_starts_nothing(disk: Disk, life: Life) -> None:
    """The private word is no reply that a job could go on from."""
    await life.start()
    ada = await life.person("ada")
    await told_busy_and_saved(disk, life, ada)
    await life.until(lambda: life.states() == ["failed"])
    await life.stop()
    await life.alter("UPDATE jobs SET state = 'checking', failure = NULL")
    await life.start()
    await life.reaches("failed", step_s=2.0)
    assert life.money() == []


async def test_a_slow_answer_is_announced_in_time(disk: Disk, life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    with disk.held_up("FROM entries"):
        used = await ada.use(life.channel("general"), "credits")
        state, _, is_private = await answered(ada, used)
        assert (state, is_private) == ("deferred", True)
    await ada.wait_for(says("You can spend"))


async def test_each_of_a_flood_is_answered(disk: Disk, life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    with disk.held_up("FROM entries"):
        used = [await ada.use(life.channel("general"), "credits") for _ in range(7)]
        told = [await answered(ada, interaction) for interaction in used]
        assert [state for state, _, _ in told] == ["deferred"] * 7
    for _ in range(7):
        await ada.wait_for(says("You can spend"))
