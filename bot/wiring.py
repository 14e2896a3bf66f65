"""How the parts of the bot that jobs go through are put together."""

import secrets
from dataclasses import dataclass

import discord

from bot.accounts.members import DiscordMembers
from bot.accounts.messages import LinkedMessages
from bot.accounts.wallets import Wallets
from bot.alarms import Alarms
from bot.clock import Clock
from bot.delivery.audit import AuditChannels
from bot.delivery.deletions import DeletedPosts
from bot.delivery.doors import Doors
from bot.delivery.notices import Notices
from bot.delivery.post import Delivery
from bot.delivery.replies import Replies
from bot.delivery.routes import Routes
from bot.delivery.status import StatusCards
from bot.delivery.troubles.missing import MissingPermissions
from bot.delivery.twins import Twins
from bot.jobs.disk import Disk
from bot.jobs.files import Files
from bot.jobs.forecast import Forecast
from bot.jobs.given.sight import Sight
from bot.jobs.given_up import GivenUp
from bot.jobs.inputs import Inputs
from bot.jobs.intake import Intake
from bot.jobs.live import LiveJobs
from bot.jobs.lookups import Lookups
from bot.jobs.renders import Renders
from bot.jobs.runner import Runner
from bot.jobs.strays.runs import Strays
from bot.jobs.submits import Submits
from bot.jobs.upload_limit import Videos
from bot.media.downloads import Downloads
from bot.media.inspect import Media
from bot.provider.breaker import Breakers
from bot.provider.providers import Providers
from bot.services.crowd import Crowd
from bot.services.requests import RequestService
from bot.settings import Settings
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """What several parts of the program share."""

    settings: Settings
    clock: Clock
    client: discord.Client
    store: Store
    alarms: Alarms
    doors: Doors
    downloads: Downloads
    media: Media
    files: Files
    breakers: Breakers
    providers: Providers
    jobs: LiveJobs
    lookups: Lookups
    forecast: Forecast
    videos: Videos
    members: DiscordMembers
    wallets: Wallets


@dataclass(frozen=True, slots=True)
class Told:
    """What Discord is told while jobs go on."""

    replies: Replies
    status: StatusCards
    delivery: Delivery
    notices: Notices
    audit: AuditChannels
    missing: MissingPermissions
    deleted: DeletedPosts


def told_through(parts: Parts, crowd: Crowd) -> Told:
    """What tells people of their jobs."""
    client, store, jobs, clock = parts.client, parts.store, parts.jobs, parts.clock
    replies = Replies(client, Twins(jobs, parts.alarms, clock), clock)
    routes = Routes(client=client, store=store, jobs=jobs, clock=clock)
    status = StatusCards(
        client=client,
        store=store,
        jobs=jobs,
        replies=replies,
        twins=replies.twins,
        clock=clock,
        outlook=parts.forecast.outlook,
        terms=parts.wallets.terms,
        doors=parts.doors,
        pause=crowd.pause,
    )
    missing = MissingPermissions(client=client, store=store, replies=replies, clock=clock)
    parts.doors.on_forbidden.append(missing.refused)
    return Told(
        replies=replies,
        status=status,
        delivery=Delivery(
            client=client,
            store=store,
            jobs=jobs,
            status=status,
            replies=replies,
            routes=routes,
            videos=parts.videos,
            wallets=parts.wallets,
            missing=missing,
            clock=clock,
        ),
        notices=Notices(
            client=client, store=store, jobs=jobs, status=status, routes=routes, clock=clock
        ),
        audit=AuditChannels(client=client, store=store, clock=clock),
        missing=missing,
        deleted=DeletedPosts(store=store, wake_card=status.wake, clock=clock),
    )


def runner_of(parts: Parts, told: Told, crowd: Crowd) -> Runner:
    """What follows the jobs."""
    settings, store, clock = parts.settings, parts.store, parts.clock
    media, files, breakers = parts.media, parts.files, parts.breakers
    inputs = Inputs(
        downloads=parts.downloads,
        providers=parts.providers,
        media=media,
        files=files,
        clock=clock,
        supplier=str(settings.discord_api_url),
    )
    return Runner(
        store=store,
        jobs=parts.jobs,
        intake=Intake(
            store=store,
            sight=Sight(parts.providers, inputs, settings.rates(), clock),
            downloads=parts.downloads,
            media=media,
            files=files,
            disk=_disk(parts),
            replies=told.replies,
            wallets=parts.wallets,
            messages=LinkedMessages(parts.client, parts.members, clock),
            rates=settings.rates(),
            clock=clock,
            supplier=str(settings.discord_api_url),
        ),
        breakers=breakers,
        submits=_submits(parts, inputs),
        renders=Renders(
            store=store,
            jobs=parts.jobs,
            providers=parts.providers,
            downloads=parts.downloads,
            media=media,
            files=files,
            forecast=parts.forecast,
            breakers=breakers,
            alarms=parts.alarms,
            clock=clock,
        ),
        given_up=GivenUp(
            store=store,
            providers=parts.providers,
            lookups=parts.lookups,
            clock=clock,
        ),
        delivery=told.delivery,
        notices=told.notices,
        cards=told.status,
        pause=crowd.pause,
        files=files,
        clock=clock,
        keep_days=settings.keep_days,
    )


def _submits(parts: Parts, inputs: Inputs) -> Submits:
    return Submits(
        store=parts.store,
        jobs=parts.jobs,
        providers=parts.providers,
        inputs=inputs,
        files=parts.files,
        breakers=parts.breakers,
        lookups=parts.lookups,
        strays=Strays(
            store=parts.store,
            jobs=parts.jobs,
            providers=parts.providers,
            downloads=parts.downloads,
            files=parts.files,
            lookups=parts.lookups,
            clock=parts.clock,
        ),
        alarms=parts.alarms,
        clock=parts.clock,
        run_id=secrets.token_hex(8),
    )


def _disk(parts: Parts) -> Disk:
    return Disk(
        store=parts.store,
        files=parts.files,
        clock=parts.clock,
        alarms=parts.alarms,
        limit_bytes=parts.settings.media_limit_bytes,
    )


def downloads_of(settings: Settings, alarms: Alarms) -> Downloads:
    """What fetches files."""
    return Downloads(
        alarms=alarms,
        suppliers=settings.suppliers(),
        proxy_for=settings.proxies().for_url,
        own=[str(settings.engine_url)],
    )


def requests_of(parts: Parts, runner: Runner) -> RequestService:
    """What people ask of."""
    return RequestService(
        store=parts.store,
        runner=runner,
        wallets=parts.wallets,
        outlook=parts.forecast.outlook,
        videos=parts.videos,
        clock=parts.clock,
    )
