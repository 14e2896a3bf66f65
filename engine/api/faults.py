"""The provider's bad times and odd habits on demand: slow runs, late rows, strange answers."""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Literal, get_args

from aiohttp import web

from engine.api.clock import MovableClock

SLOWNESS = 10.0
API_PATHS = ("/v1/", "/v2/", "/inference-request/", "/upload-asset", "/look")
Subject = Literal["person", "nobody"]
Motion = Literal["person", "nobody", "several"]
Failure = Literal["unknown", "no subject", "no person", "moderated", "busy", "parameter"]
FAILURES: Mapping[Failure, str] = {
    "unknown": "Generation failed: the model could not follow the motion in the reference video",
    "no subject": "701002: No clear subject was found in the image",
    "no person": "Validation error: no person was detected in the reference video",
    "moderated": "Generation failed with status 7: content moderation",
    "busy": "500044: Too many generations at once",
    "parameter": "400017: Invalid parameter: quality",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Mode(StrEnum):
    """How the provider does; when failing every run ends FAILED, when down nothing answers."""

    WELL = "well"
    SLOW = "slow"
    FAILING = "failing"
    DOWN = "down"


@dataclass(frozen=True)
class Habits:
    """How the answers look that are right: every variant that a client must take.

    A history row appears `history_late_s` after its submit, `history_copies` times (each but the
    last one as the run began), and not at all for what is accepted while `history_loses` is on.
    `status` answers every poll so; `failure` is why runs fail while the mode is so; `failed_word`
    is what a run that failed is called, and one by another name than FAILED is no 422;
    `result_gone` makes results a 404 though the status said COMPLETED; `seen_…` is who a server
    sees that transfers no motion. The rest says in which shape a result or a row is told,
    `nothing` leaving it out, and `failures too` billing what failed.
    """

    history_late_s: float = 0.0
    history_copies: int = 1
    history_loses: bool = False
    history_ids: Literal["dashed", "undashed"] = "dashed"
    history_inputs: Literal["object", "text"] = "object"
    history_deduction: Literal["full", "failures too", "nothing"] = "full"
    status: Literal["as usual", "404", "500"] = "as usual"
    failed: Literal["422", "200"] = "422"
    failure: Failure = "unknown"
    failed_word: Literal["FAILED", "CANCELLED", "EXPIRED", "KAPUTT"] = "FAILED"
    result_gone: bool = False
    seen_subject: Subject = "person"
    seen_motion: Motion = "person"
    output: Literal["text", "list", "object", "nothing"] = "text"
    video: Literal["object", "text", "nothing"] = "object"
    metrics: Literal["full", "empty", "null", "nothing"] = "full"
    final_status: bool = True

    def changed(self, values: Mapping[str, object]) -> "Habits":
        """These, with some set anew. Raises `HabitError`."""
        known = {field.name: field for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise HabitError(f"{name} is none of {', '.join(known)}")
            if reason := _misfit(known[name].type, known[name].default, value):
                raise HabitError(f"{name} must be {reason}")
        return replace(self, **values)  # type: ignore[arg-type]  # each was just looked at


class HabitError(Exception):
    """There is no such habit, or it takes no such value."""


def _misfit(kind: object, default: object, value: object) -> str | None:
    """What a value would have to be, if it does not fit."""
    if choices := get_args(kind):
        return None if value in choices else f"one of {', '.join(choices)}"
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, int):
        fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 100
        return None if fits else "a whole number from 1 to 100"
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
        return None
    return "a number, 0 or more"


class Faults:
    """The mode and the habits, until others are set; each part of the server asks for them.

    While `loses_next` is set, the next accepted submit gets no answer and no row in the history.
    `readings` counts how often the history's list was read since the last such loss.
    """

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock
        self.mode = Mode.WELL
        self.habits = Habits()
        self.loses_next = False
        self.readings = 0

    def take_loss(self) -> bool:
        """Whether the submit that is just being accepted is the one that gets lost."""
        is_lost, self.loses_next = self.loses_next, False
        if is_lost:
            self.readings = 0
        return is_lost

    def set(self, mode: Mode) -> None:
        """Switch, also for the runs under way."""
        self.mode = mode
        self._clock.wake()

    @property
    def slowness(self) -> float:
        """How many times its usual time a run takes."""
        return SLOWNESS if self.mode is Mode.SLOW else 1.0

    @property
    def failure(self) -> str | None:
        """Why a run that ends now has failed, if it has."""
        return FAILURES[self.habits.failure] if self.mode is Mode.FAILING else None

    @web.middleware
    async def strike(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Around every request to the API; the files' host and the controls are spared."""
        if self.mode is not Mode.DOWN or not request.path.startswith(API_PATHS):
            return await handler(request)
        await request.read()
        page = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
        return web.Response(status=503, text=page, content_type="text/html")
