"""Files, and the signed links under which they can be had for a day."""

import hashlib
import hmac
import mimetypes
import re
import secrets
import struct
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from sandbox.discord.model import Attachment
from sandbox.discord.world import World

LINK_LIFE_S = 24 * 60 * 60
GONE = "This content is no longer available."
# Python's own table, not the machine's, so that a file is the same everywhere.
_TYPES = mimetypes.MimeTypes()
_TYPES.add_type("video/x-matroska", ".mkv")
_TYPES.add_type("video/x-m4v", ".m4v")
# A file that is opened by itself must not act as a part of the page, which has the same address.
FILE_HEADERS = {
    "Accept-Ranges": "bytes",
    "Content-Security-Policy": "sandbox",
    "X-Content-Type-Options": "nosniff",
}


class Cdn:
    """Stores what is uploaded and serves it by link; `base_url` is known once the port is."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._key = secrets.token_bytes(32)
        self.base_url = ""

    def store(
        self, channel_id: int, filename: str, data: bytes, *, ephemeral: bool = False
    ) -> Attachment:
        """Keep a file's bytes under a new id, with a name that is safe in a link."""
        safe = safe_name(filename)
        width, height = picture_size(data) or (None, None)
        attachment = Attachment(
            id=self._world.snowflakes.next(),
            channel_id=channel_id,
            filename=safe,
            data=data,
            content_type=content_type(safe),
            width=width,
            height=height,
            title=filename.rpartition(".")[0] if safe != filename else None,
            ephemeral=ephemeral,
        )
        self._world.attachments[attachment.id] = attachment
        return attachment

    def url(self, attachment: Attachment) -> str:
        """A link that works for a day from now on the server's clock."""
        folder = "ephemeral-attachments" if attachment.ephemeral else "attachments"
        path = f"/{folder}/{attachment.channel_id}/{attachment.id}/{attachment.filename}"
        issued = int(self._world.clock.time())
        life = {"ex": f"{issued + LINK_LIFE_S:x}", "is": f"{issued:x}"}
        query = urlencode({**life, "hm": self._sign(path, **life)})
        return f"{self.base_url}{path}?{query}&"

    def routes(self) -> list[web.RouteDef]:
        """Where files are had."""
        return [
            web.get(rf"/{folder}/{{channel_id}}/{{attachment_id:\d{{1,20}}}}/{{name}}", self._serve)
            for folder in ("attachments", "ephemeral-attachments")
        ]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        attachment = self._world.attachments.get(int(request.match_info["attachment_id"]))
        if attachment is None or not self._valid(request):
            return web.Response(status=404, text=GONE)
        kind = attachment.content_type or "application/octet-stream"
        return _part(request, attachment.data, FILE_HEADERS | {"Content-Type": kind})

    def _valid(self, request: web.Request) -> bool:
        query = {key: values[0] for key, values in parse_qs(request.query_string).items()}
        expires, issued = query.get("ex", ""), query.get("is", "")
        expected = self._sign(request.path, ex=expires, **{"is": issued})
        if not hmac.compare_digest(expected, query.get("hm", "")):
            return False
        return self._world.clock.time() < int(expires, 16)

    def _sign(self, path: str, **life: str) -> str:
        text = f"{path}:{life['ex']}:{life['is']}"
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def _part(request: web.Request, data: bytes, headers: dict[str, str]) -> web.Response:
    """What was asked for of a file: browsers play videos, and seek in them, piece by piece."""
    try:
        asked = request.http_range
    except ValueError:
        asked = slice(None)
    if asked.start is None:
        return web.Response(body=data, headers=headers)
    start, stop, _ = asked.indices(len(data))
    if start >= stop:
        return web.Response(status=416, headers=headers | {"Content-Range": f"bytes */{len(data)}"})
    headers = headers | {"Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"}
    return web.Response(status=206, body=data[start:stop], headers=headers)


def content_type(filename: str) -> str | None:
    """What Discord takes a file for, by its name alone."""
    kind = _TYPES.guess_type(filename, strict=False)[0]
    return f"{kind}; charset=utf-8" if kind and kind.startswith("text/") else kind


def safe_name(filename: str) -> str:
    """The name a file gets in its link and in `attachment://…`."""
    return re.sub(r"[^\w.\-]", "_", filename, flags=re.ASCII).strip(".") or "unknown"


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the header of a PNG, GIF, WebP or JPEG; None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return width, height
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp_size(data)
    if data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    if data[12:16] == b"VP8X" and len(data) >= 30:
        return (
            1 + int.from_bytes(data[24:27], "little"),
            1 + int.from_bytes(data[27:30], "little"),
        )
    if data[12:16] == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if data[12:16] == b"VP8 " and len(data) >= 30:
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
