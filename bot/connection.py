"""The connection to Discord: log in, stay connected, and register the commands beside it.

What ends it is a token that Discord does not accept, and a connection that it closes for good.
Everything else may pass, and is tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import aiohttp
import discord
import structlog
import yarl

from bot.alarms import Alarms
from bot.cards.parts import COMMANDS
from bot.clock import Clock, cancel
from bot.errors import MarionetteError, SettingsError
from bot.gateway.client import ShardedBot
from bot.gateway.pace import Pace
from bot.gateway.session_starts import SessionStarts, Turns
from bot.gateway.shards import PAUSES_S, TOO_FEW_SHARDS, TROUBLE, Shards
from bot.gateway.shares import Share
from bot.peers.overlap import Overlap
from bot.settings import Settings

log = structlog.get_logger()

LONGEST_PAUSE_S = 3600.0
LOOK_AGAIN_S, LOOK_AGAIN_SOON_S = 60.0, 1.0
FEW = "Discord recommends more shards than the bot has"
ADVICE = (
    "At the next occasion, stop all `run` processes, and start them with at least so many behind "
    "the / of --shards; Discord lets nobody in where a shard has more than 2,500 servers."
)
MOST_LEFT = 500
"""So many requests may go on that nobody waits for any longer."""

EXPECTED = (discord.DiscordException, aiohttp.ClientError, OSError)
OF_A_COMMAND = frozenset(
    {
        "type",
        "name",
        "name_localizations",
        "description",
        "description_localizations",
        "default_member_permissions",
        "contexts",
        "integration_types",
        "nsfw",
        "options",
        "required",
        "choices",
        "value",
        "autocomplete",
        "channel_types",
        "min_value",
        "max_value",
        "min_length",
        "max_length",
    }
)
"""What we say of a command or of its options; Discord's answer adds more."""

BELOW = frozenset(
    {
        discord.AppCommandOptionType.subcommand.value,
        discord.AppCommandOptionType.subcommand_group.value,
    }
)
"""Options that are commands themselves."""


def aim(settings: Settings) -> str | None:
    """Aim discord.py at the Discord of the settings; the proxy to it, if there is one.

    Raises `SettingsError` where one proxy does not serve all of it.
    """
    proxies, api_url = settings.proxies(), str(settings.discord_api_url)
    proxy = proxies.for_url(api_url)
    if proxies.for_url(str(settings.discord_gateway_url)) != proxy:
        raise SettingsError(
            "HTTPS_PROXY, HTTP_PROXY and NO_PROXY must say the same of DISCORD_API_URL and "
            "DISCORD_GATEWAY_URL: one proxy, or none, serves both."
        )
    discord.http.Route.BASE = api_url.rstrip("/")
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # there is no voice here
    discord.client.HTTPClient = WholeRequests  # type: ignore[attr-defined]
    gateway = discord.gateway.DiscordWebSocket
    gateway.DEFAULT_GATEWAY = yarl.URL(str(settings.discord_gateway_url))
    return proxy


class WholeRequests(discord.http.HTTPClient):
    """Each request comes to its end, whoever stops waiting for it.

    The one that Discord tells of its limit for everything holds all others up, sleeps, and lets
    them go; if it were cancelled meanwhile, nothing would ever let them go.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.pace: Pace | None = None
        self._left: set[asyncio.Task[Any]] = set()

    async def request(self, route: discord.http.Route, **asked: Any) -> Any:
        """As discord.py's. Raises `aiohttp.ClientError` where Discord owes too many answers."""
        if len(self._left) >= MOST_LEFT:
            raise aiohttp.ClientConnectionError("Discord has not answered for long")
        asking = asyncio.create_task(self._ask(route, **asked))
        asking.add_done_callback(self._is_over)
        try:
            await asyncio.wait([asking])
        finally:
            if not asking.done():
                self._left.add(asking)
        return asking.result()

    async def _ask(self, route: discord.http.Route, **asked: Any) -> Any:
        if self.pace is not None:
            await self.pace.wait(route.path)
        try:
            return await super().request(route, **asked)
        except UnicodeDecodeError as error:
            raise aiohttp.ClientPayloadError(
                f"The answer cannot be read: {error.reason}"
            ) from error

    def _is_over(self, asking: asyncio.Task[Any]) -> None:
        self._left.discard(asking)
        if not asking.cancelled():
            asking.exception()  # which nobody may be there to look at

    async def close(self) -> None:
        """End what is left, for good."""
        await cancel(self._left)
        await super().close()


class Connection:
    """`run` it once, with the client open.

    Of a fixed share the shards are kept as they are; else those are that Discord recommends.
    """

    def __init__(
        self,
        client: ShardedBot,
        token: str,
        turns: Turns,
        *,
        clock: Clock,
        alarms: Alarms,
        overlap: Overlap,
        share: Share | None = None,
    ) -> None:
        self._client = client
        self._token = token
        self._clock = clock
        self.overlap = overlap
        self._share = share
        self._starts = SessionStarts(client, turns, clock, alarms)
        self.shards = Shards(client, self._starts, clock, alarms)

    async def run(self) -> None:
        """Go on until cancelled; with a share of no shards, without a gateway.

        Raises `SettingsError` for a wrong token and, in a group, `MarionetteError` for a connection
        that was closed for good.
        """
        if self._share is not None and not self._share.ids:
            await self.run_without_gateway()
            return
        await self._persist("the log-in has failed", self._log_in)
        log.info("logged in", user=str(self._client.user))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_after_commands())
            await self._persist(TROUBLE, self._stay_connected)

    async def run_without_gateway(self) -> None:
        """Stay logged in until cancelled, and be told nothing. Raises `SettingsError`, as `run`."""
        await self._persist("the log-in has failed", self._log_in)
        log.info("logged in", user=str(self._client.user))
        await self._client.go_without_gateway()
        await self._look_after_commands(is_first=False)
        await asyncio.Event().wait()

    async def _look_after_commands(self, *, is_first: bool = True) -> None:
        """Of several processes the one with the first shard registers them."""
        if is_first and (self._share is None or self._share.first == 0):
            await self._persist("the commands could not be registered", self._register_commands)
        else:
            await self._persist("the commands could not be read", self._read_commands)

    async def _persist(self, trouble: str, attempt: Callable[[], Awaitable[object]]) -> None:
        """Try until it is done. Each kind of failure is told once, and that it is over."""
        failures, told = 0, set[str]()
        while True:
            began = self._clock.monotonic()
            try:
                await attempt()
            except MarionetteError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the next try may go well
                if self._clock.monotonic() - began > LONGEST_PAUSE_S:  # it had worked meanwhile
                    failures, told = 0, set()
                pause_s = max(PAUSES_S[min(failures, len(PAUSES_S) - 1)], _retry_after_s(error))
                kind = f"{type(error).__name__} {getattr(error, 'status', '')}"
                (log.debug if kind in told else log.warning)(
                    trouble,
                    reason=str(error)[:200] or kind,
                    next_try_in_s=pause_s,
                    exc_info=not isinstance(error, EXPECTED),
                )
                failures += 1
                told.add(kind)
                await self._clock.sleep(pause_s)
            else:
                if told:
                    log.info("a trouble is over", trouble=trouble)
                return

    async def _log_in(self) -> None:
        http = self._client.http
        await http.close()  # of the try before: discord.py makes another one and leaves that open
        http.connector = discord.utils.MISSING
        try:
            await self._client.login(self._token)
        except discord.DiscordException as error:
            if not isinstance(error, discord.LoginFailure) and getattr(error, "status", 0) != 401:
                raise
            raise SettingsError(
                "DISCORD_TOKEN is wrong: Discord does not accept it. Make a new one on the "
                "application's Bot page."
            ) from None

    async def _stay_connected(self) -> None:
        """On as many shards as Discord wants; where it wants more, it is asked anew."""
        await self._persist(TROUBLE, self._starts.ask)
        share = self._share or Share.of_all(self._starts.shards)
        if share.total < self._starts.shards:
            log.warning(FEW, total=share.total, recommended=self._starts.shards, advice=ADVICE)
        await self.overlap.join(share)
        telling = asyncio.create_task(self._tell_once_ready())
        try:
            await self.shards.run(share, is_fixed=self._share is not None)
        except discord.ConnectionClosed as error:
            if error.code == TOO_FEW_SHARDS:
                told = f"{share.total} shards are too few for Discord"
                raise aiohttp.ClientError(told) from error
            raise MarionetteError(f"Discord closed the connection for good: {error}") from error
        finally:
            await cancel([telling])

    async def _tell_once_ready(self) -> None:
        """Whoever is to be replaced may leave then."""
        await self._client.wait_until_ready()
        while not self.shards.are_ready:
            await self._clock.sleep(LOOK_AGAIN_SOON_S)
        self.overlap.be_ready()

    async def _register_commands(self) -> None:
        """Discord counts how often commands are registered, so only where it has others."""
        there = await self._registered()
        if _by_name(await self._ours()) != _by_name(there):
            await self._client.tree.sync()
            there = await self._registered()
        _tell_ids(there)
        log.info("the commands are there")

    async def _read_commands(self) -> None:
        """Those that another process has registered, or will have."""
        ours = _by_name(await self._ours()).keys()
        while not ours <= _by_name(there := await self._registered()).keys():
            _tell_ids(there)
            await self._clock.sleep(LOOK_AGAIN_S)
        _tell_ids(there)
        log.info("the commands are there")

    async def _ours(self) -> list[dict[str, Any]]:
        """The commands of this program."""
        client, translator = self._client, self._client.tree.translator
        assert translator is not None
        return [
            await command.get_translated_payload(client.tree, translator)
            for command in client.tree.get_commands()
        ]

    async def _registered(self) -> list[dict[str, Any]]:
        """The commands that Discord has, with their words in all languages."""
        client = self._client
        route = discord.http.Route(
            "GET",
            "/applications/{application_id}/commands",
            application_id=client.application_id,
        )
        told = {"with_localizations": "true"}
        found: list[dict[str, Any]] = await client.http.request(route, params=told)
        return found


def _tell_ids(there: Iterable[Mapping[str, Any]]) -> None:
    """From now on, cards name commands so that they can be clicked."""
    for command in there:
        if command["type"] == discord.AppCommandType.chat_input.value:
            for name in _typed(command):
                COMMANDS.get({})[name] = int(command["id"])


def _typed(command: Mapping[str, Any]) -> list[str]:
    """The names under which a command, or what is below it, is typed."""
    below = [part for part in command.get("options") or () if part["type"] in BELOW]
    if not below:
        return [command["name"]]
    return [f"{command['name']} {name}" for part in below for name in _typed(part)]


def _retry_after_s(error: Exception) -> float:
    """How long Discord, or what stands before it, asks to wait, where it does."""
    if not isinstance(error, discord.HTTPException):
        return 0.0
    try:
        return min(LONGEST_PAUSE_S, float(error.response.headers.get("Retry-After", 0)))
    except ValueError:
        return 0.0


def _by_name(found: Iterable[Mapping[str, Any]]) -> dict[tuple[int, str], Any]:
    """Commands in a form that can be compared, whoever tells them and in which order."""
    return {(command["type"], command["name"]): _said(command) for command in found}


def _said(told: Mapping[str, Any]) -> dict[str, Any]:
    """Without what Discord adds, and what is the same as nothing."""
    said: dict[str, Any] = {}
    for name, value in told.items():
        if name not in OF_A_COMMAND or value is None or value is False or value in ([], {}, ""):
            continue
        if name in {"options", "choices"}:
            said[name] = [_said(part) for part in value]
        elif isinstance(value, list):
            said[name] = sorted(value)
        else:
            said[name] = str(value) if name == "default_member_permissions" else value
    return said
