"""What the playground adds to the side panel: the bot's life, the provider, everybody's time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.clock import MovableClock
from sandbox.discord.page.controls import Control, Kind, clock_control
from sandbox.discord.refusals import Refusal
from sandbox.programs.processes import ProgramError, Supervised
from sandbox.programs.shared_clock import tell, until_followed

TIMEOUT = aiohttp.ClientTimeout(total=10)
BOT_PATIENCE_S = 3.0
LOOK_EVERY_S = 0.25
DOUBT_S, DOUBT_READINGS = 15 * 60.0, 3
"""So long, and so often, the bot looks for a submit whose answer was lost."""

MODES = {
    "well": "works",
    "slow": "is ten times slower",
    "failing": "fails every video",
    "down": "is down",
}


class Panel:
    """Controls of a bot and of a provider, whose own controls are below `provider_url`.

    The bot goes by `clock_file`. `show` has everybody see how the controls are now.
    """

    def __init__(
        self,
        clock: MovableClock,
        clock_file: Path,
        bot: Supervised,
        show: Callable[[], Awaitable[object]],
    ) -> None:
        self._clock = clock
        self._clock_file = clock_file
        self._bot = bot
        self._show = show
        self._losing: asyncio.Task[None] | None = None
        self.provider_url = ""

    async def close(self) -> None:
        """Lose no more submits."""
        if self._losing is not None:
            self._losing.cancel()
            await asyncio.wait([self._losing])

    def controls(self) -> list[Control]:
        """All of them, for the page."""
        return [
            replace(
                clock_control(self._clock, self._advance),
                help="Moves everybody's time forward: links, tokens and deadlines end sooner, "
                "and credits renew.",
            ),
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
            Control(
                id="review",
                group="Provider",
                label="Lead the next video into review",
                help="Loses the answer to its submit, never lists it in the history, and then "
                "moves the clock on by the quarter of an hour for which the bot looks for it.",
                kind=Kind.SWITCH,
                apply=self._lose_next,
                value=self._is_losing,
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
        return (await self.ask_provider("mode"))["mode"]

    async def _set_mode(self, mode: str) -> None:
        await self.ask_provider("mode", {"mode": mode})

    async def _balance(self) -> object:
        return round((await self.ask_provider("credits"))["credits"], 2)

    async def _set_balance(self, credits: float) -> None:
        await self.ask_provider("credits", {"credits": credits})

    async def _is_losing(self) -> object:
        return self._losing is not None and not self._losing.done()

    async def _lose_next(self, is_on: bool) -> None:
        await self.close()
        await self.ask_provider("lost-submit", {"next": is_on})
        if is_on:
            self._losing = asyncio.create_task(self._lose())

    async def _lose(self) -> None:
        """Wait until a submit is lost and the bot has looked for it; then let the time pass."""
        with suppress(Refusal):
            while not await self._was_looked_for():  # noqa: ASYNC110 - in another process
                await asyncio.sleep(LOOK_EVERY_S)
            await self._advance(DOUBT_S)
        self._losing = None
        await self._show()

    async def _was_looked_for(self) -> bool:
        loss = await self.ask_provider("lost-submit")
        return not loss["next"] and loss["readings"] >= DOUBT_READINGS

    async def _advance(self, seconds: float) -> None:
        """Everybody's clock: the provider's, this Discord's and the bot's."""
        await self.ask_provider("clock", {"advance_s": seconds})
        self._clock.advance(seconds)
        tell(self._clock_file, self._clock.ahead_s)
        if self._bot.is_running:
            with suppress(TimeoutError):  # it is just starting, or about to end
                await until_followed(self._clock_file, BOT_PATIENCE_S)

    async def ask_provider(self, what: str, body: object = None) -> Any:
        """One of its own controls, which a body changes. Raises `Refusal` if it does not answer."""
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
