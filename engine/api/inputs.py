"""What a submit asks for: checked at once by its form, fetched when the job runs."""

import asyncio
import base64
import binascii
import errno
import ipaddress
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohappyeyeballs import AddrInfoType

from engine.api.models import Model

IMAGE_LIMIT_BYTES = 50_000_000
VIDEO_LIMIT_BYTES = 100_000_000
FETCH_TIMEOUT = aiohttp.ClientTimeout(total=60)


class InputError(Exception):
    """A field is missing, malformed, or names something that cannot be fetched."""


@dataclass(frozen=True)
class Inputs:
    """One accepted request body; exactly one of `image_url` and `image` is there."""

    model: Model
    image_url: str | None
    image: bytes | None
    video_url: str
    quality: str
    as_sent: dict[str, object]

    @property
    def bounds_s(self) -> tuple[float, float]:
        """The shortest and the longest motion that it may come with."""
        return self.model.bounds_s(self.as_sent)

    @property
    def dollars_per_s(self) -> float:
        """What a second of motion costs."""
        return self.model.dollars_per_s[self.quality]


def parse_inputs(model: Model, body: object) -> Inputs:
    """Read a submit's JSON as this model takes it. Raises `InputError`."""
    if not isinstance(body, dict):
        raise InputError("The request body must be a JSON object")
    subject, inline = model.subject, model.inline_subject
    if body.get(model.motion) is None:
        raise InputError(f"{model.motion} is required")
    by_url = body.get(subject) is not None
    if inline is None and not by_url:
        raise InputError(f"{subject} is required")
    if inline is not None and by_url == (body.get(inline) is not None):
        raise InputError(f"Exactly one of {subject} and {inline} is required")
    _check_others(model, body)
    return Inputs(
        model=model,
        image_url=_url(subject, body[subject]) if by_url else None,
        image=_decode(inline, body[inline]) if inline and not by_url else None,
        video_url=_url(model.motion, body[model.motion]),
        quality=_quality(model, body),
        as_sent=body,
    )


def _quality(model: Model, body: dict[str, object]) -> str:
    quality = body.get(model.quality, model.default_quality) if model.quality else None
    if quality is None:
        return model.default_quality
    if not isinstance(quality, str) or quality not in model.short_sides:
        raise InputError(f"{model.quality} must be one of {', '.join(model.short_sides)}")
    return quality


def _check_others(model: Model, body: dict[str, object]) -> None:
    """Raises `InputError` for a further field that is missing, wrong, or of another model."""
    for name in sorted(model.required):
        if not body.get(name):
            raise InputError(f"{name} is required")
    own = {model.subject, model.inline_subject, model.motion, model.quality}
    for name, value in body.items():
        if name in own:
            continue
        kind = model.others.get(name)
        if kind is None:
            if model.is_strict:
                raise InputError(f"{name} is not a parameter of {model.slug}")
        elif isinstance(kind, tuple):
            if value not in kind:
                raise InputError(f"{name} must be one of {', '.join(kind)}")
        elif type(value) is not kind:  # a truth is a whole number to Python alone
            raise InputError(f"{name} must be of type {kind.__name__}")


def _url(name: str, value: object) -> str:
    if isinstance(value, str):
        try:
            parts = urlsplit(value)
            if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
                return value
        except ValueError:  # a malformed port or IPv6 address
            pass
    raise InputError(f"{name} must be an http or https URL")


def _decode(name: str, value: object) -> bytes:
    if isinstance(value, str):
        text = value.partition(",")[2] if value.startswith("data:") else value
        try:
            content = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            content = b""
        if content:
            return content
    raise InputError(f"{name} must be base64 text")


Find = Callable[[str], Path | None]
"""What a link leads to that is our own, and would lead over the network to this very machine."""


async def fetch_inputs(
    session: aiohttp.ClientSession, inputs: Inputs, subject: Path, motion: Path, own: Find
) -> None:
    """Bring both files here. Raises `InputError` saying which one could not be had."""

    async def bring(name: str, url: str, path: Path, limit_bytes: int) -> None:
        if (kept := own(url)) is None:
            await _fetch(session, name, url, path, limit_bytes)
        elif kept.stat().st_size > limit_bytes:
            raise InputError(f"{name} is larger than {limit_bytes:,} bytes")
        else:
            await asyncio.to_thread(shutil.copyfile, kept, path)

    if inputs.image_url is not None:
        await bring(inputs.model.subject, inputs.image_url, subject, IMAGE_LIMIT_BYTES)
    elif inputs.image is not None:
        await asyncio.to_thread(subject.write_bytes, inputs.image)
    await bring(inputs.model.motion, inputs.video_url, motion, VIDEO_LIMIT_BYTES)


async def _fetch(
    session: aiohttp.ClientSession, name: str, url: str, path: Path, limit_bytes: int
) -> None:
    size_bytes = 0
    try:
        async with session.get(url, timeout=FETCH_TIMEOUT, max_redirects=3) as reply:
            if reply.status != 200:
                raise InputError(f"{name} could not be downloaded: HTTP {reply.status}")
            with path.open("wb") as file:
                async for piece in reply.content.iter_chunked(256 * 1024):
                    size_bytes += len(piece)
                    if size_bytes > limit_bytes:
                        raise InputError(f"{name} is larger than {limit_bytes:,} bytes")
                    file.write(piece)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise InputError(f"{name} could not be downloaded: {type(error).__name__}") from None
    if not size_bytes:
        raise InputError(f"{name} is empty")


def fetching_session(*, may_fetch_here: bool) -> aiohttp.ClientSession:
    """Fetches from public addresses alone, and (`may_fetch_here`) from this machine's own.

    Whoever has the key of a server on a network must not reach into that network by it.
    """

    def connect(target: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = target
        ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if not (ip.is_global and not ip.is_multicast) and not (may_fetch_here and ip.is_loopback):
            raise OSError(errno.EACCES, "it is no public address")
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(socket_factory=connect)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
