"""What every REST route works with, and the look-ups that end in Discord's errors."""

from dataclasses import dataclass

from aiohttp import web

from sandbox.discord.payloads.messages import Payloads
from sandbox.discord.rest.bodies import path_id
from sandbox.discord.state import permissions
from sandbox.discord.state.cdn import Cdn
from sandbox.discord.state.model import Channel, Flag, Guild, Message
from sandbox.discord.state.permissions import Permission
from sandbox.discord.state.world import World
from sandbox.discord.wire import ApiError, Fault, Json

MESSAGE_CONTENT_INTENT = 1 << 15
UNREAD: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
"""What stands in the place of what a bot may not read."""


@dataclass(slots=True)
class Api:
    """The world, its files and their JSON; `gateway_url` is known once the port is."""

    world: World
    cdn: Cdn
    payloads: Payloads
    gateway_url: str = ""

    def guild(self, request: web.Request) -> Guild:
        """The guild in the path, if the bot is in it."""
        guild = self.world.guild(path_id(request, "guild_id"))
        if guild is None or self.world.bot_id not in guild.members:
            raise ApiError(Fault.UNKNOWN_GUILD)
        return guild

    def channel(self, request: web.Request, needed: int = 0) -> Channel:
        """The channel in the path; ApiError 50001 if it is hidden, 50013 if a right is missing."""
        channel = self.world.channel(path_id(request, "channel_id"))
        if channel is None:
            raise ApiError(Fault.UNKNOWN_CHANNEL)
        bits = self.rights(channel)
        if not bits & Permission.VIEW_CHANNEL:
            raise ApiError(Fault.MISSING_ACCESS)
        if needed & ~bits:
            raise ApiError(Fault.MISSING_PERMISSIONS)
        return channel

    def rights(self, channel: Channel) -> int:
        """The bot's permission bits in a channel."""
        guild = self.world.guild(channel.guild_id)
        if guild is None:
            mine = self.world.bot_id in channel.recipient_ids
            return int(permissions.DIRECT_MESSAGE) if mine else 0
        member = guild.members.get(self.world.bot_id)
        return permissions.in_channel(guild, channel, member) if member else 0

    def message(self, request: web.Request, channel: Channel) -> Message:
        """The message in the path; an ephemeral one is unknown to channel routes."""
        message_id = path_id(request, "message_id")
        message = channel.messages.get(message_id)
        if message is None or message.flags & Flag.EPHEMERAL:
            raise ApiError(Fault.UNKNOWN_MESSAGE)
        return message

    def shown(self, message: Message) -> Json:
        """A message as the bot may read it over REST."""
        return for_application(
            self.world,
            message,
            self.payloads.message(message),
            bool(self.world.privileged_intents & MESSAGE_CONTENT_INTENT),
        )


def for_application(world: World, message: Message, body: Json, may_read: bool) -> Json:
    """Without the message content intent the bot reads its own messages, DMs and mentions.

    That holds for each alone: what a mention replies to may be another's word to somebody else.
    """
    if may_read:
        return body
    channel = world.channel(message.channel_id)
    answered = channel and channel.messages.get(message.reference_id or 0)
    if answered and body.get("referenced_message"):
        shown = for_application(world, answered, body["referenced_message"], may_read)
        body = body | {"referenced_message": shown}
    in_dm = channel is not None and channel.guild_id is None
    own = message.author_id == world.bot_id
    if own or in_dm or world.bot_id in message.mention_ids:
        return body
    unread = body | UNREAD
    if snapshots := body.get("message_snapshots"):
        unread["message_snapshots"] = [
            {"message": shown["message"] | UNREAD} for shown in snapshots
        ]
    return unread
