"""Reading and writing: a channel's messages, as people's clients handle them."""

import re
from dataclasses import replace

from aiohttp import web

from sandbox.discord.people.api import PeopleApi
from sandbox.discord.people.screens import PERSON
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.bodies import read_body, read_fields
from sandbox.discord.rest.channels import REPLY
from sandbox.discord.schema.forms import Fields, Form
from sandbox.discord.state.model import Channel, Flag, Message, User
from sandbox.discord.state.permissions import Permission
from sandbox.discord.wire import answer

LINK = re.compile(r"https://discord\.com/channels/(@me|\d{1,20})/(\d{1,20})/(\d{1,20})")


class Messages:
    """What a person writes, takes back, and reads."""

    def __init__(self, api: PeopleApi) -> None:
        self._api = api
        self._world = api.world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [
            web.post(PERSON + "/messages", self.send),
            web.delete(PERSON + "/messages", self.delete),
            web.post(PERSON + "/forward", self.forward),
            web.post(PERSON + "/typing", self.type),
            web.post(PERSON + "/dm", self.open_dm),
            web.get(PERSON + r"/channels/{channel_id:\d{1,20}}/messages", self.read),
            web.get(PERSON + "/message", self.follow),
        ]

    async def send(self, request: web.Request) -> web.Response:
        """Write an ordinary message, or a reply to another; perhaps with files as spoilers."""
        person = self._api.person(request)
        body = await read_body(request, 2**40)
        channel = self._api.channel(person, body.fields.snowflake("channel_id"))
        needed = Permission.SEND_MESSAGES | (Permission.ATTACH_FILES if body.uploads else 0)
        if needed & ~self._api.rights(person, channel):
            raise Refusal("You cannot write that here.")
        self._api.check_size(channel, body.uploads.values())
        message = self._world.new_message(channel, person.id)
        message.content = body.fields.text("content") or ""
        replied_to_id = body.fields.snowflake("reply_to")
        is_spoiler = body.fields.boolean("spoiler")
        body.fields.form.check()
        if not message.content and not body.uploads:
            raise Refusal("An empty message cannot be sent.")
        message.mention_ids = [
            user.id for user in self._world.users.values() if f"<@{user.id}>" in message.content
        ]
        if replied_to_id is not None:
            self._reply(person, channel, message, replied_to_id)
        for _, upload in sorted(body.uploads.items()):
            stored = self._api.cdn.store(channel.id, upload.filename, upload.data)
            stored.is_spoiler |= is_spoiler
            message.attachments.append(stored)
        self._world.post(message)
        return answer(self._api.payloads.message(message, person.id))

    def _reply(self, person: User, channel: Channel, message: Message, to_id: int) -> None:
        """A client mentions whom it replies to, unless told otherwise or it is oneself."""
        answered = self._api.message(person, channel, to_id)
        if answered.flags & Flag.EPHEMERAL:
            raise Refusal("You cannot reply to what only you can see.")
        message.reference_id = answered.id
        message.type = REPLY
        if answered.author_id not in {person.id, *message.mention_ids}:
            message.mention_ids.append(answered.author_id)

    async def forward(self, request: web.Request) -> web.Response:
        """Hand a message on as it is now, to `to_channel_id`; of a forward, what it shows."""
        person = self._api.person(request)
        fields = await read_fields(request)
        _, original = self._api.place(person, fields)
        target = self._api.channel(person, fields.snowflake("to_channel_id"))
        if not self._api.rights(person, target) & Permission.SEND_MESSAGES:
            raise Refusal("You cannot write that here.")
        if original.flags & Flag.EPHEMERAL:
            raise Refusal("You cannot forward what only you can see.")
        message = self._world.new_message(target, person.id)
        message.forwarded = original.forwarded or replace(original)
        message.set_flag(Flag.HAS_SNAPSHOT, on=True)
        self._world.post(message)
        return answer(self._api.payloads.message(message, person.id))

    async def delete(self, request: web.Request) -> web.Response:
        """Take a message back; somebody else's needs Manage Messages."""
        person = self._api.person(request)
        channel, message = self._api.place(person, await read_fields(request))
        manages = channel.guild_id and (
            self._api.rights(person, channel) & Permission.MANAGE_MESSAGES
        )
        ephemeral = message.flags & Flag.EPHEMERAL
        if ephemeral or (message.author_id != person.id and not manages):
            raise Refusal("You cannot delete that message.")
        self._world.delete(message)
        return answer({})

    async def type(self, request: web.Request) -> web.Response:
        """Be seen typing."""
        person = self._api.person(request)
        fields = await read_fields(request)
        channel = self._api.channel(person, fields.snowflake("channel_id"))
        if not self._api.rights(person, channel) & Permission.SEND_MESSAGES:
            raise Refusal("You cannot write that here.")
        self._world.type_in(channel, person.id)
        return answer({})

    async def open_dm(self, request: web.Request) -> web.Response:
        """Open the direct messages with the bot."""
        person = self._api.person(request)
        channel = self._world.dm_between(self._world.bot_id, person.id)
        return answer({"channel_id": str(channel.id)})

    async def read(self, request: web.Request) -> web.Response:
        """A part of a channel as this person sees it, newest last: the end, or what is before."""
        person = self._api.person(request)
        channel = self._api.channel(person, int(request.match_info["channel_id"]))
        query = Fields(Form(), dict(request.query))
        limit = query.integer("limit", least=1, most=100) or 50
        before = query.snowflake("before")
        query.form.check()
        seen = [
            message
            for id_, message in sorted(channel.messages.items())
            if self._api.sees(person, message) and (before is None or id_ < before)
        ]
        shown = [self._api.payloads.message(message, person.id) for message in seen[-limit:]]
        return answer(shown)

    async def follow(self, request: web.Request) -> web.Response:
        """The message that a link leads to."""
        person = self._api.person(request)
        found = LINK.fullmatch(request.query.get("link", ""))
        if found is None:
            raise Refusal("That is no link to a message.")
        channel = self._api.channel(person, int(found[2]))
        if found[1] != str(channel.guild_id or "@me"):
            raise Refusal("There is no such message.")
        message = self._api.message(person, channel, int(found[3]))
        shown = self._api.payloads.message(message, person.id)
        return answer({"channel_id": str(channel.id), "message": shown})
