"""Downloads of URLs that others chose: https only, guarded addresses, bounded in size and time."""

import asyncio
import errno
import re
import socket
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from enum import Enum, auto
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.alarms import Alarm, Alarms
from bot.errors import CannotSave, DownloadError, DownloadRefused
from bot.media.addresses import Address, Suppliers, is_loopback, is_public
from bot.media.saving.part import Part, in_thread

MOST_REDIRECTS = 3

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WRITE_BYTES = 1024 * 1024
_DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}
)
_USUAL_PORT = 443
_NAMES_AT_ONCE = 8
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_NUMERIC_LABEL = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)

P = ParamSpec("P")
R = TypeVar("R")


class _Way(Enum):
    """How far a link is trusted, by who named it."""

    GIVEN = auto()
    """A person: every address must be public, at the usual port, and no page is wanted."""

    NAMED = auto()
    """An API elsewhere: its own hosts may have the operator's addresses, and be behind a proxy."""

    LOCAL = auto()
    """An API on this machine: the link may lead here, too."""


class Downloads:
    """Sessions of their own: no cookies, no key of anybody; use with `async with`.

    `names` resolves host names, by default as the machine does; every answer is checked.
    `suppliers` may have addresses of their own, and are reached through a proxy where `proxy_for`
    their URL names one, which then resolves their names. `own` are the
    URLs of the operator's own services: what such a one names may be at its own origin, wherever
    that is.
    """

    def __init__(
        self,
        names: AbstractResolver | None = None,
        *,
        alarms: Alarms | None = None,
        suppliers: Suppliers | None = None,
        proxy_for: Callable[[str], str | None] = lambda _: None,
        own: Collection[str] = (),
    ) -> None:
        self._own = {URL(url).origin() for url in own}
        self._names = names
        self._alarms = alarms or Alarms()
        self._suppliers = suppliers or Suppliers()
        self._proxy_for = proxy_for

    async def __aenter__(self) -> Self:
        names = {
            way: self._names or (_Names() if way is _Way.GIVEN else aiohttp.ThreadedResolver())
            for way in _Way
        }
        self._sessions = {
            way: _session(_Guard(names[way], self._suppliers, self._alarms, way)) for way in _Way
        }
        self._unguarded = _session(None)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in self._sessions.values():
            await session.close()
        await self._unguarded.close()

    async def save(
        self, url: str, path: Path, *, limit_bytes: int, timeout_s: float, supplier: str | None
    ) -> int:
        """Fetch `url` into `path`, which is then complete and on disk; returns its size in bytes.

        A missing folder is made.
        `supplier` is the URL of the API that named this one: only if that is on loopback may this
        be, and be plain http. It is `None` where a person gave the link: then it is trusted least.
        Raises `DownloadRefused` for what will never be fetched (with `too_large` when more than
        `limit_bytes`, and `is_page` where a given link leads to a web page), `DownloadError` for
        what went wrong on the way, and `CannotSave` for what did on this disk.
        """
        part = Part(path)
        try:
            async with asyncio.timeout(timeout_s):
                await in_thread(part.open)
                size_bytes = await self._follow(url, part, limit_bytes, supplier)
                self._alarms.clear(Alarm.DISK, "files")
                return size_bytes
        except TimeoutError:
            raise DownloadError(f"The download took more than {timeout_s:g} s.") from None
        except aiohttp.ClientError as error:
            raise DownloadError(f"The download broke off ({type(error).__name__}).") from error
        except OSError as error:
            if error.errno not in _DISK:
                raise DownloadError(f"The download cannot be saved: {error.strerror}.") from error
            self._alarms.raise_(Alarm.DISK, "files", reason=error.strerror)
            raise CannotSave(f"A download cannot be saved: {error.strerror}.") from error
        finally:
            if not part.is_in_place:
                await in_thread(part.drop)

    async def answers(self, url: str, *, timeout_s: float, supplier: str) -> bool:
        """Whether a link hands out its first byte now; whatever else happens is a no.

        `supplier` is as in `save`. A redirection is a no, too.
        """
        try:
            target = self._checked(_parsed(url), supplier)
            async with (
                asyncio.timeout(timeout_s),
                self._get(target, supplier, headers={"Range": "bytes=0-0"}) as response,
            ):
                return response.status in {200, 206} and bool(await response.content.read(1))
        except (DownloadError, aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def _follow(self, url: str, part: Part, limit_bytes: int, supplier: str | None) -> int:
        target = self._checked(_parsed(url), supplier)
        for _ in range(MOST_REDIRECTS + 1):
            async with self._get(target, supplier) as response:
                if response.status not in _REDIRECTS:
                    if supplier is None:
                        _refuse_page(response)
                    return await _receive(response, part, limit_bytes)
                further = _parsed(response.headers.get("Location", ""), base=target)
                target = self._checked(further, supplier)
        raise DownloadError(f"The download was redirected more than {MOST_REDIRECTS} times.")

    def _checked(self, target: URL, supplier: str | None) -> URL:
        if not self._is_own(target, supplier):
            _check(target, _way(supplier))
        return target

    def _is_own(self, target: URL, supplier: str | None) -> bool:
        """Whether a service of the operator's own has named something that it serves itself."""
        is_there = supplier is not None and target.origin() == URL(supplier).origin()
        return is_there and target.origin() in self._own

    def _get(
        self, target: URL, supplier: str | None, *, headers: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Ask for a checked address, on the way that is meant for its host; redirects stay."""
        if self._is_own(target, supplier):
            return self._unguarded.get(target, headers=headers, allow_redirects=False)
        way = _way(supplier)
        is_theirs = way is not _Way.GIVEN and self._suppliers.include(target.host or "")
        proxy = self._proxy_for(str(target)) if is_theirs else None
        if proxy is not None:
            return self._unguarded.get(target, headers=headers, allow_redirects=False, proxy=proxy)
        return self._sessions[way].get(target, headers=headers, allow_redirects=False)


class _Names(AbstractResolver):
    """As the machine resolves them, in threads of their own: those of all else would be used up by
    names whose servers do not answer, and no thread can be told to stop waiting.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_NAMES_AT_ONCE, "names of given links")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        ask = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Guard(AbstractResolver):
    """Resolves a name only if each of its addresses may be connected to.

    The connection is then made to these very addresses, so a second answer cannot slip in between.
    """

    def __init__(
        self, names: AbstractResolver, suppliers: Suppliers, alarms: Alarms, way: _Way
    ) -> None:
        self._names = names
        self._suppliers = suppliers
        self._alarms = alarms
        self._way = way

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = await self._names.resolve(host, port, family)
        except UnicodeError:  # a label that is too long or empty
            raise DownloadRefused("The download's host name cannot exist.") from None
        addresses = [ip_address(result["host"]) for result in found]
        if self._way is not _Way.GIVEN and self._suppliers.include(host):
            self._tell(host, self._suppliers.odd(addresses))
            addresses = [one for one in addresses if not self._suppliers.may_have(one)]
        for address in addresses:
            _check_address(address, host, self._way)
        return found

    def _tell(self, host: str, odd: list[Address]) -> None:
        """All that these hosts serve would be refused, and only the operator can say why."""
        if odd:
            self._alarms.raise_(Alarm.ADDRESSES, host, host=host, address=str(odd[0]))
        else:
            self._alarms.clear(Alarm.ADDRESSES, host)

    async def close(self) -> None:
        await self._names.close()


def _session(guard: _Guard | None) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=guard, use_dns_cache=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        # Compressed bytes could grow past every bound; videos and pictures are compressed anyway.
        headers={"Accept-Encoding": "identity", "User-Agent": "Marionette"},
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,  # it would also read .netrc, and hand a stranger's host a password
    )


def _way(supplier: str | None) -> _Way:
    if supplier is None:
        return _Way.GIVEN
    return _Way.LOCAL if _is_local(supplier) else _Way.NAMED


def _parsed(url: str, *, base: URL | None = None) -> URL:
    try:
        target = URL(url) if base is None else base.join(URL(url))
        host, has_login = target.host, target.user is not None or target.password is not None
    except ValueError:
        raise DownloadRefused("The download's address is none.") from None
    if not host:
        raise DownloadRefused("The download's address names no host.")
    if has_login:
        raise DownloadRefused("The download's address holds a user name or a password.")
    if target.scheme not in {"http", "https"}:
        raise DownloadRefused(f"The download's address is {target.scheme or 'nothing'}, not https.")
    return target


def _check(target: URL, way: _Way) -> None:
    host = target.host or ""
    is_here = target.scheme == "http" and way is _Way.LOCAL and _is_local(target)
    if target.scheme != "https" and not is_here:
        raise DownloadRefused(f"The download's address is {target.scheme}, not https.")
    if way is _Way.GIVEN and target.port != _USUAL_PORT:
        raise DownloadRefused(f"The download's address names the port {target.port}.")
    try:
        _check_address(ip_address(host), host, way)
    except ValueError:
        # 127.1, 0x7f000001 and their like are addresses to some systems and names to others.
        if _NUMERIC_LABEL.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise DownloadRefused("The download's address is a malformed number.") from None


def _check_address(address: Address, host: str, way: _Way) -> None:
    if not is_public(address) and not (way is _Way.LOCAL and is_loopback(address)):
        raise DownloadRefused(f"The download's host {host} is not on the open internet.")


def _is_local(url: str | URL) -> bool:
    host = URL(url).host or ""
    try:
        return is_loopback(ip_address(host))
    except ValueError:
        return host == "localhost"


def _refuse_page(response: aiohttp.ClientResponse) -> None:
    if response.status == 200 and response.content_type in _PAGES:
        raise DownloadRefused("The download is a web page.", is_page=True)


async def _receive(response: aiohttp.ClientResponse, part: Part, limit_bytes: int) -> int:
    """Keep the body; aiohttp sees to it that it is as long as it was said to be."""
    if response.status != 200:
        raise DownloadError(f"The download was answered with {response.status}.")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise DownloadRefused("The download is compressed, which was not asked for.")
    too_large = DownloadRefused(f"The download has over {limit_bytes} bytes.", too_large=True)
    if response.content_length is not None and response.content_length > limit_bytes:
        raise too_large
    size_bytes = 0
    waiting = bytearray()
    async for chunk in response.content.iter_any():
        size_bytes += len(chunk)
        if size_bytes > limit_bytes:
            raise too_large
        waiting += chunk
        if len(waiting) >= _WRITE_BYTES:
            await in_thread(part.write, bytes(waiting))
            waiting.clear()
    if not size_bytes:
        raise DownloadError("The download is empty.")
    await in_thread(part.put_in_place, bytes(waiting))
    return size_bytes
