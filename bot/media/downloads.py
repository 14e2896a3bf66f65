"""Downloads of URLs that others chose: https only, guarded addresses, bounded in size and time."""

import asyncio
import errno
import os
import re
import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, ParamSpec, Self, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.alarms import Alarm, Alarms
from bot.errors import CannotSave, DownloadError, DownloadRefused
from bot.media.addresses import Address, Suppliers, is_loopback, is_public

MOST_REDIRECTS = 3

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WRITE_BYTES = 1024 * 1024
_DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}
)
_NUMERIC_LABEL = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)

P = ParamSpec("P")
R = TypeVar("R")


class Downloads:
    """Sessions of their own: no cookies, no key of anybody; use with `async with`.

    `names` resolves host names, by default as the machine does; every answer is checked.
    `suppliers` may have addresses of their own, and are reached through a proxy where `proxy_for`
    their URL names one, which then resolves their names.
    """

    def __init__(
        self,
        names: AbstractResolver | None = None,
        *,
        alarms: Alarms | None = None,
        suppliers: Suppliers | None = None,
        proxy_for: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._names = names
        self._alarms = alarms or Alarms()
        self._suppliers = suppliers or Suppliers()
        self._proxy_for = proxy_for

    async def __aenter__(self) -> Self:
        names, suppliers = self._names or aiohttp.ThreadedResolver(), self._suppliers
        self._outside = _session(_Guard(names, suppliers, self._alarms, local=False))
        self._local = _session(_Guard(names, suppliers, self._alarms, local=True))
        self._proxied = _session(None)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._outside.close()
        await self._local.close()
        await self._proxied.close()

    async def save(
        self, url: str, path: Path, *, limit_bytes: int, timeout_s: float, supplier: str
    ) -> int:
        """Fetch `url` into `path`, which is then complete and on disk; returns its size in bytes.

        A missing folder is made.
        `supplier` is the URL of the API that named this one: only if that is on loopback may this
        be, and be plain http. Raises `DownloadRefused` for what will never be fetched (with
        `too_large` when more than `limit_bytes`), `DownloadError` for what went wrong on the way,
        and `CannotSave` for what did on this disk.
        """
        part = _Part(path)
        try:
            async with asyncio.timeout(timeout_s):
                await _in_thread(part.open)
                size_bytes = await self._follow(url, part, limit_bytes, _is_local(supplier))
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
                await _in_thread(part.drop)

    async def answers(self, url: str, *, timeout_s: float, supplier: str) -> bool:
        """Whether a link hands out its first byte now; whatever else happens is a no.

        `supplier` is as in `save`. A redirection is a no, too.
        """
        local = _is_local(supplier)
        try:
            target = _checked(url, local=local)
            async with (
                asyncio.timeout(timeout_s),
                self._get(target, local=local, headers={"Range": "bytes=0-0"}) as response,
            ):
                return response.status in {200, 206} and bool(await response.content.read(1))
        except (DownloadError, aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def _follow(self, url: str, part: "_Part", limit_bytes: int, local: bool) -> int:
        target = _checked(url, local=local)
        for _ in range(MOST_REDIRECTS + 1):
            async with self._get(target, local=local) as response:
                if response.status not in _REDIRECTS:
                    return await _receive(response, part, limit_bytes)
                target = _checked(response.headers.get("Location", ""), local=local, base=target)
        raise DownloadError(f"The download was redirected more than {MOST_REDIRECTS} times.")

    def _get(
        self, target: URL, *, local: bool, headers: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Ask for a checked address, on the way that is meant for its host; redirects stay."""
        proxy = self._proxy_for(str(target)) if self._suppliers.include(target.host or "") else None
        if proxy is not None:
            return self._proxied.get(target, headers=headers, allow_redirects=False, proxy=proxy)
        session = self._local if local else self._outside
        return session.get(target, headers=headers, allow_redirects=False)


class _Guard(AbstractResolver):
    """Resolves a name only if each of its addresses may be connected to.

    The connection is then made to these very addresses, so a second answer cannot slip in between.
    """

    def __init__(
        self, names: AbstractResolver, suppliers: Suppliers, alarms: Alarms, *, local: bool
    ) -> None:
        self._names = names
        self._suppliers = suppliers
        self._alarms = alarms
        self._local = local

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = await self._names.resolve(host, port, family)
        except UnicodeError:  # a label that is too long or empty
            raise DownloadRefused("The download's host name cannot exist.") from None
        addresses = [ip_address(result["host"]) for result in found]
        if self._suppliers.include(host):
            self._tell(host, self._suppliers.odd(addresses))
            addresses = [one for one in addresses if not self._suppliers.may_have(one)]
        for address in addresses:
            _check_address(address, host, local=self._local)
        return found

    def _tell(self, host: str, odd: list[Address]) -> None:
        """All that these hosts serve would be refused, and only the operator can say why."""
        if odd:
            self._alarms.raise_(Alarm.ADDRESSES, host, host=host, address=str(odd[0]))
        else:
            self._alarms.clear(Alarm.ADDRESSES, host)

    async def close(self) -> None:
        await self._names.close()


def part_of(path: Path) -> Path:
    """Where a file lies until it is whole."""
    return path.with_name(f"{path.name}.part")


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


def _checked(url: str, *, local: bool, base: URL | None = None) -> URL:
    try:
        target = URL(url) if base is None else base.join(URL(url))
        host, has_login = target.host, target.user is not None or target.password is not None
    except ValueError:
        raise DownloadRefused("The download's address is none.") from None
    if not host:
        raise DownloadRefused("The download's address names no host.")
    if has_login:
        raise DownloadRefused("The download's address holds a user name or a password.")
    if target.scheme != "https" and not (target.scheme == "http" and local and _is_local(target)):
        raise DownloadRefused(f"The download's address is {target.scheme or 'nothing'}, not https.")
    try:
        _check_address(ip_address(host), host, local=local)
    except ValueError:
        # 127.1, 0x7f000001 and their like are addresses to some systems and names to others.
        if _NUMERIC_LABEL.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise DownloadRefused("The download's address is a malformed number.") from None
    return target


def _check_address(address: Address, host: str, *, local: bool) -> None:
    if not is_public(address) and not (local and is_loopback(address)):
        raise DownloadRefused(f"The download's host {host} is not on the open internet.")


def _is_local(url: str | URL) -> bool:
    host = URL(url).host or ""
    try:
        return is_loopback(ip_address(host))
    except ValueError:
        return host == "localhost"


async def _receive(response: aiohttp.ClientResponse, part: "_Part", limit_bytes: int) -> int:
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
            await _in_thread(part.write, bytes(waiting))
            waiting.clear()
    if not size_bytes:
        raise DownloadError("The download is empty.")
    await _in_thread(part.put_in_place, bytes(waiting))
    return size_bytes


class _Part:
    """What has come of a file, beside its place until it is whole. Its methods run in a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = part_of(path)
        self._file: BinaryIO | None = None
        self.is_in_place = False

    def open(self) -> None:
        """Begin. A missing folder is made and synced: else the file would be lost with it."""
        missing = [folder for folder in self._part.parents if not folder.exists()]
        self._part.parent.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            _sync_folder(folder.parent)
        self._file = self._part.open("wb")

    def write(self, data: bytes) -> None:
        """More of it."""
        assert self._file is not None
        self._file.write(data)

    def put_in_place(self, data: bytes) -> None:
        """The last of it: now it is whole and on disk, and the file that was there is not."""
        self.write(data)
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)
        self.is_in_place = True
        _sync_folder(self._path.parent)

    def drop(self) -> None:
        """Nothing will come of it."""
        with suppress(OSError):  # what has gone wrong with this disk is told already
            if self._file is not None:
                self._file.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


async def _in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """`asyncio.to_thread`, but a cancelled caller still waits for the thread: it has the file."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # looked at, so that asyncio does not report it as missed
        raise
