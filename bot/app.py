"""The only wiring: opens the store, the clients and Discord, loads the cogs, starts the runner."""

import asyncio
import functools
import itertools
import secrets
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import structlog
import yarl
from discord.ext import commands

from bot.accounts.members import DiscordMembers
from bot.accounts.wallets import Wallets
from bot.alarms import Alarms
from bot.clock import Clock
from bot.delivery.audit import AuditChannels
from bot.delivery.post import Delivery
from bot.delivery.status import StatusCards
from bot.errors import MarionetteError, SettingsError
from bot.jobs.files import Files
from bot.jobs.forecast import Forecast
from bot.jobs.intake import Intake
from bot.jobs.live import LiveJobs
from bot.jobs.renders import Renders
from bot.jobs.runner import Runner
from bot.jobs.submits import Submits
from bot.jobs.upload_limit import Videos
from bot.media.downloads import Downloads
from bot.media.inspect import Media
from bot.provider.breaker import CircuitBreaker
from bot.provider.client import Segmind
from bot.provider.connect import provider
from bot.provider.limiter import RateLimiter
from bot.services.crowd import Crowd
from bot.services.moderation import Moderation
from bot.services.quotas import Quotas
from bot.services.requests import RequestService
from bot.settings import Settings
from bot.store.database import Database
from bot.store.store import Store
from bot.telemetry import Health, LoopLag
from cogs.members.buttons import CardButton
from cogs.members.credits import Credits, PayerSelect
from cogs.members.jobs import Jobs
from cogs.members.messages import Messages
from cogs.members.mimic import Mimic
from cogs.moderators.job_buttons import JobButton
from cogs.moderators.moderate import Moderate
from cogs.moderators.quota import Quota
from cogs.moderators.settings import ChannelsSelect, QualitiesSelect
from cogs.moderators.settings import Settings as SettingsCog
from cogs.shared.access import CardAccess
from cogs.shared.answers import show_error
from cogs.shared.confirm_buttons import AnswerButton
from cogs.shared.confirmations import Confirmations
from cogs.shared.interactions import Bot
from cogs.shared.pages import PageControl

log = structlog.get_logger()

Work = Callable[[], Coroutine[Any, Any, None]]
"""Something that goes on until it is cancelled."""

REACH_DISCORD_S = (1.0, 2.0, 5.0, 15.0, 30.0)


async def run(settings: Settings, clock: Clock, stopping: asyncio.Event) -> None:
    """Run until `stopping`. Raises `SettingsError`, `StoreError`, `MarionetteError`, in groups."""
    async with AsyncExitStack() as stack:
        client, runner, beside = await _wire(settings, clock, stack)
        await _work(settings, client, runner, beside, stopping)
    log.info("stopped", advice="Unfinished jobs go on at the next start.")


@dataclass(frozen=True, slots=True)
class _Parts:
    """What several parts of the program share."""

    settings: Settings
    clock: Clock
    client: Bot
    store: Store
    alarms: Alarms
    downloads: Downloads
    media: Media
    files: Files
    breaker: CircuitBreaker
    limiter: RateLimiter
    jobs: LiveJobs
    forecast: Forecast
    videos: Videos
    members: DiscordMembers
    wallets: Wallets


async def _wire(
    settings: Settings, clock: Clock, stack: AsyncExitStack
) -> tuple[Bot, Runner, list[Work]]:
    alarms = Alarms()
    database = await Database.open(settings.database, exclusive=True, alarms=alarms)
    store = Store(await stack.enter_async_context(database), settings.operator_limits())
    jobs = LiveJobs(store)
    media = await stack.enter_async_context(Media())
    files, breaker = Files(settings.data_dir), CircuitBreaker(clock, alarms)
    client = await stack.enter_async_context(_discord_client(settings))
    members = DiscordMembers(client, clock.time)
    parts = _Parts(
        settings=settings,
        clock=clock,
        client=client,
        store=store,
        alarms=alarms,
        downloads=await stack.enter_async_context(Downloads(alarms=alarms)),
        media=media,
        files=files,
        breaker=breaker,
        limiter=RateLimiter(clock, settings.segmind_requests_per_minute),
        jobs=jobs,
        forecast=Forecast(store, jobs, breaker, clock),
        videos=Videos(files, media),
        members=members,
        wallets=Wallets(store=store, members=members, rates=settings.rates(), clock=clock),
    )
    crowd, lag = Crowd(clock, alarms), LoopLag()
    status = StatusCards(
        client=client,
        store=store,
        jobs=jobs,
        clock=clock,
        outlook=parts.forecast.outlook,
        terms=parts.wallets.terms,
        pause=crowd.pause,
        rates=settings.rates(),
    )
    audit = AuditChannels(client=client, store=store, clock=clock)
    database.on_commit.append(lambda changes: audit.wake() if changes.acted else None)
    segmind = await stack.enter_async_context(provider(settings, clock, parts.limiter))
    runner = _runner(parts, segmind, status, crowd)
    client.requests = _service(parts, runner)
    client.moderation = Moderation(store=store, history=segmind, wake=runner.wake, clock=clock)
    client.quotas = Quotas(store=store, wake=runner.wake, clock=clock, runner=runner)
    client.crowd = crowd
    client.confirmations, client.card_access = Confirmations(clock), CardAccess(clock)
    await _load_cogs(client, parts)
    if settings.http_port:
        is_ready = functools.partial(_is_connected, client)
        health = Health(
            store=store,
            clock=clock,
            is_ready=is_ready,
            is_tripped=lambda: parts.breaker.is_tripped,
            answers=crowd.counts,
            lag=lag,
            port=settings.http_port,
        )
        await stack.enter_async_context(health)
    return client, runner, [status.run, audit.run, lag.run]


async def _load_cogs(client: Bot, parts: _Parts) -> None:
    """What people can use, and the buttons that outlive a restart."""
    moderate = Moderate(client.moderation, parts.members, parts.clock.time)
    for cog in (
        Mimic(client.requests),
        Jobs(client.requests),
        Credits(client.requests),
        Messages(client.requests, client.crowd),
        moderate,
        Quota(client.quotas),
        SettingsCog(client.quotas, parts.store.limits),
    ):
        await client.add_cog(cog)
    client.add_dynamic_items(
        CardButton,
        AnswerButton,
        PageControl,
        JobButton,
        PayerSelect,
        ChannelsSelect,
        QualitiesSelect,
    )
    client.tree.error(show_error)


def _runner(parts: _Parts, segmind: Segmind, status: StatusCards, crowd: Crowd) -> Runner:
    settings, store, clock = parts.settings, parts.store, parts.clock
    media, files, breaker = parts.media, parts.files, parts.breaker
    return Runner(
        store=store,
        jobs=parts.jobs,
        intake=Intake(
            store=store,
            downloads=parts.downloads,
            media=media,
            files=files,
            replies=status,
            wallets=parts.wallets,
            rates=settings.rates(),
            clock=clock,
            supplier=str(settings.discord_api_url),
        ),
        breaker=breaker,
        submits=Submits(
            store=store,
            jobs=parts.jobs,
            segmind=segmind,
            media=media,
            files=files,
            breaker=breaker,
            limiter=parts.limiter,
            alarms=parts.alarms,
            clock=clock,
            run_id=secrets.token_hex(8),
        ),
        renders=Renders(
            store=store,
            jobs=parts.jobs,
            segmind=segmind,
            downloads=parts.downloads,
            media=media,
            files=files,
            forecast=parts.forecast,
            breaker=breaker,
            limiter=parts.limiter,
            alarms=parts.alarms,
            clock=clock,
            supplier=str(settings.segmind_api_url),
        ),
        delivery=Delivery(
            client=parts.client,
            store=store,
            jobs=parts.jobs,
            status=status,
            videos=parts.videos,
            clock=clock,
        ),
        cards=status,
        pause=crowd.pause,
        files=files,
        clock=clock,
        keep_days=settings.keep_days,
    )


def _service(parts: _Parts, runner: Runner) -> RequestService:
    return RequestService(
        store=parts.store,
        runner=runner,
        wallets=parts.wallets,
        outlook=parts.forecast.outlook,
        videos=parts.videos,
        rates=parts.settings.rates(),
        clock=parts.clock,
    )


def _discord_client(settings: Settings) -> Bot:
    discord.http.Route.BASE = str(settings.discord_api_url).rstrip("/")
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # there is no voice here
    gateway = discord.gateway.DiscordWebSocket
    gateway.DEFAULT_GATEWAY = yarl.URL(str(settings.discord_gateway_url))
    return Bot(
        command_prefix=commands.when_mentioned,
        help_command=None,
        intents=discord.Intents(guilds=True, dm_messages=True),
        allowed_contexts=discord.app_commands.AppCommandContext(guild=True, dm_channel=True),
        allowed_installs=discord.app_commands.AppInstallationType(guild=True),
        allowed_mentions=discord.AllowedMentions.none(),
        max_messages=None,
    )


async def _work(
    settings: Settings,
    client: Bot,
    runner: Runner,
    beside: list[Work],
    stopping: asyncio.Event,
) -> None:
    """All that goes on until `stopping`; then the runner's steps may end."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(runner.run()),
            *(group.create_task(work()) for work in beside),
            group.create_task(_discord(settings, client)),
        ]
        try:
            await stopping.wait()
        finally:  # also when one of them has failed: a submit on its way is to end
            await runner.stop()
        for task in tasks:
            task.cancel()


async def _discord(settings: Settings, client: Bot) -> None:
    """Log in, bring the commands up to date, and stay connected."""
    await _reach_discord(str(settings.discord_api_url))
    try:
        await client.login(settings.discord_token.get_secret_value())
        await client.tree.sync()
        log.info("logged in", user=str(client.user))
        await _stay_connected(client)
    except discord.LoginFailure:
        raise SettingsError(
            "DISCORD_TOKEN is wrong: Discord does not accept it. Make a new one on the "
            "application's Bot page."
        ) from None
    except (discord.ConnectionClosed, discord.PrivilegedIntentsRequired) as error:
        raise MarionetteError(f"Discord closed the connection for good: {error}") from error
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise MarionetteError(f"Discord cannot be used: {error}") from error


def _is_connected(client: Bot) -> bool:
    socket: discord.gateway.DiscordWebSocket | None = client.ws  # None until the first connection
    return client.is_ready() and socket is not None and socket.open


async def _stay_connected(client: Bot) -> None:
    """discord.py reconnects by itself, but not before its first connection."""
    for wait_s in itertools.chain(REACH_DISCORD_S, itertools.repeat(REACH_DISCORD_S[-1])):
        try:
            await client.connect()
        except AttributeError:  # its reconnecting asks a connection that never was
            if client.ws is not None:
                raise
        if client.is_closed():
            return
        log.warning("Discord's gateway does not answer", next_try_in_s=wait_s)
        await asyncio.sleep(wait_s)


async def _reach_discord(api_url: str) -> None:
    """Wait until Discord answers at all: a bot that starts before the network must not give up."""
    tries = 0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        while True:
            try:
                async with session.get(f"{api_url.rstrip('/')}/gateway") as answer:
                    if answer.status < 500:
                        return
                    reason = f"HTTP {answer.status}"
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                reason = str(error) or type(error).__name__
            wait_s = REACH_DISCORD_S[min(tries, len(REACH_DISCORD_S) - 1)]
            tries += 1
            log.warning("Discord does not answer", reason=reason, next_try_in_s=wait_s)
            await asyncio.sleep(wait_s)
