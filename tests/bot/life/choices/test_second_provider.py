"""A second provider is one class: all rules of money hold for it, and nothing else knows of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from bot.clock import Clock
from bot.core.jobs import Attempt
from bot.core.models import MODELS, Model
from bot.errors import SubmitInDoubt
from bot.provider import connect
from bot.provider.limiter import RateLimiter
from bot.provider.runs import Result, Row, RunState, Status
from bot.settings import Settings
from tests.bot.life.choices.test_models import mimic
from tests.bot.life.world import Life
from tests.bot.local_server import serve

MODEL = Model(
    slug="made-up",
    name="Made Up",
    character="brings it by hand",
    provider="couriers",
    subject="who",
    motion="how",
    usual_quality="540p",
    dollars_per_s={"540p": 0.1},
    usual_run_s=30.0,
)


@dataclass
class Couriers:
    """It takes our own id with a submit, and finds a run by that alone; `loses` so many answers."""

    limiter: RateLimiter
    clock: Clock
    url: str
    loses: int = 0
    runs: dict[int, Row] = field(default_factory=dict)

    async def submit(self, attempt: Attempt) -> str:
        row = Row(f"run-{attempt.id}", RunState.COMPLETED, None, None, 0.2, self.clock.time())
        self.runs[attempt.id] = row
        if self.loses:
            self.loses -= 1
            raise SubmitInDoubt("The line went dead.")
        return row.request_id

    async def find_runs(self, attempt: Attempt, *, since: float, until: float) -> list[Row]:
        return [self.runs[attempt.id]] if attempt.id in self.runs else []

    async def rows(self, since: float, until: float) -> list[Row]:
        return list(self.runs.values())

    async def history_row(self, request_id: str) -> Row | None:
        return next((row for row in self.runs.values() if row.request_id == request_id), None)

    async def status(self, request_id: str) -> Status:
        return Status(RunState.COMPLETED)

    async def result(self, request_id: str) -> Result:
        return Result(RunState.COMPLETED, url=f"{self.url}/video.mp4", cost=0.2)

    async def upload(self, path: Path, content_type: str) -> str:
        return f"{self.url}/{path.name}"


@pytest.fixture
async def couriers(life: Life, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Couriers]]:
    """One entry for whoever makes it, one for the model; whoever the bot has made is in here."""
    made: list[Couriers] = []

    async def video(_: web.Request) -> web.StreamResponse:
        return web.Response(body=life.motion.read_bytes(), content_type="video/mp4")

    async with serve(video) as url:

        def make(_: Settings, clock: Clock, *__: object) -> Couriers:
            made.append(Couriers(RateLimiter(clock, 60), clock, url))
            return made[-1]

        monkeypatch.setitem(connect.PROVIDERS, "couriers", make)
        monkeypatch.setitem(MODELS, "made-up", MODEL)
        yield made


async def test_it_makes_a_video_beside_the_first(life: Life, couriers: list[Couriers]) -> None:
    await life.start(models={"pixverse-mimic": {}, "made-up": {}})
    ada = await life.person("ada")
    for model in ("made-up", "pixverse-mimic"):
        await mimic(life, ada, model=model)
    await life.reaches("delivered", "delivered", step_s=1.0)
    assert life.money() == ["hold", "hold", "capture", "capture"]
    assert [len(one.runs) for one in couriers] == [1]
    assert [run.inputs.model.slug for run in life.provider.accepted] == ["pixverse-mimic"]


async def test_what_is_lost_is_found_by_our_own_id(life: Life, couriers: list[Couriers]) -> None:
    await life.start(models={"made-up": {}})
    couriers[0].loses = 1
    ada = await life.person("ada")
    await mimic(life, ada)
    await life.reaches("delivered", step_s=1.0)
    assert life.money() == ["hold", "capture"]
    assert len(couriers[0].runs) == 1, "it is never bought twice"
