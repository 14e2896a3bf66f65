"""First answers to interactions: within three seconds, and only once."""

from aiohttp import web

from sandbox.discord.rest.api import Api
from sandbox.discord.rest.application.command_forms import read_choices
from sandbox.discord.rest.bodies import Body, path_id, read_body
from sandbox.discord.rest.channels import REPLY, SETTABLE
from sandbox.discord.rest.drafts import write
from sandbox.discord.schema.modals import read_modal
from sandbox.discord.state.model import (
    CommandType,
    Flag,
    Interaction,
    InteractionType,
    Message,
    State,
)
from sandbox.discord.state.world import REPLY_DEADLINE_S
from sandbox.discord.wire import ApiError, Fault, Json, answer

MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
NOT_SERVED = (10, 12)
COMMAND_REPLY, MENU_REPLY = 20, 23
SETTABLE_IN_REPLY = SETTABLE | Flag.EPHEMERAL


class Callbacks:
    """The route that a bot answers an interaction at."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._world = api.world

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        path = "/interactions/{interaction_id}/{interaction_token}/callback"
        return [web.post(path, self.create)]

    async def create(self, request: web.Request) -> web.Response:
        """Answer, defer, update or ask; 204, or the whole outcome with `with_response`."""
        interaction = self._find(request)
        body = await read_body(request, interaction.size_limit_bytes)
        kind = body.fields.integer("type", required=True)
        if kind in NOT_SERVED:
            raise ApiError(
                Fault.NOT_SERVED, detail=f"The sandbox does not serve callback type {kind} yet"
            )
        if kind not in _answers_to(interaction):
            body.fields.fail(
                "type", "BASE_TYPE_CHOICES", "This callback type is not for this interaction."
            )
        body.fields.form.check()
        self._check_open(interaction)
        message: Message | None = None
        state = State.DEFERRED if kind in {DEFERRED_MESSAGE, DEFERRED_UPDATE} else State.REPLIED
        if kind == MODAL:
            interaction.modal = self._modal(body)
            state = State.MODAL
        elif kind == CHOICES:
            interaction.choices = self._choices(interaction, body)
        elif kind in {MESSAGE, DEFERRED_MESSAGE}:
            message = self._reply(interaction, body, deferred=kind == DEFERRED_MESSAGE)
        else:
            message = self._update(interaction, body, deferred=kind == DEFERRED_UPDATE)
        self._world.settle(interaction, state)
        if request.query.get("with_response", "").lower() not in {"true", "1"}:
            return web.Response(status=204)
        return answer(self._outcome(interaction, int(kind or 0), message))

    def _find(self, request: web.Request) -> Interaction:
        interaction_id = path_id(request, "interaction_id")
        interaction = self._world.interactions.get(interaction_id)
        if interaction is None or interaction.token != request.match_info["interaction_token"]:
            raise ApiError(Fault.UNKNOWN_INTERACTION)
        self._check_open(interaction)
        return interaction

    def _check_open(self, interaction: Interaction) -> None:
        if interaction.acknowledged:
            raise ApiError(Fault.ALREADY_ACKNOWLEDGED)
        late = self._world.clock.time() - interaction.created_at > REPLY_DEADLINE_S
        if late or interaction.state is State.FAILED:
            raise ApiError(Fault.UNKNOWN_INTERACTION)

    def _reply(self, interaction: Interaction, body: Body, *, deferred: bool) -> Message:
        data = body.fields.child("data", required=not deferred)
        body.fields.form.check()
        message = new_reply(self._api, interaction)
        if interaction.source.type is InteractionType.COMMAND:
            typed = interaction.source.data["type"] == CommandType.CHAT_INPUT
            message.type = COMMAND_REPLY if typed else MENU_REPLY
        if deferred:
            flags = (data.integer("flags", least=0) if data else None) or 0
            message.flags = Flag.LOADING | flags & Flag.EPHEMERAL
        elif data is not None:
            message.tts = data.boolean("tts")
            write(self._world, self._api.cdn, message, body.inner(data), SETTABLE_IN_REPLY)
        hide(message, interaction)
        interaction.original_id = message.id
        self._world.post(message)
        return message

    def _update(self, interaction: Interaction, body: Body, *, deferred: bool) -> Message:
        channel = self._world.channel(interaction.channel_id)
        message = channel.messages.get(interaction.message_id or 0) if channel else None
        if message is None:
            raise ApiError(Fault.UNKNOWN_MESSAGE)
        data = body.fields.child("data")
        if not deferred and data is not None:
            write(self._world, self._api.cdn, message, body.inner(data), SETTABLE)
        interaction.original_id = message.id
        if not deferred:
            self._world.edited(message)
        return message

    def _modal(self, body: Body) -> Json:
        data = body.fields.child("data", required=True)
        modal = read_modal(data) if data else {}
        body.fields.form.check()
        return modal

    def _choices(self, interaction: Interaction, body: Body) -> list[Json]:
        data = body.fields.child("data", required=True)
        choices = read_choices(data, _focused_type(interaction.data)) if data else []
        body.fields.form.check()
        return choices

    def _outcome(self, interaction: Interaction, kind: int, message: Message | None) -> Json:
        shown: Json = {
            "id": str(interaction.id),
            "type": int(interaction.type),
            "channel_id": str(interaction.channel_id),
        }
        if interaction.guild_id:
            shown["guild_id"] = str(interaction.guild_id)
        outcome: Json = {"interaction": shown}
        if message is None:
            return outcome
        shown["response_message_id"] = str(message.id)
        shown["response_message_loading"] = bool(message.flags & Flag.LOADING)
        shown["response_message_ephemeral"] = bool(message.flags & Flag.EPHEMERAL)
        if kind in {MESSAGE, UPDATE}:
            made = self._api.payloads.message(message)
            outcome["resource"] = {"type": kind, "message": made}
        return outcome


def _answers_to(interaction: Interaction) -> set[int]:
    """The callback types that fit; a form cannot be answered with another."""
    if interaction.type is InteractionType.AUTOCOMPLETE:
        return {CHOICES}
    kinds = {MESSAGE, DEFERRED_MESSAGE}
    if interaction.message_id is not None:
        kinds |= {DEFERRED_UPDATE, UPDATE}
    if interaction.type is not InteractionType.MODAL_SUBMIT:
        kinds.add(MODAL)
    return kinds


def _focused_type(data: Json) -> int:
    """The type of the option that somebody types in, at whatever depth it is."""
    for option in data["options"]:
        if "options" in option:
            return _focused_type(option)
        if option.get("focused"):
            return int(option["type"])
    raise LookupError("Nothing is typed there.")


def new_reply(api: Api, interaction: Interaction) -> Message:
    """An empty message of the bot's that belongs to an interaction."""
    channel = api.world.channel(interaction.channel_id)
    if channel is None:
        raise ApiError(Fault.UNKNOWN_CHANNEL)
    message = api.world.new_message(channel, api.world.bot_id)
    message.interaction = interaction
    answered = interaction.original_id or interaction.message_id or interaction.target_message_id
    if answered in channel.messages:
        message.reference_id = answered
        message.type = REPLY
    return message


def hide(message: Message, interaction: Interaction) -> None:
    """An ephemeral message is for whoever asked."""
    if message.flags & Flag.EPHEMERAL:
        message.visible_to = interaction.user_id
