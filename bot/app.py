"""The only wiring: opens the store, the clients and Discord, loads the cogs, starts the runner."""

import asyncio
import secrets
from contextlib import AsyncExitStack

import aiohttp
import discord
import structlog
import yarl
from discord.ext import commands

from bot.clock import Clock
from bot.delivery import Delivery
from bot.errors import MarionetteError, SettingsError
from bot.fetch import Downloads
from bot.files import Files
from bot.generation import Generation
from bot.intake import Intake
from bot.media import Media
from bot.members import DiscordMembers
from bot.runner import Runner
from bot.segmind import Segmind
from bot.service import Service
from bot.settings import Settings
from bot.status import StatusCards
from bot.store import Database, Store
from bot.telemetry import Health
from bot.videos import Videos
from cogs.buttons import CardButton
from cogs.credits import Credits
from cogs.faces import Bot, show_error
from cogs.jobs import Jobs
from cogs.messages import Messages
from cogs.mimic import Mimic

log = structlog.get_logger()

REACH_DISCORD_S = (1.0, 2.0, 5.0, 15.0, 30.0)


async def run(settings: Settings, clock: Clock, stopping: asyncio.Event) -> None:
    """Run until `stopping`. Raises `SettingsError`, `StoreError`, `MarionetteError`, in groups."""
    async with AsyncExitStack() as stack:
        client, runner, status = await _wire(settings, clock, stack)
        await _work(settings, client, runner, status, stopping)
    log.info("stopped", advice="Unfinished jobs go on at the next start.")


async def _wire(
    settings: Settings, clock: Clock, stack: AsyncExitStack
) -> tuple[Bot, Runner, StatusCards]:
    database = await stack.enter_async_context(
        await Database.open(settings.database, exclusive=True)
    )
    session = await stack.enter_async_context(
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    )
    downloads = await stack.enter_async_context(Downloads())
    client = await stack.enter_async_context(_discord_client(settings))
    store, media, files = Store(database), Media(), Files(settings.data_dir)
    videos, rates = Videos(files, media), settings.rates()
    generation = Generation(
        store=store,
        segmind=_segmind(settings, session, clock),
        downloads=downloads,
        media=media,
        files=files,
        rules=settings.rules,
        clock=clock,
        requests_per_minute=settings.segmind_requests_per_minute,
        supplier=str(settings.segmind_api_url),
        run_id=secrets.token_hex(8),
    )
    status = StatusCards(
        client=client, store=store, clock=clock, outlook=generation.outlook, rates=rates
    )
    intake = Intake(
        store=store,
        downloads=downloads,
        media=media,
        files=files,
        replies=status,
        rules=settings.rules,
        rates=rates,
        clock=clock,
        supplier=str(settings.discord_api_url),
    )
    runner = Runner(
        store=store,
        intake=intake,
        generation=generation,
        delivery=Delivery(client=client, store=store, status=status, videos=videos, clock=clock),
        cards=status,
        files=files,
        clock=clock,
        keep_days=settings.keep_days,
    )
    service = Service(
        store=store,
        worker=runner,
        members=DiscordMembers(client),
        outlook=generation.outlook,
        videos=videos,
        rules=settings.rules,
        rates=rates,
        clock=clock,
    )
    client.service = service
    for cog in (Mimic(service), Jobs(service), Credits(service), Messages(service)):
        await client.add_cog(cog)
    client.add_dynamic_items(CardButton)
    client.tree.error(show_error)
    if settings.http_port:
        health = Health(store=store, clock=clock, is_ready=client.is_ready, port=settings.http_port)
        await stack.enter_async_context(health)
    return client, runner, status


def _segmind(settings: Settings, session: aiohttp.ClientSession, clock: Clock) -> Segmind:
    return Segmind(
        session,
        api_key=settings.segmind_api_key.get_secret_value(),
        api_url=str(settings.segmind_api_url),
        history_url=str(settings.segmind_history_url),
        upload_url=str(settings.segmind_upload_url),
        credits_url=str(settings.segmind_credits_url),
        now=clock.time,
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
    status: StatusCards,
    stopping: asyncio.Event,
) -> None:
    """All that goes on until `stopping`; then the runner's steps may end."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(runner.run()),
            group.create_task(status.run()),
            group.create_task(_discord(settings, client)),
        ]
        await stopping.wait()
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
        await client.connect()
    except discord.LoginFailure:
        raise SettingsError(
            "DISCORD_TOKEN is wrong: Discord does not accept it. Make a new one on the "
            "application's Bot page."
        ) from None
    except discord.ConnectionClosed as error:
        raise MarionetteError(f"Discord closed the connection for good: {error}") from error
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise MarionetteError(f"Discord cannot be used: {error}") from error


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
