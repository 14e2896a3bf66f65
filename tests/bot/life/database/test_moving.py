"""A bot is moved to another database in the midst of its work, and back: nobody notices."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.store.moving.copying import copy
from tests.bot.databases import drop_databases, only_postgres, place_nothing
from tests.bot.life.members.test_trays import MOTION, PICTURE, post, press, take
from tests.bot.life.moderators.desk import desk
from tests.bot.life.reports.test_reporting import heard, report, reported
from tests.bot.life.world import Life
from tests.e2e.stage import button, says

pytestmark = only_postgres
PRICED = says("Shall I make this picture move")
STATES = "SELECT state FROM jobs ORDER BY created_at, origin_id"


def quietly(*_: object) -> None:
    """Nobody waits."""


def in_file(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute(query)]


async def test_everything_under_way_goes_on_there_and_once_it_is_back(life: Life) -> None:
    ben, video = await heard(life)
    life.provider.workshop.pause()
    await report(await desk(life, "eve"), video["id"])
    [case] = await reported(life, "showroom")
    ada, dana, cleo = [await life.person(name) for name in ("ada", "dana", "cleo")]
    await take(life, cleo, PICTURE, await post(life, "ben", life.picture))
    direct = await ada.open_dm()
    await ada.send(direct, "", [life.picture, life.motion])
    offer = (await ada.wait_for(PRICED))["message"]
    await life.stop()
    await life.start(max_running=2)
    for number, person in enumerate((ada, dana, cleo)):
        await person.outcome(await life.mimic(person))
        under_way = ["rendering", "rendering", "queued"][: number + 1]
        await life.reaches("delivered", "checking", *under_way)
    await life.until(lambda: all(each.has_files for each in life.provider.accepted))
    await life.stop()
    whose = f"person_id = {ada.user_id} AND state = 'rendering'"
    await life.alter(
        "UPDATE attempts SET request_id = NULL, submitted_at = NULL WHERE job_id IN "
        f"(SELECT id FROM jobs WHERE {whose})"
    )
    await life.alter(f"UPDATE jobs SET state = 'submitting', lease = 'it is over' WHERE {whose}")
    await life.alter(
        "UPDATE jobs SET state = 'delivering', delivered = NULL, delivery_message_id = NULL"
        " WHERE state = 'delivered'"
    )
    path = life.folder / "moved.db"
    on_file = f"sqlite+aiosqlite:///{path}"
    left = life.rows("SELECT id, revision, state FROM jobs ORDER BY id")

    moved = await copy(life.settings().database, on_file, quietly)
    assert moved.differences == []
    await life.start(max_running=2, database_url=on_file)
    goes_on = ["delivered", "checking", *["rendering"] * 3]  # found, and next in line
    await life.until(lambda: in_file(path, STATES) == goes_on, step_s=1.0)
    await life.stop()
    assert life.rows("SELECT id, revision, state FROM jobs ORDER BY id") == left

    drop_databases()
    await copy(on_file, place_nothing(life.data), quietly)
    await life.start(max_running=2)
    await ada.outcome(await ada.click(direct, int(offer["id"]), button(offer, "360p")))
    await take(life, cleo, MOTION, await post(life, "cleo", life.motion))
    card = (await cleo.wait_for(PRICED))["message"]
    await press(life, cleo, card, "360p")
    life.provider.workshop.resume()
    await life.reaches(*["delivered"] * 6, step_s=1.0)
    at = await desk(life, "dana", "showroom")
    assert "Dismissed" in await at.press(case, "Dismiss")
    assert Counter(life.money()) == {"hold": 6, "capture": 6}
    assert len(life.provider.accepted) == 6
    assert len(await life.posts(ben, life.channel("general"))) == 5
    assert len(await life.posts(ada, direct)) == 1
    await life.stop()
    once_more = f"sqlite+aiosqlite:///{life.folder / 'again.db'}"
    assert (await copy(life.settings().database, once_more, quietly)).differences == []
