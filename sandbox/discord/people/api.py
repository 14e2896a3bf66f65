"""What every people's route works with: who asks, what they see, and how it looks to them."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from sandbox.discord.payloads.messages import Payloads
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.bodies import Upload
from sandbox.discord.schema.forms import Fields
from sandbox.discord.state import permissions
from sandbox.discord.state.cdn import Cdn
from sandbox.discord.state.model import Channel, Flag, Interaction, Message, State, User
from sandbox.discord.state.permissions import Permission
from sandbox.discord.state.world import World
from sandbox.discord.wire import Json

NO_ANSWER = "The application did not respond"


@dataclass(slots=True)
class PeopleApi:
    """The world, its files and their JSON, through people's eyes."""

    world: World
    cdn: Cdn
    payloads: Payloads

    def person(self, request: web.Request) -> User:
        """Who asks; Refusal if there is no such person."""
        user = self.world.user(int(request.match_info["user_id"]))
        if user is None or user.bot:
            raise Refusal("There is no such person.")
        return user

    def rights(self, person: User, channel: Channel) -> int:
        """A person's permission bits in a channel."""
        guild = self.world.guild(channel.guild_id)
        if guild is None:
            return permissions.ALL if person.id in channel.recipient_ids else 0
        member = guild.members.get(person.id)
        return permissions.in_channel(guild, channel, member) if member else 0

    def channel(self, person: User, channel_id: int | None) -> Channel:
        """A channel that this person sees; Refusal otherwise."""
        channel = self.world.channel(channel_id or 0)
        if channel is None or not self.rights(person, channel) & Permission.VIEW_CHANNEL:
            raise Refusal(f"You see no channel {channel_id}.")
        return channel

    def sees(self, person: User, message: Message) -> bool:
        """Whether a message is on this person's screen when they open its channel."""
        if message.visible_to is not None:
            return message.visible_to == person.id
        channel = self.world.channel(message.channel_id)
        return channel is not None and bool(self.rights(person, channel) & Permission.VIEW_CHANNEL)

    def message(self, person: User, channel: Channel, message_id: int | None) -> Message:
        """A message that this person sees; Refusal otherwise."""
        message = channel.messages.get(message_id or 0)
        if message is None or not self.sees(person, message):
            raise Refusal("There is no such message.")
        return message

    def place(self, person: User, fields: Fields) -> tuple[Channel, Message]:
        """The message that a request names by `channel_id` and `message_id`."""
        channel = self.channel(person, fields.snowflake("channel_id"))
        return channel, self.message(person, channel, fields.snowflake("message_id"))

    def check_size(self, channel: Channel, uploads: Iterable[Upload]) -> None:
        """Refusal if a file is larger than may be uploaded there."""
        limit_bytes = self.world.upload_limit_bytes(channel.guild_id)
        if any(len(upload.data) > limit_bytes for upload in uploads):
            raise Refusal(f"Your files are too powerful: at most {limit_bytes} bytes each.")

    def outcome(self, interaction: Interaction) -> Json:
        """What has become of an interaction, for whoever caused it."""
        channel = self.world.channel(interaction.channel_id)
        message = channel.messages.get(interaction.original_id or 0) if channel else None
        return {
            "interaction_id": str(interaction.id),
            "channel_id": str(interaction.channel_id),
            "state": interaction.state.value,
            "message": self.payloads.message(message, interaction.user_id) if message else None,
            "ephemeral": bool(message and message.flags & Flag.EPHEMERAL),
            "modal": interaction.modal,
            "error": NO_ANSWER if interaction.state is State.FAILED else None,
        }
