"""The only wiring: opens the store, the clients and Discord, loads the cogs, starts the runner."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import discord
import structlog
from discord.ext import commands

from bot.accounts.authors import Authors
from bot.accounts.languages import Languages
from bot.accounts.members import DiscordMembers
from bot.accounts.messages import LinkedMessages
from bot.accounts.wallets import Wallets
from bot.alarms import Alarms
from bot.cards.parts import COMMANDS
from bot.cards.progress.stages import MARKS
from bot.clock import Clock, Stillness, cancel
from bot.connection import Connection, WholeRequests, aim
from bot.delivery.doors import Doors
from bot.errors import SettingsError
from bot.faces import load_cogs, place_services
from bot.gateway.pace import Pace
from bot.gateway.shares import Share
from bot.jobs.files import Files
from bot.jobs.forecast import Forecast
from bot.jobs.given.newcomers import Newcomers
from bot.jobs.live import LiveJobs
from bot.jobs.lookups import Lookups
from bot.jobs.runner import Runner
from bot.jobs.spread.runs import SharedRequests
from bot.jobs.upload_limit import Videos
from bot.marks import StageMarks
from bot.media.inspect import Media
from bot.peers.overlap import Overlap
from bot.peers.presence import Presence, Work
from bot.provider.breakers import Breakers
from bot.provider.connect import providers
from bot.services.crowd import Crowd
from bot.settings import Settings
from bot.store.database import Backups, Database
from bot.store.group_commit import Changes
from bot.store.people.shelves import Shelves
from bot.store.processes.session_turns import SessionTurns
from bot.store.processes.taken_events import TakenEvents
from bot.store.store import Store
from bot.telemetry import Health, LoopLag
from bot.wiring import (
    Parts,
    Told,
    disk_of,
    downloads_of,
    newcomers_of,
    peers_of,
    runner_of,
    told_through,
)
from cogs.shared.door import Tree
from cogs.shared.interactions import Bot

if TYPE_CHECKING:
    from bot.jobs.leading.shared import Shared

log = structlog.get_logger()

FINISHED_WITHIN_S = 10.0
"""What somebody has asked for before a stop."""


@dataclass(frozen=True, slots=True)
class Working:
    """`run` it until a stop."""

    runner: Runner
    beside: list[Work]
    overlap: Overlap
    crowd: Crowd

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`; then what was begun may end: answers, the runner's steps, the rest."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work()) for work in (self.runner.run, *self.beside)]
            try:
                await stopping.wait()
                await self._leave()
            finally:  # also when one of them has failed: a submit on its way is to end
                await self.runner.stop()
            await cancel(tasks)

    async def _leave(self) -> None:
        """Begin nothing more that somebody asks for, and end what was begun."""
        await self.overlap.leave()
        await self.crowd.until_idle(FINISHED_WITHIN_S)


async def run(
    settings: Settings,
    clock: Clock,
    stopping: asyncio.Event,
    share: Share | None = None,
) -> None:
    """Run until `stopping`: all of the bot, a share of its shards, or without any as a worker.

    Where processes share the database, one with shards of its own leaves the jobs to others.
    Raises `SettingsError`, `StoreError`, `MarionetteError`, in groups.
    """
    COMMANDS.set({})
    MARKS.set([])
    async with AsyncExitStack() as stack:
        working = await _wire(settings, clock, stack, share)
        await working.run(stopping)
    log.info("stopped", advice="Unfinished jobs go on at the next start, or elsewhere.")


async def _wire(
    settings: Settings, clock: Clock, stack: AsyncExitStack, share: Share | None
) -> Working:
    alarms = Alarms()
    database = await _open(settings, alarms, share)
    store = Store(await stack.enter_async_context(database), settings.operator_limits())
    presence = Presence(database.news, clock, alarms, is_shared=database.is_shared)
    jobs, lookups = LiveJobs(store), Lookups(alarms, clock, database.news)
    shared = SharedRequests(jobs, lambda: 1 + len(presence.peers), clock)
    peers = peers_of(database, presence, shared)
    breakers = Breakers(clock, alarms, peers)
    media = await stack.enter_async_context(Media(clock=clock))
    files, doors, lag = Files(settings.data_dir), Doors(clock, alarms), LoopLag()
    client = await stack.enter_async_context(_discord_client(settings, doors, clock))
    members = DiscordMembers(client, clock.monotonic)
    client.languages = await Languages.load(client, store)
    parts = Parts(
        settings=settings,
        clock=clock,
        client=client,
        store=store,
        alarms=alarms,
        doors=doors,
        downloads=await stack.enter_async_context(downloads_of(settings, alarms)),
        media=media,
        files=files,
        breakers=breakers,
        providers=await stack.enter_async_context(providers(settings, clock, peers)),
        jobs=jobs,
        lookups=lookups,
        forecast=_forecast(settings, store, jobs, breakers, lookups, clock=clock),
        videos=Videos(files, media),
        members=members,
        wallets=Wallets(
            store=store,
            members=members,
            rates=settings.rates(),
            clock=clock,
            is_down=lambda model: breakers.of(model).is_open,
        ),
        shelves=Shelves(database),
        disk=disk_of(settings, store, files, clock, alarms),
        messages=LinkedMessages(client, members, Authors(client, store), clock),
        languages=client.languages,
        presence=presence,
        shared=shared,
    )
    client.crowd = crowd = Crowd(clock, alarms)
    told = told_through(parts, crowd)
    _tell_of_changes(database, told, jobs, client.languages)
    leading = await _leading(database, jobs)
    runner = runner_of(parts, told, crowd, leading)
    peers.ask()
    newcomers = newcomers_of(parts)
    place_services(client, parts, told, runner, newcomers)
    await load_cogs(client, parts, told.deleted)
    connection = _connection(parts, share)
    backups = database.daily_backups(settings.backups, clock)
    if settings.http_port:
        await stack.enter_async_context(_health(parts, connection, crowd, lag, backups))
    beside = [connection.run, lag.run, backups.run, *_duties(parts, told, runner, newcomers)]
    if leading is not None and (share is None or not share.ids):
        beside.append(partial(leading.run, runner.following))
    return Working(runner, beside, connection.overlap, crowd)


def _forecast(
    settings: Settings,
    store: Store,
    jobs: LiveJobs,
    breakers: Breakers,
    lookups: Lookups,
    *,
    clock: Clock,
) -> Forecast:
    """What cards say of the future."""
    return Forecast(
        store=store,
        jobs=jobs,
        breakers=breakers,
        lookups=lookups,
        rates=settings.rates(),
        clock=clock,
        keep_days=settings.keep_days,
    )


def _connection(parts: Parts, share: Share | None) -> Connection:
    """To Discord: all processes together keep its limits, and do once what is asked for once."""
    client, clock, presence = parts.client, parts.clock, parts.presence
    database, http = parts.store.database, client.http
    assert isinstance(http, WholeRequests)
    http.pace = Pace(presence.share, clock)
    parts.doors.on_limited.append(http.pace.hold)
    overlap = Overlap(database.news, presence, TakenEvents(database), clock)
    client.admit_through(overlap.admit)
    return Connection(
        client,
        parts.settings.discord_token.get_secret_value(),
        SessionTurns(database),
        clock=clock,
        alarms=parts.alarms,
        overlap=overlap,
        share=share,
    )


def _duties(parts: Parts, told: Told, runner: Runner, newcomers: Newcomers) -> list[Work]:
    """What is done in each process, and what in one of them for all."""
    presence, marks = parts.presence, StageMarks(parts.client, parts.clock)
    presence.led = lambda: len(runner.led)
    done_once = [*told.duties, newcomers.look_after, marks.run]
    database, beside = parts.store.database, list[Work]()
    if database.is_shared:
        stillness = Stillness()
        parts.doors.share(database.news, stillness)
        beside += [presence.run, stillness.run, presence.unless_elder(marks.read)]
    beside += [*told.telling, database.whole]
    return [*beside, *(presence.duty(work) for work in done_once)]


async def _leading(database: Database, jobs: LiveJobs) -> "Shared | None":
    """What hands jobs out, where several processes may share them: only there it is loaded."""
    if not database.is_shared:
        return None
    from bot.jobs.leading.shared import Shared  # noqa: PLC0415

    leading = Shared(database, jobs.refresh)
    await leading.prepare()
    return leading


async def _open(settings: Settings, alarms: Alarms, share: Share | None) -> Database:
    """For this bot and its other processes alone, and the folder with it."""
    database = await Database.open(
        settings.database, is_peer=True, folder=settings.data_dir, alarms=alarms
    )
    if share is not None and not share.ids and not database.is_shared:
        await database.close()
        raise SettingsError(
            "A worker is one of several processes, which cannot share an SQLite database: set "
            "DATABASE_URL to a PostgreSQL."
        )
    if share is not None and not share.is_all and not database.is_shared:
        await database.close()
        raise SettingsError(
            f"--shards {share} leaves shards to other processes, which cannot share "
            f"an SQLite database: set DATABASE_URL to a PostgreSQL, or take 0-{share.total - 1}"
            f"/{share.total}."
        )
    return database


def _health(
    parts: Parts, connection: Connection, crowd: Crowd, lag: LoopLag, backups: Backups
) -> Health:
    """What says whether the bot is well."""
    return Health(
        store=parts.store,
        clock=parts.clock,
        is_ready=lambda: connection.shards.are_ready,
        shards=lambda: connection.shards.count,
        led=lambda: parts.presence.own.led,
        processes=lambda: 1 + len(parts.presence.peers),
        is_tripped=lambda: parts.breakers.is_tripped,
        alarms=parts.alarms,
        answers=crowd.counts,
        lag=lag,
        backup_age_s=backups.age_s,
        host=parts.settings.http_host,
        port=parts.settings.http_port,
    )


def _tell_of_changes(database: Database, told: Told, jobs: LiveJobs, languages: Languages) -> None:
    """What an event has changed may show elsewhere: an offer's card where that was committed."""

    def learn(changes: Changes) -> None:
        languages.learn(changes.languages, is_all=changes.is_all)
        if changes.acted:
            told.audit.wake()

    def learn_of_own(changes: Changes) -> None:
        learn(changes)
        if changes.wallets_of:
            for job_id in jobs.offers(of=changes.wallets_of):
                told.status.wake(job_id)

    database.on_commit.append(learn_of_own)
    database.on_others.append(learn)


def _discord_client(settings: Settings, doors: Doors, clock: Clock) -> Bot:
    return Bot(
        command_prefix=commands.when_mentioned,
        help_command=None,
        tree_cls=Tree,
        intents=discord.Intents(
            guilds=True, dm_messages=True, guild_messages=settings.answer_mentions
        ),
        allowed_contexts=discord.app_commands.AppCommandContext(guild=True, dm_channel=True),
        allowed_installs=discord.app_commands.AppInstallationType(guild=True),
        allowed_mentions=discord.AllowedMentions.none(),
        max_messages=None,
        proxy=aim(settings),
        http_trace=doors.trace(),
        clock=clock,
    )
