"""`/motions`: what can be chosen by name, and using it with a picture of one's own."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.cards.languages.speech import mark
from bot.cards.members import motions as motion_cards
from bot.cards.members.motions import PATTERN, PER_PAGE, PICK, TAKE, USE
from bot.cards.offers.motions import GIVE
from bot.core.library.motions import MOST_NAME_CHARS, Motion
from bot.errors import Problem, Refused
from bot.services.motions.library import Library
from cogs.members.motion_form import use_motion
from cogs.members.trays import show_tray
from cogs.shared.access import is_moderator
from cogs.shared.answers import Attached, Late, answering, defer, show_in_place, show_privately
from cogs.shared.interactions import Interaction, chosen_in, place_of
from cogs.shared.motion_choices import motion_choices

Show = Callable[[Interaction, ui.LayoutView, Attached], Awaitable[object]]
Name = app_commands.Range[str, 1, MOST_NAME_CHARS]


class Motions(
    commands.GroupCog,
    group_name="motions",
    group_description=mark("Motions that you can use by name"),
):
    """This server's library, and the starter set."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @app_commands.command(name="list", description=mark("All motions that you can use here"))
    async def list_motions(self, interaction: Interaction) -> None:
        """Page by page, each with its loop."""
        async with answering(interaction):
            await show_page(interaction, 0)

    @app_commands.command(description=mark("One motion: how it looks and what it costs"))
    @app_commands.describe(name=mark("What it is called"))
    async def show(self, interaction: Interaction, name: Name) -> None:
        """One of them, with a button to use it."""
        async with answering(interaction):
            motion = await self._library.motion(interaction.guild_id or 0, name)
            await _show(interaction, motion, show_privately)

    @show.autocomplete("name")
    async def offer(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """All that there are, with their lengths."""
        return await motion_choices(interaction, typed)


class MotionControl(ui.DynamicItem[ui.Item[Any]], template=PATTERN):
    """Whatever stands on these cards; made anew for each press, from its id alone."""

    def __init__(self, item: ui.Item[Any], what: str, which: str) -> None:
        super().__init__(item)
        self._what = what
        self._which = which

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed, or chosen."""
        return cls(item, match["what"], match["which"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Turn the page, show what was picked, or ask for a picture."""
        late = Late.BUSY if self._what == USE else Late.IN_PLACE
        library: Library = interaction.client.library
        async with answering(interaction, late):
            if self._what == USE:
                await use_motion(interaction, self._which)
            elif self._what == TAKE:
                place, trays = place_of(interaction), interaction.client.trays
                motion = await library.by_id(interaction.guild_id or 0, self._which)
                await show_tray(interaction, await trays.fill(place, motion))
            elif self._what == GIVE:
                await _give(interaction, self._which)
            elif self._what == PICK:
                picked = next(iter(chosen_in(interaction)), "")
                motion = await library.by_id(interaction.guild_id or 0, picked)
                await _show(interaction, motion, show_in_place)
            else:
                number = int(self._which) if self._which.isdecimal() else 0
                await show_page(interaction, number, is_turned=True)


async def show_page(interaction: Interaction, number: int, *, is_turned: bool = False) -> None:
    """A page of what can be chosen here, or the last one there is."""
    library: Library = interaction.client.library
    motions = await library.motions(interaction.guild_id or 0)
    of = motion_cards.pages(len(motions))
    number = min(number, of - 1)
    found = motions[number * PER_PAGE : (number + 1) * PER_PAGE]
    priced = [(motion, library.prices(motion)) for motion in found]
    loops, may_add = await library.loops(found), is_moderator(interaction)
    card = motion_cards.page(priced, number, of, loops=loops, may_add=may_add)
    show = show_in_place if is_turned else show_privately
    await show(interaction, card, partial(motion_cards.files_of, loops))


async def _give(interaction: Interaction, job_id: str) -> None:
    """Bring an offer the motion that it lacks, as a message there would its video.

    It has a new card then. Raises `Refused`; chosen twice, the second time.
    """
    place, requests = place_of(interaction), interaction.client.requests
    motion = await interaction.client.library.by_id(0, next(iter(chosen_in(interaction)), ""))
    offer = await requests.startable(job_id, place.person_id)
    asked_in = offer.moved_from_id or offer.channel_id
    if offer.motion is not None or asked_in != place.channel_id:
        raise Refused(Problem.ALREADY_GIVEN)
    await defer(interaction, Late.IN_PLACE)
    await requests.offer(place, interaction.id, None, interaction.client.library.as_given(motion))


async def _show(interaction: Interaction, motion: Motion, show: Show) -> None:
    library: Library = interaction.client.library
    loops = await library.loops([motion])
    tray = await interaction.client.trays.tray(place_of(interaction))
    card = motion_cards.motion_card(
        motion,
        library.prices(motion),
        loops,
        picture_waits=tray.subject is not None and tray.motion is None,
    )
    await show(interaction, card, partial(motion_cards.files_of, loops))
