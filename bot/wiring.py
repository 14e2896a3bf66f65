"""How the parts of the bot that jobs go through are put together."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.accounts.authors import Authors
from bot.accounts.languages import Languages
from bot.accounts.members import DiscordMembers
from bot.accounts.messages import LinkedMessages
from bot.accounts.posts import PublicPosts
from bot.accounts.wallets import Wallets
from bot.alarms import Alarms
from bot.clock import Clock
from bot.delivery.audit import AuditChannels
from bot.delivery.deletions import DeletedPosts, Takedowns
from bot.delivery.doors import Doors
from bot.delivery.notices import Notices
from bot.delivery.post import Delivery
from bot.delivery.replies import Replies
from bot.delivery.reports import ReportCards
from bot.delivery.routes import Routes
from bot.delivery.status import StatusCards
from bot.delivery.troubles.missing import MissingPermissions
from bot.delivery.twins import Twins
from bot.gateway.client import ShardedBot
from bot.jobs.disk import Disk
from bot.jobs.files import Files
from bot.jobs.forecast import Forecast
from bot.jobs.given.fetching import GivenFiles
from bot.jobs.given.newcomers import Newcomers
from bot.jobs.given.sight import Sight
from bot.jobs.given_up import GivenUp
from bot.jobs.inputs import Inputs
from bot.jobs.intake import Intake
from bot.jobs.leading.following import Leading
from bot.jobs.library.sharing import SharedLinks
from bot.jobs.live import LiveJobs
from bot.jobs.lookups import Lookups
from bot.jobs.renders import Renders
from bot.jobs.runner import Runner
from bot.jobs.spread.runs import SharedRequests
from bot.jobs.strays.runs import Strays
from bot.jobs.submits import Submits
from bot.jobs.upload_limit import Videos
from bot.media.downloads import Downloads
from bot.media.inspect import Media
from bot.peers.presence import Presence, Work
from bot.provider.breakers import Breakers
from bot.provider.peers import Peers
from bot.provider.providers import Providers
from bot.services.crowd import Crowd
from bot.services.motions.library import Library
from bot.services.remakes import Remakes
from bot.services.removals import Removals
from bot.services.requests import RequestService
from bot.services.trays import Trays
from bot.settings import Settings
from bot.store.database import Database
from bot.store.people.reports import Reports
from bot.store.people.shelves import Shelves
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """What several parts of the program share."""

    settings: Settings
    clock: Clock
    client: ShardedBot
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
    shelves: Shelves
    disk: Disk
    messages: LinkedMessages
    languages: Languages
    presence: Presence
    shared: SharedRequests


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
    reports: Reports
    takedowns: Takedowns
    report_cards: ReportCards
    wake_reports: Callable[[], None]

    @property
    def telling(self) -> list[Work]:
        """What each process does until it is cancelled: cards of its jobs, what its gateway hears,
        and what it was refused."""
        return [self.status.run, self.deleted.run, self.missing.run]

    @property
    def duties(self) -> list[Work]:
        """What one process does for all."""
        parts = self.notices, self.audit, self.takedowns, self.report_cards
        return [self.status.mend, *(part.run for part in parts)]


def told_through(parts: Parts, crowd: Crowd) -> Told:
    """What tells people of their jobs."""
    client, store, jobs, clock = parts.client, parts.store, parts.jobs, parts.clock
    languages = parts.languages
    replies = Replies(client, languages, Twins(jobs, parts.alarms, clock), clock)
    routes = Routes(client=client, store=store, jobs=jobs, clock=clock)
    status = StatusCards(
        client=client,
        store=store,
        jobs=jobs,
        replies=replies,
        languages=languages,
        twins=replies.twins,
        clock=clock,
        outlook=parts.forecast.outlook,
        terms=parts.wallets.terms,
        refusal=parts.wallets.refusal,
        doors=parts.doors,
        pause=crowd.pause,
    )
    reports = Reports(store.database)
    report_cards = _report_cards(parts, reports)
    wake_reports = parts.presence.everywhere("reports", report_cards.wake)
    missing = MissingPermissions(
        client=client, store=store, replies=replies, languages=languages, clock=clock
    )
    parts.doors.on_forbidden += [client.doubt, missing.refused]
    return Told(
        replies=replies,
        status=status,
        delivery=Delivery(
            client=client,
            store=store,
            jobs=jobs,
            status=status,
            replies=replies,
            languages=languages,
            routes=routes,
            videos=parts.videos,
            wallets=parts.wallets,
            missing=missing,
            clock=clock,
        ),
        notices=Notices(
            client=client,
            store=store,
            jobs=jobs,
            status=status,
            routes=routes,
            languages=languages,
            clock=clock,
        ),
        audit=AuditChannels(client=client, store=store, languages=languages, clock=clock),
        deleted=DeletedPosts(
            store=store,
            reports=reports,
            wake_card=status.wake,
            wake_reports=wake_reports,
            clock=clock,
        ),
        reports=reports,
        takedowns=Takedowns(
            client=client, store=store, reports=reports, replies=replies, clock=clock
        ),
        report_cards=report_cards,
        wake_reports=wake_reports,
        missing=missing,
    )


def _report_cards(parts: Parts, reports: Reports) -> ReportCards:
    return ReportCards(
        client=parts.client,
        store=parts.store,
        reports=reports,
        languages=parts.languages,
        clock=parts.clock,
        keep_days=parts.settings.keep_days,
    )


def runner_of(parts: Parts, told: Told, crowd: Crowd, leading: Leading | None = None) -> Runner:
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
        shared=SharedLinks(shelves=parts.shelves, downloads=parts.downloads, clock=clock),
    )
    runner = Runner(
        store=store,
        jobs=parts.jobs,
        intake=Intake(
            store=store,
            sight=Sight(parts.providers, inputs, settings.rates(), clock),
            downloads=parts.downloads,
            media=media,
            files=files,
            disk=parts.disk,
            replies=told.replies,
            wallets=parts.wallets,
            messages=parts.messages,
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
        leading=leading,
        is_elder=lambda: parts.presence.is_elder,
    )
    parts.shared.led = lambda: runner.led
    return runner


def peers_of(database: Database, presence: Presence, shared: SharedRequests) -> Peers:
    """The bot's other processes, where there can be any, as the providers' room sees them."""
    if not database.is_shared:
        return Peers()
    return Peers(
        news=database.news,
        share=shared.share,
        kept_back=shared.kept_back,
        is_elder=lambda: presence.is_elder,
        may_come=True,
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


def disk_of(settings: Settings, store: Store, files: Files, clock: Clock, alarms: Alarms) -> Disk:
    """How much files may take."""
    limit_bytes = settings.media_limit_bytes
    return Disk(store=store, files=files, clock=clock, alarms=alarms, limit_bytes=limit_bytes)


def newcomers_of(parts: Parts) -> Newcomers:
    """What brings motions into libraries."""
    supplier = str(parts.settings.discord_api_url)
    return Newcomers(
        shelves=parts.shelves,
        given=GivenFiles(parts.downloads, parts.files, parts.disk, parts.clock, supplier),
        messages=parts.messages,
        media=parts.media,
        files=parts.files,
        disk=parts.disk,
        clock=parts.clock,
    )


def library_of(parts: Parts, newcomers: Newcomers) -> Library:
    """The motions that people choose by name."""
    return Library(
        shelves=parts.shelves,
        newcomers=newcomers,
        files=parts.files,
        rates=parts.settings.rates(),
        clock=parts.clock,
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


def trays_of(parts: Parts, runner: Runner, requests: RequestService, told: Told) -> Trays:
    """What takes files from the chat."""
    return Trays(
        store=parts.store,
        runner=runner,
        requests=requests,
        wallets=parts.wallets,
        authors=Authors(parts.client, parts.store),
        dismiss=told.replies.dismiss,
        clock=parts.clock,
    )


def removals_of(parts: Parts, told: Told, runner: Runner) -> Removals:
    """What people delete and report by."""
    return Removals(
        store=parts.store,
        reports=told.reports,
        takedowns=told.takedowns,
        wake=runner.wake,
        wake_cards=told.wake_reports,
        clock=parts.clock,
    )


def remakes_of(parts: Parts, told: Told, runner: Runner) -> Remakes:
    """What follows finished jobs."""
    return Remakes(
        store=parts.store,
        shelves=parts.shelves,
        runner=runner,
        wallets=parts.wallets,
        files=parts.files,
        posts=PublicPosts(parts.client),
        redescribe=told.delivery.redescribe,
        clock=parts.clock,
    )
