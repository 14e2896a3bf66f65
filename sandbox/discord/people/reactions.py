"""Reactions, as people's clients add them and take them back."""

from aiohttp import web

from sandbox.discord.people.api import PeopleApi
from sandbox.discord.people.screens import PERSON
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.bodies import read_fields
from sandbox.discord.rest.reactions import MOST_EMOJI
from sandbox.discord.schema.emoji import is_emoji
from sandbox.discord.state.model import Channel, Flag, Message, User
from sandbox.discord.state.permissions import Permission
from sandbox.discord.wire import answer


class Reactions:
    """One emoji of one person under one message."""

    def __init__(self, api: PeopleApi) -> None:
        self._api = api
        self._world = api.world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        path = PERSON + "/reactions"
        return [web.post(path, self.add), web.delete(path, self.remove)]

    async def add(self, request: web.Request) -> web.Response:
        """React to a message."""
        person, channel, message, emoji = await self._target(request)
        needed = Permission.READ_MESSAGE_HISTORY
        if emoji not in message.reactions:
            needed |= Permission.ADD_REACTIONS
            if len(message.reactions) >= MOST_EMOJI:
                raise Refusal(f"A message has room for {MOST_EMOJI} different reactions.")
        if message.flags & Flag.EPHEMERAL or needed & ~self._api.rights(person, channel):
            raise Refusal("You cannot react to that message.")
        self._world.react(message, person.id, emoji)
        return answer({})

    async def remove(self, request: web.Request) -> web.Response:
        """Take a reaction back."""
        person, _, message, emoji = await self._target(request)
        self._world.unreact(message, person.id, emoji)
        return answer({})

    async def _target(self, request: web.Request) -> tuple[User, Channel, Message, str]:
        person = self._api.person(request)
        fields = await read_fields(request)
        channel, message = self._api.place(person, fields)
        emoji = str(fields.raw.get("emoji"))
        if not is_emoji(emoji):
            raise Refusal(f"{emoji!r} is no emoji.")
        return person, channel, message, emoji
