"""A disk that takes no more, and a database that another holds, while jobs are under way."""

import asyncio
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.alarms import Alarm
from bot.jobs.files import size_bytes
from bot.store.database import Database
from sandbox.clients.transcript import text_of
from sandbox.faults import injector as faults
from sandbox.faults.injector import Point, Rule
from tests.bot.databases import Opened, begins_to_write, beside
from tests.bot.disk import files_may_have, without_override
from tests.bot.life.jobs.test_points import FILE, SUBMIT
from tests.bot.life.operator.test_alarms import errors, over
from tests.bot.life.provider.test_provider import posts
from tests.bot.life.world import Life
from tests.bot.test_settings import ROOT
from tests.e2e.stage import is_video, says

ROOM_BYTES = 2_000_000
HUGE = faults.answers("huge", lambda: web.Response(body=bytes(2 * ROOM_BYTES)))
CANNOT_SAVE = "I cannot save anything right now, and my operator has been told."


async def test_no_room_for_what_was_given_is_said_at_once(life: Life) -> None:
    huge = Rule(HUGE, "cdn")
    life.faults.add(huge)
    with capture_logs() as logs, files_may_have(ROOM_BYTES):
        await life.start()
        ada, ben = await life.person("ada"), await life.person("ben")
        await life.mimic(ada)
        await ada.wait_for(says(CANNOT_SAVE))
        await ben.send(await ben.open_dm(), files=[life.picture, life.motion])
        card = (await ben.wait_for(says(CANNOT_SAVE)))["message"]
        assert "You were not charged." in text_of(card)
        assert life.states() == ["failed", "failed"]
        life.faults.rules.remove(huge)
        await life.mimic(ada)
        await ada.wait_for(says("learning to move"))
    assert errors(logs) == over(logs) == [Alarm.DISK]
    assert life.money() == ["hold"]
    assert not list((life.folder / "data" / "media").glob("*/*.part"))


async def test_an_offer_that_nobody_takes_makes_room_and_its_card_says_so(life: Life) -> None:
    both_bytes = sum(map(size_bytes, (life.picture, life.motion)))
    await life.start(media_limit_gb=1.5 * both_bytes / 1e9)
    ada, ben = await life.person("ada"), await life.person("ben")
    await ada.send(await ada.open_dm(), files=[life.picture, life.motion])
    await ada.wait_for(says("Shall I make this picture move"))
    await life.mimic(ben)
    await ben.wait_for(says("learning to move"))
    card = (await ada.wait_for(says("I had to make room for other files")))["message"]
    assert "You were not charged. To try again, send both" in text_of(card)
    assert life.states() == ["failed", "rendering"]
    assert life.money() == ["hold"]
    kept = [path.name for path in (life.folder / "data" / "media").iterdir()]
    assert [(name,) for name in kept] == life.rows("SELECT id FROM jobs WHERE state = 'rendering'")


async def test_a_posted_video_that_made_room_is_shown_by_the_link_to_it(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await life.reaches("delivered", step_s=1.0)
    await life.stop()
    await life.alter("UPDATE jobs SET video_deleted_at = state_since")
    await life.start()
    await ada.use(life.channel("general"), "jobs show", {"job": life.job_id()})
    shown = (await ada.wait_for(says("Download it before")))["message"]
    assert "no longer kept" not in text_of(shown)


async def test_beyond_the_operators_limit_files_are_refused_and_nothing_is_held(
    life: Life,
) -> None:
    await life.start(media_limit_gb=1e-6)
    ada, ben = await life.person("ada"), await life.person("ben")
    await life.mimic(ada)
    await ada.wait_for(says("There is no room for your files right now"))
    await ben.send(await ben.open_dm(), files=[life.picture, life.motion])
    await ben.wait_for(says("There is no room for your files right now"))
    assert life.states() == ["failed", "failed"]
    assert life.money() == []


async def test_no_room_for_the_video_is_waited_out(life: Life) -> None:
    """It was bought: it is fetched when there is room, and paid for when it is there."""
    huge = Rule(HUGE, *FILE)
    life.faults.add(huge)
    with capture_logs() as logs, files_may_have(ROOM_BYTES):
        await life.start()
        ada = await life.person("ada")
        await ada.outcome(await life.mimic(ada))
        await life.until(lambda: life.faults.struck.total() >= 3, step_s=2.0)
        assert life.states() == ["fetching"]
        began = life.clock.time()
        await life.until(lambda: life.clock.time() - began > 3 * 3600, step_s=60.0)
        assert (life.states(), life.money()) == (["fetching"], ["hold"])
        life.faults.rules.remove(huge)
        await life.reaches("delivered", step_s=2.0)
    await ada.wait_for(is_video)
    assert life.money() == ["hold", "capture"]
    assert len(life.provider.accepted) == 1
    assert errors(logs) == over(logs) == [Alarm.DISK]


async def test_a_database_that_another_program_holds(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For longer than is waited for it: whoever asks is told, and what runs goes on after it."""
    be_impatient(monkeypatch)
    with capture_logs() as logs:
        await life.start()
        ada = await life.person("ada")
        await ada.outcome(await life.mimic(ada))
        await life.reaches("rendering")
        with beside(life.data, is_patient=False) as other:
            await take(other)
            outcome = await ada.outcome(await life.mimic(ada))
            assert CANNOT_SAVE in text_of(outcome["message"])
            assert outcome["ephemeral"]
            began = life.clock.time()
            await life.until(lambda: life.clock.time() - began > 600, step_s=5.0)
            assert life.states() == ["rendering"]
        await life.reaches("delivered", step_s=2.0)
    assert errors(logs) == over(logs) == [Alarm.DISK]
    assert life.money() == ["hold", "capture"]
    assert len(life.provider.accepted) == 1


async def test_a_yes_that_cannot_be_saved_is_found_in_the_history(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider has accepted it, and just then nothing can be written."""
    be_impatient(monkeypatch)
    await life.start()
    is_taken = False
    with beside(life.data, is_patient=False) as other:

        async def hold(point: Point) -> None:
            nonlocal is_taken
            if point[:3] == SUBMIT and point.moment == "after" and not is_taken:
                await take(other)
                is_taken = True

        life.faults.witness = hold
        ada = await life.person("ada")
        with capture_logs() as logs:
            await ada.outcome(await life.mimic(ada))
            await life.until(lambda: errors(logs) == [Alarm.DISK])
        assert is_taken
        assert life.states() == ["submitting"]
    await life.reaches("delivered", step_s=2.0)
    assert posts(life) == len(life.provider.accepted) == 1
    assert life.money() == ["hold", "capture"]


async def take(other: Opened) -> None:
    """Begin a write transaction between two of the bot's."""
    while True:
        if begins_to_write(other):
            return
        await asyncio.sleep(0.01)  # one of the bot's needs this loop to come to its end


def be_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a fifth of a second for a database that another program holds."""
    monkeypatch.setattr(Database, "open", partial(Database.open, busy_timeout_s=0.2))


SAVING = """
import asyncio, sys
from pathlib import Path
from bot.errors import CannotSave
from bot.media.downloads import Downloads

async def main(path):
    where = {"limit_bytes": 1, "timeout_s": 9, "supplier": "https://example.com"}
    async with Downloads() as downloads:
        try:
            await downloads.save("https://example.com/a", Path(path), **where)
        except CannotSave as error:
            print(error)

asyncio.run(main(*sys.argv[1:]))
"""


def test_a_folder_that_may_not_be_written_is_the_disks_fault(tmp_path: Path) -> None:
    """Not the download's, of which a job would be told that Discord did not hand it over."""
    tmp_path.chmod(0o555)
    saving = [*without_override(), sys.executable, "-c", SAVING, str(tmp_path / "job" / "video")]
    env = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    said = subprocess.run(saving, env=env, capture_output=True, text=True, check=True).stdout
    tmp_path.chmod(0o755)
    assert said.endswith("\nA download cannot be saved: Permission denied.\n")
