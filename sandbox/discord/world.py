"""Everything that is true in this Discord: people, servers, channels, messages, interactions.

The world knows nothing of sockets. Whoever must hear of a change (the gateway, people's clients)
listens to it.
"""

import base64
import secrets
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum
from typing import Protocol

from sandbox.clock import MovableClock
from sandbox.discord.snowflake import Snowflakes
from sandbox.discord.wire import Json

MIB = 1024 * 1024
TIER_LIMITS_BYTES = {0: 10 * MIB, 1: 10 * MIB, 2: 50 * MIB, 3: 100 * MIB}
REPLY_DEADLINE_S = 3.0
TOKEN_LIFE_S = 15 * 60.0
NONCE_WINDOW_S = 180.0


class Flag(IntFlag):
    """Message flags."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


class ChannelType(IntEnum):
    """The channel types that this server has."""

    TEXT = 0
    DM = 1
    CATEGORY = 4


class InteractionType(IntEnum):
    """The interaction types that this server sends."""

    COMMAND = 2
    COMPONENT = 3


class State(StrEnum):
    """What a person sees of their own interaction."""

    PENDING = "pending"
    DEFERRED = "deferred"
    REPLIED = "replied"
    FAILED = "failed"


@dataclass(slots=True)
class User:
    """A person or a bot; a person may refuse direct messages."""

    id: int
    username: str
    display_name: str
    bot: bool = False
    blocks_dms: bool = False


@dataclass(slots=True)
class Role:
    """A role of a guild; the one with the guild's own id is @everyone."""

    id: int
    name: str
    permissions: int
    position: int = 0
    bot_id: int | None = None


@dataclass(slots=True)
class Overwrite:
    """A channel's exception for a role (`type` 0) or a member (`type` 1)."""

    id: int
    type: int
    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class Member:
    """A user's place in a guild."""

    user_id: int
    role_ids: list[int]
    joined_at: float
    nick: str | None = None


@dataclass(slots=True)
class Channel:
    """A text channel of a guild, or a direct message between two users."""

    id: int
    type: ChannelType
    name: str = ""
    guild_id: int | None = None
    position: int = 0
    topic: str | None = None
    overwrites: list[Overwrite] = field(default_factory=list)
    recipient_ids: tuple[int, ...] = ()
    messages: dict[int, "Message"] = field(default_factory=dict)


@dataclass(slots=True)
class Guild:
    """A server; `premium_tier` sets its upload limit."""

    id: int
    name: str
    owner_id: int
    roles: list[Role]
    members: dict[int, Member]
    channel_ids: list[int] = field(default_factory=list)
    premium_tier: int = 0
    locale: str = "en-US"


@dataclass(slots=True)
class Attachment:
    """A stored file; an ephemeral one came with a slash command."""

    id: int
    channel_id: int
    filename: str
    data: bytes
    content_type: str | None
    width: int | None = None
    height: int | None = None
    title: str | None = None
    description: str | None = None
    ephemeral: bool = False


@dataclass(slots=True)
class Message:
    """A message; `visible_to` names the only person who sees an ephemeral one."""

    id: int
    channel_id: int
    author_id: int
    created_at: float
    content: str = ""
    type: int = 0
    flags: int = 0
    edited_at: float | None = None
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    mention_ids: list[int] = field(default_factory=list)
    mention_role_ids: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    tts: bool = False
    reference_id: int | None = None
    interaction: "Interaction | None" = None
    visible_to: int | None = None

    def set_flag(self, flag: Flag, on: bool) -> None:
        """Switch one flag."""
        self.flags = self.flags | flag if on else self.flags & ~flag


@dataclass(slots=True)
class Interaction:
    """One use of a command or a button, and what became of it."""

    id: int
    type: InteractionType
    token: str
    user_id: int
    channel_id: int
    guild_id: int | None
    created_at: float
    size_limit_bytes: int
    data: Json
    name: str | None = None
    message_id: int | None = None
    state: State = State.PENDING
    original_id: int | None = None

    @property
    def acknowledged(self) -> bool:
        """Whether the bot answered in time."""
        return self.state in {State.DEFERRED, State.REPLIED}


@dataclass(slots=True)
class Command:
    """A registered application command; `body` is its definition, normalised."""

    id: int
    guild_id: int | None
    version: int
    body: Json

    @property
    def key(self) -> tuple[int, str]:
        """What must be unique: type and name."""
        return (self.body["type"], self.body["name"])


class Listener(Protocol):
    """Who hears of changes; called at once, in order, and must not wait."""

    def message_created(self, message: Message, nonce: str | int | None) -> None:
        """A message appeared."""

    def message_updated(self, message: Message) -> None:
        """A message changed."""

    def message_deleted(self, message: Message) -> None:
        """A message is gone."""

    def interaction_created(self, interaction: Interaction) -> None:
        """Somebody used a command or pressed a button."""

    def interaction_changed(self, interaction: Interaction) -> None:
        """An interaction was answered, or its time ran out."""

    def typing(self, channel: Channel, user_id: int) -> None:
        """Somebody types."""

    def presence_changed(self, user_id: int) -> None:
        """Somebody came online, or went."""


class World:
    """One Discord, with one application in it. Named things are found by name or by id."""

    def __init__(self, application_id: int, clock: MovableClock | None = None) -> None:
        self.clock = clock or MovableClock()
        self.snowflakes = Snowflakes(self.clock.time)
        self.application_id = application_id
        self.bot_id = application_id
        self.token = bot_token(application_id)
        self.privileged_intents = 0
        self.upload_limits_bytes: dict[int, int] = {}
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.dms: dict[int, Channel] = {}
        self.commands: dict[int, Command] = {}
        self.interactions: dict[int, Interaction] = {}
        self.attachments: dict[int, Attachment] = {}
        self.online: set[int] = set()
        self.listeners: list[Listener] = []
        self._nonces: dict[tuple[int, int, str], tuple[float, Message]] = {}

    def user(self, user_id: int) -> User | None:
        """The user of that id."""
        return next((user for user in self.users.values() if user.id == user_id), None)

    def guild(self, guild_id: int | None) -> Guild | None:
        """The guild of that id."""
        return next((guild for guild in self.guilds.values() if guild.id == guild_id), None)

    def channel(self, channel_id: int) -> Channel | None:
        """The channel or direct message of that id."""
        named = (channel for channel in self.channels.values() if channel.id == channel_id)
        return self.dms.get(channel_id) or next(named, None)

    def dm_between(self, one_id: int, other_id: int) -> Channel:
        """The direct message channel of two users, made when first asked for."""
        pair = {one_id, other_id}
        for channel in self.dms.values():
            if set(channel.recipient_ids) == pair:
                return channel
        channel = Channel(self.snowflakes.next(), ChannelType.DM, recipient_ids=(one_id, other_id))
        self.dms[channel.id] = channel
        return channel

    def upload_limit_bytes(self, guild_id: int | None) -> int:
        """What one file may weigh there; 0 in `upload_limits_bytes` stands for direct messages."""
        if (limit := self.upload_limits_bytes.get(guild_id or 0)) is not None:
            return limit
        guild = self.guild(guild_id)
        return TIER_LIMITS_BYTES[guild.premium_tier if guild else 0]

    def new_message(self, channel: Channel, author_id: int) -> Message:
        """An empty message, not yet posted."""
        return Message(self.snowflakes.next(), channel.id, author_id, self.clock.time())

    def post(self, message: Message, nonce: str | int | None = None) -> None:
        """Put a finished message into its channel."""
        self._channel_of(message).messages[message.id] = message
        for attachment in message.attachments:
            self.attachments[attachment.id] = attachment
        if nonce is not None:
            key = (message.author_id, message.channel_id, str(nonce))
            self._nonces[key] = (message.created_at, message)
        for listener in self.listeners:
            listener.message_created(message, nonce)

    def posted_with(self, author_id: int, channel_id: int, nonce: str | int) -> Message | None:
        """The message of that author and nonce, within the past few minutes."""
        at, message = self._nonces.get((author_id, channel_id, str(nonce)), (0.0, None))
        return message if self.clock.time() - at < NONCE_WINDOW_S else None

    def edited(self, message: Message, *, by_author: bool = True) -> None:
        """Tell of a message that was changed; filling in a deferred one is not an edit."""
        if by_author:
            message.edited_at = self.clock.time()
        for attachment in message.attachments:
            self.attachments[attachment.id] = attachment
        for listener in self.listeners:
            listener.message_updated(message)

    def delete(self, message: Message) -> None:
        """Take a message and its files away."""
        del self._channel_of(message).messages[message.id]
        for attachment in message.attachments:
            self.attachments.pop(attachment.id, None)
        for listener in self.listeners:
            listener.message_deleted(message)

    def new_interaction(
        self, kind: InteractionType, user_id: int, channel: Channel, data: Json
    ) -> Interaction:
        """A use of a command or a button, not yet sent to the application."""
        return Interaction(
            id=self.snowflakes.next(),
            type=kind,
            token=secrets.token_urlsafe(64),
            user_id=user_id,
            channel_id=channel.id,
            guild_id=channel.guild_id,
            created_at=self.clock.time(),
            size_limit_bytes=self.upload_limit_bytes(channel.guild_id),
            data=data,
        )

    def interact(self, interaction: Interaction) -> None:
        """Send an interaction to the application."""
        self.interactions[interaction.id] = interaction
        for listener in self.listeners:
            listener.interaction_created(interaction)

    def settle(self, interaction: Interaction, state: State) -> None:
        """Note what became of an interaction."""
        interaction.state = state
        for listener in self.listeners:
            listener.interaction_changed(interaction)

    def be_online(self, user_id: int, online: bool) -> None:
        """Tell of somebody who came or went; nothing if they were there, or gone, before."""
        if (user_id in self.online) is online:
            return
        if online:
            self.online.add(user_id)
        else:
            self.online.remove(user_id)
        for listener in self.listeners:
            listener.presence_changed(user_id)

    def type_in(self, channel: Channel, user_id: int) -> None:
        """Tell that somebody types."""
        for listener in self.listeners:
            listener.typing(channel, user_id)

    def _channel_of(self, message: Message) -> Channel:
        channel = self.channel(message.channel_id)
        if channel is None:
            raise LookupError(f"There is no channel {message.channel_id}.")
        return channel


def bot_token(application_id: int) -> str:
    """A token of the usual shape: some clients read the bot's id from its first part."""
    return base64.b64encode(str(application_id).encode()).decode().rstrip("=") + ".sandbox.token"
