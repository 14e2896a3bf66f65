"""What an interaction's token is good for, for fifteen minutes: its answer, and more messages."""

from aiohttp import web

from sandbox.discord.rest.api import Api
from sandbox.discord.rest.bodies import path_id, read_body
from sandbox.discord.rest.callbacks import SETTABLE_IN_REPLY, hide, new_reply
from sandbox.discord.rest.channels import SETTABLE
from sandbox.discord.rest.drafts import write
from sandbox.discord.state.model import Flag, Interaction, InteractionType, Message, State
from sandbox.discord.state.world import TOKEN_LIFE_S
from sandbox.discord.wire import ApiError, Fault, answer

ORIGINAL = "@original"


class Webhooks:
    """The routes under /webhooks/{application}/{token}."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._world = api.world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        webhook = "/webhooks/{webhook_id}/{webhook_token}"
        message = webhook + "/messages/{message_id}"
        return [
            web.post(webhook, self.follow_up),
            web.get(message, self.fetch, allow_head=False),
            web.patch(message, self.edit),
            web.delete(message, self.delete),
        ]

    async def follow_up(self, request: web.Request) -> web.Response:
        """Post another message; the first one after a defer fills the deferred one in."""
        interaction = self._interaction(request)
        body = await read_body(request, interaction.size_limit_bytes)
        deferred = self._messages(interaction).get(interaction.original_id or 0)
        if deferred is not None and deferred.flags & Flag.LOADING:
            write(self._world, self._api.cdn, deferred, body, SETTABLE)
            self._fill_in(interaction, deferred)
            return answer(self._api.payloads.message(deferred))
        message = new_reply(self._api, interaction)
        message.tts = body.fields.boolean("tts")
        write(self._world, self._api.cdn, message, body, SETTABLE_IN_REPLY)
        hide(message, interaction)
        self._world.post(message)
        return answer(self._api.payloads.message(message))

    async def fetch(self, request: web.Request) -> web.Response:
        """A message of this interaction."""
        return answer(self._api.payloads.message(self._message(request)))

    async def edit(self, request: web.Request) -> web.Response:
        """Change a message of this interaction; a deferred one becomes the answer."""
        interaction = self._interaction(request)
        body = await read_body(request, interaction.size_limit_bytes)
        message = self._message(request)
        write(self._world, self._api.cdn, message, body, SETTABLE)
        if message.flags & Flag.LOADING:
            self._fill_in(interaction, message)
        else:
            self._world.edited(message)
        return answer(self._api.payloads.message(message))

    async def delete(self, request: web.Request) -> web.Response:
        """Take a message of this interaction away."""
        self._world.delete(self._message(request))
        return web.Response(status=204)

    def _fill_in(self, interaction: Interaction, message: Message) -> None:
        message.set_flag(Flag.LOADING, on=False)
        self._world.edited(message, by_author=False)
        self._world.settle(interaction, State.REPLIED)

    def _interaction(self, request: web.Request) -> Interaction:
        webhook_id = path_id(request, "webhook_id")
        if webhook_id != self._world.application_id:
            raise ApiError(Fault.UNKNOWN_WEBHOOK)
        token = request.match_info["webhook_token"]
        for interaction in self._world.interactions.values():
            if interaction.token == token:
                break
        else:
            raise ApiError(Fault.INVALID_TOKEN)
        if self._world.clock.time() - interaction.created_at > TOKEN_LIFE_S:
            raise ApiError(Fault.INVALID_TOKEN)
        if not interaction.acknowledged or interaction.type is InteractionType.AUTOCOMPLETE:
            raise ApiError(Fault.UNKNOWN_WEBHOOK)
        return interaction

    def _messages(self, interaction: Interaction) -> dict[int, Message]:
        channel = self._world.channel(interaction.channel_id)
        return channel.messages if channel else {}

    def _message(self, request: web.Request) -> Message:
        interaction = self._interaction(request)
        wanted = request.match_info["message_id"]
        original = interaction.original_id or 0
        message_id = original if wanted == ORIGINAL else path_id(request, "message_id")
        message = self._messages(interaction).get(message_id)
        if message is None:
            raise ApiError(Fault.UNKNOWN_MESSAGE)
        if message.id != original and message.interaction is not interaction:
            raise ApiError(Fault.UNKNOWN_MESSAGE)
        return message
