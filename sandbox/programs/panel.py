"""What the playground adds to the page's side panel: the bot's life, the provider, both clocks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp

from sandbox.clock import MovableClock
from sandbox.discord.page.controls import Control, Kind, clock_control
from sandbox.discord.refusals import Refusal
from sandbox.programs.processes import ProgramError, Supervised

TIMEOUT = aiohttp.ClientTimeout(total=10)
MODES = {
    "well": "works",
    "slow": "is ten times slower",
    "failing": "fails every video",
    "down": "is down",
}


class Panel:
    """Controls of a bot and of a provider, whose own controls are below `provider_url`."""

    def __init__(self, clock: MovableClock, bot: Supervised) -> None:
        self._clock = clock
        self._bot = bot
        self.provider_url = ""

    def controls(self) -> list[Control]:
        """All of them, for the page."""
        return [
            clock_control(self._clock, self._advance),
            Control.button(
                *("bot-restart", "Bot", "Restart the bot"),
                "Lets it end in order and starts it again, as for a new version.",
                self._restart_bot,
            ),
            Control.button(
                *("bot-kill", "Bot", "Kill the bot"),
                "Ends it at once, as a power cut would, and leaves it off.",
                self._kill_bot,
            ),
            Control.button(
                *("bot-start", "Bot", "Start the bot"),
                "Starts it after it was killed or has ended.",
                self._start_bot,
            ),
            Control(
                id="provider-mode",
                group="Provider",
                label="The provider",
                help="Decides what becomes of videos, those on the way too.",
                kind=Kind.CHOICE,
                apply=self._set_mode,
                value=self._mode,
                choices=MODES,
            ),
            Control(
                id="provider-balance",
                group="Provider",
                label="Balance at the provider",
                help="At 0 the provider takes no more videos.",
                kind=Kind.NUMBER,
                apply=self._set_balance,
                value=self._balance,
                unit="$",
            ),
        ]

    async def _restart_bot(self) -> None:
        with _refusing():
            await self._bot.restart()

    async def _kill_bot(self) -> None:
        await self._bot.kill()

    async def _start_bot(self) -> None:
        with _refusing():
            await self._bot.start()

    async def _mode(self) -> object:
        return (await self._ask_provider("mode"))["mode"]

    async def _set_mode(self, mode: str) -> None:
        await self._ask_provider("mode", {"mode": mode})

    async def _balance(self) -> object:
        return round((await self._ask_provider("credits"))["credits"], 2)

    async def _set_balance(self, credits: float) -> None:
        await self._ask_provider("credits", {"credits": credits})

    async def _advance(self, seconds: float) -> None:
        """Both servers' clocks; the bot goes by the real time."""
        await self._ask_provider("clock", {"advance_s": seconds})
        self._clock.advance(seconds)

    async def _ask_provider(self, what: str, body: object = None) -> Any:
        method = "GET" if body is None else "POST"
        try:
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT) as session,
                session.request(method, f"{self.provider_url}/{what}", json=body) as reply,
            ):
                return await reply.json()
        except (aiohttp.ClientError, TimeoutError):
            raise Refusal(
                "The provider does not answer: if that lasts, start the playground again."
            ) from None


@contextmanager
def _refusing() -> Iterator[None]:
    """What a program does not do is told to whoever pressed the button."""
    try:
        yield
    except ProgramError as error:
        raise Refusal(str(error)) from None
