"""Choosing a motion by name, in the place of a video."""

from collections.abc import Sequence

import discord
from discord import ui

from bot.cards.languages.speech import tr
from bot.cards.wording import clean, seconds_text
from bot.core.library.motions import Motion

GIVE = "give"
"""What such a choice on an offer's card asks for."""


def motion_line(motion: Motion) -> str:
    """It as a choice to pick from, in plain text of at most 100 characters."""
    return f"{clean(motion.name, 60, 'plain')} · {seconds_text(motion.length_s)}"


def motion_select(custom_id: str, motions: Sequence[Motion]) -> ui.Select[ui.LayoutView]:
    """One of these, 25 at most, by name and length; its id is told."""
    options = [
        discord.SelectOption(label=motion_line(motion), value=motion.id) for motion in motions
    ]
    return ui.Select(custom_id=custom_id, placeholder=tr("Choose a motion…"), options=options)
