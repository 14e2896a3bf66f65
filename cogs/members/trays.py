"""Making videos of what is in the chat: the commands in messages' menus, and `/tray`."""

import re
from dataclasses import replace
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.accounts.message_files import usable_in
from bot.cards.languages.speech import mark
from bot.cards.members import tray as tray_cards
from bot.cards.members.tray import CHOOSE, EMPTY, FILL
from bot.cards.offers.offer import offer
from bot.core.jobs import Job
from bot.core.models import Choice
from bot.core.uploads import Choices, Tray
from bot.errors import Problem, Refused
from bot.services.trays import Trays
from cogs.shared.answers import Late, answering, show_in_place, show_privately
from cogs.shared.interactions import Bot, Interaction, chosen_in, place_of
from cogs.shared.requesting import take_request


class Gather(commands.Cog):
    """Fills one's tray from anybody's messages, and shows it."""

    def __init__(self, trays: Trays, tree: app_commands.CommandTree[Bot]) -> None:
        self._trays = trays
        self._tree = tree

    async def cog_load(self) -> None:
        """Add the commands of messages' menus."""
        menus: list[app_commands.ContextMenu] = [
            app_commands.ContextMenu(name=mark("Make this move"), callback=self.make_this_move),
            app_commands.ContextMenu(name=mark("Use as motion"), callback=self.use_as_motion),
        ]
        for menu in menus:
            self._tree.add_command(menu)

    async def make_this_move(self, interaction: Interaction, message: discord.Message) -> None:
        """Take the message's picture."""
        await self._take(interaction, message, is_motion=False)

    async def use_as_motion(self, interaction: Interaction, message: discord.Message) -> None:
        """Take the message's video or GIF."""
        await self._take(interaction, message, is_motion=True)

    @app_commands.command(description=mark("The picture and motion you picked from messages"))
    async def tray(self, interaction: Interaction) -> None:
        """Show what is in one's tray, priced once it is full."""
        async with answering(interaction):
            await show_tray(interaction, await self._trays.tray(place_of(interaction)))

    async def _take(
        self, interaction: Interaction, message: discord.Message, *, is_motion: bool
    ) -> None:
        async with answering(interaction):
            files = usable_in(message, is_motion=is_motion)
            origin = await self._trays.authors.origin(message, interaction.channel, files)
            taken = await self._trays.take(
                place_of(interaction),
                [replace(file, origin=origin) for file in files],
                is_motion=is_motion,
            )
            if isinstance(taken, Choices):
                await show_privately(interaction, tray_cards.which(taken))
            else:
                await show_tray(interaction, taken)


class TrayControl(
    ui.DynamicItem[ui.Item[Any]],
    template=rf"(?:{EMPTY}|(?P<fill>{FILL})|{CHOOSE}:(?P<message>[0-9]{{1,20}}))",
):
    """What stands on a tray's card; it knows only which message was chosen from."""

    def __init__(self, item: ui.Item[Any], message_id: int | None, *, fills: bool) -> None:
        super().__init__(item)
        self._message_id = message_id
        self._fills = fills

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed."""
        message_id = int(match["message"]) if match["message"] else None
        return cls(item, message_id, fills=match["fill"] is not None)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Empty the tray, or put what was chosen into it."""
        trays: Trays = interaction.client.trays
        async with answering(interaction, Late.IN_PLACE):
            if self._fills:
                chosen_id = next(iter(chosen_in(interaction)), "")
                motion = await interaction.client.library.by_id(
                    interaction.guild_id or 0, chosen_id
                )
                await show_tray(interaction, await trays.fill(place_of(interaction), motion))
                return
            if self._message_id is None:
                await trays.empty(interaction.user.id)
                await show_in_place(interaction, await _card(interaction, Tray()))
                return
            numbers = [
                value for value in chosen_in(interaction) if re.fullmatch("[0-9]{1,2}", value)
            ]
            if not numbers:
                raise Refused(Problem.CHOICES_OVER)
            chosen = await trays.choose(place_of(interaction), self._message_id, int(numbers[0]))
            await show_tray(interaction, chosen)


async def show_tray(interaction: Interaction, tray: Tray) -> None:
    """Show what is in the tray; a full one is looked at, and priced on this very card."""
    trays = interaction.client.trays
    try:
        await interaction.client.library.refuse_unusable(interaction.guild_id or 0, tray.motion)
        job = await trays.offer(
            place_of(interaction), tray, interaction_id=interaction.id, token=interaction.token
        )
    except Refused as refused:
        await _answer(interaction, await _card(interaction, tray, refused))
        return
    if job is None:
        await _answer(interaction, await _card(interaction, tray))
        return
    message_id = None
    try:
        message_id = await _answer(interaction, offer(job, None))
    finally:  # whether there is a reply is looked up where that is not known
        await interaction.client.requests.replied(job.id, message_id)


async def _card(
    interaction: Interaction, tray: Tray, refused: Refused | None = None
) -> ui.LayoutView:
    motions = await interaction.client.library.motions(interaction.guild_id or 0)
    return tray_cards.tray(tray, motions, refused, may_keep=_may_keep(interaction))


def _may_keep(interaction: Interaction) -> bool:
    """Whether they may add its motion to the server's library; asked again when they do."""
    return interaction.guild_id is not None and interaction.permissions.moderate_members


async def _answer(interaction: Interaction, card: ui.LayoutView) -> int | None:
    """In the place of the card on which something was chosen; the message's id, if it is known."""
    if interaction.message is None:
        return await show_privately(interaction, card)
    await show_in_place(interaction, card)
    return None


async def start_tray(
    interaction: Interaction,
    job_id: str,
    choice: Choice | None,
    first_s: float | None,
    at_most: int | None,
) -> None:
    """A priced tray becomes a request like any other, with a reply that everybody sees."""
    trays, offers = interaction.client.trays, list[Job]()

    async def save() -> Job | None:
        if choice is None:
            raise Refused(Problem.CONTROL_UNKNOWN)
        offer_was, job = await trays.start(
            job_id,
            place_of(interaction),
            choice,
            first_s,
            at_most,
            interaction_id=interaction.id,
            token=interaction.token,
        )
        offers.append(offer_was)
        return job

    await take_request(interaction, save)
    for offer_was in offers:
        await trays.put_away(offer_was)
