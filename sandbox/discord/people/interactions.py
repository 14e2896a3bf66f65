"""Using the bot: commands, buttons, and what becomes of each within three seconds."""

import asyncio

from aiohttp import web

from sandbox.discord.people.api import PeopleApi
from sandbox.discord.people.choices import choose_in, texts
from sandbox.discord.people.commands import Chosen, available, choose, choose_from_menu, suggest
from sandbox.discord.people.forms import Filled, submit
from sandbox.discord.people.resolving import Resolver
from sandbox.discord.people.screens import PERSON
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.bodies import Body, Upload, read_body, read_fields
from sandbox.discord.schema.forms import Fields, Form
from sandbox.discord.schema.parts import SELECTS, walk
from sandbox.discord.state.locales import localized, text_in
from sandbox.discord.state.model import CommandType, Interaction, InteractionType, State, User
from sandbox.discord.state.world import REPLY_DEADLINE_S
from sandbox.discord.wire import Json, answer

NO_CHOICES = "Loading options failed"


class Interactions:
    """Everything that a person does which the bot must answer."""

    def __init__(self, api: PeopleApi) -> None:
        self._api = api
        self._world = api.world
        self._deadlines: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [
            web.get(PERSON + "/commands", self.commands),
            web.post(PERSON + "/use", self.use),
            web.post(PERSON + "/autocomplete", self.suggest),
            web.post(PERSON + "/click", self.click),
            web.post(PERSON + "/modal", self.submit),
            web.get(PERSON + r"/interactions/{interaction_id:\d{1,20}}", self.show),
        ]

    async def close(self) -> None:
        """End every deadline."""
        for task in self._deadlines:
            task.cancel()
        await asyncio.gather(*self._deadlines, return_exceptions=True)

    async def commands(self, request: web.Request) -> web.Response:
        """The commands this person is offered in a channel, as their language has them."""
        person = self._api.person(request)
        query = Fields(Form(), dict(request.query))
        channel = self._api.channel(person, query.snowflake("channel_id"))
        found = available(self._world, channel, person, self._api.rights(person, channel))
        shown = [self._api.payloads.command(command) for command in found]
        return answer([localized(command, person.locale) for command in shown])

    async def use(self, request: web.Request) -> web.Response:
        """Use a command, typed or from a menu; refused as a client would, before it is sent."""
        person = self._api.person(request)
        body = await read_body(request, 2**40)
        channel = self._api.channel(person, body.fields.snowflake("channel_id"))
        found = available(self._world, channel, person, self._api.rights(person, channel))
        resolver = Resolver(self._api, person, channel)
        name = str(body.fields.raw.get("command"))
        kind = CommandType(body.fields.integer("type", one_of=tuple(CommandType)) or 1)
        if kind is CommandType.CHAT_INPUT:
            given = enumerate(texts(body.fields, "files"))
            files = {option: _file(body, index) for index, option in given}
            options = _object(body.fields, "options")
            data = choose(found, name, Chosen(resolver, options, files))
        else:
            target_id = body.fields.snowflake("target_id") or 0
            data = choose_from_menu(found, kind, name, target_id, resolver)
        interaction = self._world.new_interaction(InteractionType.COMMAND, person.id, channel, data)
        interaction.name = name
        return self._begin(interaction)

    async def suggest(self, request: web.Request) -> web.Response:
        """What the bot offers to somebody who types; Refusal if it says nothing in time."""
        person = self._api.person(request)
        fields = await read_fields(request)
        channel = self._api.channel(person, fields.snowflake("channel_id"))
        found = available(self._world, channel, person, self._api.rights(person, channel))
        resolver = Resolver(self._api, person, channel)
        chosen = Chosen(resolver, _object(fields, "options"), files={})
        name, focused = str(fields.raw.get("command")), str(fields.raw.get("focused"))
        data = suggest(found, name, chosen, focused)
        interaction = self._world.new_interaction(
            InteractionType.AUTOCOMPLETE, person.id, channel, data
        )
        self._send(interaction)
        await interaction.settled.wait()
        if interaction.state is not State.REPLIED:
            raise Refusal(NO_CHOICES)
        offered = [
            {"name": text_in(choice, "name", person.locale), "value": choice["value"]}
            for choice in interaction.choices
        ]
        return answer({"choices": offered})

    async def click(self, request: web.Request) -> web.Response:
        """Press a button, or choose in a select menu, of a message that this person sees."""
        person = self._api.person(request)
        fields = await read_fields(request)
        channel, message = self._api.place(person, fields)
        custom_id = str(fields.raw.get("custom_id"))
        pressed = next(
            (part for part in walk(message.components) if part.get("custom_id") == custom_id), None
        )
        if pressed is None:
            raise Refusal(f"The message has no button {custom_id!r}, nor a menu of that name.")
        if pressed["disabled"]:
            raise Refusal("That button is disabled.")
        resolver = Resolver(self._api, person, channel)
        data = {"component_type": pressed["type"], "custom_id": custom_id, "id": pressed["id"]}
        values = texts(fields, "values")
        if pressed["type"] in SELECTS:
            data["values"] = choose_in(pressed, values, resolver)
        elif values:
            raise Refusal("A button is pressed; there is nothing to choose.")
        if resolver.found:
            data["resolved"] = resolver.found
        interaction = self._world.new_interaction(
            InteractionType.COMPONENT, person.id, channel, data
        )
        interaction.message_id = message.id
        return self._begin(interaction)

    async def submit(self, request: web.Request) -> web.Response:
        """Submit a form that was opened for this person; each may be submitted once."""
        person = self._api.person(request)
        body = await read_body(request, 2**40)
        opener = self._of(person, body.fields.snowflake("interaction_id"))
        if opener.modal is None or opener.submitted:
            raise Refusal("No form is open there.")
        channel = self._api.channel(person, opener.channel_id)
        files = {
            custom_id: [_file(body, index) for index in indices]
            for custom_id, indices in _object(body.fields, "files").items()
        }
        filled = Filled(_object(body.fields, "values"), files, Resolver(self._api, person, channel))
        data = submit(opener.modal, filled)
        opener.submitted = True
        interaction = self._world.new_interaction(
            InteractionType.MODAL_SUBMIT, person.id, channel, data
        )
        interaction.opener = opener
        interaction.message_id = opener.message_id
        return self._begin(interaction)

    async def show(self, request: web.Request) -> web.Response:
        """What has become of an interaction of this person's."""
        interaction_id = int(request.match_info["interaction_id"])
        return answer(self._api.outcome(self._of(self._api.person(request), interaction_id)))

    def _of(self, person: User, interaction_id: int | None) -> Interaction:
        found = self._world.interactions.get(interaction_id or 0)
        if found is None or found.user_id != person.id:
            raise Refusal("You did no such thing.")
        return found

    def _begin(self, interaction: Interaction) -> web.Response:
        self._send(interaction)
        return answer({"interaction_id": str(interaction.id)})

    def _send(self, interaction: Interaction) -> None:
        self._world.interact(interaction)
        deadline = asyncio.create_task(self._watch(interaction))
        self._deadlines.add(deadline)
        deadline.add_done_callback(self._deadlines.discard)

    async def _watch(self, interaction: Interaction) -> None:
        left_s = interaction.created_at + REPLY_DEADLINE_S - self._world.clock.time()
        try:
            await self._world.clock.sleep(left_s)
        finally:
            # Also when the server ends: whoever waits for offers must not keep it from ending.
            if interaction.state is State.PENDING:
                self._world.settle(interaction, State.FAILED)


def _object(fields: Fields, name: str) -> Json:
    """An object in a request; an empty one if it is absent."""
    child = fields.child(name)
    return child.raw if child else {}


def _file(body: Body, index: int) -> Upload:
    """The upload of that number."""
    if index not in body.uploads:
        raise Refusal(f"The file {index} is missing.")
    return body.uploads[index]
