"""What the end-to-end tests do on the local world, and what they look at afterwards."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from playwright.async_api import Page

from sandbox.clients.browser import Reader
from sandbox.clients.person import Json, PersonClient
from sandbox.clients.transcript import buttons_of, text_of
from sandbox.programs.processes import Cast, Program
from tests.media_samples import make_motion, make_picture

LONG_S = 150.0
"""A run that has just been asked after is asked after again half a minute later."""


class Stage:
    """A world, the bot in it, and the people; use it with `async with`."""

    def __init__(self, cast: Cast, folder: Path) -> None:
        self.cast = cast
        self.folder = folder
        self.data = folder / "data"
        self.channels: dict[str, int] = cast.discord["channels"]
        self.users: dict[str, int] = cast.discord["users"]
        self.picture = folder / "subject.jpg"
        self.motion = folder / "motion.mp4"
        self._stack = AsyncExitStack()
        self._http: aiohttp.ClientSession | None = None
        self._bots: list[Program] = []

    async def __aenter__(self) -> Self:
        """Draw the two files that most tests send."""
        make_picture(self.picture)
        make_motion(self.motion)
        self._http = await self._stack.enter_async_context(aiohttp.ClientSession())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop every bot; a failed test shows the last one's log."""
        for bot in self._bots:
            await bot.stop()
        await self._stack.aclose()
        if error is not None and self._bots:
            error.add_note(f"The bot's log:\n{self._bots[-1].log()}")

    async def bot(self, **settings: str) -> Program:
        """Start the bot on this world's data, and wait until its commands are there."""
        env = self.cast.bot_env(self.data) | settings
        program = await Program.start("bot", "run", log_path=self.folder / "bot.log", env=env)
        self._bots.append(program)
        before = _logins(program.log_path)
        await self._until(lambda: self._has_logged_in(program, before))
        return program

    async def visit(self, page: Page, name: str, channel: str) -> Reader:
        """Somebody opens the page in a channel."""
        reader = Reader(page)
        await reader.open(self.cast.discord["page_url"], self.users[name], self.channels[channel])
        return reader

    async def person(self, name: str) -> PersonClient:
        """Somebody with a Discord client, until the test ends."""
        client = PersonClient(self.cast.discord["people_url"], self.cast.discord["users"][name])
        return await self._stack.enter_async_context(client)

    async def mimic(
        self,
        person: PersonClient,
        channel: str = "general",
        *,
        image: Path | None = None,
        video: Path | None = None,
    ) -> int:
        """`/mimic` in 360p, with the usual files or others."""
        files = {"image": image or self.picture, "video": video or self.motion}
        return await person.use(self.channels[channel], "mimic", {"quality": "360p"}, files)

    async def provider(self, method: str, what: str, body: Json | None = None) -> Any:
        """One of the provider's own control routes."""
        assert self._http is not None
        url = f"{self.cast.provider['control_url']}/{what}"
        async with self._http.request(method, url, json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def accepted(self) -> int:
        """How many submits the provider has accepted, and will bill."""
        return len(await self.provider("GET", "accepted"))

    async def reaches(self, *states: str) -> None:
        """Wait until the jobs are in these states, oldest first."""
        await self._until(lambda: self.states() == list(states))

    async def _until(self, holds: Callable[[], bool]) -> None:
        """What another process has done shows in its files alone, and announces nothing."""
        async with asyncio.timeout(90):
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def _has_logged_in(self, program: Program, before: int) -> bool:
        assert program.process.returncode is None, program.log()
        return _logins(program.log_path) > before

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the bot's database holds at this moment."""
        with closing(sqlite3.connect(self.data / "marionette.db")) as database:
            return database.execute(query, values).fetchall()

    def states(self) -> list[str]:
        """Each job's state, oldest first."""
        return [row[0] for row in self.rows("SELECT state FROM jobs ORDER BY created_at")]

    def money(self) -> list[str]:
        """The journal's kinds of entries, in order."""
        return [row[0] for row in self.rows("SELECT kind FROM entries ORDER BY id")]


def _logins(log_path: Path) -> int:
    """How often a bot has come online with its commands."""
    log = log_path.read_text()
    return min(log.count("has connected to Gateway"), log.count("the commands are there"))


def says(*words: str, to: int | None = None) -> Callable[[Json], bool]:
    """An event whose message says all of this, in answer to a certain person's command."""

    def fits(event: Json) -> bool:
        message = event.get("message") or {}
        cause = message.get("interaction_metadata") or {"user": {"id": None}}
        text = text_of(message)
        meant = to is None or cause["user"]["id"] == str(to)
        return bool(text) and meant and all(word in text for word in words)

    return fits


def is_video(event: Json) -> bool:
    """The finished post."""
    message = event.get("message")
    return event["type"] == "message_create" and bool(message and message["attachments"])


def posts(messages: list[Json]) -> list[Json]:
    """The finished posts among a channel's messages."""
    return [message for message in messages if message["author"].get("bot") and _has_video(message)]


def _has_video(message: Json) -> bool:
    return any(file["filename"].endswith(".mp4") for file in message["attachments"])


def button(message: Json, label: str) -> str:
    """The `custom_id` of the button whose label begins like this."""
    found = [value for name, value in buttons_of(message).items() if name.startswith(label)]
    assert found, f"no button {label} on: {text_of(message)}"
    return found[0]
