"""Where a finished video's files may be used again: somebody else's, and a library's motion."""

from dataclasses import replace

import pytest

from bot.accounts.wallets import Place
from bot.core.jobs import Card, Job, JobState, Source
from bot.core.uploads import Origin, Upload
from bot.errors import Problem, Refused
from bot.services.remakes import refuse_elsewhere
from tests.bot.life.choices.test_again import answer
from tests.bot.life.members.test_motions import add, mimic
from tests.bot.life.moderators.desk import Desk, desk
from tests.bot.life.world import Life
from tests.e2e.stage import button

HERE, THERE, ADA, BEN = 1, 2, 10, 20
MADE_HERE = Job("a", 1, JobState.DELIVERED, 0.0, Source.SLASH, 1, HERE, 3, BEN, 0.0, Card())
FILE = Upload("", "a.png", 1)
ADAS = replace(FILE, origin=Origin(ADA, HERE, 3, 4))
ADULTS = replace(FILE, origin=Origin(ADA, HERE, 3, 4, is_age_restricted=True))
BENS = replace(FILE, origin=Origin(BEN, HERE, 3, 4, is_age_restricted=True))
PLACE = Place(HERE, 3, BEN, 0, is_direct=False)
ELSEWHERE, DIRECT = replace(PLACE, server_id=THERE), replace(PLACE, is_direct=True)
ADULT_PLACE = replace(PLACE, is_age_restricted=True)


@pytest.mark.parametrize(
    ("file", "place", "problem"),
    [
        (FILE, ELSEWHERE, None),
        (BENS, ELSEWHERE, None),
        (ADAS, PLACE, None),
        (ADAS, ELSEWHERE, Problem.FILES_ELSEWHERE),
        (ADAS, DIRECT, Problem.FILES_ELSEWHERE),
        (ADAS, ADULT_PLACE, Problem.FILES_AGES_APART),
        (ADULTS, PLACE, Problem.FILES_AGES_APART),
        (ADULTS, ADULT_PLACE, None),
        (replace(FILE, motion_ref="1/x"), PLACE, None),
        (replace(FILE, motion_ref="1/x"), ELSEWHERE, Problem.MOTION_ELSEWHERE),
        (replace(FILE, motion_ref="1/x"), DIRECT, Problem.MOTION_ELSEWHERE),
        (replace(FILE, motion_ref="starter/wave"), DIRECT, None),
    ],
)
def test_a_file_is_used_where_it_belongs(
    file: Upload, place: Place, problem: Problem | None
) -> None:
    refused = None
    try:
        refuse_elsewhere(file, MADE_HERE, place)
    except Refused as error:
        refused = error.problem
    assert refused is problem


def test_what_was_taken_along_from_another_server_is_used_where_that_was_done() -> None:
    refuse_elsewhere(ADAS, replace(MADE_HERE, server_id=THERE), ELSEWHERE)


async def once_more(life: Life, at: Desk, job_id: str) -> str:
    """What *Again* at `/jobs show` is answered with."""
    shown = await at.use("jobs show", job=job_id)
    said = await answer(at.person, await at.click(shown, button(shown, "Again")))
    life.advance(11)
    return said


async def test_one_press_makes_nobody_elses_files_ones_own(life: Life) -> None:
    life.world.channels["showroom"].is_age_restricted = True
    await life.start()
    showroom = life.channel("showroom")
    ada, cleo = await life.person("ada"), await life.person("cleo")
    await life.mimic(ada, "showroom")
    await life.reaches("delivered", step_s=1.0)
    [post] = await life.posts(ada, showroom)
    await cleo.click(showroom, int(post["id"]), button(post, "Again"))
    await life.reaches("delivered", "delivered", step_s=1.0)
    [(own,)] = life.rows("SELECT id FROM jobs WHERE person_id = ?", cleo.user_id)
    lawn, general = await desk(life, "cleo", "lawn"), await desk(life, "cleo", "general")
    assert "only in the server that it comes from" in await once_more(life, lawn, own)
    assert "only in such channels" in await once_more(life, general, own)
    await ada.delete(showroom, int(post["id"]))
    there = await desk(life, "cleo", "showroom")
    assert "their post is gone or out of sight" in await once_more(life, there, own)
    assert life.states() == ["delivered", "delivered"]


async def test_a_librarys_motion_is_used_there_while_it_is_in_the_library(life: Life) -> None:
    await life.start()
    dana = await desk(life, "dana")
    await add(dana, "Moonwalk")
    ada = await life.person("ada")
    await ada.outcome(await mimic(life, ada, "Moonwalk"))
    await life.reaches("delivered", step_s=1.0)
    job_id = life.job_id()
    lawn, general = await desk(life, "ada", "lawn"), await desk(life, "ada")
    assert "belongs to another server" in await once_more(life, lawn, job_id)
    question = await dana.use("library remove", name="moonwalk")
    await dana.press(question, "Remove it")
    assert "has been removed from the library" in await once_more(life, general, job_id)
    assert life.states() == ["delivered"]
