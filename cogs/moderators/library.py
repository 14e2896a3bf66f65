"""`/library`: for moderators, the motions that everybody in their server can use by name."""

from functools import partial

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.accounts.links import MOST_CHARS
from bot.cards.languages.speech import mark
from bot.cards.members import motions as motion_cards
from bot.core.library.motions import MOST_NAME_CHARS
from bot.core.uploads import Cut
from bot.services.given import LATEST_START_S, LONGEST_PART_S, SHORTEST_PART_S
from bot.services.links import one_of
from bot.services.motions.library import Library
from cogs.shared.answers import answering, defer, show_privately
from cogs.shared.confirm_buttons import ask_to_confirm
from cogs.shared.interactions import Interaction, given, place_of, server_of, servers_only
from cogs.shared.motion_choices import motion_choices

Name = app_commands.Range[str, 1, MOST_NAME_CHARS]
Link = app_commands.Range[str, 0, MOST_CHARS]
Start = app_commands.Range[float, 0.0, LATEST_START_S]
Length = app_commands.Range[float, SHORTEST_PART_S, LONGEST_PART_S]


@servers_only
@app_commands.default_permissions(moderate_members=True)
class LibraryCog(
    commands.GroupCog,
    group_name="library",
    group_description=mark("Look after this server's motions"),
):
    """Discord decides who may use it; admins can change that there."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @app_commands.command(description=mark("Add a motion that everybody here can use by name"))
    @app_commands.describe(
        name=mark("What it is called, such as Moonwalk"),
        video=mark("A video, or an animated GIF, of one person who moves"),
        video_url=mark(
            "Instead of the video, its https link, or the link of a message that has it"
        ),
        start=mark("Cut the video: where it begins, in seconds"),
        length=mark("Cut the video: for how many seconds it goes on"),
    )
    async def add(
        self,
        interaction: Interaction,
        name: Name,
        video: discord.Attachment | None = None,
        *,
        video_url: Link | None = None,
        start: Start | None = None,
        length: Length | None = None,
    ) -> None:
        """Look at it, and keep it."""
        async with answering(interaction):
            server_of(interaction)
            file = one_of("video", given(video) if video else None, video_url)
            await defer(interaction)
            cut = None if start is length is None else Cut(start or 0.0, length)
            motion = await self._library.add(place_of(interaction), name, file, cut=cut)
            loops = await self._library.loops([motion])
            card = motion_cards.added(motion, self._library.prices(motion), loops)
            await show_privately(interaction, card, partial(motion_cards.files_of, loops))

    @app_commands.command(description=mark("Remove one of this server's motions"))
    @app_commands.describe(name=mark("What it is called"))
    async def remove(self, interaction: Interaction, name: Name) -> None:
        """Ask, then remove."""
        async with answering(interaction):
            server_id, actor_id = server_of(interaction), interaction.user.id
            motion = await self._library.changeable(server_id, name)

            async def act() -> ui.LayoutView:
                return motion_cards.removed(
                    await self._library.remove(server_id, motion.name, actor_id)
                )

            await ask_to_confirm(interaction, motion_cards.asks_remove(motion), act)

    @app_commands.command(description=mark("Rename one of this server's motions"))
    @app_commands.describe(name=mark("What it is called"), new_name=mark("What it is to be called"))
    async def rename(self, interaction: Interaction, name: Name, new_name: Name) -> None:
        """Do it, and say so."""
        async with answering(interaction):
            server_id, actor_id = server_of(interaction), interaction.user.id
            before = await self._library.rename(server_id, name, new_name, actor_id)
            await show_privately(interaction, motion_cards.renamed(before, new_name))

    @remove.autocomplete("name")
    @rename.autocomplete("name")
    async def offer(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """This server's own, with their lengths."""
        return await motion_choices(interaction, typed, own=True)
