"""Discord's bad moments on demand: answers that fail, and a gateway that goes away."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from sandbox.discord.controls import Control, Kind
from sandbox.discord.doors import Handler
from sandbox.discord.gateway import Gateway

GROUP = "Discord"
NONE = "none"


@dataclass(frozen=True, slots=True)
class RestFault:
    """What becomes of a bot's REST call: whether it has its effect, and the answer it gets."""

    label: str
    has_effect: bool
    status: int

    async def answer(self) -> web.StreamResponse:
        """What the bot gets: not Discord's JSON, but what stands before it."""
        text = "upstream connect error or disconnect/reset before headers"
        return web.Response(status=self.status, text=text)


REST_FAULTS: Mapping[str, RestFault] = {
    "503-before": RestFault("503, and nothing happens", has_effect=False, status=503),
    "502-after": RestFault("502, though it has happened", has_effect=True, status=502),
}


class Faults:
    """`rest` is the fault that is on until it is set back: a key of `REST_FAULTS`, or "none"."""

    def __init__(self) -> None:
        self.rest = NONE

    @web.middleware
    async def strike(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Around every REST call of a bot's; a body is read first, as the real one does."""
        fault = REST_FAULTS.get(self.rest)
        if fault is None:
            return await handler(request)
        if fault.has_effect:
            await handler(request)
        await request.read()
        return await fault.answer()

    def controls(self, gateway: Gateway) -> list[Control]:
        """A tester's switches for all of this."""

        async def shown() -> str:
            return self.rest

        async def choose(name: str) -> None:
            self.rest = name

        async def drop(_: object) -> None:
            gateway.drop_all()

        async def invalidate(_: object) -> None:
            gateway.invalidate_all()

        return [
            Control(
                id="rest-fault",
                group=GROUP,
                label="Answers to the bot",
                help="Lets every call of the bot's fail until it is set back.",
                kind=Kind.CHOICE,
                apply=choose,
                value=shown,
                choices={
                    NONE: "as usual",
                    **{name: fault.label for name, fault in REST_FAULTS.items()},
                },
            ),
            Control(
                id="gateway-drop",
                group=GROUP,
                label="Drop the bot's connection",
                help="Closes the gateway; the bot should come back and miss nothing.",
                kind=Kind.BUTTON,
                apply=drop,
            ),
            Control(
                id="gateway-invalidate",
                group=GROUP,
                label="End the bot's session",
                help="Tells the bot that its session is gone; it should log in anew.",
                kind=Kind.BUTTON,
                apply=invalidate,
            ),
        ]
