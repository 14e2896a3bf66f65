"""Reading and writing: a channel's messages, as people's clients handle them."""

from aiohttp import web

from sandbox.discord.people.api import PeopleApi
from sandbox.discord.people.screens import PERSON
from sandbox.discord.permissions import Permission
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.bodies import read_body
from sandbox.discord.wire import answer


class Messages:
    """What a person writes, and what they read."""

    def __init__(self, api: PeopleApi) -> None:
        self._api = api
        self._world = api.world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [
            web.post(PERSON + "/messages", self.send),
            web.post(PERSON + "/dm", self.open_dm),
            web.get(PERSON + r"/channels/{channel_id:\d{1,20}}/messages", self.read),
        ]

    async def send(self, request: web.Request) -> web.Response:
        """Write an ordinary message."""
        person = self._api.person(request)
        body = await read_body(request, 2**40)
        channel = self._api.channel(person, body.fields.snowflake("channel_id"))
        needed = Permission.SEND_MESSAGES | (Permission.ATTACH_FILES if body.uploads else 0)
        if needed & ~self._api.rights(person, channel):
            raise Refusal("You cannot write that here.")
        self._api.check_size(channel, body.uploads.values())
        message = self._world.new_message(channel, person.id)
        message.content = body.fields.text("content") or ""
        mentioned = [
            user for user in self._world.users.values() if f"<@{user.id}>" in message.content
        ]
        message.mention_ids = [user.id for user in mentioned]
        body.fields.form.check()
        if not message.content and not body.uploads:
            raise Refusal("An empty message cannot be sent.")
        for _, upload in sorted(body.uploads.items()):
            stored = self._api.cdn.store(channel.id, upload.filename, upload.data)
            message.attachments.append(stored)
        self._world.post(message)
        return answer(self._api.payloads.message(message))

    async def open_dm(self, request: web.Request) -> web.Response:
        """Open the direct messages with the bot."""
        person = self._api.person(request)
        channel = self._world.dm_between(self._world.bot_id, person.id)
        return answer({"channel_id": str(channel.id)})

    async def read(self, request: web.Request) -> web.Response:
        """A channel as this person sees it, newest last."""
        person = self._api.person(request)
        channel = self._api.channel(person, int(request.match_info["channel_id"]))
        seen = (message for message in channel.messages.values() if self._api.sees(person, message))
        ordered = sorted(seen, key=lambda message: message.id)
        return answer([self._api.payloads.message(message) for message in ordered])
