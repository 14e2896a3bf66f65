"""Channels and their messages, by bot token."""

from aiohttp import web

from sandbox.discord.rest.api import Api
from sandbox.discord.rest.bodies import Body, read_body, read_fields
from sandbox.discord.rest.drafts import write
from sandbox.discord.schema.forms import Fields, Form
from sandbox.discord.state.model import Channel, ChannelType, Flag, Message
from sandbox.discord.state.permissions import Permission
from sandbox.discord.wire import ApiError, Fault, answer

SETTABLE = Flag.SUPPRESS_EMBEDS | Flag.SUPPRESS_NOTIFICATIONS | Flag.COMPONENTS_V2
REPLY = 19


class Channels:
    """The routes under /channels, and the opening of direct messages."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._world = api.world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        channel = "/channels/{channel_id}"
        message = channel + "/messages/{message_id}"
        return [
            web.get(channel, self.show, allow_head=False),
            web.post(channel + "/typing", self.type),
            web.get(channel + "/messages", self.history, allow_head=False),
            web.post(channel + "/messages", self.create),
            web.get(message, self.fetch, allow_head=False),
            web.patch(message, self.edit),
            web.delete(message, self.delete),
            web.post("/users/@me/channels", self.open_dm),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """One channel."""
        return answer(self._api.payloads.channel(self._api.channel(request)))

    async def type(self, request: web.Request) -> web.Response:
        """Show the bot typing."""
        channel = self._api.channel(request, Permission.SEND_MESSAGES)
        self._world.type_in(channel, self._world.bot_id)
        return web.Response(status=204)

    async def open_dm(self, request: web.Request) -> web.Response:
        """The direct message channel with somebody."""
        fields = await read_fields(request)
        recipient_id = fields.snowflake("recipient_id", required=True)
        fields.form.check()
        recipient = self._world.user(recipient_id or 0)
        if recipient is None or recipient.bot:
            raise ApiError(Fault.INVALID_RECIPIENT)
        channel = self._world.dm_between(self._world.bot_id, recipient.id)
        return answer(self._api.payloads.channel(channel))

    async def create(self, request: web.Request) -> web.Response:
        """Post a message; with an enforced nonce a repeat returns the first one."""
        channel = self._api.channel(request)
        if not self._api.rights(channel) & _needed_to_write(channel):
            raise ApiError(Fault.MISSING_PERMISSIONS)
        body = await read_body(request, self._world.upload_limit_bytes(channel.guild_id))
        if channel.type is ChannelType.CATEGORY:
            raise ApiError(Fault.NOT_A_TEXT_CHANNEL)
        self._check_reachable(channel)
        self._check_rights(channel, body)
        nonce = self._nonce(body)
        enforced = body.fields.boolean("enforce_nonce")
        if nonce is not None and enforced:
            first = self._world.posted_with(self._world.bot_id, channel.id, nonce)
            if first is not None:
                return answer(self._api.payloads.message(first) | {"nonce": nonce})
        message = self._world.new_message(channel, self._world.bot_id)
        message.tts = body.fields.boolean("tts")
        self._refer(channel, message, body.fields)
        write(self._world, self._api.cdn, message, body, SETTABLE)
        self._world.post(message, nonce)
        shown = self._api.payloads.message(message)
        return answer(shown if nonce is None else shown | {"nonce": nonce})

    def _check_reachable(self, channel: Channel) -> None:
        if channel.type is not ChannelType.DM:
            return
        for user_id in channel.recipient_ids:
            user = self._world.user(user_id)
            shared = any(
                {user_id, self._world.bot_id} <= guild.members.keys()
                for guild in self._world.guilds.values()
            )
            if user is None or user.blocks_dms or not shared:
                raise ApiError(Fault.CANNOT_DM)

    def _check_rights(self, channel: Channel, body: Body) -> None:
        bits = self._api.rights(channel)
        needed = 0
        if body.uploads:
            needed |= Permission.ATTACH_FILES
        if body.fields.raw.get("embeds"):
            needed |= Permission.EMBED_LINKS
        if needed & ~bits:
            raise ApiError(Fault.MISSING_PERMISSIONS)

    def _nonce(self, body: Body) -> str | int | None:
        nonce = body.fields.raw.get("nonce")
        if isinstance(nonce, int) and not isinstance(nonce, bool):
            return nonce
        return body.fields.text("nonce", most=25)

    def _refer(self, channel: Channel, message: Message, fields: Fields) -> None:
        reference = fields.child("message_reference")
        if reference is None:
            return
        message_id = reference.snowflake("message_id", required=True)
        if reference.integer("type", one_of=(0, 1)):
            raise ApiError(Fault.NOT_SERVED, detail="The sandbox does not forward messages")
        if not self._api.rights(channel) & Permission.READ_MESSAGE_HISTORY:
            raise ApiError(Fault.NO_HISTORY_TO_REPLY)
        if message_id in channel.messages:
            message.reference_id = message_id
            message.type = REPLY
        elif reference.raw.get("fail_if_not_exists", True):
            reference.fail(None, "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")

    async def history(self, request: web.Request) -> web.Response:
        """Messages of a channel, newest first."""
        channel = self._api.channel(request)
        query = Fields(Form(), dict(request.query))
        limit = query.integer("limit", least=1, most=100) or 50
        bounds = {name: query.snowflake(name) for name in ("before", "after", "around")}
        query.form.check()
        if not self._api.rights(channel) & Permission.READ_MESSAGE_HISTORY:
            return answer([])
        ids = [
            id_
            for id_, message in sorted(channel.messages.items(), reverse=True)
            if not message.flags & Flag.EPHEMERAL
        ]
        if (around := bounds["around"]) is not None:
            half = limit // 2
            ids = [id_ for id_ in ids if id_ > around][-half:] + [
                id_ for id_ in ids if id_ <= around
            ][: limit - half]
        elif (after := bounds["after"]) is not None:
            ids = [id_ for id_ in ids if id_ > after][-limit:]
        elif (before := bounds["before"]) is not None:
            ids = [id_ for id_ in ids if id_ < before]
        return answer([self._api.shown(channel.messages[id_]) for id_ in ids[:limit]])

    async def fetch(self, request: web.Request) -> web.Response:
        """One message."""
        channel = self._api.channel(request)
        if not self._api.rights(channel) & Permission.READ_MESSAGE_HISTORY:
            raise ApiError(Fault.MISSING_ACCESS)
        return answer(self._api.shown(self._api.message(request, channel)))

    async def edit(self, request: web.Request) -> web.Response:
        """Change a message of the bot's own."""
        channel = self._api.channel(request)
        body = await read_body(request, self._world.upload_limit_bytes(channel.guild_id))
        message = self._api.message(request, channel)
        if message.author_id != self._world.bot_id:
            raise ApiError(Fault.NOT_THE_AUTHOR)
        if body.uploads and not self._api.rights(channel) & Permission.ATTACH_FILES:
            raise ApiError(Fault.MISSING_PERMISSIONS)
        write(self._world, self._api.cdn, message, body, SETTABLE)
        self._world.edited(message)
        return answer(self._api.payloads.message(message))

    async def delete(self, request: web.Request) -> web.Response:
        """Take a message away; somebody else's needs Manage Messages."""
        channel = self._api.channel(request)
        message = self._api.message(request, channel)
        if message.author_id != self._world.bot_id:
            if channel.type is ChannelType.DM:
                raise ApiError(Fault.NOT_ON_DM)
            if not self._api.rights(channel) & Permission.MANAGE_MESSAGES:
                raise ApiError(Fault.MISSING_PERMISSIONS)
        self._world.delete(message)
        return web.Response(status=204)


def _needed_to_write(channel: Channel) -> Permission:
    if channel.type is ChannelType.PUBLIC_THREAD:
        return Permission.SEND_MESSAGES_IN_THREADS
    return Permission.SEND_MESSAGES
