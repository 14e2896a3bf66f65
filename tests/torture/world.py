"""The servers in this process, the bot as a process of its own, and one time for all of them."""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.cards.job import Button
from engine.api.clock import MovableClock as EngineClock
from engine.api.jobs import PLAIN, RenderPlan
from engine.api.server import ProviderServer
from sandbox.clients.transcript import text_of
from sandbox.clock import MovableClock
from sandbox.discord.server import DiscordServer
from sandbox.discord.state.model import (
    Channel,
    Interaction,
    InteractionType,
    Member,
    Message,
    State,
    User,
)
from sandbox.discord.state.seed import seed_world
from sandbox.faults.injector import Faults
from sandbox.programs.processes import Cast, Program
from sandbox.programs.shared_clock import tell
from tests.torture.databases import InFile, Kept, Row
from tests.torture.processes import Process, Processes

PAID = ("pixverse-mimic", "p-video-animate")
FREE = "draft"
OFFERED = (*PAID, FREE)
RUN_TIME_S = 2.0
NEWCOMERS = 10
CLOGGED = 4
GOING = "state IN ('rendering', 'fetching')"
AT_WORK = "state = 'fetching' OR (state = 'checking' AND source = 'slash')"
"""What takes real time, for real bytes: tokens must not die of a slow machine meanwhile."""

TOKEN_LIFE_S = 15 * 60.0

ROUND_S, OPEN_S = 5.0, 2.5
TICK_S = 0.25
SHORTEST_STEP_S, LONGEST_STEP_S, FASTER = 3.0, 600.0, 1.6
"""Time runs 12 times as fast while something happens, and ever faster while nothing does."""

LONGEST_OFFERED_STEP_S = 60.0
"""While an offer waits for a press: its day must not pass before a slow machine comes to it."""

UNPRESSED = "state = 'checking' AND source = 'message'"

SETTINGS = {
    "SEGMIND_REQUESTS_PER_MINUTE": "10000",
    "DAILY_BUDGET_CREDITS": "1000000",
    "ALLOWANCE_CREDITS": "2000",
    "DM_ALLOWANCE_CREDITS": "2000",
    "MAX_RUNNING": "8",
    "MAX_RUNNING_PER_PERSON": "2",
    "MAX_WAITING_PER_PERSON": "20",
    "DRAFTS_PER_DAY": "10000",
}


class World:
    """Use it with `async with`; its `processes` are the bot.

    The `provider` makes what is paid, and the `engine` drafts; the bot offers the models that are
    `offered`, on a process for each of the `roles`. Without a `database` that is a file's.
    """

    def __init__(
        self,
        folder: Path,
        faults: Faults,
        plan: RenderPlan = PLAIN,
        offered: Collection[str] = PAID[:1],
        database: Kept | None = None,
        roles: Sequence[str] = ("run",),
    ) -> None:
        self.folder = folder
        self.faults = faults
        self._offered = offered
        self.clock = MovableClock()
        self.discord = seed_world(self.clock)
        _populate(self)
        self.server = DiscordServer(self.discord, faults=faults)
        self._engine_clock = EngineClock()
        self.provider, self.engine = (
            ProviderServer(
                plan=plan,
                run_time_s=RUN_TIME_S,
                media_dir=folder / name,
                credits=1e6,
                clock=self._engine_clock,
                middlewares=[faults.around(name)],
            )
            for name in ("provider", "engine")
        )
        self.database = database or InFile(folder / "data")
        self.kills: Counter[str] = Counter()
        self._clock_file = folder / "clock"
        self._stack = AsyncExitStack()
        self.processes = Processes(self._process(n, role) for n, role in enumerate(roles, 1))

    async def __aenter__(self) -> Self:
        """Start the servers."""
        tell(self._clock_file, self.clock.ahead_s)
        await self._stack.enter_async_context(self.server)
        await self._stack.enter_async_context(self.provider)
        await self._stack.enter_async_context(self.engine)
        self._stack.enter_context(self.database)
        self._stack.push_async_callback(self.processes.kill)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the bot and the servers."""
        await self._stack.aclose()

    # --- the bot ------------------------------------------------------------------------------

    def settings(self) -> dict[str, str]:
        """The bot's, as it finds them in its environment."""
        cast = Cast(self.server.announcement(), self.provider.urls())
        engine = {"ENGINE_URL": self.engine.files_url, "ENGINE_KEY": self.engine.api_key}
        offered = {"MODELS": ", ".join(self._offered)}
        own = cast.bot_env(self.folder / "data") | self.database.settings
        return own | engine | offered | SETTINGS

    def _process(self, number: int, role: str) -> Process:
        name = "bot" if number == 1 else f"bot-{number}"
        made = Process(
            name,
            role,
            log_path=self.folder / f"{name}.log",
            clock_file=self._clock_file,
            env=self.settings,
        )
        made.is_excused = self.database.excuses
        return made

    @property
    def program(self) -> Program | None:
        """The first process of the bot."""
        return self.processes[0].program

    @property
    def blows(self) -> int:
        """How often a process, or the database's server, was struck by anything."""
        return self.database.struck + sum(process.struck for process in self.processes)

    async def kill(self, why: str, process: Process) -> bool:
        """SIGKILL; whether it ran, and was not being killed already."""
        if not await process.kill():
            return False
        self.kills[why] += 1
        return True

    @property
    def is_online(self) -> bool:
        """Whether the bot is connected and identified, and can be asked."""
        return self.discord.bot_id in self.discord.online and bool(self.discord.commands)

    # --- time ---------------------------------------------------------------------------------

    async def pass_time(self) -> None:
        """Move everybody's time while nobody waits for a first answer, which is due in 3 s.

        Nor while a process stands still: it is not to have stood so for longer than it did.
        """
        step_s, before = SHORTEST_STEP_S, None
        while True:
            await asyncio.sleep(TICK_S)
            is_one_still = any(process.is_still for process in self.processes)
            if not self.is_online or is_one_still or self._is_awaited():
                continue
            now = self.progress()
            is_slow = (
                now != before
                or bool(self.count(AT_WORK))
                or self._is_thinking()
                or not self.processes.are_well
            )
            longest_s = LONGEST_OFFERED_STEP_S if self.count(UNPRESSED) else LONGEST_STEP_S
            step_s = SHORTEST_STEP_S if is_slow else min(longest_s, step_s * FASTER)
            before = now
            self.advance(step_s)

    def advance(self, seconds: float) -> None:
        """Move everybody's time on."""
        self.clock.advance(seconds)
        self._engine_clock.advance(seconds)
        tell(self._clock_file, self.clock.ahead_s)
        self.database.pass_time(seconds)

    def _is_awaited(self) -> bool:
        newest = list(self.discord.interactions.values())[-30:]
        return any(interaction.state is State.PENDING for interaction in newest)

    def _is_thinking(self) -> bool:
        """Whether somebody's reply has yet to be filled in: the bot needs real time for that, too.

        A reply that it forgets thinks until its token dies, all the same.
        """
        now = self.clock.time()
        return any(
            interaction.state is State.DEFERRED
            for interaction in self.discord.interactions.values()
            if asks(interaction) and now - interaction.created_at < TOKEN_LIFE_S
        )

    # --- what can be seen ---------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[Row]:
        """What the bot's database holds at this moment; nothing before there is one."""
        return self.database.rows(query, values)

    def progress(self) -> object:
        """Something that changes with every step that any job takes."""
        return self.rows("SELECT count(*), sum(revision), count(card_shown) FROM jobs")

    def count(self, where: str) -> int:
        """How many jobs there are of which this holds."""
        found = self.rows(f"SELECT count(*) AS number FROM jobs WHERE {where}")
        return int(found[0]["number"]) if found else 0

    @property
    def is_open(self) -> bool:
        """Whether people do something now, and the bot may be killed.

        They pause again and again, and while many wait and none gets on (their submits are in
        doubt): time runs faster the less happens, and it is all that can settle a doubt.
        """
        is_pause = asyncio.get_running_loop().time() % ROUND_S > OPEN_S
        return self.processes.hear and not is_pause and self.is_online and not self._is_clogged()

    def _is_clogged(self) -> bool:
        waiting, going = self.count("state = 'queued'"), self.count(GOING)
        return waiting >= CLOGGED and not going

    def messages(self) -> list[Message]:
        """Every message of the bot's, wherever it is, also those that one person alone can see."""
        channels = [*self.discord.channels.values(), *self.discord.dms.values()]
        return [
            message
            for channel in channels
            for message in channel.messages.values()
            if message.author_id == self.discord.bot_id
        ]


def asks(interaction: Interaction) -> bool:
    """Whether it asks for a video: by the command, or by the button of a draft."""
    if interaction.type is InteractionType.COMMAND:
        return interaction.data.get("name") == "mimic"
    pressed = str(interaction.data.get("custom_id", ""))
    return pressed.startswith(f"marionette:{Button.MAKE}:")


def text(message: Message) -> str:
    """All that is written in a message."""
    return text_of({"content": message.content, "components": message.components})


def _populate(world: World) -> None:
    """More people in the studio, and channels enough that its rate limits do not rule."""
    discord, studio = world.discord, world.discord.guilds["studio"]
    for number in range(NEWCOMERS):
        user = User(studio.id + 1000 + number, f"guest{number}", f"Guest {number}")
        discord.users[user.username] = user
        studio.members[user.id] = Member(user.id, [], 0.0)
    general = discord.channels["general"]
    for number in range(6):
        channel = Channel(
            studio.id + 50 + number, general.type, f"stage{number}", studio.id, number
        )
        studio.channel_ids.append(channel.id)
        discord.channels[channel.name] = channel
