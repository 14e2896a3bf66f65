"""What the bot lacks in a channel, by the names that Discord's settings have for it in English."""

from typing import TYPE_CHECKING

import discord

from bot.cards.languages.speech import mark

if TYPE_CHECKING:  # it exists for type checkers only
    from discord.abc import GuildChannel

    Place = GuildChannel | discord.Thread

NAMES = {
    "view_channel": mark("View Channel"),
    "send_messages": mark("Send Messages"),
    "send_messages_in_threads": mark("Send Messages in Threads"),
    "attach_files": mark("Attach Files"),
    "read_message_history": mark("Read Message History"),
}


def lacking_in(channel: "Place", method: str = "POST") -> str | None:
    """What a request to this channel (by its HTTP method) was refused for, if that is known.

    Of several the first: without it the others are denied as well.
    """
    has = _given(channel)
    if has is None:
        return None
    needed = {"POST": [_sending(channel), "attach_files"], "GET": ["read_message_history"]}
    for name in ("view_channel", *needed.get(method, [])):
        if not getattr(has, name):
            return NAMES[name]
    return None


def is_given(channel: "Place", permission: str) -> bool:
    """Whether the bot has this by now."""
    has = _given(channel)
    names = [name for name, told in NAMES.items() if told == permission]
    return has is not None and any(getattr(has, name) for name in names)


def may_write(channel: "Place") -> bool:
    """Whether a message without files is taken here."""
    has = _given(channel)
    return has is not None and has.view_channel and bool(getattr(has, _sending(channel)))


def _given(channel: "Place") -> discord.Permissions | None:
    """What the bot may do there, as far as Discord has told it."""
    me: discord.Member | None = getattr(channel.guild, "me", None)  # not while it is unavailable
    is_lost = isinstance(channel, discord.Thread) and channel.parent is None
    return None if me is None or is_lost else channel.permissions_for(me)


def _sending(channel: "Place") -> str:
    is_thread = isinstance(channel, discord.Thread)
    return "send_messages_in_threads" if is_thread else "send_messages"
