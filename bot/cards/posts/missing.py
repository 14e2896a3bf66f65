"""What cannot be posted where somebody asked, since the bot lacks a permission there."""

from collections.abc import Sequence

from discord import ui

from bot.cards.parts import AMBER, say, view, words
from bot.cards.wording import clean
from bot.core.jobs import Delivered

SHOWN = 10


def missing(server: str, lacking: Sequence[tuple[str, int]]) -> ui.LayoutView:
    """To who can give these permissions, each in the channel of this id."""
    shown = [f"**{permission}** in <#{channel_id}>" for permission, channel_id in lacking[:SHOWN]]
    more = len(lacking) - SHOWN
    return view(
        words(
            f"### I need permissions in {clean(server, 100)}",
            "People asked me for videos there, and I could not post as I should. Please give me:",
            *(f"- {each}" for each in shown),
            f"- and {more} more" if more > 0 else None,
        ),
        words(
            "-# It is given in the channel’s settings, under *Permissions*. If it is meant to be "
            "so, do nothing: I do not say it again."
        ),
        colour=AMBER,
    )


def why_no_post(lacking: str, how: Delivered) -> ui.LayoutView:
    """To who asked, alone: why their video has no post of its own, and what they can do."""
    is_here = how is Delivered.REPLY
    where = "I could only put your video into my answer" if is_here else "I could not post it here"
    told = f"{where}: in this channel I lack **{lacking}**."
    return say(f"{told} Ask in another channel, or tell a moderator.", AMBER)
