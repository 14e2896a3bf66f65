"""Files at which the provider answers every submit with an error of its own: others go on."""

import aiohttp
import pytest
from aiohttp import web

from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.state.model import Member, User
from sandbox.faults.injector import Effect, Fault, Rule
from tests.bot.life.jobs.test_points import SUBMIT
from tests.bot.life.provider.test_provider import posts
from tests.bot.life.world import Life
from tests.e2e.stage import says

POISON = b"poison"
BROKEN = (500, "{}")
REJECTED = [
    (403, '{"error": "Forbidden"}'),
    (404, '{"error": "Not found"}'),
    (400, '{"error": "The image shows a payment card"}'),
    (400, '{"error": "500044: too many at once"}'),
]


async def poison(
    life: Life, *names: str, answer: tuple[int, str] = BROKEN, files: int = 3
) -> list[PersonClient]:
    """Each of these people asks so many times for what no submit survives."""

    async def strike(request: web.Request, effect: Effect) -> web.StreamResponse:
        url = (await request.json())["image_url"]
        async with aiohttp.ClientSession() as session, session.get(url) as file:
            is_poison = (await file.read()).endswith(POISON)
        if is_poison:
            status, body = answer
            return web.Response(status=status, text=body, content_type="application/json")
        return await effect()

    life.faults.add(Rule(Fault("poison", strike), *SUBMIT))
    bad = life.folder / "poison.jpg"
    bad.write_bytes(life.picture.read_bytes() + POISON)
    people = [await life.person(name) for name in names]
    for person in people:
        for _ in range(files):
            given = {"image": bad, "video": life.motion}
            await person.use(life.channel("general"), "mimic", {"quality": "360p"}, given)
    return people


async def passes(life: Life, seconds: float) -> None:
    """So much time goes by."""
    began = life.clock.time()
    await life.until(lambda: life.clock.time() - began >= seconds, step_s=5.0)


async def served_within(life: Life, person: PersonClient, limit_s: float) -> None:
    """They have their video in time, if they ask until they are let in."""
    began = life.clock.time()
    theirs = f"SELECT 1 FROM jobs WHERE person_id = {person.user_id}"
    before = len(life.rows(theirs))
    while len(life.rows(theirs)) == before:  # after two failures they may be told to try again
        await person.outcome(await life.mimic(person))
        assert life.clock.time() - began < limit_s
        life.advance(20)
        await life.clock.until_quiet()
    await life.until(
        lambda: len(life.rows(f"{theirs} AND state = 'delivered'")) == before + 1, step_s=5.0
    )
    assert life.clock.time() - began < limit_s


@pytest.mark.parametrize("later_s", [0, 100, 400])
async def test_two_people_with_such_files_stop_nobody_else(life: Life, later_s: int) -> None:
    await life.start(max_running=3, max_running_per_person=2)
    await poison(life, "ada", "cleo")
    await passes(life, later_s)
    await served_within(life, await life.person("ben"), 300)
    doubted = "SELECT COUNT(*) FROM jobs WHERE state = 'submitting' GROUP BY person_id"
    assert max(count for (count,) in life.rows(doubted)) <= 2, "of one person as many as may run"


@pytest.mark.parametrize("later_s", [0, 300])
async def test_many_people_with_such_files_stop_others_for_minutes(
    life: Life, later_s: int
) -> None:
    """He is let into the line once a free question is answered, and is one of the next two."""
    names = [f"x{number}" for number in range(8)]
    for number, name in enumerate(names):
        user_id = life.world.users["ada"].id + 1000 + number
        life.world.users[name] = User(user_id, name, name)
        life.world.guilds["studio"].members[user_id] = Member(user_id, [], 1_735_689_600.0)
    await life.start(max_running=3, max_running_per_person=2)
    await poison(life, *names, files=1)
    await passes(life, later_s)
    await served_within(life, await life.person("ben"), 400 if later_s < 300 else 700)


@pytest.mark.parametrize("answer", REJECTED, ids=str)
async def test_one_persons_rejected_files_stop_nobody_else(
    life: Life, answer: tuple[int, str]
) -> None:
    await life.start(max_running=3, max_running_per_person=2)
    await poison(life, "ada", answer=answer, files=2)
    await passes(life, 60)
    await served_within(life, await life.person("ben"), 100)


async def test_files_that_are_rejected_while_others_come_through_end_uncharged(life: Life) -> None:
    await life.start(max_running=3, max_running_per_person=2)
    [ada] = await poison(life, "ada", answer=REJECTED[0], files=1)
    await life.until(lambda: posts(life) == 1)
    ben = await life.person("ben")
    for _ in range(3):
        await served_within(life, ben, 100)
        await passes(life, 60)
    assert life.states() == ["failed", *["delivered"] * 3]
    card = text_of((await ada.wait_for(says("You were not charged.")))["message"])
    assert "The video service could not make this video" in card
    assert life.money().count("release") == 1


@pytest.mark.parametrize("answer", REJECTED[:2], ids=str)
async def test_whoever_comes_when_two_people_were_rejected_is_the_next_try(
    life: Life, answer: tuple[int, str]
) -> None:
    await life.start(max_running=3, max_running_per_person=2)
    await poison(life, "ada", "cleo", answer=answer)
    await passes(life, 240)
    await served_within(life, await life.person("ben"), 150)
