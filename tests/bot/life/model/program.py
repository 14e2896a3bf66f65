"""The bot beside the model: its own store, service, moderation and runner, which only steps."""

import asyncio
import itertools
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import discord
from discord.ext import commands
from sqlalchemy import Connection, event

from bot.accounts.authors import Authors
from bot.accounts.members import DiscordMembers
from bot.accounts.messages import LinkedMessages
from bot.accounts.wallets import Wallets
from bot.alarms import Alarms
from bot.core.accounts import Member
from bot.core.actions import ActionKind
from bot.core.jobs import DEFAULT_MODEL, Delivered, Job
from bot.core.models import Rates
from bot.core.rules import OperatorLimits
from bot.errors import DeliveryError, Fact, Problem, Refused
from bot.gateway.client import ShardedBot
from bot.jobs.disk import Disk
from bot.jobs.files import Files
from bot.jobs.forecast import Forecast
from bot.jobs.given.sight import Sight
from bot.jobs.given_up import GivenUp
from bot.jobs.inputs import Inputs
from bot.jobs.intake import Intake, Reply
from bot.jobs.library.sharing import SharedLinks
from bot.jobs.live import LiveJobs
from bot.jobs.lookups import Lookups
from bot.jobs.renders import Renders
from bot.jobs.runner import Runner
from bot.jobs.strays.runs import Strays
from bot.jobs.submits import Submits
from bot.jobs.upload_limit import Videos
from bot.media.downloads import Downloads
from bot.media.inspect import Media, VideoFacts
from bot.provider.breakers import Breakers
from bot.provider.limiter import RateLimiter
from bot.provider.providers import Providers
from bot.provider.segmind.client import Segmind
from bot.services.moderation import Moderation
from bot.services.requests import RequestService
from bot.store.books import Reconciliation
from bot.store.database import Database
from bot.store.people.shelves import Shelves
from bot.store.store import Store
from tests.bot.databases import place_database
from tests.bot.life.model.outside import Fate, HandClock, Killed, Outside
from tests.bot.life.model.purses import BUDGET, HOUSES, MOST_RUNNING, MOST_WAITING, RATES, Laid

T = TypeVar("T")


THE_HOUSE = OperatorLimits(
    allowance_credits=0,
    dm_allowance_credits=HOUSES[0].allowance,
    daily_budget_credits=BUDGET,
    max_running=MOST_RUNNING.of_all,
    max_running_per_person=MOST_RUNNING.of_one,
    max_waiting=MOST_WAITING.of_all,
    max_waiting_per_person=MOST_WAITING.of_one,
)


def _unasked(clock: HandClock, store: Store) -> LinkedMessages:
    """Nobody in the model gives a link."""
    client = ShardedBot(commands.when_mentioned, intents=discord.Intents.none())
    members, authors = DiscordMembers(client, clock.monotonic), Authors(client, store)
    return LinkedMessages(client, members, authors, clock)


class Decoder(Media):
    """No process is started for each of thousands of files: a file's text is its facts."""

    async def _look(self, task: str, path: Path, name: str, cpu_s: int) -> Mapping[str, Fact]:
        said = (await asyncio.to_thread(path.read_text)).split(" ")[0]
        if said == "broken":
            raise Refused(Problem.DAMAGED_IMAGE if task == "image" else Problem.DAMAGED_VIDEO)
        return {
            "format": "PNG",
            "width": 8,
            "height": 8,
            "duration_s": float(said),
            "has_more": False,
            "is_other": False,
            "given_as": "",
            "frames": 1,
        }

    async def rewrite(
        self,
        path: Path,
        name: str,
        person_id: int = 0,
        *,
        facts: VideoFacts,
        start_s: float = 0.0,
        length_s: float | None = None,
        is_offer: bool = False,
    ) -> VideoFacts:
        assert length_s is not None, "only parts are written here"
        await asyncio.to_thread(path.write_text, f"{length_s:g}")
        return replace(facts, duration_s=length_s)


class Discord:
    """All that the jobs' life needs of it: replies that stand, posts that are taken, members."""

    def __init__(self, outside: Outside, clock: HandClock) -> None:
        self.outside = outside
        self.clock = clock
        self.replies: dict[str, int] = {}
        self.numbers = itertools.count(1)

    async def find_reply(self, job: Job) -> Reply | None:
        """The reply, if it stands."""
        message_id = self.replies.get(job.id)
        return None if message_id is None else Reply(message_id, is_ours=True)

    async def member_in(self, person_id: int, servers: Sequence[int]) -> dict[int, Member | None]:
        """The same for each."""
        return {server_id: await self.member(person_id, server_id) for server_id in servers}

    async def is_in_any(self, person_id: int, servers: frozenset[int]) -> bool:
        """Everybody is."""
        return True

    async def member(self, person_id: int, server_id: int, trusted_s: float = 0) -> Member | None:
        """Who has not left; nobody has roles."""
        return None if (server_id, person_id) in self.outside.left else Member(frozenset())

    def seen(self, person_id: int, server_id: int, member: Member | None) -> None:
        """There is nothing to learn."""

    def server_name(self, server_id: int) -> str:
        """What a server is called."""
        return f"server {server_id}"

    def is_at_work(self, _: str) -> bool:
        """Cards have no time of their own here."""
        return False

    def wake(self, job_id: str) -> None:
        """No cards are drawn here."""

    async def pause(self) -> None:
        """Nobody waits for an answer."""


class Post:
    """The last rung of the ladder: a video is kept, unless Discord is down."""

    def __init__(self, store: Store, outside: Outside, clock: HandClock) -> None:
        self._store = store
        self._outside = outside
        self._clock = clock

    async def deliver(self, job: Job) -> None:
        """Raises `DeliveryError`."""
        if self._outside.weather.discord_is_down:
            raise DeliveryError("Discord is down")
        await self._store.delivered(job, Delivered.KEPT, None, self._clock.time())

    async def give(self, job: Job) -> None:
        """A notice, unless Discord is down. Raises `DeliveryError`."""
        if self._outside.weather.discord_is_down:
            raise DeliveryError("Discord is down")
        await self._store.notice_given(job, Delivered.CHANNEL, 7)


class Program:
    """One run of the program; `restart` makes the next one from what is on disk."""

    def __init__(self, folder: Path, outside: Outside, clock: HandClock) -> None:
        self.folder = folder
        self.outside = outside
        self.clock = clock
        self.discord = Discord(outside, clock)
        self.fate = Fate()
        self._stack = AsyncExitStack()
        self._runs = 0

    async def open(self) -> None:
        """Start on the folder's data."""
        enter, outside, clock = self._stack.enter_async_context, self.outside, self.clock
        url = place_database(self.folder)
        self.database = await enter(await Database.open(url, exclusive=True))
        event.listen(self.database.writer.engine, "commit", self._commits)
        session = await enter(aiohttp.ClientSession())
        downloads = await enter(Downloads())
        self.store, self.audit = Store(self.database, THE_HOUSE), Reconciliation(self.database)
        self.limiter = RateLimiter(clock, 10**6)
        providers = Providers(
            {
                "segmind": Segmind(
                    session,
                    api_key="key",
                    api_url=f"{outside.url}/v2",
                    history_url=f"{outside.url}/history",
                    upload_url=f"{outside.url}/upload",
                    credits_url=f"{outside.url}/credits",
                    limiter=self.limiter,
                    now=clock.time,
                )
            }
        )
        self.files, self.breakers, media = Files(self.folder), Breakers(clock), Decoder()
        self.jobs = LiveJobs(self.store)
        await self.jobs.load()  # what is here at the start, as the runner reads it
        self.alarms = Alarms()
        self.lookups = Lookups(self.alarms, clock)
        self.forecast = Forecast(
            store=self.store,
            jobs=self.jobs,
            breakers=self.breakers,
            lookups=self.lookups,
            rates=Rates({DEFAULT_MODEL: RATES}),
            clock=clock,
            keep_days=14,
        )
        self.given_up = GivenUp(
            store=self.store,
            providers=providers,
            lookups=self.lookups,
            clock=clock,
        )
        if not self._runs:
            for server in (1, 2):
                await self.lay_down(server, HOUSES[server])
        self.wallets = Wallets(
            store=self.store,
            members=self.discord,
            rates=Rates({DEFAULT_MODEL: RATES}),
            clock=clock,
            is_down=lambda model: self.breakers.of(model).is_open,
        )
        self._runs += 1
        self.runner = self._runner(providers, downloads, media)
        await self.runner.stop()  # nobody is followed: the machine says whose turn it is
        self.service = RequestService(
            store=self.store,
            runner=self.runner,
            wallets=self.wallets,
            outlook=self.forecast.outlook,
            videos=Videos(self.files, media),
            clock=clock,
        )
        self.moderation = Moderation(
            store=self.store, providers=providers, wake=self.runner.wake, clock=clock
        )

    async def lay_down(self, server: int, limits: Laid) -> None:
        """A moderator sets what a server gives."""
        changes = {"allowance_credits": limits.allowance, "period": limits.period}
        await self.store.rulebook.set_rules(
            server, changes, kind=ActionKind.ALLOWANCE, actor_id=1, reason="so", at=self.clock.at
        )

    def _runner(self, providers: Providers, downloads: Downloads, media: Media) -> Runner:
        store, files, breakers, clock = self.store, self.files, self.breakers, self.clock
        alarms = self.alarms
        post = Post(store, self.outside, clock)
        return Runner(
            store=store,
            jobs=self.jobs,
            intake=Intake(
                sight=Sight(
                    providers,
                    self._inputs(providers, downloads, media),
                    Rates({DEFAULT_MODEL: RATES}),
                    clock,
                ),
                store=store,
                downloads=downloads,
                media=media,
                files=files,
                disk=Disk(
                    store=store,
                    files=files,
                    clock=clock,
                    alarms=alarms,
                    limit_bytes=None,
                ),
                replies=self.discord,
                wallets=self.wallets,
                messages=_unasked(clock, store),
                rates=Rates({DEFAULT_MODEL: RATES}),
                clock=clock,
                supplier=self.outside.url,
            ),
            breakers=breakers,
            submits=self._submits(providers, downloads, media),
            renders=Renders(
                store=store,
                jobs=self.jobs,
                providers=providers,
                downloads=downloads,
                media=media,
                files=files,
                forecast=self.forecast,
                breakers=breakers,
                alarms=alarms,
                clock=clock,
            ),
            given_up=self.given_up,
            delivery=post,
            notices=post,
            cards=self.discord,
            pause=self.discord.pause,
            files=files,
            clock=clock,
            keep_days=14,
        )

    def _inputs(self, providers: Providers, downloads: Downloads, media: Media) -> Inputs:
        return Inputs(
            downloads=downloads,
            providers=providers,
            media=media,
            files=self.files,
            clock=self.clock,
            supplier=self.outside.url,
            shared=SharedLinks(
                shelves=Shelves(self.store.database), downloads=downloads, clock=self.clock
            ),
        )

    def _submits(self, providers: Providers, downloads: Downloads, media: Media) -> Submits:
        store, files, clock = self.store, self.files, self.clock
        return Submits(
            store=store,
            jobs=self.jobs,
            providers=providers,
            inputs=self._inputs(providers, downloads, media),
            files=files,
            breakers=self.breakers,
            lookups=self.lookups,
            strays=Strays(
                store=store,
                jobs=self.jobs,
                providers=providers,
                downloads=downloads,
                files=files,
                lookups=self.lookups,
                clock=clock,
            ),
            alarms=self.alarms,
            clock=clock,
            run_id=f"run {self._runs}",
        )

    async def close(self) -> None:
        """End; what is on disk stays."""
        await self._stack.aclose()

    async def restart(self) -> None:
        """End and start again."""
        await self.close()
        await self.open()

    def _commits(self, _: Connection) -> None:
        if self.fate.commits():
            raise Killed

    async def lives(
        self, work: Coroutine[Any, Any, T], job_id: str, point: str | None
    ) -> tuple[bool, T | None]:
        """Do this, perhaps not to its end: whether the bot lives, and what came of it.

        A bot that died has been started again. Raises what the work raises.
        """
        self.fate = Fate(point)
        step = asyncio.create_task(work)
        self.outside.begin_step(step, job_id, self.fate)
        try:
            return True, await step
        except (Killed, asyncio.CancelledError):
            self.fate = Fate()
            await self.restart()
            return False, None
        finally:
            self.fate = Fate()
