"""Finding what a person points at; it travels beside the ids, as an interaction's `resolved`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.discord.people.api import PeopleApi
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest.bodies import Upload
from sandbox.discord.state import permissions
from sandbox.discord.state.model import Channel, Flag, User
from sandbox.discord.state.permissions import Permission
from sandbox.discord.wire import Json

# The fields that a partial channel has, and no others.
PARTIAL_CHANNEL = (
    *("id", "name", "type", "last_message_id", "nsfw", "parent_id", "guild_id", "flags"),
    *("rate_limit_per_user", "topic", "position"),
)


@dataclass(slots=True)
class Resolver:
    """Looks things up for one person in one channel; `found` collects them.

    Each look-up says whether there is such a thing for that person.
    """

    api: PeopleApi
    person: User
    channel: Channel
    found: Json = field(default_factory=dict)

    def is_here(self, user_id: int) -> bool:
        """Whether somebody is in this server, or in these direct messages."""
        guild = self.api.world.guild(self.channel.guild_id)
        return user_id in (guild.members if guild else self.channel.recipient_ids)

    def user(self, user_id: int) -> bool:
        """Somebody, and their place in this server."""
        user = self.api.world.user(user_id)
        if user is None:
            return False
        self._note("users", user.id, self.api.payloads.user(user))
        guild = self.api.world.guild(self.channel.guild_id)
        member = guild.members.get(user.id) if guild else None
        if guild and member:
            body = self.api.payloads.member_fields(member)
            bits = permissions.in_channel(guild, self.channel, member)
            for absent in ("mute", "deaf"):
                del body[absent]
            self._note("members", user.id, body | {"permissions": str(int(bits))})
        return True

    def role(self, role_id: int) -> bool:
        """A role of this server."""
        guild = self.api.world.guild(self.channel.guild_id)
        for role in guild.roles if guild else []:
            if role.id == role_id:
                self._note("roles", role.id, self.api.payloads.role(role))
                return True
        return False

    def channel_of(self, channel_id: int, types: Sequence[int] | None = None) -> bool:
        """A channel of this server that the person sees, of one of the types if there are any."""
        channel = self.api.world.channel(channel_id)
        if channel is None or channel.guild_id != self.channel.guild_id:
            return False
        bits = self.api.rights(self.person, channel)
        if not bits & Permission.VIEW_CHANNEL or (types and channel.type not in types):
            return False
        body = self.api.payloads.channel(channel)
        partial = {name: body[name] for name in PARTIAL_CHANNEL if name in body}
        self._note("channels", channel.id, partial | {"permissions": str(int(bits))})
        return True

    def message(self, message_id: int) -> None:
        """A message of this channel; Refusal if there is none that a menu opens on."""
        message = self.api.message(self.person, self.channel, message_id)
        if message.flags & Flag.EPHEMERAL:
            raise Refusal("What only you can see has no menu.")
        self._note("messages", message.id, self.api.payloads.message(message))

    def attachment(self, upload: Upload) -> str:
        """The id of a file that is stored for the bot to read; Refusal if it is too large."""
        self.api.check_size(self.channel, [upload])
        stored = self.api.cdn.store(self.channel.id, upload.filename, upload.data, ephemeral=True)
        self._note("attachments", stored.id, self.api.payloads.attachment(stored))
        return str(stored.id)

    def _note(self, kind: str, id_: int, body: Json) -> None:
        self.found.setdefault(kind, {})[str(id_)] = body
