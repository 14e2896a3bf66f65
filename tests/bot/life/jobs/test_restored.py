"""A backup is put in place of the database: what ran since is neither bought nor shown again."""

import asyncio
import shutil
from collections import Counter
from pathlib import Path

import pytest

from bot.store.file.backup import back_up
from engine.api.faults import Mode
from sandbox.clients.person import PersonClient
from sandbox.faults import answers
from sandbox.faults.injector import Rule, late
from tests.bot.databases import only_sqlite
from tests.bot.life.jobs.test_doubt import history_reads
from tests.bot.life.operator.test_doctor import examine
from tests.bot.life.provider.test_failures import retried
from tests.bot.life.provider.test_provider import with_habits
from tests.bot.life.world import Life
from tests.e2e.stage import says

pytestmark = only_sqlite

LINK, UPLOAD = "attachments/", "/assets/"


def database(life: Life) -> Path:
    return life.folder / "data" / "marionette.db"


async def save_both(life: Life) -> None:
    """The backup, and with it all files; the bot runs."""
    await asyncio.to_thread(back_up, database(life), life.folder / "backup.db")
    shutil.copytree(life.folder / "data" / "media", life.folder / "media")


def restore(life: Life, *, files_too: bool = False) -> None:
    """As docs/operations.md tells it; the files are those of today, or of the backup's day."""
    shutil.copy(life.folder / "backup.db", database(life))
    for behind in ("-wal", "-shm"):
        database(life).with_name(f"marionette.db{behind}").unlink(missing_ok=True)
    if files_too:
        shutil.rmtree(life.folder / "data" / "media")
        shutil.copytree(life.folder / "media", life.folder / "data" / "media")


async def one_runs_one_waits(life: Life, channel: str = "general") -> PersonClient:
    """Ada's job is being made and Ben's waits behind it, when the backup is made; Ada's client."""
    await life.start(max_running=1)
    ada, ben = await life.person("ada"), await life.person("ben")
    life.provider.workshop.pause()
    await ada.outcome(await life.mimic(ada, channel))
    await life.reaches("rendering")
    await ben.outcome(await life.mimic(ben, channel))
    await life.reaches("rendering", "queued")
    await save_both(life)
    return ada


async def both_are_delivered(life: Life, after_s: float = 0.0) -> None:
    """The bot goes on, and is stopped; from here on there is only the backup."""
    life.advance(after_s)
    life.provider.workshop.resume()
    await life.reaches("delivered", "delivered", step_s=1.0)
    await life.stop()


def inputs_of_second(life: Life) -> set[str]:
    """How the provider got Ben's files."""
    sent = life.provider.accepted[1].inputs
    urls = (sent.image_url or "", sent.video_url)
    return {next(kind for kind in (LINK, UPLOAD) if kind in url) for url in urls}


@pytest.mark.parametrize(
    ("after_s", "inputs", "files_too"),
    [(0.0, {LINK}, False), (0.0, {LINK}, True), (660.0, {UPLOAD}, False), (660.0, {UPLOAD}, True)],
    ids=["links", "links, old files", "uploads", "uploads, old files"],
)
async def test_what_has_run_since_is_taken_and_not_bought_again(
    life: Life, after_s: float, inputs: set[str], files_too: bool
) -> None:
    ada = await one_runs_one_waits(life)
    await both_are_delivered(life, after_s)
    assert inputs_of_second(life) == inputs
    assert len(await life.posts(ada, life.channel("general"))) == 2
    life.advance(3600.0)
    restore(life, files_too=files_too)
    assert life.states() == ["rendering", "queued"]
    await life.start(max_running=1)
    await life.reaches("delivered", "delivered", step_s=2.0)
    assert len(life.provider.accepted) == 2
    assert Counter(life.money()) == {"hold": 2, "capture": 2}
    assert len(await life.posts(ada, life.channel("general"))) == 2
    assert life.rows("SELECT count(DISTINCT request_id) FROM attempts") == [(2,)]


HISTORY = ("provider", "GET", "/inference-request/request-history")
CANNOT_TELL = "cannot tell yet whether it was made before"


async def test_an_ordinary_restart_costs_one_reading_and_no_time(life: Life) -> None:
    """However many wait: here Ada's video is being made and three wait behind it."""
    await life.start(max_running=1)
    people = [await life.person(name) for name in ("ada", "ben", "cleo", "eve")]
    life.provider.workshop.pause()
    for number, person in enumerate(people, 1):
        await person.outcome(await life.mimic(person))
        await life.reaches("rendering", *["queued"] * (number - 1))
    await life.stop()
    began = life.clock.time()
    await life.start(max_running=4)
    await life.reaches(*["rendering"] * 4)
    assert life.clock.time() - began < 30, "nobody has moved it"
    assert history_reads(life) == 2, "a page of rows, and the empty one that ends a reading"
    life.provider.workshop.resume()
    await life.reaches(*["delivered"] * 4, step_s=2.0)
    assert (len(life.provider.accepted), history_reads(life)) == (4, 2)


async def test_a_run_that_has_failed_since_is_not_made_again(life: Life) -> None:
    ada = await one_runs_one_waits(life)
    await life.until(lambda: bool(life.provider.accepted))
    life.provider.workshop.resume()
    await life.reaches("delivered", "rendering", step_s=1.0)
    with_habits(life, failure="moderated")
    life.provider.faults.set(Mode.FAILING)
    await life.reaches("delivered", "failed", step_s=1.0)
    await life.until(lambda: life.rows("SELECT delivered FROM jobs")[1] == ("channel",))
    await life.stop()
    restore(life)
    await life.start(max_running=1)
    await life.reaches("delivered", "failed", step_s=2.0)
    await life.until(lambda: life.rows("SELECT delivered FROM jobs")[1] == ("channel",))
    assert len(life.provider.accepted) == 2
    assert Counter(life.money()) == {"hold": 2, "capture": 1, "release": 1}
    told = [m for m in await ada.messages(life.channel("general")) if "did not let this" in str(m)]
    assert len(told) == 1


async def test_a_second_try_that_has_run_since_is_taken(life: Life) -> None:
    """The backup has it in the queue again, after a run that failed for nothing."""
    await retried(life, "busy")
    await save_both(life)
    life.provider.faults.set(Mode.WELL)
    await life.reaches("delivered", step_s=1.0)
    await life.stop()
    restore(life)
    await life.start()
    await life.reaches("delivered", step_s=2.0)
    assert len(life.provider.accepted) == 2
    assert life.money() == ["hold", "capture"]


async def test_without_the_history_nothing_is_sent(life: Life) -> None:
    ada = await one_runs_one_waits(life)
    await both_are_delivered(life)
    restore(life)
    down = Rule(answers.text(503), *HISTORY)
    life.faults.add(down)
    await life.start(max_running=1)
    await life.until(lambda: any(map(says(CANNOT_TELL), ada.events)), step_s=5.0)
    await life.until(lambda: life.faults.struck.total() >= 5, step_s=20.0)
    assert life.states() == ["delivered", "queued"]
    life.faults.rules.remove(down)
    await life.reaches("delivered", "delivered", step_s=5.0)
    assert len(life.provider.accepted) == 2
    assert len(await life.posts(ada, life.channel("general"))) == 2


async def test_who_comes_after_the_start_does_not_wait_for_it(life: Life) -> None:
    ada = await one_runs_one_waits(life)
    await life.stop()
    life.provider.workshop.resume()
    life.faults.add(Rule(answers.text(503), *HISTORY))
    await life.start(max_running=1)
    await life.reaches("delivered", "queued", step_s=1.0)
    await ada.outcome(await life.mimic(ada))
    await life.reaches("delivered", "queued", "delivered", step_s=1.0)
    assert history_reads(life) == life.faults.struck.total()


async def test_who_comes_after_the_start_waits_for_no_comparison(life: Life) -> None:
    """What Ben's files are compared with hangs: he keeps his place, but not the only slot."""
    await one_runs_one_waits(life)
    await both_are_delivered(life, 660.0)
    assert inputs_of_second(life) == {UPLOAD}
    restore(life, files_too=True)
    goes_on = asyncio.Event()
    life.faults.add(Rule(late(goes_on.wait), "provider", "GET", "/assets/{name}"))
    await life.start(max_running=1)
    await life.until(lambda: bool(life.faults.struck), step_s=2.0)
    cleo = await life.person("cleo")
    await cleo.outcome(await life.mimic(cleo))
    await life.reaches("delivered", "queued", "delivered", step_s=2.0)
    goes_on.set()
    await life.reaches("delivered", "delivered", "delivered", step_s=2.0)
    assert len(life.provider.accepted) == 3


async def test_a_history_that_stays_away_ends_it(life: Life) -> None:
    """Six hours on, and at least three readings: its credits are back, and nothing was sent."""
    ada = await one_runs_one_waits(life)
    await life.stop()
    life.provider.workshop.resume()
    life.faults.add(Rule(answers.text(503), *HISTORY))
    began = life.clock.time()
    await life.start(max_running=1)
    await life.reaches("delivered", "failed", step_s=300.0)
    assert life.clock.time() - began >= 6 * 3600
    await ada.wait_for(says("nobody can tell: ask anew", "You were not charged."))
    assert len(life.provider.accepted) == 1
    assert Counter(life.money()) == {"hold": 2, "capture": 1, "release": 1}


async def test_of_two_with_the_same_files_one_has_run(life: Life) -> None:
    """By bytes they are the same: one takes the run, and the other is made once it is sure that
    it was not."""
    ada = await one_runs_one_waits(life)
    cleo = await life.person("cleo")
    await cleo.outcome(await life.mimic(cleo))
    await life.reaches("rendering", "queued", "queued")
    (life.folder / "backup.db").unlink()
    shutil.rmtree(life.folder / "media")
    await save_both(life)
    life.advance(660.0)
    life.provider.workshop.resume()
    await life.reaches("delivered", "delivered", "rendering", step_s=1.0)
    second = life.rows("SELECT id FROM jobs ORDER BY created_at, origin_id")[1][0]
    await life.stop()
    third = life.provider.accepted.pop()  # as if it had never come to this one
    restore(life, files_too=True)
    began = life.clock.time()
    await life.start(max_running=1)
    one_waits = ["delivered", "delivered", "queued"]  # whichever was compared first has taken it
    await life.until(lambda: sorted(life.states()) == one_waits, step_s=2.0)
    assert third not in life.provider.accepted
    assert len(life.provider.accepted) == 2
    await life.reaches("delivered", "delivered", "delivered", step_s=10.0)
    assert life.clock.time() - began >= 15 * 60
    assert len(life.provider.accepted) == 3
    assert Counter(life.money()) == {"hold": 3, "capture": 3}
    run = life.provider.accepted[1].request_id
    [(taken_by,)] = life.rows("SELECT job_id FROM attempts WHERE request_id = ?", run)
    # whose video had been posted, and was taken by the other, has another one
    posts = await life.posts(ada, life.channel("general"))
    assert len(posts) == 3 + (taken_by != second)


async def test_a_run_from_before_a_job_is_not_its_own(life: Life) -> None:
    """Somebody else's, of the very same bytes; the database does not know it any more."""
    await life.start(max_running=1)
    ada, ben, cleo = [await life.person(name) for name in ("ada", "ben", "cleo")]
    life.provider.workshop.pause()
    await ada.outcome(await life.mimic(ada))
    await life.reaches("rendering")
    await ben.outcome(await life.mimic(ben))
    life.advance(660.0)
    life.provider.workshop.resume()
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert inputs_of_second(life) == {UPLOAD}
    life.advance(600.0)
    life.provider.workshop.pause()
    await ada.outcome(await life.mimic(ada))
    await life.reaches("delivered", "delivered", "rendering")
    await cleo.outcome(await life.mimic(cleo))
    await life.stop()
    await life.alter("DELETE FROM attempts WHERE id = 2")
    life.provider.workshop.resume()
    life.advance(1000.0)
    await life.start(max_running=1)
    await life.reaches(*["delivered"] * 4, step_s=2.0)
    assert len(life.provider.accepted) == 4


async def test_what_was_about_to_be_posted_stands_once(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    await ada.outcome(await life.mimic(ada))
    await life.reaches("delivered", step_s=1.0)
    await life.stop()
    [post] = await life.posts(ada, life.channel("general"))
    await life.alter(  # a backup of just before the first try
        "UPDATE jobs SET state = 'delivering', delivered = NULL, delivery_channel_id = NULL,"
        " delivery_message_id = NULL, delivery_tried_at = NULL"
    )
    life.advance(3600.0)
    await life.start()
    await life.reaches("delivered")
    assert [again["id"] for again in await life.posts(ada, life.channel("general"))] == [post["id"]]
    assert life.rows("SELECT delivery_message_id FROM jobs") == [(int(post["id"]),)]


async def test_where_nobody_can_look_an_ordinary_restart_posts(life: Life) -> None:
    await life.start()
    ada = await life.person("ada")
    life.provider.workshop.pause()
    await ada.outcome(await life.mimic(ada, "nohistory"))
    await life.reaches("rendering")
    await life.stop()
    life.provider.workshop.resume()
    await life.start()
    await life.reaches("delivered", step_s=1.0)
    assert life.rows("SELECT delivered FROM jobs") == [("channel",)]
    assert len(await life.posts(ada, life.channel("nohistory"))) == 1


async def test_where_nobody_can_look_a_run_of_before_is_kept(life: Life) -> None:
    """It ran, so it may have been posted: `/jobs show` has it."""
    ada = await one_runs_one_waits(life, "nohistory")
    await both_are_delivered(life)
    life.advance(3600.0)
    restore(life)
    await life.start(max_running=1)
    await life.reaches("delivered", "delivered", step_s=2.0)
    assert len(life.provider.accepted) == 2
    assert life.rows("SELECT delivered FROM jobs ORDER BY created_at")[1] == ("kept",)
    assert len(await life.posts(ada, life.channel("nohistory"))) <= 3


async def test_the_doctor_names_what_the_history_has(life: Life) -> None:
    await one_runs_one_waits(life)
    await both_are_delivered(life)
    run = life.provider.accepted[1].request_id
    restore(life)
    [_, (second,)] = life.rows("SELECT id FROM jobs ORDER BY created_at")
    said, code = await examine(life)
    assert "1 jobs are queued, the oldest since 2" in said
    assert f"The provider ran {run} and cost 0.18, but job {second}, which is queued, " in said
    assert code == 1
    await life.start(max_running=1)
    await life.reaches("delivered", "delivered", step_s=2.0)
    await life.stop()
    said, code = await examine(life)
    assert code == 0, said


async def test_a_run_that_was_told_something_else_is_not_taken(life: Life) -> None:
    """Of the same files, by the same model, in the same quality; but not what was asked for."""
    await life.start(max_running=1, models={"scail": {}})
    ada, ben = await life.person("ada"), await life.person("ben")
    general, files = life.channel("general"), {"image": life.picture, "video": life.motion}
    life.provider.workshop.pause()
    await ada.outcome(await ada.use(general, "mimic", {}, files))
    await life.reaches("rendering")
    await ben.outcome(await ben.use(general, "mimic", {"prompt": "Wave."}, files))
    await life.reaches("rendering", "queued")
    await save_both(life)
    life.provider.workshop.resume()
    await life.reaches("delivered", "delivered", step_s=1.0)
    await life.stop()
    restore(life, files_too=True)
    await life.alter("UPDATE jobs SET prompt = 'Smile.' WHERE state = 'queued'")
    await life.start(max_running=1, models={"scail": {}})
    await life.reaches("delivered", "delivered", step_s=10.0)
    assert [run.inputs.as_sent["prompt"] for run in life.provider.accepted][1:] == [
        "Wave.",
        "Smile.",
    ]
