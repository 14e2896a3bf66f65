"""What a member may do in a channel: roles, then the channel's overwrites."""

from enum import IntFlag

from sandbox.discord.state.model import Channel, Guild, Member


class Permission(IntFlag):
    """The bits of Discord's permission field that this server reads or seeds."""

    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    USE_APPLICATION_COMMANDS = 1 << 31
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40


ALL = (1 << 53) - 1
MEMBER = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
)
# In a direct message there is nobody to ask; the documentation names these for an app.
DIRECT_MESSAGE = MEMBER | Permission.MENTION_EVERYONE


def in_guild(guild: Guild, member: Member) -> int:
    """The bits a member has before any channel's overwrites."""
    if guild.owner_id == member.user_id:
        return ALL
    held = {guild.id, *member.role_ids}
    bits = 0
    for role in guild.roles:
        if role.id in held:
            bits |= role.permissions
    return ALL if bits & Permission.ADMINISTRATOR else bits


def in_channel(guild: Guild, channel: Channel, member: Member) -> int:
    """The bits a member has in a channel; none at all where they cannot view it.

    A thread shares the overwrites of its channel.
    """
    bits = in_guild(guild, member)
    if bits == ALL:
        return bits
    overwrites = {overwrite.id: overwrite for overwrite in channel.overwrites}
    if everyone := overwrites.get(guild.id):
        bits = bits & ~everyone.deny | everyone.allow
    roles = [overwrites[id_] for id_ in member.role_ids if id_ in overwrites]
    for role in roles:
        bits &= ~role.deny
    for role in roles:
        bits |= role.allow
    if own := overwrites.get(member.user_id):
        bits = bits & ~own.deny | own.allow
    return bits if bits & Permission.VIEW_CHANNEL else 0
