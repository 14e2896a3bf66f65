"""Files, and the signed links under which they can be had for a day; and emoji, without."""

import hashlib
import hmac
import mimetypes
import re
import secrets
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from sandbox.discord.state.dimensions import dimensions, picture_type
from sandbox.discord.state.model import Attachment
from sandbox.discord.state.world import World

LINK_LIFE_S = 24 * 60 * 60
GONE = "This content is no longer available."
# Python's own table, not the machine's, so that a file is the same everywhere.
_TYPES = mimetypes.MimeTypes()
_TYPES.add_type("video/x-matroska", ".mkv")
_TYPES.add_type("video/x-m4v", ".m4v")
# People upload anything, and pages of the same origin must not run it. A sandboxed document has no
# origin, and Chromium plays no video in one; a file that is served as a video can run nothing.
PLAYABLE = ("video/", "audio/")
POLICY = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'"


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
        kind = content_type(safe)
        width, height = dimensions(kind, data) or (None, None)
        attachment = Attachment(
            id=self._world.snowflakes.next(),
            channel_id=channel_id,
            filename=safe,
            data=data,
            content_type=kind,
            width=width,
            height=height,
            title=filename.rpartition(".")[0] if safe != filename else None,
            ephemeral=ephemeral,
            is_spoiler=safe.startswith("SPOILER_"),
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
        emoji = r"/emojis/{emoji_id:\d{1,20}}.{kind:png|webp|gif}"
        return [
            web.get(emoji, self._serve_emoji),
            *(
                web.get(
                    rf"/{folder}/{{channel_id}}/{{attachment_id:\d{{1,20}}}}/{{name}}", self._serve
                )
                for folder in ("attachments", "ephemeral-attachments")
            ),
        ]

    async def _serve_emoji(self, request: web.Request) -> web.StreamResponse:
        """As it was uploaded, whichever kind is asked for: it is not drawn anew here."""
        emoji = self._world.emojis.get(int(request.match_info["emoji_id"]))
        if emoji is None:
            return web.Response(status=404, text=GONE)
        return web.Response(body=emoji.data, headers=_safe(picture_type(emoji.data)))

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        attachment = self._world.attachments.get(int(request.match_info["attachment_id"]))
        if attachment is None or not self._valid(request):
            return web.Response(status=404, text=GONE)
        kind = attachment.content_type or "application/octet-stream"
        headers = {"Accept-Ranges": "bytes", **_safe(kind)}
        data = attachment.data
        wanted = _wanted(request, len(data))
        if wanted is None:
            return web.Response(body=data, headers=headers)
        if not wanted:
            headers["Content-Range"] = f"bytes */{len(data)}"
            return web.Response(status=416, headers=headers)
        headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{len(data)}"
        part = data[wanted.start : wanted.stop]
        return web.Response(status=206, body=part, headers=headers)

    def _valid(self, request: web.Request) -> bool:
        query = {key: values[0] for key, values in parse_qs(request.query_string).items()}
        expires, issued = query.get("ex", ""), query.get("is", "")
        expected = self._sign(request.path, ex=expires, **{"is": issued})
        if not hmac.compare_digest(expected.encode(), query.get("hm", "").encode()):
            return False
        return self._world.clock.time() < int(expires, 16)

    def _sign(self, path: str, **life: str) -> str:
        text = f"{path}:{life['ex']}:{life['is']}"
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def _safe(kind: str) -> dict[str, str]:
    """The headers of a file that can run nothing."""
    return {
        "Content-Type": kind,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": POLICY if kind.startswith(PLAYABLE) else f"sandbox; {POLICY}",
    }


def _wanted(request: web.Request, size: int) -> range | None:
    """The bytes that are asked for, an empty range if there are none such; None for the whole.

    What is not one well-formed range is ignored, as HTTP has it. So is one with If-Range: nothing
    here has a validator that could hold.
    """
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", request.headers.get("Range", ""))
    if found is None or "If-Range" in request.headers:
        return None
    first, last = found.groups()
    if not first:
        return range(max(size - int(last), 0), size) if last else None
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def content_type(filename: str) -> str | None:
    """What Discord takes a file for, by its name alone."""
    kind = _TYPES.guess_type(filename, strict=False)[0]
    return f"{kind}; charset=utf-8" if kind and kind.startswith("text/") else kind


def safe_name(filename: str) -> str:
    """The name a file gets in its link and in `attachment://…`."""
    return re.sub(r"[^\w.\-]", "_", filename, flags=re.ASCII).strip(".") or "unknown"
