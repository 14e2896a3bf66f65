"""What somebody may see of a server's channels, by what Discord has told of roles and channels.

discord.py works that out only for whole members, of whom the bot keeps none.
"""

from collections.abc import Collection

import discord
from discord.abc import GuildChannel

ReadableChannel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
"""Where messages stand in servers."""

_AGE_RESTRICTED = frozenset({discord.NSFWLevel.explicit, discord.NSFWLevel.age_restricted})


async def may_both_read(channel: ReadableChannel, person_id: int, roles: Collection[int]) -> bool:
    """Whether the bot and a member with these roles can read what was written there before.

    Only where that is so, and a private thread, is Discord asked: whether they are in it.
    Raises `discord.HTTPException`.
    """
    place = channel.parent if isinstance(channel, discord.Thread) else channel
    if place is None:
        return False
    ours = place.permissions_for(channel.guild.me)
    theirs = rights(place, person_id, roles)
    if not (_can_read(ours, place) and _can_read(theirs, place)):
        return False
    if not isinstance(channel, discord.Thread) or not channel.is_private():
        return True
    if not (ours.manage_threads or channel.me):
        return False
    return theirs.manage_threads or await _is_in(channel, person_id)


def is_age_restricted(channel: object) -> bool:
    """Whether Discord asks for one's age there; of what is no channel of a server, it does not."""
    if not isinstance(channel, ReadableChannel):
        return False
    return channel.is_nsfw() or channel.guild.nsfw_level in _AGE_RESTRICTED


def is_public(channel: object) -> bool:
    """Whether everybody in its server can see a channel; of one that is not known, yes."""
    return not isinstance(channel, GuildChannel) or rights(channel, 0, ()).view_channel


def rights(channel: GuildChannel, person_id: int, roles: Collection[int]) -> discord.Permissions:
    """What a member with these roles may do in a channel (Discord's documentation, Permissions)."""
    guild = channel.guild
    if guild.owner_id == person_id:
        return discord.Permissions.all()
    held = {guild.id, *roles}
    bits = 0
    for role in guild.roles:
        if role.id in held:
            bits |= role.permissions.value
    if discord.Permissions(bits).administrator:
        return discord.Permissions.all()
    exceptions = {target.id: each.pair() for target, each in channel.overwrites.items()}
    for group in ({guild.id}, held - {guild.id}, {person_id}):
        pairs = [exceptions[one] for one in group if one in exceptions]
        for _, denied in pairs:
            bits &= ~denied.value
        for allowed, _ in pairs:
            bits |= allowed.value
    return discord.Permissions(bits)


def _can_read(granted: discord.Permissions, channel: GuildChannel) -> bool:
    is_voice = isinstance(channel, discord.VoiceChannel | discord.StageChannel)
    may_enter = granted.connect or not is_voice
    return granted.view_channel and granted.read_message_history and may_enter


async def _is_in(thread: discord.Thread, person_id: int) -> bool:
    try:
        await thread.fetch_member(person_id)
    except discord.NotFound:
        return False
    return True
