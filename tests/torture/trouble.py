"""What the servers do wrong in a torture run."""

import asyncio
import random

from aiohttp import web

from engine.api.faults import Habits, Mode
from sandbox.faults import answers
from sandbox.faults.injector import Fault, Faults, Rule, breaks_off, late, resets, stalls
from tests.torture.killer import BOTS_DOWNLOADS
from tests.torture.world import FREE, World

SELDOM = 0.03
MOSTLY = 0.4
"""Of each kind in turn: what leads lasts longest, and few come through."""

SUBMIT = "/v2/{model}"
MOMENT_S = 1.0
"""Real time: longer than a moment only makes a run longer, whatever the client does about it."""

HABITS = Habits(
    history_late_s=20.0,
    history_copies=2,
    history_ids="undashed",
    history_inputs="text",
    output="list",
    metrics="null",
)


async def _moment() -> None:
    await asyncio.sleep(MOMENT_S)


def _of_either() -> list[Fault]:
    """One of each consequence: it has happened or not, and the answer is an error, half or none."""
    return [
        answers.page(502, after=True),
        resets(after=True),
        breaks_off(),
        answers.garbage(after=True),
    ]


def _of_discord() -> list[Fault]:
    return [*_of_either(), answers.text(503), answers.rate_limited("shared", 0.2)]


def _of_the_provider() -> list[Fault]:
    unavailable = answers.error(503, {"error": "Service unavailable"})
    return [*_of_either(), unavailable, answers.busy(retry_after_s=1)]


def _more_of_either() -> list[Fault]:
    return [resets(), stalls(_moment), late(_moment), late(_moment, after=True)]


def _more_of_discord() -> list[Fault]:
    return [
        *_more_of_either(),
        answers.rate_limited("user", 0.2),
        answers.rate_limited("global", 0.2),
        answers.page(429),
    ]


def _more_of_the_provider() -> list[Fault]:
    internal = {"detail": [{"msg": "Internal server error"}]}
    return [
        *_more_of_either(),
        answers.error(500, internal, after=True, name="500"),
        answers.busy(),
    ]


def make_trouble(world: World, faults: Faults, rate: float) -> None:
    """Let every request of the bot's meet each kind of fault with this chance.

    With a high one these are only as many as leave half of the requests whole: those left out have
    the consequence of one that is there, and a delivery that needs five calls would hardly end.
    """
    if not rate:
        return
    kinds = {
        "discord": _of_discord(),
        "provider": _of_the_provider(),
        "engine": _of_the_provider(),
        "cdn": [resets(), breaks_off(), answers.page(503)],
    }
    for stand_in in (world.provider, world.engine):
        stand_in.faults.habits = HABITS
    if rate <= SELDOM:
        kinds["discord"] += _more_of_discord()
        for name in ("provider", "engine"):
            kinds[name] += _more_of_the_provider()
    for server, faults_there in kinds.items():
        faults.add(*(Rule(fault, server, chance=rate, spares=_is_spared) for fault in faults_there))


def _is_spared(request: web.Request) -> bool:
    """What is not the bot's own."""
    is_file = request.path.startswith(("/attachments/", "/ephemeral-attachments/"))
    return is_file and request.headers.get("User-Agent") != BOTS_DOWNLOADS


async def fail_some_runs(world: World, chance: random.Random) -> None:
    """Now and then the runs that end have failed, in a way that is not tried again."""
    both = [server.faults for server in (world.provider, world.engine)]
    for faults in both:
        faults.habits = faults.habits.changed({"failure": "no subject"})
    try:
        while True:
            await asyncio.sleep(chance.uniform(3.0, 12.0))
            for faults in both:
                faults.set(Mode.FAILING)
            await asyncio.sleep(chance.uniform(0.5, 2.0))
            for faults in both:
                faults.set(Mode.WELL)
    finally:
        for faults in both:
            faults.set(Mode.WELL)


def _of_a_model() -> list[Fault]:
    """What a submit meets whose model is out of order; none of it is about the account."""
    internal = {"detail": [{"msg": "Internal server error"}]}
    return [
        answers.error(500, internal),
        answers.error(500, internal, after=True),
        resets(),
        resets(after=True),
        answers.error(400, {"error": "400017: Invalid parameter"}),
        answers.error(404, {"error": "Model not found"}),
        answers.busy(retry_after_s=1),
    ]


async def fail_a_model(world: World, model: str, chance: random.Random) -> None:
    """For stretches of time most submits to one model go wrong, and those to others do not."""
    server = "engine" if model == FREE else "provider"
    kinds = _of_a_model()
    while True:
        await asyncio.sleep(chance.uniform(2.0, 8.0))
        chance.shuffle(kinds)
        rules = [
            Rule(
                kind,
                server,
                "POST",
                SUBMIT,
                chance=MOSTLY,
                spares=lambda request: request.match_info["model"] != model,
            )
            for kind in kinds
        ]
        world.faults.rules[:0] = rules
        try:
            await asyncio.sleep(chance.uniform(2.0, 6.0))
        finally:
            for rule in rules:
                world.faults.rules.remove(rule)


async def see_nobody(world: World, chance: random.Random) -> None:
    """Now and then nobody is in the pictures, which are asked about then."""
    faults = world.engine.faults
    try:
        while True:
            await asyncio.sleep(chance.uniform(3.0, 10.0))
            faults.habits = faults.habits.changed({"seen_subject": "nobody"})
            await asyncio.sleep(chance.uniform(1.0, 3.0))
            faults.habits = faults.habits.changed({"seen_subject": "person"})
    finally:
        faults.habits = faults.habits.changed({"seen_subject": "person"})


async def hold_up_drafts(world: World, chance: random.Random) -> None:
    """Now and then no draft gets done for a while."""
    try:
        while True:
            await asyncio.sleep(chance.uniform(3.0, 10.0))
            world.engine.workshop.pause()
            await asyncio.sleep(chance.uniform(2.0, 5.0))
            world.engine.workshop.resume()
    finally:
        world.engine.workshop.resume()


async def trouble_the_gateway(world: World, chance: random.Random) -> None:
    """Now and then the connection drops, the session ends, or a resume is refused."""
    gateway = world.server.gateway
    while True:
        await asyncio.sleep(chance.uniform(2.0, 20.0))
        match chance.randrange(3):
            case 0:
                gateway.drop_all()
            case 1:
                gateway.invalidate_all()
            case _:
                gateway.refuse_resumes()
                gateway.drop_all()
