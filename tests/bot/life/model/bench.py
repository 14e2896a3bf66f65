"""The machine's bench: the bot and its model do the same, and are compared."""

import asyncio
import itertools
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from bot.core.jobs import Job
from bot.errors import DeliveryError, LedgerError, Refused
from tests.bot.life.model import books
from tests.bot.life.model.outside import HandClock, Outside
from tests.bot.life.model.program import Program
from tests.bot.life.model.reference import Dead, Reference
from tests.bot.life.model.told import Told
from tests.bot.local_server import serve

T = TypeVar("T")
START = 1_795_000_000.0
SERVERS, PEOPLE = (0, 1, 2), (11, 12, 13)
NUMBER = st.integers(0, 10**6)
COST = st.sampled_from([0.0, 0.0, 0.0, None, 0.4])
"""What the history says of a run that failed."""
RARELY = st.sampled_from([False, False, False, False, True])


class Bench(RuleBasedStateMachine):
    """Several people in several servers, and whoever looks after the bot."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.clock = HandClock(START)
        self.outside = Outside(self.clock)
        self.model = Reference(self.outside, self.clock)
        self.bot = Program(Path(self.folder.name), self.outside, self.clock)
        self.numbers = itertools.count(1000)
        self.copies: list[tuple[Job, int]] = []
        self.loop.run(self.open())

    async def open(self) -> None:
        """The world, and the bot's first start."""
        self.outside.url = await self.stack.enter_async_context(serve(self.outside.handle))
        await self.bot.open()

    def teardown(self) -> None:
        self.loop.run(self.bot.close())
        self.loop.run(self.stack.aclose())
        self.loop.close()
        self.folder.cleanup()

    def both(
        self,
        work: Coroutine[Any, Any, T],
        promised: Callable[[], object],
        *,
        job_id: str = "",
        death: str | None = None,
    ) -> T | None:
        """The bot does it, then the model; both refuse, die, or do it. Gives the bot's answer."""
        self.clock.passes(1.2)  # never just when a pause ends for those who only poll
        did: T | None = None
        refused = False
        try:
            lived, did = self.loop.run(self.bot.lives(work, job_id, death))
        except (Refused, LedgerError):
            lived, refused = True, True
        self.model.begins(death)
        self.model.bot_died = not lived
        try:
            stands = promised()
        except Dead:
            assert not lived, "the bot goes on where it should have been killed"
        else:
            assert lived, "the bot was killed where it should not have come to"
            assert refused == (stands is False)
        return did

    def pick(self, number: int, *states: str) -> Told:
        """One of the jobs, perhaps in one of these states."""
        found = [job for job in self.model.jobs.values() if not states or job.state in states]
        return found[number % len(found)]

    def has(self, *states: str) -> bool:
        """Whether there is one."""
        return any(not states or job.state in states for job in self.model.jobs.values())

    @property
    def has_more_to_do(self) -> bool:
        """Whether anything is still to be done, or told."""
        return any(not job.is_over for job in self.model.jobs.values())

    def advance(self, job: Told, death: str | None = None) -> None:
        """The runner looks at a job once; somebody else has just seen it and may act later."""
        seen = self.loop.run(self.bot.store.read.job(job.id))
        assert seen is not None
        self.copies.append((seen, job.age))

        async def work() -> None:
            try:
                await self.bot.runner.advance(job.id)
            except DeliveryError:
                assert self.outside.weather.discord_is_down

        stands = job.id in self.bot.discord.replies

        def promised() -> None:
            self.model.as_saved = self.loop.run(self.bot.store.read.job(job.id))
            self.model.advances(job, stands)

        self.both(work(), promised, job_id=job.id, death=death)
        books.compare(self.bot, self.model)  # several steps may end alike and differ on the way

    @invariant()
    def all_is_as_promised(self) -> None:
        """Jobs, wallets, journal, budget, the provider's bills and the files."""
        books.compare(self.bot, self.model)
        self.loop.run(books.ask(self.bot, self.model))
