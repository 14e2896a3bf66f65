"""The provider's bad times on demand: slow runs, failing runs, or no answers at all."""

from collections.abc import Awaitable, Callable
from enum import StrEnum

from aiohttp import web

from engine.clock import MovableClock

SLOWNESS = 10.0
API_PATHS = ("/v1/", "/v2/", "/inference-request/", "/upload-asset")
FAILURE = "Generation failed: the model could not follow the motion in the reference video"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Mode(StrEnum):
    """How the provider does; when failing every run ends FAILED, when down nothing answers."""

    WELL = "well"
    SLOW = "slow"
    FAILING = "failing"
    DOWN = "down"


class Faults:
    """The mode, until another is set; what each part of the server asks before it goes on."""

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock
        self.mode = Mode.WELL

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
        return FAILURE if self.mode is Mode.FAILING else None

    @web.middleware
    async def strike(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Around every request to the API; the files' host and the controls are spared."""
        if self.mode is not Mode.DOWN or not request.path.startswith(API_PATHS):
            return await handler(request)
        await request.read()
        page = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
        return web.Response(status=503, text=page, content_type="text/html")
