"""What cannot be posted where somebody asked, since the bot lacks a permission there."""

from collections.abc import Sequence

from discord import ui

from bot.cards.languages.speech import tr
from bot.cards.parts import AMBER, say, view, words
from bot.cards.wording import clean
from bot.core.jobs import Delivered

SHOWN = 10


def missing(server: str, lacking: Sequence[tuple[str, int]]) -> ui.LayoutView:
    """To who can give these permissions, each in the channel of this id."""
    shown = [
        tr(
            "**{permission}** in {channel}",
            permission=tr(permission),
            channel=f"<#{channel_id}>",
        )
        for permission, channel_id in lacking[:SHOWN]
    ]
    if (more := len(lacking) - SHOWN) > 0:
        shown.append(tr("and {more} more", more=more))
    heading = tr("I need permissions in {server}", server=clean(server, 100))
    how = tr(
        "It is given in the channel’s settings, under *Permissions*. If it is meant to be so, do "
        "nothing: I do not say it again."
    )
    return view(
        words(
            f"### {heading}",
            tr(
                "People asked me for videos there, and I could not post as I should. Please give "
                "me:"
            ),
            *(f"- {each}" for each in shown),
        ),
        words(f"-# {how}"),
        colour=AMBER,
    )


def why_no_post(lacking: str, how: Delivered) -> ui.LayoutView:
    """To who asked, alone: why their video has no post of its own, and what they can do."""
    if how is Delivered.REPLY:
        told = tr(
            "I could only put your video into my answer: in this channel I lack **{permission}**.",
            permission=tr(lacking),
        )
    else:
        told = tr(
            "I could not post it here: in this channel I lack **{permission}**.",
            permission=tr(lacking),
        )
    return say(f"{told} {tr('Ask in another channel, or tell a moderator.')}", AMBER)
