"""Gateway sessions: what each bot connection hears, and what it can hear again after a break."""

import secrets
from collections import deque
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Protocol

from sandbox.discord.payloads.messages import Payloads, partial_emoji
from sandbox.discord.rest.api import for_application
from sandbox.discord.state import permissions
from sandbox.discord.state.model import Channel, Flag, Guild, Interaction, Member, Message, User
from sandbox.discord.state.permissions import Permission
from sandbox.discord.state.world import World
from sandbox.discord.wire import Json

MOST_REPLAYED = 1000
RESUMABLE_S = 300.0
CHUNK = 1000


class Intent(IntFlag):
    """The intents that decide about events served here."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT


class Outlet(Protocol):
    """A connection, as a session uses it."""

    session: "Session | None"

    def dispatch(self, name: str, number: int, data: Json) -> None:
        """Queue an event."""


@dataclass(eq=False, slots=True)
class Session:
    """A bot's session; it outlives its connection for a while."""

    id: str
    intents: Intent
    shard: tuple[int, int]
    outlet: Outlet | None
    number: int = 0
    detached_at: float = 0.0
    sent: deque[tuple[str, int, Json]] = field(default_factory=lambda: deque(maxlen=MOST_REPLAYED))

    def send(self, name: str, data: Json) -> None:
        """Number an event, remember it, and send it if somebody is connected."""
        self.number += 1
        self.sent.append((name, self.number, data))
        if self.outlet is not None:
            self.outlet.dispatch(name, self.number, data)

    def covers(self, guild_id: int | None) -> bool:
        """Whether a guild's events come to this shard; direct messages go to the first."""
        number, count = self.shard
        return ((guild_id or 0) >> 22) % count == number


class Sessions:
    """Every session; hears of the world's changes and passes on what each may know."""

    def __init__(self, world: World, payloads: Payloads) -> None:
        self.world = world
        self._payloads = payloads
        self._sessions: dict[str, Session] = {}

    def begin(
        self, outlet: Outlet, intents: Intent, shard: tuple[int, int], resume_url: str
    ) -> None:
        """A new session: READY, then its guilds."""
        for old in list(self._sessions):
            self.find(old)
        session = Session(secrets.token_hex(16), intents, shard, outlet)
        self._sessions[session.id] = session
        outlet.session = session
        guilds = [guild for guild in self._own_guilds() if session.covers(guild.id)]
        session.send(
            "READY",
            {
                "v": 10,
                "user": self._payloads.own_user(),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "session_type": "normal",
                "resume_gateway_url": resume_url,
                "shard": list(shard),
                "application": {
                    "id": str(self.world.application_id),
                    "flags": self._payloads.application_flags(),
                },
                "private_channels": [],
                "relationships": [],
                "presences": [],
                "user_settings": {},
                "geo_ordered_rtc_regions": [],
                "_trace": [],
            },
        )
        if intents & Intent.GUILDS:
            everyone = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES
            with_members = intents & everyone == everyone
            for guild in guilds:
                created = self._payloads.guild_create(guild, with_members=with_members)
                session.send("GUILD_CREATE", created)
        self._show_presence()

    def find(self, session_id: str) -> Session | None:
        """A session that can be resumed; one that waited too long is forgotten."""
        session = self._sessions.get(session_id)
        if session is None:
            return None
        away_s = self.world.clock.time() - session.detached_at
        if session.outlet is None and away_s > RESUMABLE_S:
            self.forget(session)
            return None
        return session

    def resume(self, session: Session, outlet: Outlet, seq: int) -> bool:
        """Send again what came after `seq`, then RESUMED; False if too much was missed."""
        if session.sent[0][1] > seq + 1:
            self.forget(session)
            return False
        if session.outlet is not None:
            session.outlet.session = None
        session.outlet = outlet
        outlet.session = session
        for name, number, data in session.sent:
            if number > seq and name != "RESUMED":
                outlet.dispatch(name, number, data)
        session.send("RESUMED", {"_trace": []})
        self._show_presence()
        return True

    def detach(self, session: Session, outlet: Outlet) -> None:
        """The connection is gone; the session waits to be resumed."""
        if session.outlet is outlet:
            session.outlet = None
            session.detached_at = self.world.clock.time()
            self._show_presence()

    def forget(self, session: Session) -> None:
        """End a session for good."""
        self._sessions.pop(session.id, None)
        self._show_presence()

    def forget_all(self) -> None:
        """End every session for good."""
        for session in [*self._sessions.values()]:
            self.forget(session)

    def of_shard(self, shard_id: int) -> list[Session]:
        """The sessions of one shard: more than one where a bot runs twice."""
        return [each for each in self._sessions.values() if each.shard[0] == shard_id]

    def _show_presence(self) -> None:
        """The bot is online while one of its sessions has a connection."""
        connected = any(session.outlet is not None for session in self._sessions.values())
        self.world.be_online(self.world.bot_id, connected)

    def message_created(self, message: Message, nonce: str | int | None) -> None:
        """Tell of a new message."""
        extra = {} if nonce is None else {"nonce": nonce}
        self._send_message("MESSAGE_CREATE", message, extra)

    def message_updated(self, message: Message) -> None:
        """Tell of a changed message."""
        self._send_message("MESSAGE_UPDATE", message, {})

    def message_deleted(self, message: Message) -> None:
        """Tell of a message that is gone."""
        body = {"id": str(message.id), "channel_id": str(message.channel_id)}
        guild = self._guild_of(message)
        body |= {"guild_id": str(guild.id)} if guild else {}
        for session in self._hearing(message, guild):
            session.send("MESSAGE_DELETE", body)

    def reaction_added(self, message: Message, user_id: int, emoji: str) -> None:
        """Tell of a reaction."""
        body: Json = {
            **_reaction(user_id, emoji),
            "message_author_id": str(message.author_id),
        }
        guild = self._guild_of(message)
        if guild and user_id in guild.members:
            body["member"] = self._payloads.member(guild.members[user_id])
        self._send_reaction("MESSAGE_REACTION_ADD", message, body)

    def reaction_removed(self, message: Message, user_id: int, emoji: str) -> None:
        """Tell of a reaction that is gone."""
        self._send_reaction("MESSAGE_REACTION_REMOVE", message, _reaction(user_id, emoji))

    def reactions_cleared(self, message: Message, emoji: str | None) -> None:
        """Tell that all reactions are gone, or all with one emoji."""
        if emoji is None:
            self._send_reaction("MESSAGE_REACTION_REMOVE_ALL", message, {})
        else:
            body = {"emoji": partial_emoji(emoji)}
            self._send_reaction("MESSAGE_REACTION_REMOVE_EMOJI", message, body)

    def _send_reaction(self, name: str, message: Message, body: Json) -> None:
        guild = self._guild_of(message)
        place = {"channel_id": str(message.channel_id), "message_id": str(message.id)}
        place |= {"guild_id": str(guild.id)} if guild else {}
        needed = Intent.GUILD_MESSAGE_REACTIONS if guild else Intent.DIRECT_MESSAGE_REACTIONS
        for session in self._hearing(message, guild, needed):
            session.send(name, place | body)

    def interaction_created(self, interaction: Interaction) -> None:
        """Tell of a used command or a pressed button; no intent is needed."""
        body = self._payloads.interaction(interaction)
        for session in self._sessions.values():
            if session.covers(interaction.guild_id):
                session.send("INTERACTION_CREATE", body)

    def interaction_changed(self, interaction: Interaction) -> None:
        """The bot knows what it answered itself."""

    def typing(self, channel: Channel, user_id: int) -> None:
        """Tell that somebody types."""
        body: Json = {
            "channel_id": str(channel.id),
            "user_id": str(user_id),
            "timestamp": int(self.world.clock.time()),
        }
        guild = self.world.guild(channel.guild_id)
        if not self._can_view(channel):
            return
        needed = Intent.GUILD_MESSAGE_TYPING if guild else Intent.DIRECT_MESSAGE_TYPING
        if guild:
            body |= {
                "guild_id": str(guild.id),
                "member": self._payloads.member(guild.members[user_id]),
            }
        for session in self._sessions.values():
            if session.intents & needed and session.covers(channel.guild_id):
                session.send("TYPING_START", body)

    def presence_changed(self, user_id: int) -> None:
        """People's presences are a privileged matter that is not served."""

    def thread_created(self, thread: Channel) -> None:
        """Tell of a new thread in a channel that the bot sees."""
        if self._can_view(thread):
            body = self._payloads.channel(thread) | {"newly_created": True}
            self._tell_guild("THREAD_CREATE", thread.guild_id, body)

    def channel_deleted(self, channel: Channel) -> None:
        """Tell of a channel that is gone; its threads are gone without a word."""
        self._tell_guild("CHANNEL_DELETE", channel.guild_id, self._payloads.channel(channel))

    def role_deleted(self, guild: Guild, role_id: int) -> None:
        """Tell of a role that is gone; who had it is told to nobody without the intent."""
        body = {"guild_id": str(guild.id), "role_id": str(role_id)}
        self._tell_guild("GUILD_ROLE_DELETE", guild.id, body)

    def member_removed(self, guild: Guild, user_id: int) -> None:
        """Tell of a member who is gone: that is a privileged matter."""
        body = {"guild_id": str(guild.id), "user": self._payloads.user_by_id(user_id)}
        self._tell_guild("GUILD_MEMBER_REMOVE", guild.id, body, Intent.GUILD_MEMBERS)

    def guild_updated(self, guild: Guild) -> None:
        """Tell of a server that has changed, if the bot is in it."""
        if self.world.bot_id in guild.members:
            self._tell_guild("GUILD_UPDATE", guild.id, self._payloads.guild(guild))

    def locale_changed(self, user: User) -> None:
        """A person's language is told with their interactions alone."""

    def _tell_guild(
        self, name: str, guild_id: int | None, body: Json, needed: Intent = Intent.GUILDS
    ) -> None:
        for session in self._sessions.values():
            if session.intents & needed and session.covers(guild_id):
                session.send(name, body)

    def send_members(
        self,
        session: Session,
        guild_id: int,
        *,
        user_ids: list[int],
        query: str | None,
        limit: int,
        nonce: object,
    ) -> None:
        """Answer a request for members, in chunks."""
        guild = self.world.guild(guild_id)
        if guild is None:
            return
        members = self._chosen(guild, user_ids, query)[: limit or None]
        missing = [str(user_id) for user_id in user_ids if user_id not in guild.members]
        chunks = [members[at : at + CHUNK] for at in range(0, len(members), CHUNK)] or [[]]
        for index, chunk in enumerate(chunks):
            body: Json = {
                "guild_id": str(guild.id),
                "members": [self._payloads.member(member) for member in chunk],
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": missing,
            }
            session.send("GUILD_MEMBERS_CHUNK", body | ({"nonce": nonce} if nonce else {}))

    def _chosen(self, guild: Guild, user_ids: list[int], query: str | None) -> list[Member]:
        if query is None:
            return [guild.members[user_id] for user_id in user_ids if user_id in guild.members]
        return [
            member
            for member in guild.members.values()
            if (user := self.world.user(member.user_id)) and user.username.startswith(query.lower())
        ]

    def _send_message(self, name: str, message: Message, extra: Json) -> None:
        guild = self._guild_of(message)
        channel = self.world.channel(message.channel_id)
        body = self._payloads.message(message) | extra
        body["channel_type"] = int(channel.type) if channel else 0
        if guild is not None:
            body["guild_id"] = str(guild.id)
            member = guild.members.get(message.author_id)
            if member is not None and message.interaction is None:
                body["member"] = self._payloads.member_fields(member)
            for mentioned in body["mentions"]:
                if member := guild.members.get(int(mentioned["id"])):
                    mentioned["member"] = self._payloads.member_fields(member)
        for session in self._hearing(message, guild):
            may_read = bool(session.intents & Intent.MESSAGE_CONTENT)
            session.send(name, for_application(self.world, message, body, may_read))

    def _guild_of(self, message: Message) -> Guild | None:
        """The guild that the event names: Discord sends ephemeral messages as if they were DMs."""
        if message.flags & Flag.EPHEMERAL:
            return None
        channel = self.world.channel(message.channel_id)
        return self.world.guild(channel.guild_id) if channel else None

    def _hearing(
        self, message: Message, guild: Guild | None, needed: Intent | None = None
    ) -> list[Session]:
        """The sessions that asked for such events, where the bot sees the channel."""
        needed = needed or (Intent.GUILD_MESSAGES if guild else Intent.DIRECT_MESSAGES)
        channel = self.world.channel(message.channel_id)
        if channel is None or not self._can_view(channel):
            return []
        return [
            session
            for session in self._sessions.values()
            if session.intents & needed and session.covers(guild.id if guild else None)
        ]

    def _can_view(self, channel: Channel) -> bool:
        guild = self.world.guild(channel.guild_id)
        if guild is None:
            return self.world.bot_id in channel.recipient_ids
        me = guild.members.get(self.world.bot_id)
        return me is not None and bool(
            permissions.in_channel(guild, channel, me) & Permission.VIEW_CHANNEL
        )

    def _own_guilds(self) -> list[Guild]:
        return [guild for guild in self.world.guilds.values() if self.world.bot_id in guild.members]


def _reaction(user_id: int, emoji: str) -> Json:
    return {"user_id": str(user_id), "emoji": partial_emoji(emoji), "burst": False, "type": 0}
