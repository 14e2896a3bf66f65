"""Everything that is true in this Discord: people, servers, channels, messages, interactions.

The world knows nothing of sockets. Whoever must hear of a change (the gateway, people's clients)
listens to it.
"""

import base64
import secrets
from typing import Protocol

from sandbox.clock import MovableClock
from sandbox.discord.state.model import (
    Attachment,
    Channel,
    ChannelType,
    Command,
    Emoji,
    Guild,
    Interaction,
    InteractionType,
    Message,
    State,
    User,
)
from sandbox.discord.state.session_starts import SessionStarts
from sandbox.discord.state.snowflake import Snowflakes
from sandbox.discord.wire import Json

MIB = 1024 * 1024
TIER_LIMITS_BYTES = {0: 10 * MIB, 1: 10 * MIB, 2: 50 * MIB, 3: 100 * MIB}
REPLY_DEADLINE_S = 3.0
TOKEN_LIFE_S = 15 * 60.0
NONCE_WINDOW_S = 180.0


class Listener(Protocol):
    """Who hears of changes; called at once, in order, and must not wait."""

    def message_created(self, message: Message, nonce: str | int | None) -> None:
        """A message appeared."""

    def message_updated(self, message: Message) -> None:
        """A message changed."""

    def message_deleted(self, message: Message) -> None:
        """A message is gone."""

    def reaction_added(self, message: Message, user_id: int, emoji: str) -> None:
        """Somebody reacted to a message."""

    def reaction_removed(self, message: Message, user_id: int, emoji: str) -> None:
        """Somebody's reaction is gone."""

    def reactions_cleared(self, message: Message, emoji: str | None) -> None:
        """All of a message's reactions are gone, or all with one emoji."""

    def interaction_created(self, interaction: Interaction) -> None:
        """Somebody used a command or pressed a button."""

    def interaction_changed(self, interaction: Interaction) -> None:
        """An interaction was answered, or its time ran out."""

    def typing(self, channel: Channel, user_id: int) -> None:
        """Somebody types."""

    def presence_changed(self, user_id: int) -> None:
        """Somebody came online, or went."""

    def thread_created(self, thread: Channel) -> None:
        """Somebody began a thread."""

    def channel_deleted(self, channel: Channel) -> None:
        """A server's channel is gone, and its threads with it."""

    def role_deleted(self, guild: Guild, role_id: int) -> None:
        """A server's role is gone."""

    def member_removed(self, guild: Guild, user_id: int) -> None:
        """Somebody has left a server."""

    def guild_updated(self, guild: Guild) -> None:
        """A server itself has changed."""

    def locale_changed(self, user: User) -> None:
        """Somebody's client is in another language."""


class World:
    """One Discord, with one application in it. Named things are found by name or by id."""

    def __init__(self, application_id: int, clock: MovableClock | None = None) -> None:
        self.clock = clock or MovableClock()
        self.snowflakes = Snowflakes(self.clock.time)
        self.application_id = application_id
        self.bot_id = application_id
        self.token = bot_token(application_id)
        self.session_starts = SessionStarts(self.clock)
        self.privileged_intents = 0
        self.upload_limits_bytes: dict[int, int] = {}
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.dms: dict[int, Channel] = {}
        self.commands: dict[int, Command] = {}
        self.emojis: dict[int, Emoji] = {}
        self.interactions: dict[int, Interaction] = {}
        self.attachments: dict[int, Attachment] = {}
        self.online: set[int] = set()
        self.listeners: list[Listener] = []
        self._nonces: dict[tuple[int, int, str], tuple[float, Message]] = {}

    def reset_token(self) -> None:
        """As Discord does where too many sessions are started: the old one is worth nothing."""
        self.token = bot_token(self.application_id)

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

    def react(self, message: Message, user_id: int, emoji: str) -> None:
        """Add somebody's reaction, if it is not there yet."""
        users = message.reactions.setdefault(emoji, [])
        if user_id in users:
            return
        users.append(user_id)
        for listener in self.listeners:
            listener.reaction_added(message, user_id, emoji)

    def unreact(self, message: Message, user_id: int, emoji: str) -> None:
        """Take somebody's reaction away, if it is there."""
        users = message.reactions.get(emoji, [])
        if user_id not in users:
            return
        users.remove(user_id)
        if not users:
            del message.reactions[emoji]
        for listener in self.listeners:
            listener.reaction_removed(message, user_id, emoji)

    def clear_reactions(self, message: Message, emoji: str | None = None) -> None:
        """Take all reactions away, or all with one emoji."""
        if emoji is None:
            message.reactions.clear()
        elif message.reactions.pop(emoji, None) is None:
            return
        for listener in self.listeners:
            listener.reactions_cleared(message, emoji)

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
        interaction.settled.set()
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

    def threads_of(self, guild: Guild) -> list[Channel]:
        """A server's threads."""
        return [
            channel
            for channel in self.channels.values()
            if channel.guild_id == guild.id and channel.parent_id is not None
        ]

    def start_thread(self, name: str, parent: Channel, owner_id: int) -> Channel:
        """Begin a thread in a channel, under whose overwrites it stays."""
        thread = Channel(
            self.snowflakes.next(),
            ChannelType.PUBLIC_THREAD,
            name,
            parent.guild_id,
            overwrites=parent.overwrites,
            parent_id=parent.id,
            owner_id=owner_id,
            created_at=self.clock.time(),
        )
        self.channels[name] = thread
        for listener in self.listeners:
            listener.thread_created(thread)
        return thread

    def delete_channel(self, channel: Channel) -> None:
        """Take a server's channel away, and its threads with it."""
        guild = self.guild(channel.guild_id)
        if guild is None:
            raise LookupError("Direct messages stay.")
        self.channels = {
            name: other
            for name, other in self.channels.items()
            if channel.id not in {other.id, other.parent_id}
        }
        guild.channel_ids = [id_ for id_ in guild.channel_ids if id_ != channel.id]
        for listener in self.listeners:
            listener.channel_deleted(channel)

    def delete_role(self, guild: Guild, role_id: int) -> None:
        """Take a role away from a server and from whoever has it."""
        guild.roles = [role for role in guild.roles if role.id != role_id]
        for member in guild.members.values():
            member.role_ids = [id_ for id_ in member.role_ids if id_ != role_id]
        for listener in self.listeners:
            listener.role_deleted(guild, role_id)

    def remove_member(self, guild: Guild, user_id: int) -> None:
        """Somebody leaves a server, or is made to."""
        del guild.members[user_id]
        for listener in self.listeners:
            listener.member_removed(guild, user_id)

    def set_locale(self, user: User, locale: str) -> None:
        """Have somebody's client in a language; nothing if it is in that one."""
        if user.locale == locale:
            return
        user.locale = locale
        for listener in self.listeners:
            listener.locale_changed(user)

    def set_guild_locale(self, guild: Guild, locale: str) -> None:
        """Have a server prefer a language; nothing if it prefers that one."""
        if guild.locale == locale:
            return
        guild.locale = locale
        for listener in self.listeners:
            listener.guild_updated(guild)

    def _channel_of(self, message: Message) -> Channel:
        channel = self.channel(message.channel_id)
        if channel is None:
            raise LookupError(f"There is no channel {message.channel_id}.")
        return channel


def bot_token(application_id: int) -> str:
    """A new token of the usual shape: some clients read the bot's id from its first part."""
    id_part = base64.b64encode(str(application_id).encode()).decode().rstrip("=")
    return f"{id_part}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(20)}"
