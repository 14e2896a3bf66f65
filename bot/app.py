"""The only wiring: opens the store, the clients and Discord, loads the cogs, starts the runner."""

import asyncio
from contextlib import AsyncExitStack
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
from bot.clock import Clock, cancel
from bot.connection import Connection, aim
from bot.core.shards import Share
from bot.delivery.deletions import DeletedPosts
from bot.delivery.doors import Doors
from bot.errors import SettingsError
from bot.jobs.files import Files
from bot.jobs.forecast import Forecast
from bot.jobs.given.newcomers import Newcomers
from bot.jobs.live import LiveJobs
from bot.jobs.lookups import Lookups
from bot.jobs.runner import Runner
from bot.jobs.upload_limit import Videos
from bot.marks import StageMarks
from bot.media.inspect import Media
from bot.peers.presence import Presence, Work
from bot.provider.breaker import Breakers
from bot.provider.connect import providers
from bot.services.copies import Copies
from bot.services.crowd import Crowd
from bot.services.moderation import Moderation
from bot.services.preferences import PreferenceService
from bot.services.quotas import Quotas
from bot.services.small_talk import SmallTalk
from bot.settings import Settings
from bot.store.database import Backups, Database
from bot.store.group_commit import Changes
from bot.store.people.shelves import Shelves
from bot.store.processes.session_turns import SessionTurns
from bot.store.store import Store
from bot.telemetry import Health, LoopLag
from bot.wiring import (
    Parts,
    Told,
    disk_of,
    downloads_of,
    library_of,
    newcomers_of,
    remakes_of,
    removals_of,
    requests_of,
    runner_of,
    told_through,
    trays_of,
)
from cogs.members.buttons import CardButton
from cogs.members.credits import Credits, PayerSelect
from cogs.members.deletions import Deletions
from cogs.members.jobs import Jobs
from cogs.members.messages import Messages
from cogs.members.mimic import Mimic
from cogs.members.motions import MotionControl, Motions
from cogs.members.preferences import PreferenceControl, PreferencesCog
from cogs.members.removals import ReportMenu
from cogs.members.trays import Gather, TrayControl
from cogs.moderators.job_buttons import JobButton
from cogs.moderators.keeping import KeepButton
from cogs.moderators.library import LibraryCog
from cogs.moderators.moderate import Moderate
from cogs.moderators.quota import Quota
from cogs.moderators.reports import ReportButton
from cogs.moderators.settings import ChannelsSelect, OpenSelect
from cogs.moderators.settings import Settings as SettingsCog
from cogs.moderators.settling import ReviewButton, SettleControl
from cogs.shared.access import CardAccess
from cogs.shared.command_words import CommandWords
from cogs.shared.confirm_buttons import AnswerButton
from cogs.shared.confirmations import Confirmations
from cogs.shared.door import Tree, Unanswered
from cogs.shared.interactions import Bot
from cogs.shared.pages import PageControl

if TYPE_CHECKING:
    from bot.jobs.leading.shared import Shared

log = structlog.get_logger()

Wired = tuple[Runner, list[Work]]


async def run(
    settings: Settings,
    clock: Clock,
    stopping: asyncio.Event,
    share: Share | None = None,
    *,
    leads: bool = True,
) -> None:
    """Run until `stopping`, on all shards or on a share of them; on none, as a worker.

    Who `leads` no jobs leaves them to other processes. Raises `SettingsError`, `StoreError`,
    `MarionetteError`, in groups.
    """
    COMMANDS.set({})
    MARKS.set([])
    async with AsyncExitStack() as stack:
        runner, beside = await _wire(settings, clock, stack, share, leads=leads)
        await _work(runner, beside, stopping)
    log.info("stopped", advice="Unfinished jobs go on at the next start, or elsewhere.")


async def _wire(
    settings: Settings, clock: Clock, stack: AsyncExitStack, share: Share | None, *, leads: bool
) -> Wired:
    alarms = Alarms()
    database = await _open(settings, alarms, share, leads=leads)
    store = Store(await stack.enter_async_context(database), settings.operator_limits())
    jobs, lookups, breakers = LiveJobs(store), Lookups(alarms, clock), Breakers(clock, alarms)
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
        providers=await stack.enter_async_context(providers(settings, clock)),
        jobs=jobs,
        lookups=lookups,
        forecast=Forecast(
            store=store,
            jobs=jobs,
            breakers=breakers,
            lookups=lookups,
            rates=settings.rates(),
            clock=clock,
            keep_days=settings.keep_days,
        ),
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
        presence=Presence(database.news, clock, alarms, is_shared=database.is_shared),
    )
    client.crowd = crowd = Crowd(clock, alarms)
    told = told_through(parts, crowd)
    _tell_of_changes(database, told, jobs, client.languages)
    leading = await _leading(database, jobs)
    runner = runner_of(parts, told, crowd, leading)
    newcomers = newcomers_of(parts)
    _place_services(client, parts, told, runner, newcomers)
    await _load_cogs(client, parts, told.deleted)
    token, turns = settings.discord_token.get_secret_value(), SessionTurns(database)
    connection = Connection(client, token, turns, clock=clock, alarms=alarms, share=share)
    backups = database.daily_backups(settings.backups, clock)
    if settings.http_port:
        await stack.enter_async_context(_health(parts, connection, crowd, lag, backups))
    beside = [connection.run, lag.run, backups.run, *_duties(parts, told, runner, newcomers)]
    if leading is not None and leads:
        beside.append(partial(leading.run, runner.following))
    return runner, beside


def _place_services(
    client: Bot, parts: Parts, told: Told, runner: Runner, newcomers: Newcomers
) -> None:
    """What the cogs ask."""
    store, clock, rates = parts.store, parts.clock, parts.settings.rates()
    client.requests = requests_of(parts, runner)
    client.library = library_of(parts, newcomers)
    client.remakes, client.copies = remakes_of(parts, told, runner), Copies(clock)
    client.trays = trays_of(parts, runner, client.requests, told)
    client.moderation = Moderation(
        store=store, providers=parts.providers, wake=runner.wake, clock=clock
    )
    client.preferences = PreferenceService(store=store, rates=rates, wake=runner.wake)
    client.removals = removals_of(parts, told, runner)
    client.quotas = Quotas(store=store, wake=runner.wake, clock=clock, runner=runner)
    client.confirmations, client.card_access = Confirmations(clock), CardAccess(clock)


def _duties(parts: Parts, told: Told, runner: Runner, newcomers: Newcomers) -> list[Work]:
    """What is done in each process, and what in one of them for all."""
    presence, marks = parts.presence, StageMarks(parts.client, parts.clock)
    presence.led = lambda: len(runner.led)
    done_once = [*told.duties, newcomers.look_after, marks.run]
    beside = [presence.run, marks.read] if parts.store.database.is_shared else []
    beside += [*told.telling, parts.store.database.whole]
    return [*beside, *(presence.duty(work) for work in done_once)]


async def _leading(database: Database, jobs: LiveJobs) -> "Shared | None":
    """What hands jobs out, where several processes may share them: only there it is loaded."""
    if not database.is_shared:
        return None
    from bot.jobs.leading.shared import Shared  # noqa: PLC0415

    leading = Shared(database, jobs.refresh)
    await leading.prepare()
    return leading


async def _open(
    settings: Settings, alarms: Alarms, share: Share | None, *, leads: bool
) -> Database:
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
    if not leads and not database.is_shared:
        await database.close()
        raise SettingsError(
            "--no-jobs leaves the jobs to workers, which cannot share an SQLite database: set "
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


async def _load_cogs(client: Bot, parts: Parts, deleted: DeletedPosts) -> None:
    """What people can use, and the buttons that outlive a restart."""
    moderate = Moderate(client.moderation, parts.members, parts.clock.time)
    for cog in (
        Mimic(client.requests, client.tree),
        Gather(client.trays, client.tree),
        Jobs(client.requests),
        Credits(client.requests),
        PreferencesCog(),
        Messages(
            client,
            requests=client.requests,
            crowd=client.crowd,
            small_talk=SmallTalk(parts.clock),
            doors=parts.doors,
            languages=parts.languages,
        ),
        Deletions(deleted.saw),
        Motions(client.library),
        ReportMenu(client.tree),
        moderate,
        LibraryCog(client.library),
        Quota(client.quotas),
        SettingsCog(client.quotas, parts.store.limits),
        Unanswered(),
    ):
        await client.add_cog(cog)
    await client.tree.set_translator(CommandWords())
    client.add_dynamic_items(CardButton, AnswerButton, PageControl, PayerSelect, TrayControl)
    client.add_dynamic_items(JobButton, ReviewButton, SettleControl, ReportButton, KeepButton)
    client.add_dynamic_items(ChannelsSelect, OpenSelect, PreferenceControl, MotionControl)


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


async def _work(runner: Runner, beside: list[Work], stopping: asyncio.Event) -> None:
    """All that goes on until `stopping`; then the runner's steps may end, and the rest does."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for work in (runner.run, *beside)]
        try:
            await stopping.wait()
        finally:  # also when one of them has failed: a submit on its way is to end
            await runner.stop()
        await cancel(tasks)
