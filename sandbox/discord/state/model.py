"""The things this Discord is made of: users, servers, channels, messages, interactions."""

import asyncio
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum

from sandbox.discord.state.locales import DEFAULT_LOCALE
from sandbox.discord.wire import Json


class Flag(IntFlag):
    """Message flags."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    HAS_SNAPSHOT = 1 << 14
    COMPONENTS_V2 = 1 << 15


class ChannelType(IntEnum):
    """The channel types that this server has."""

    TEXT = 0
    DM = 1
    CATEGORY = 4
    PUBLIC_THREAD = 11


class CommandType(IntEnum):
    """Where a command is found: typed, or in the menu of a user or a message."""

    CHAT_INPUT = 1
    USER = 2
    MESSAGE = 3


class InteractionType(IntEnum):
    """The interaction types that this server sends."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class State(StrEnum):
    """What a person sees of their own interaction."""

    PENDING = "pending"
    DEFERRED = "deferred"
    REPLIED = "replied"
    MODAL = "modal"
    FAILED = "failed"


@dataclass(slots=True)
class User:
    """A person or a bot; a person may refuse direct messages, and has a client in a language."""

    id: int
    username: str
    display_name: str
    bot: bool = False
    blocks_dms: bool = False
    locale: str = DEFAULT_LOCALE


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
    timed_out_until: float | None = None


@dataclass(slots=True)
class Channel:
    """A text channel of a guild, a thread in one, or a direct message between two users."""

    id: int
    type: ChannelType
    name: str = ""
    guild_id: int | None = None
    position: int = 0
    topic: str | None = None
    overwrites: list[Overwrite] = field(default_factory=list)
    recipient_ids: tuple[int, ...] = ()
    parent_id: int | None = None
    owner_id: int | None = None
    created_at: float = 0.0
    is_age_restricted: bool = False
    messages: dict[int, "Message"] = field(default_factory=dict)


@dataclass(slots=True)
class Guild:
    """A server; `premium_tier` sets its upload limit, `locale` is the language it prefers."""

    id: int
    name: str
    owner_id: int
    roles: list[Role]
    members: dict[int, Member]
    channel_ids: list[int] = field(default_factory=list)
    premium_tier: int = 0
    locale: str = DEFAULT_LOCALE


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
    is_spoiler: bool = False


@dataclass(slots=True)
class Message:
    """A message; `visible_to` names the only person who sees an ephemeral one.

    `reactions` has who reacted with each emoji, the first ones first; `forwarded` is what a forward
    shows, as it was then.
    """

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
    forwarded: "Message | None" = None
    interaction: "Interaction | None" = None
    reactions: dict[str, list[int]] = field(default_factory=dict)
    visible_to: int | None = None

    def set_flag(self, flag: Flag, on: bool) -> None:
        """Switch one flag."""
        self.flags = self.flags | flag if on else self.flags & ~flag


@dataclass(slots=True)
class Interaction:
    """One use of a command, a component or a form, and what became of it.

    `modal` is the form that it was answered with, `opener` what opened the form that this is, and
    `choices` are what is offered to someone who types. `settled` is set once its fate is known.
    """

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
    modal: Json | None = None
    opener: "Interaction | None" = None
    submitted: bool = False
    choices: list[Json] = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def acknowledged(self) -> bool:
        """Whether the bot answered in time."""
        return self.state in {State.DEFERRED, State.REPLIED, State.MODAL}

    @property
    def source(self) -> "Interaction":
        """What it all began with: for a form, the command or component that opened it."""
        return self.opener or self

    @property
    def target_message_id(self) -> int | None:
        """The message whose menu the command was in, if it was in one."""
        is_menu = self.type is InteractionType.COMMAND and self.data["type"] == CommandType.MESSAGE
        return int(self.data["target_id"]) if is_menu else None


@dataclass(slots=True)
class Emoji:
    """One of the application's own; `user_id` has uploaded it."""

    id: int
    name: str
    user_id: int
    data: bytes

    @property
    def is_animated(self) -> bool:
        """Whether it was uploaded as what moves."""
        return self.data.startswith(b"GIF8")


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
