"""What a person's Discord client does: reads, writes, uses commands, presses buttons.

These routes are the sandbox's own; `sandbox.person.PersonClient` is their other end.
"""

import asyncio
from collections.abc import Callable

from aiohttp import web

from sandbox.discord import permissions
from sandbox.discord.cdn import Cdn
from sandbox.discord.components import walk
from sandbox.discord.forms import Fields, Form
from sandbox.discord.payloads import Payloads
from sandbox.discord.people_commands import Chosen, available, choose
from sandbox.discord.permissions import Permission
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.bodies import read_body, read_fields
from sandbox.discord.wire import Json, answer, encode
from sandbox.discord.world import (
    REPLY_DEADLINE_S,
    Channel,
    Flag,
    Interaction,
    InteractionType,
    Message,
    State,
    User,
    World,
)

NO_ANSWER = "The application did not respond"


class People:
    """Everybody's clients; hears of the world's changes and shows each person their own."""

    def __init__(self, world: World, cdn: Cdn, payloads: Payloads) -> None:
        self._world = world
        self._cdn = cdn
        self._payloads = payloads
        self._screens: dict[asyncio.Queue[Json | None], User] = {}
        self._deadlines: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        person = r"/people/{user_id:\d{1,20}}"
        return [
            web.get(person + "/events", self.events),
            web.post(person + "/messages", self.send),
            web.post(person + "/dm", self.open_dm),
            web.get(person + "/commands", self.commands),
            web.post(person + "/use", self.use),
            web.post(person + "/click", self.click),
            web.get(person + r"/interactions/{interaction_id:\d{1,20}}", self.interaction),
            web.get(person + r"/channels/{channel_id:\d{1,20}}/messages", self.messages),
        ]

    async def close(self) -> None:
        """End every screen and deadline."""
        for screen in self._screens:
            screen.put_nowait(None)
        for task in self._deadlines:
            task.cancel()
        await asyncio.gather(*self._deadlines, return_exceptions=True)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """A websocket with what this person sees happen."""
        person = self._person(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        screen: asyncio.Queue[Json | None] = asyncio.Queue()
        self._screens[screen] = person
        screen.put_nowait({"type": "ready"})
        for user_id in self._world.online:
            screen.put_nowait(self._presence(user_id))
        pump = asyncio.create_task(self._pump(screen, socket))
        try:
            async for _ in socket:
                continue
        finally:
            del self._screens[screen]
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
        return socket

    async def _pump(
        self, screen: asyncio.Queue[Json | None], socket: web.WebSocketResponse
    ) -> None:
        while (event := await screen.get()) is not None:
            await socket.send_str(encode(event))
        await socket.close()

    async def send(self, request: web.Request) -> web.Response:
        """Write an ordinary message."""
        person = self._person(request)
        body = await read_body(request, 2**40)
        channel = self._channel(person, body.fields.snowflake("channel_id"))
        needed = Permission.SEND_MESSAGES | (Permission.ATTACH_FILES if body.uploads else 0)
        if needed & ~self._rights(person, channel):
            raise Refusal("You cannot write that here.")
        limit_bytes = self._world.upload_limit_bytes(channel.guild_id)
        if any(len(upload.data) > limit_bytes for upload in body.uploads.values()):
            raise Refusal(f"Your files are too powerful: at most {limit_bytes} bytes each.")
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
            stored = self._cdn.store(channel.id, upload.filename, upload.data)
            message.attachments.append(stored)
        self._world.post(message)
        return answer(self._payloads.message(message))

    async def open_dm(self, request: web.Request) -> web.Response:
        """Open the direct messages with the bot."""
        person = self._person(request)
        channel = self._world.dm_between(self._world.bot_id, person.id)
        return answer({"channel_id": str(channel.id)})

    async def commands(self, request: web.Request) -> web.Response:
        """The commands this person is offered in a channel."""
        person = self._person(request)
        query = Fields(Form(), dict(request.query))
        channel = self._channel(person, query.snowflake("channel_id"))
        found = available(self._world, channel, person, self._rights(person, channel))
        return answer([self._payloads.command(command) for command in found])

    async def use(self, request: web.Request) -> web.Response:
        """Use a slash command; refused as a client would, before anything is sent."""
        person = self._person(request)
        body = await read_body(request, 2**40)
        channel = self._channel(person, body.fields.snowflake("channel_id"))
        found = available(self._world, channel, person, self._rights(person, channel))
        names = [str(name) for name in body.fields.array("files") or []]
        files = {name: body.uploads[index] for index, name in enumerate(names)}
        chosen = Chosen(
            world=self._world,
            cdn=self._cdn,
            payloads=self._payloads,
            channel=channel,
            options=dict(body.fields.raw.get("options") or {}),
            files=files,
        )
        data = choose(found, str(body.fields.raw.get("command", "")), chosen)
        interaction = self._world.new_interaction(InteractionType.COMMAND, person.id, channel, data)
        interaction.name = str(body.fields.raw.get("command"))
        return self._begin(interaction)

    async def click(self, request: web.Request) -> web.Response:
        """Press a button that this person can see."""
        person = self._person(request)
        fields = await read_fields(request)
        channel = self._channel(person, fields.snowflake("channel_id"))
        message = channel.messages.get(fields.snowflake("message_id") or 0)
        if message is None or not self._sees(person, message):
            raise Refusal("There is no such message.")
        custom_id = fields.raw.get("custom_id")
        button = next(
            (part for part in walk(message.components) if part.get("custom_id") == custom_id), None
        )
        if button is None:
            raise Refusal(f"The message has no button {custom_id!r}.")
        if button.get("disabled"):
            raise Refusal("That button is disabled.")
        data = {"component_type": button["type"], "custom_id": custom_id, "id": button["id"]}
        interaction = self._world.new_interaction(
            InteractionType.COMPONENT, person.id, channel, data
        )
        interaction.message_id = message.id
        return self._begin(interaction)

    async def interaction(self, request: web.Request) -> web.Response:
        """What has become of an interaction of this person's."""
        found = self._world.interactions.get(int(request.match_info["interaction_id"]))
        if found is None or found.user_id != self._person(request).id:
            raise Refusal("You did no such thing.")
        return answer(self._outcome(found))

    async def messages(self, request: web.Request) -> web.Response:
        """A channel as this person sees it, newest last."""
        person = self._person(request)
        channel = self._channel(person, int(request.match_info["channel_id"]))
        seen = (message for message in channel.messages.values() if self._sees(person, message))
        ordered = sorted(seen, key=lambda message: message.id)
        return answer([self._payloads.message(message) for message in ordered])

    def message_created(self, message: Message, nonce: str | int | None) -> None:
        """Show a new message."""
        self._show_message("message_create", message)

    def message_updated(self, message: Message) -> None:
        """Show a changed message."""
        self._show_message("message_update", message)

    def message_deleted(self, message: Message) -> None:
        """Take a message off the screens."""
        self._show_message("message_delete", message)

    def interaction_created(self, interaction: Interaction) -> None:
        """The person knows what they did."""

    def interaction_changed(self, interaction: Interaction) -> None:
        """Show what became of an interaction to whoever caused it."""
        event = {"type": "interaction", **self._outcome(interaction)}
        self._show(event, lambda person: person.id == interaction.user_id)

    def typing(self, channel: Channel, user_id: int) -> None:
        """Show that somebody types."""
        event = {"type": "typing", "channel_id": str(channel.id), "user_id": str(user_id)}
        self._show(event, lambda person: bool(self._rights(person, channel)))

    def presence_changed(self, user_id: int) -> None:
        """Show who came online, or went."""
        self._show(self._presence(user_id), lambda person: True)

    def _presence(self, user_id: int) -> Json:
        online = user_id in self._world.online
        return {"type": "presence", "user_id": str(user_id), "online": online}

    def _begin(self, interaction: Interaction) -> web.Response:
        self._world.interact(interaction)
        deadline = asyncio.create_task(self._watch(interaction))
        self._deadlines.add(deadline)
        deadline.add_done_callback(self._deadlines.discard)
        return answer({"interaction_id": str(interaction.id)})

    async def _watch(self, interaction: Interaction) -> None:
        left_s = interaction.created_at + REPLY_DEADLINE_S - self._world.clock.time()
        await self._world.clock.sleep(left_s)
        if interaction.state is State.PENDING:
            self._world.settle(interaction, State.FAILED)

    def _outcome(self, interaction: Interaction) -> Json:
        channel = self._world.channel(interaction.channel_id)
        message = channel.messages.get(interaction.original_id or 0) if channel else None
        return {
            "interaction_id": str(interaction.id),
            "channel_id": str(interaction.channel_id),
            "state": interaction.state.value,
            "message": self._payloads.message(message) if message else None,
            "ephemeral": bool(message and message.flags & Flag.EPHEMERAL),
            "error": NO_ANSWER if interaction.state is State.FAILED else None,
        }

    def _show_message(self, kind: str, message: Message) -> None:
        event = {
            "type": kind,
            "channel_id": str(message.channel_id),
            "message": self._payloads.message(message),
        }
        self._show(event, lambda person: self._sees(person, message))

    def _show(self, event: Json, to: Callable[[User], bool]) -> None:
        for screen, person in self._screens.items():
            if to(person):
                screen.put_nowait(event)

    def _sees(self, person: User, message: Message) -> bool:
        if message.visible_to is not None:
            return message.visible_to == person.id
        channel = self._world.channel(message.channel_id)
        return channel is not None and bool(self._rights(person, channel) & Permission.VIEW_CHANNEL)

    def _rights(self, person: User, channel: Channel) -> int:
        guild = self._world.guild(channel.guild_id)
        if guild is None:
            return permissions.ALL if person.id in channel.recipient_ids else 0
        member = guild.members.get(person.id)
        return permissions.in_channel(guild, channel, member) if member else 0

    def _channel(self, person: User, channel_id: int | None) -> Channel:
        channel = self._world.channel(channel_id or 0)
        if channel is None or not self._rights(person, channel) & Permission.VIEW_CHANNEL:
            raise Refusal(f"You see no channel {channel_id}.")
        return channel

    def _person(self, request: web.Request) -> User:
        user = self._world.user(int(request.match_info["user_id"]))
        if user is None or user.bot:
            raise Refusal("There is no such person.")
        return user
