"""Screens: each person's websocket, with what they see happen."""

import asyncio
import json
from collections.abc import Callable

from aiohttp import web

from sandbox.discord.people.api import PeopleApi
from sandbox.discord.state.model import Channel, Guild, Interaction, InteractionType, Message, User
from sandbox.discord.traffic import Traffic
from sandbox.discord.wire import Json, encode

# Below the people's address.
PERSON = r"/{user_id:\d{1,20}}"

# What waits to be shown; None ends it.
Screen = asyncio.Queue[Json | None]


class Screens:
    """Hears of the world's changes and shows each person their own."""

    def __init__(self, api: PeopleApi, traffic: Traffic) -> None:
        self._api = api
        self._traffic = traffic
        self._screens: dict[Screen, User] = {}
        self._watching: set[Screen] = set()
        traffic.listeners.append(self.show_traffic)

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [web.get(PERSON + "/events", self.events)]

    async def close(self) -> None:
        """End every screen."""
        for screen in self._screens:
            screen.put_nowait(None)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """A websocket with what this person sees happen."""
        person = self._api.person(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        screen: Screen = asyncio.Queue()
        self._screens[screen] = person
        screen.put_nowait({"type": "ready"})
        for user_id in self._api.world.online:
            screen.put_nowait(self._presence(user_id))
        pump = asyncio.create_task(self._pump(screen, socket))
        try:
            async for frame in socket:
                self._hear(screen, frame.data)
        finally:
            del self._screens[screen]
            self._watching.discard(screen)
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
        return socket

    async def _pump(self, screen: Screen, socket: web.WebSocketResponse) -> None:
        while (event := await screen.get()) is not None:
            await socket.send_str(encode(event))
        await socket.close()

    def _hear(self, screen: Screen, data: object) -> None:
        """What else to show: `{"watch": "traffic"}`, the log so far first, or `{"watch": null}`."""
        try:
            said = json.loads(data) if isinstance(data, str) else None
        except ValueError:
            said = None
        if not isinstance(said, dict) or "watch" not in said:
            return
        if said["watch"] != "traffic":
            self._watching.discard(screen)
        elif screen not in self._watching:
            self._watching.add(screen)
            for entry in self._traffic.entries:
                screen.put_nowait({"type": "traffic", "entry": entry})

    def show_traffic(self, entry: Json) -> None:
        """Show what a bot and this Discord said to each other, to whoever watches."""
        for screen in self._watching:
            screen.put_nowait({"type": "traffic", "entry": entry})

    def show_controls(self, controls: Json) -> None:
        """Show everybody how the controls are now."""
        self._show(lambda person: {"type": "controls", **controls})

    def message_created(self, message: Message, nonce: str | int | None) -> None:
        """Show a new message."""
        self._show_message("message_create", message)

    def message_updated(self, message: Message) -> None:
        """Show a changed message."""
        self._show_message("message_update", message)

    def message_deleted(self, message: Message) -> None:
        """Take a message off the screens."""
        self._show_message("message_delete", message)

    def reaction_added(self, message: Message, user_id: int, emoji: str) -> None:
        """Show the message with the reaction."""
        self._show_message("message_update", message)

    def reaction_removed(self, message: Message, user_id: int, emoji: str) -> None:
        """Show the message without the reaction."""
        self._show_message("message_update", message)

    def reactions_cleared(self, message: Message, emoji: str | None) -> None:
        """Show the message without the reactions."""
        self._show_message("message_update", message)

    def interaction_created(self, interaction: Interaction) -> None:
        """The person knows what they did."""

    def interaction_changed(self, interaction: Interaction) -> None:
        """Show what became of an interaction to whoever caused it, unless they only type."""
        if interaction.type is InteractionType.AUTOCOMPLETE:
            return
        event = {"type": "interaction", **self._api.outcome(interaction)}
        self._show(lambda person: event if person.id == interaction.user_id else None)

    def typing(self, channel: Channel, user_id: int) -> None:
        """Show that somebody else types."""
        event = {"type": "typing", "channel_id": str(channel.id), "user_id": str(user_id)}

        def is_told(person: User) -> bool:
            return person.id != user_id and bool(self._api.rights(person, channel))

        self._show(lambda person: event if is_told(person) else None)

    def presence_changed(self, user_id: int) -> None:
        """Show who came online, or went."""
        self._show(lambda person: self._presence(user_id))

    def thread_created(self, thread: Channel) -> None:
        """The lists are read when a page opens."""

    def channel_deleted(self, channel: Channel) -> None:
        """The lists are read when a page opens."""

    def role_deleted(self, guild: Guild, role_id: int) -> None:
        """The lists are read when a page opens."""

    def member_removed(self, guild: Guild, user_id: int) -> None:
        """The lists are read when a page opens."""

    def guild_updated(self, guild: Guild) -> None:
        """Nothing of it is on a screen."""

    def locale_changed(self, user: User) -> None:
        """Have all clients of this person in the language."""
        event = {"type": "locale", "locale": user.locale}
        self._show(lambda person: event if person.id == user.id else None)

    def _presence(self, user_id: int) -> Json:
        online = user_id in self._api.world.online
        return {"type": "presence", "user_id": str(user_id), "online": online}

    def _show_message(self, kind: str, message: Message) -> None:
        def event(person: User) -> Json | None:
            if not self._api.sees(person, message):
                return None
            shown = self._api.payloads.message(message, person.id)
            return {"type": kind, "channel_id": str(message.channel_id), "message": shown}

        self._show(event)

    def _show(self, event_for: Callable[[User], Json | None]) -> None:
        """Put on each screen what its person sees of it, if anything."""
        for screen, person in self._screens.items():
            if (event := event_for(person)) is not None:
                screen.put_nowait(event)
