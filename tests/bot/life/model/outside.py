"""The outside world of the model: a clock, a provider with its files and its history, and death."""

import asyncio
import base64
import uuid
from dataclasses import dataclass, field
from typing import Literal, get_args

from aiohttp import web

from tests.bot.life.model.purses import Wallet

Inputs = tuple[str, str, str]
"""Subject's link, motion's link, quality."""

Answer = Literal["yes", "taken, then lost", "lost", "busy", "empty", "key", "never", "same id"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
DEATHS = (
    *("commit 1", "commit 2", "before submit", "after submit"),
    *("status", "result", "history", "row", "video", "file"),
)
"""Where the bot can be killed: just before a commit, or at a request."""

FORGOTTEN_AFTER_S = 3600.0
LONGEST_PAUSE_S = 5.0
"""Who sleeps for longer by the bot's clock limits somebody else's time."""

NOBODY = uuid.UUID("00000000-0000-4000-8000-000000000000")


class Killed(BaseException):
    """The bot's process is gone; no handler of errors ever sees that."""


class HandClock:
    """The bot's: it stands still until it is moved, may be set, and nobody sleeps by it.

    `right` is the time of everybody else.
    """

    def __init__(self, at: float) -> None:
        self._began = self.right = at
        self._wrong_by_s = 0.0

    @property
    def at(self) -> float:
        """What it shows, in unix seconds."""
        return self.right + self._wrong_by_s

    def time(self) -> float:
        """Now, in unix seconds."""
        return self.at

    def monotonic(self) -> float:
        """Seconds that only go on."""
        return self.right - self._began

    def passes(self, seconds: float) -> None:
        """So much time goes by."""
        self.right += seconds

    def is_set(self, by_s: float) -> None:
        """Somebody sets the clock of the bot's machine, for which no time passes."""
        self._wrong_by_s += by_s

    async def sleep(self, seconds: float) -> None:
        """No time passes: a pause is over at once, and whatever has a time limit keeps it."""
        await (asyncio.sleep(0) if seconds <= LONGEST_PAUSE_S else asyncio.Event().wait())


class Fate:
    """Where a step is cut off, if it comes there; the bot and its model each have their own."""

    def __init__(self, point: str | None = None) -> None:
        self.point = point
        self._commits = 0

    def commits(self) -> bool:
        """Whether this commit is not to happen any more."""
        self._commits += 1
        return self.point == f"commit {self._commits}"


@dataclass(slots=True)
class Run:
    """What the provider bills; `asked_by` is the job whose step sent the POST."""

    inputs: Inputs
    created_at: float
    seen_from: float
    asked_by: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: Literal["PROCESSING", "COMPLETED", "FAILED"] = "PROCESSING"
    cost: float | None = 0.0
    """What the history says that it was billed, once it has failed."""


@dataclass(slots=True)
class Weather:
    """How everybody outside behaves for now; a history that lags shows a run only later."""

    answer: Answer = "yes"
    lag_s: float = 0.0
    provider_is_down: bool = False
    files: Literal["whole", "away", "broken"] = "whole"
    discord_is_down: bool = False


class Outside:
    """One handler for the provider's API, its files and Discord's."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.weather = Weather()
        self.runs: list[Run] = []
        self.url = ""
        self.fate = Fate()
        self.step: asyncio.Task[object] | None = None
        self.job_id = ""
        self.posted = 0
        self.fetched: set[str] = set()
        self.left: set[Wallet] = set()
        """Who was seen in a server, and is no member there now."""

    def begin_step(self, step: asyncio.Task[object], job_id: str, fate: Fate) -> None:
        """From now on it is this step that asks, and dies."""
        self.step, self.job_id, self.fate, self.posted = step, job_id, fate, 0

    def video_of(self, run: Run) -> bytes:
        """What a run made."""
        return f"4 video of {run.id}".encode()

    def run_of(self, run_id: str | None) -> Run:
        """The run of that id."""
        return next(run for run in self.runs if run.id == run_id)

    def shown(self) -> list[Run]:
        """The runs of which the history knows by now."""
        return [run for run in self.runs if run.seen_from <= self.clock.right]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        body = await request.json() if request.method == "POST" else {}
        match [part for part in request.path.split("/") if part]:
            case ["v2", "pixverse-mimic"]:
                return self._submit(request, body)
            case ["v2", "requests", name, "status"]:
                return self._status(request, uuid.UUID(name))
            case ["v2", "requests", name]:
                return self._result(request, uuid.UUID(name))
            case ["history"]:
                return self._history(request)
            case ["history", name]:
                return self._row(request, uuid.UUID(name))
            case ["video", name]:
                return self._video(request, name)
            case ["attachments", name]:
                return self._file(request, name)
            case ["asset", name]:
                return web.Response(body=name.encode())
            case ["upload"]:
                return self._upload(body)
        raise AssertionError(request.path)

    def _kills(self, request: web.Request, *points: str) -> bool:
        """Whether the bot has died of this request; then nobody is left to be answered."""
        if self.fate.point not in points:
            return False
        assert self.step is not None
        self.step.cancel()
        _cut(request)
        return True

    def _submit(self, request: web.Request, body: dict[str, str]) -> web.Response:
        self.posted += 1
        if self._kills(request, "before submit"):
            return web.Response()
        answer = self.weather.answer
        if answer in {"yes", "taken, then lost"}:
            now = self.clock.right
            inputs = (body["image_url"], body["video_url"], body["quality"])
            self.runs.append(Run(inputs, now, now + self.weather.lag_s, self.job_id))
        if self._kills(request, "after submit"):
            return web.Response()
        match answer:
            case "yes":
                return web.json_response({"request_id": self.runs[-1].id.replace("-", "")})
            case "same id" if self.runs:
                return web.json_response({"request_id": self.runs[0].id.upper()})
            case "busy" | "same id":
                return web.json_response({"error": "slow down"}, status=429)
            case "empty":
                return web.json_response({"error": "Insufficient credits"}, status=406)
            case "key":
                return web.json_response({"error": "Invalid key"}, status=401)
            case "never":
                return web.json_response({"error": "video_url is wrong"}, status=400)
        _cut(request)
        return web.Response()

    def _known(self, name: uuid.UUID) -> Run | None:
        """The run, as long as its state and result are kept."""
        found = next((run for run in self.runs if uuid.UUID(run.id) == name), None)
        is_kept = found is not None and self.clock.right - found.created_at <= FORGOTTEN_AFTER_S
        return found if is_kept else None

    def _status(self, request: web.Request, name: uuid.UUID) -> web.Response:
        if name != NOBODY and self._kills(request, "status"):
            return web.Response()
        if self.weather.provider_is_down:
            return web.Response(status=503)
        run = self._known(name)
        if run is None:
            return web.json_response({"error": "no such request"}, status=404)
        return web.json_response({"status": run.state})

    def _result(self, request: web.Request, name: uuid.UUID) -> web.Response:
        if self._kills(request, "result"):
            return web.Response()
        run = self._known(name)
        assert run is not None
        return web.json_response({"status": run.state, "output": self.link_of(run)})

    def link_of(self, run: Run) -> str:
        """Where its video is."""
        return f"{self.url}/video/{run.id}"

    def _history(self, request: web.Request) -> web.Response:
        if self._kills(request, "history"):
            return web.Response()
        if self.weather.provider_is_down:
            return web.Response(status=503)
        shown = self.shown() if request.query["page"] == "1" else []
        return web.json_response({"data": [self._told(run) for run in shown]})

    def _row(self, request: web.Request, name: uuid.UUID) -> web.Response:
        if self._kills(request, "row"):
            return web.Response()
        if self.weather.provider_is_down:
            return web.Response(status=503)
        for run in self.shown():
            if uuid.UUID(run.id) == name:
                return web.json_response({"data": self._told(run)})
        return web.json_response({"error": "no such request"}, status=404)

    def _told(self, run: Run) -> dict[str, object]:
        image_url, video_url, quality = run.inputs
        return {
            "request_id": run.id.replace("-", ""),
            "model_status": run.state,
            "generation_url": self.link_of(run) if run.state == "COMPLETED" else None,
            "credits_deduction": run.cost if run.state == "FAILED" else None,
            "created_at": run.created_at,
            "request_body": {"image_url": image_url, "video_url": video_url, "quality": quality},
        }

    def _video(self, request: web.Request, name: str) -> web.Response:
        if self._kills(request, "video"):
            return web.Response()
        if self.weather.files == "away":
            return web.Response(status=503)
        if self.weather.files == "broken":
            return web.Response(body=b"broken")
        [run] = [run for run in self.runs if run.id == name]
        self.fetched.add(self.job_id)
        return web.Response(body=self.video_of(run))

    def _file(self, request: web.Request, name: str) -> web.Response:
        """An attachment: its name tells its seconds, or that it is broken."""
        if self._kills(request, "file"):
            return web.Response()
        if self.weather.files == "away":
            return web.Response(status=503)
        return web.Response(body=name.partition("-")[0].encode())

    def handed_over(self, given: Inputs, is_young: bool) -> Inputs:
        """The motion by link while that is young and answers, else uploaded as the picture is."""
        is_link_good = is_young and self.weather.files != "away"
        motion = given[1] if is_link_good else self.asset_of(given[1])
        return self.asset_of(given[0]), motion, given[2]

    def asset_of(self, link: str) -> str:
        """Where an attachment is, once it has been uploaded: the same for the same bytes."""
        return f"{self.url}/asset/{link.rpartition('/')[2].partition('-')[0]}"

    def _upload(self, body: dict[str, list[str]]) -> web.Response:
        told = base64.b64decode(body["data_urls"][0].partition(",")[2]).decode()
        return web.json_response({"file_urls": [self.asset_of(told)]})


def _cut(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()
