"""What the bot lacks in a channel, by the names that Discord's settings have for it."""

from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:  # it exists for type checkers only
    from discord.abc import GuildChannel

    Place = GuildChannel | discord.Thread

NAMES = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}


def lacking_in(channel: "Place", method: str = "POST") -> str | None:
    """What a request to this channel (by its HTTP method) was refused for, if that is known.

    Of several the first: without it the others are denied as well.
    """
    has = channel.permissions_for(channel.guild.me)
    needed = {"POST": [_sending(channel), "attach_files"], "GET": ["read_message_history"]}
    for name in ("view_channel", *needed.get(method, [])):
        if not getattr(has, name):
            return NAMES[name]
    return None


def is_given(channel: "Place", permission: str) -> bool:
    """Whether the bot has this by now."""
    has = channel.permissions_for(channel.guild.me)
    return any(getattr(has, name) for name, told in NAMES.items() if told == permission)


def may_write(channel: "Place") -> bool:
    """Whether a message without files is taken here."""
    has = channel.permissions_for(channel.guild.me)
    return has.view_channel and bool(getattr(has, _sending(channel)))


def _sending(channel: "Place") -> str:
    is_thread = isinstance(channel, discord.Thread)
    return "send_messages_in_threads" if is_thread else "send_messages"
