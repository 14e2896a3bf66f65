"""The real bot between the local Discord and the local provider, all on one movable time."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr

from bot.app import run
from bot.gateway.shares import Share
from bot.settings import Settings
from engine.api.server import ProviderServer
from sandbox.clients.person import Json, PersonClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.model import State
from sandbox.discord.state.seed import seed_world
from sandbox.faults.injector import Faults
from tests.bot.databases import BUSY, Opened, beside, place_database, rows, url_of
from tests.bot.life import tasks
from tests.bot.life.kept import RenderOnce, samples
from tests.bot.life.pace import ProvidersClock, WorldClock
from tests.sandbox.openapi import mismatches

RUN_TIME_S = 40.0
PATIENCE_S = 90.0
TOKEN_LIFE_S = 15 * 60.0


class BotsClock:
    """The bot's clock: everybody's, and wrong by as much as somebody has set it."""

    def __init__(self, right: WorldClock) -> None:
        self._right = right
        self.wrong_by_s = 0.0

    def time(self) -> float:
        """Now, in unix seconds."""
        return self._right.time() + self.wrong_by_s

    def monotonic(self) -> float:
        """Seconds that only go on."""
        return self._right.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await self._right.sleep(seconds)


class Life:
    """One world; the bot is started and stopped by the test."""

    def __init__(self, folder: Path, *, run_time_s: float = RUN_TIME_S) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.share: Share | None = None
        self.clock = WorldClock()
        self._bots_clock = BotsClock(self.clock)
        self.world = seed_world(self.clock)
        self.clock.awaited = self._awaited
        self.faults = Faults()
        self.discord = DiscordServer(self.world, faults=self.faults)
        self._engine_clock = ProvidersClock(self.clock)
        self.provider = ProviderServer(
            plan=RenderOnce(is_plain=True),
            run_time_s=run_time_s,
            media_dir=folder / "provider",
            clock=self._engine_clock,
            middlewares=[self.faults.around("provider")],
        )
        self.picture, self.motion = samples(folder)
        self._stack = AsyncExitStack()
        self._discord_only = AsyncExitStack()
        self._bot: asyncio.Task[None] | None = None
        self._was_begun = False
        self._reader: Opened | None = None
        self._reading = ExitStack()
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Start both servers."""
        await self._discord_only.enter_async_context(self.discord)
        await self._stack.enter_async_context(self.provider)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the bot and both servers."""
        await self.stop()
        self._ended.set()
        await self._stack.aclose()
        await self._discord_only.aclose()
        if error is None:
            found = mismatches(self.discord.requests)
            assert not found, "\n".join(map(str, found))

    def settings(self, **changes: object) -> Settings:
        """The bot's settings in this world."""
        values: dict[str, Any] = {
            "discord_token": SecretStr(self.world.token),
            "discord_api_url": self.discord.api_url,
            "discord_gateway_url": self.discord.gateway_url,
            "segmind_api_key": SecretStr(self.provider.api_key),
            "segmind_api_url": self.provider.api_url,
            "segmind_history_url": self.provider.history_url,
            "segmind_upload_url": self.provider.upload_url,
            "segmind_credits_url": self.provider.credits_url,
            "engine_url": self.provider.files_url,
            "engine_key": SecretStr(self.provider.api_key),
            "data_dir": self.data,
            "database_url": url_of(Path(str(changes.get("data_dir", self.data)))),
        }
        return Settings(_env_file=None, **(values | changes))

    async def start(self, **changes: object) -> None:
        """Start the bot on this world's data, and wait until it is connected and can be asked."""
        self.begin(**changes)
        await self.until(lambda: self.bot_is_online and bool(self.world.commands))

    def begin(self, **changes: object) -> None:
        """Start the bot on this world's data."""
        self._stopping = asyncio.Event()
        settings = self.settings(**changes)
        self.prepare(settings.data_dir)
        self._was_begun = True
        running = run(settings, self._bots_clock, self._stopping, self.share)
        self._bot = asyncio.create_task(running)

    def prepare(self, folder: Path) -> None:
        """A database for a start; where nobody minds how soon that follows another one, so it."""
        place_database(folder)
        if not self.world.session_starts.is_paced:
            with beside(folder) as opened:
                opened.execute("DELETE FROM session_turns")

    @property
    def bot_is_online(self) -> bool:
        """Whether the bot is connected and identified."""
        return self.world.bot_id in self.world.online

    async def stop(self) -> None:
        """SIGTERM's way."""
        self._stopping.set()
        self._read_no_more()
        if self._bot is not None:
            await self._bot
            self._bot = None
        await self.until(lambda: not self.bot_is_online)

    async def lose_discord(self) -> None:
        """Discord is gone, and does not come back."""
        await self._discord_only.aclose()

    def forget(self) -> None:
        """The bot has ended by itself."""
        self._read_no_more()
        self._bot = None

    async def until(self, holds: Callable[[], bool], *, step_s: float = 0.0) -> None:
        """Wait until something holds; with `step_s`, time moves on by so much at each look.

        What a move sets off is done before the next one.
        """
        async with asyncio.timeout(PATIENCE_S):
            if step_s:
                await self.clock.until_quiet()
            while not holds():  # what is waited for lies in a file or a server
                if self._bot is not None and self._bot.done():
                    await self._bot
                if step_s:
                    self.advance(step_s)
                    await self.clock.until_quiet()
                else:
                    await asyncio.sleep(0.01)

    def _awaited(self) -> list[int]:
        """Whose first reply Discord waits for."""
        used = self.world.interactions.items()
        return [number for number, interaction in used if interaction.state is State.PENDING]

    async def never(self) -> None:
        """What does not come before this world ends."""
        await self._ended.wait()

    def advance(self, seconds: float) -> None:
        """Move everybody's time."""
        self.clock.advance(seconds)
        self._engine_clock.advance(seconds)
        if self._was_begun:
            tasks.move(self.rows, seconds)

    def noon(self) -> None:
        """Move on to the next noon (UTC), where a day would be over too soon."""
        self.advance(86400 - (self.clock.time() + 43200) % 86400)

    def set_bots_clock(self, wrong_by_s: float) -> None:
        """Somebody sets the clock of the bot's machine; for nobody does time pass."""
        self._bots_clock.wrong_by_s = wrong_by_s

    async def person(self, name: str) -> PersonClient:
        """Somebody with a Discord client."""
        client = PersonClient(self.discord.people_url, self.world.users[name].id)
        return await self._stack.enter_async_context(client)

    def channel(self, name: str) -> int:
        """A channel's id."""
        return self.world.channels[name].id

    async def mimic(self, person: PersonClient, channel: str = "general") -> int:
        """`/mimic` in 360p with the usual files."""
        files = {"image": self.picture, "video": self.motion}
        return await person.use(self.channel(channel), "mimic", {"quality": "360p"}, files)

    async def reaches(self, *states: str, step_s: float = 0.0) -> None:
        """Wait until the jobs are in these states, oldest first."""
        try:
            await self.until(lambda: self.states() == list(states), step_s=step_s)
        except TimeoutError:
            raise AssertionError(f"{self.states()} instead of {list(states)}") from None

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the bot's database holds at this moment."""
        if self._bot is None or self._stopping.is_set():  # it may be another one at the next look
            return rows(self.data, query, *values)
        if self._reader is None:
            self._reader = self._reading.enter_context(beside(self.data))
        return list(self._reader.execute(query, values).fetchall())

    def _read_no_more(self) -> None:
        self._reading.close()
        self._reader = None

    async def alter(self, query: str, *values: object) -> None:
        """Make the database as a crash would have left it, between two transactions."""
        async with asyncio.timeout(PATIENCE_S):
            while True:  # a bot in the middle of one needs this loop to come to its end
                try:
                    with beside(self.data, is_patient=False) as opened:
                        opened.execute(query, values)
                        return
                except BUSY as error:
                    if "lock" not in str(error):
                        raise
                await asyncio.sleep(0.01)

    def states(self) -> list[str]:
        """Each job's state, oldest first."""
        return [
            row[0] for row in self.rows("SELECT state FROM jobs ORDER BY created_at, origin_id")
        ]

    def money(self) -> list[str]:
        """The journal's kinds of entries, in order."""
        return [row[0] for row in self.rows("SELECT kind FROM entries ORDER BY id")]

    def job_id(self) -> str:
        """The only job's id."""
        [(job_id,)] = self.rows("SELECT id FROM jobs")
        return str(job_id)

    async def posts(self, person: PersonClient, channel_id: int) -> list[Json]:
        """The bot's messages with a video, or a link to one, that mention somebody."""
        return [
            message
            for message in await person.messages(channel_id)
            if message["author"].get("bot")
            and "our video is ready." in str(message)
            and not message["flags"] & 64  # told to one person alone, perhaps in answer to a post
        ]
