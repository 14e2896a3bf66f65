"""Reactions to messages, by bot token."""

from aiohttp import web

from sandbox.discord.rest.api import Api
from sandbox.discord.rest.bodies import path_id
from sandbox.discord.schema.emoji import is_emoji
from sandbox.discord.schema.forms import Fields, Form
from sandbox.discord.state.model import Channel, ChannelType, Message
from sandbox.discord.state.permissions import Permission
from sandbox.discord.wire import ApiError, Fault, answer

MOST_EMOJI = 20
NORMAL, BURST = 0, 1


class Reactions:
    """The routes under /channels/{channel}/messages/{message}/reactions."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._world = api.world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        reactions = "/channels/{channel_id}/messages/{message_id}/reactions"
        emoji = reactions + "/{emoji_name}"
        return [
            web.put(emoji + "/@me", self.add),
            web.delete(emoji + "/@me", self.remove_own),
            web.delete(emoji + "/{user_id}", self.remove),
            web.get(emoji, self.users, allow_head=False),
            web.delete(emoji, self.clear_emoji),
            web.delete(reactions, self.clear),
        ]

    async def add(self, request: web.Request) -> web.Response:
        """React; being the first with an emoji needs Add Reactions."""
        channel, message = self._target(request, Permission.READ_MESSAGE_HISTORY)
        emoji = _emoji(request)
        if emoji not in message.reactions:
            if not self._api.rights(channel) & Permission.ADD_REACTIONS:
                raise ApiError(Fault.MISSING_PERMISSIONS)
            if len(message.reactions) >= MOST_EMOJI:
                raise ApiError(Fault.TOO_MANY_REACTIONS)
        self._world.react(message, self._world.bot_id, emoji)
        return web.Response(status=204)

    async def remove_own(self, request: web.Request) -> web.Response:
        """Take the bot's own reaction away."""
        _, message = self._target(request)
        self._world.unreact(message, self._world.bot_id, _emoji(request))
        return web.Response(status=204)

    async def remove(self, request: web.Request) -> web.Response:
        """Take somebody's reaction away."""
        message = self._managed(request)
        user = self._world.user(path_id(request, "user_id"))
        if user is None:
            raise ApiError(Fault.UNKNOWN_USER)
        self._world.unreact(message, user.id, _emoji(request))
        return web.Response(status=204)

    async def users(self, request: web.Request) -> web.Response:
        """Who reacted with an emoji, by id; nobody here reacts with a burst."""
        _, message = self._target(request, Permission.READ_MESSAGE_HISTORY)
        query = Fields(Form(), dict(request.query))
        limit = query.integer("limit", least=1, most=100) or 25
        after = query.snowflake("after") or 0
        kind = query.integer("type", one_of=(NORMAL, BURST)) or NORMAL
        query.form.check()
        reacted = message.reactions.get(_emoji(request), []) if kind == NORMAL else []
        ids = [user_id for user_id in sorted(reacted) if user_id > after][:limit]
        return answer([self._api.payloads.user_by_id(user_id) for user_id in ids])

    async def clear_emoji(self, request: web.Request) -> web.Response:
        """Take all reactions with an emoji away."""
        self._world.clear_reactions(self._managed(request), _emoji(request))
        return web.Response(status=204)

    async def clear(self, request: web.Request) -> web.Response:
        """Take all reactions away."""
        self._world.clear_reactions(self._managed(request))
        return web.Response(status=204)

    def _target(self, request: web.Request, needed: int = 0) -> tuple[Channel, Message]:
        channel = self._api.channel(request, needed)
        return channel, self._api.message(request, channel)

    def _managed(self, request: web.Request) -> Message:
        """The message, where the bot may take away what others added."""
        channel, message = self._target(request)
        if channel.type is ChannelType.DM:
            raise ApiError(Fault.NOT_ON_DM)
        if not self._api.rights(channel) & Permission.MANAGE_MESSAGES:
            raise ApiError(Fault.MISSING_PERMISSIONS)
        return message


def _emoji(request: web.Request) -> str:
    emoji = request.match_info["emoji_name"]
    if not is_emoji(emoji):
        raise ApiError(Fault.NO_EMOJI)
    return emoji
