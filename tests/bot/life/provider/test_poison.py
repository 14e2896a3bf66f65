"""Files at which the provider answers every submit with an error of its own: others go on."""

import shutil

import pytest
from aiohttp import web

from sandbox.faults.injector import Effect, Fault, Rule
from tests.bot.life.jobs.test_points import SUBMIT
from tests.bot.life.world import Life


async def poison(life: Life, *names: str) -> None:
    """Each of these people asks three times for what no submit survives."""

    async def strike(request: web.Request, effect: Effect) -> web.StreamResponse:
        if b"poison" in await request.read():
            return web.Response(status=500, text="{}")
        return await effect()

    life.faults.add(Rule(Fault("poison", strike), *SUBMIT))
    bad = life.folder / "poison.jpg"
    shutil.copy(life.picture, bad)
    for name in names:
        person = await life.person(name)
        for _ in range(3):
            given = {"image": bad, "video": life.motion}
            await person.use(life.channel("general"), "mimic", {"quality": "360p"}, given)


@pytest.mark.parametrize("later_s", [0, 100, 400])
async def test_two_people_with_such_files_stop_nobody_else(life: Life, later_s: int) -> None:
    await life.start(max_running=3, max_running_per_person=2)
    await poison(life, "ada", "cleo")
    began = life.clock.time()
    await life.until(lambda: life.clock.time() - began >= later_s, step_s=5.0)
    ben = await life.person("ben")
    began = life.clock.time()
    his = f"SELECT 1 FROM jobs WHERE person_id = {ben.user_id}"
    while not life.rows(his):  # after two lost answers he may be told to try again
        await ben.outcome(await life.mimic(ben))
        life.advance(20)
        await life.clock.until_quiet()
    mine = f"SELECT 1 FROM jobs WHERE state = 'delivered' AND person_id = {ben.user_id}"
    await life.until(lambda: bool(life.rows(mine)), step_s=5.0)
    assert life.clock.time() - began < 300
    doubted = "SELECT COUNT(*) FROM jobs WHERE state = 'submitting' GROUP BY person_id"
    assert max(count for (count,) in life.rows(doubted)) <= 2, "of one person as many as may run"
