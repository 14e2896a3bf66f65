"""The application's own emoji."""

import base64
import binascii
import re

from aiohttp import web

from sandbox.discord.rest.api import Api
from sandbox.discord.rest.bodies import path_id, read_fields
from sandbox.discord.schema.forms import Fields
from sandbox.discord.state.dimensions import picture_size
from sandbox.discord.state.model import Emoji
from sandbox.discord.wire import ApiError, Fault, answer

MOST_EMOJIS = 2000
MOST_BYTES = 256 * 1024
NAME = r"[A-Za-z0-9_]+"
IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,([A-Za-z0-9+/=]*)")


class Emojis:
    """The routes under /applications/{application}/emojis."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._emojis = api.world.emojis

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        every = "/applications/{application_id}/emojis"
        one = every + "/{emoji_id}"
        return [
            web.get(every, self.show_all, allow_head=False),
            web.post(every, self.create),
            web.get(one, self.show, allow_head=False),
            web.patch(one, self.rename),
            web.delete(one, self.delete),
        ]

    async def show_all(self, request: web.Request) -> web.Response:
        """All that there are."""
        self._check_application(request)
        return answer({"items": [self._api.payloads.emoji(one) for one in self._emojis.values()]})

    async def create(self, request: web.Request) -> web.Response:
        """Add one."""
        self._check_application(request)
        fields = await read_fields(request)
        name = self._read_name(fields, required=True)
        data = _read_image(fields)
        fields.form.check()
        if len(self._emojis) >= MOST_EMOJIS:
            raise ApiError(Fault.TOO_MANY_EMOJIS)
        if len(data) > MOST_BYTES:
            raise ApiError(Fault.ASSET_TOO_LARGE)
        world = self._api.world
        emoji = Emoji(world.snowflakes.next(), str(name), world.bot_id, data)
        self._emojis[emoji.id] = emoji
        return answer(self._api.payloads.emoji(emoji), 201)

    async def show(self, request: web.Request) -> web.Response:
        """One of them."""
        return answer(self._api.payloads.emoji(self._one(request)))

    async def rename(self, request: web.Request) -> web.Response:
        """Give one another name; its picture stays."""
        emoji = self._one(request)
        fields = await read_fields(request)
        name = self._read_name(fields, of=emoji)
        fields.form.check()
        emoji.name = name or emoji.name
        return answer(self._api.payloads.emoji(emoji))

    async def delete(self, request: web.Request) -> web.Response:
        """Take one away."""
        del self._emojis[self._one(request).id]
        return web.Response(status=204)

    def _check_application(self, request: web.Request) -> None:
        if path_id(request, "application_id") != self._api.world.application_id:
            raise ApiError(Fault.UNKNOWN_APPLICATION)

    def _one(self, request: web.Request) -> Emoji:
        self._check_application(request)
        emoji = self._emojis.get(path_id(request, "emoji_id"))
        if emoji is None:
            raise ApiError(Fault.UNKNOWN_EMOJI)
        return emoji

    def _read_name(
        self, fields: Fields, *, required: bool = False, of: Emoji | None = None
    ) -> str | None:
        name = fields.text("name", required=required, least=2, most=32, pattern=NAME)
        if any(other.name == name for other in self._emojis.values() if other is not of):
            fields.fail(
                "name",
                "APPLICATION_EMOJI_NAME_ALREADY_TAKEN",
                "An emoji with this name already exists.",
            )
        return name


def _read_image(fields: Fields) -> bytes:
    """The picture of a data URI; what its header says counts, not what the URI does."""
    text = fields.text("image", required=True, most=2**24)
    found = IMAGE.fullmatch(text or "")
    try:
        data = base64.b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        data = b""
    if text is not None and not picture_size(data):
        fields.fail("image", "IMAGE_INVALID", "Invalid image data")
    return data
