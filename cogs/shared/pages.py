"""Turning the pages of a server's past and of its jobs."""

import re
from dataclasses import replace
from typing import Any, Self

import discord
from discord import ui

from bot.cards import history as history_cards
from bot.cards import jobs as job_cards
from bot.cards.jobs import JOBS_PER_PAGE, Listed
from bot.cards.paging import ID_PATTERN, Book, Leaf, Turn
from cogs.shared.faces import Interaction, refusals_shown, show_privately

GROUPS = {Book.PAST: "quota", Book.JOBS: "moderate"}
"""Whose command opens each."""


async def show_first(interaction: Interaction, leaf: Leaf) -> None:
    """Show a page to the person alone."""
    await show_privately(interaction, await _page(interaction, leaf))


class PageControl(ui.DynamicItem[ui.Item[Any]], template=ID_PATTERN):
    """A button or the select of a page; made anew for each press, from its id alone."""

    def __init__(self, item: ui.Item[Any], turn: Turn, leaf: Leaf) -> None:
        super().__init__(item)
        self._turn = turn
        self._leaf = leaf

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed, or chosen."""
        return cls(item, Turn(match["turn"]), Leaf.of(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Put the wanted page in this one's place, or send the table."""
        async with refusals_shown(interaction):
            leaf = self._leaf
            passes = interaction.client.passes
            passes.check(interaction, leaf.actor_id, leaf.server_id, GROUPS[leaf.book])
            if self._turn is Turn.CSV:
                await _send_table(interaction, leaf)
                return
            if self._turn is Turn.PICK and isinstance(self.item, ui.Select):
                leaf = replace(leaf, filter=self.item.values[0], number=0)
            await interaction.response.edit_message(view=await _page(interaction, leaf))


async def _page(interaction: Interaction, leaf: Leaf) -> ui.LayoutView:
    if leaf.book is Book.JOBS:
        return await _jobs(interaction, leaf)
    page = await interaction.client.quotas.history(
        leaf.server_id,
        person_id=leaf.person_id or None,
        kinds=history_cards.kinds_of(leaf.filter),
        number=leaf.number,
    )
    return history_cards.history(replace(leaf, number=page.number), page)


async def _jobs(interaction: Interaction, leaf: Leaf) -> ui.LayoutView:
    moderation = interaction.client.moderation
    found = await moderation.jobs(
        leaf.server_id,
        states=job_cards.states_of(leaf.filter),
        person_id=leaf.person_id or None,
        limit=JOBS_PER_PAGE + 1,
        offset=leaf.number * JOBS_PER_PAGE,
    )
    if leaf.number and not found:  # they have moved on to other states meanwhile
        return await _jobs(interaction, replace(leaf, number=0))
    listed = [Listed(job, await moderation.is_refundable(job)) for job in found[:JOBS_PER_PAGE]]
    return job_cards.jobs(leaf, listed, has_next=len(found) > JOBS_PER_PAGE)


async def _send_table(interaction: Interaction, leaf: Leaf) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    lines = await interaction.client.quotas.whole_history(
        leaf.server_id,
        person_id=leaf.person_id or None,
        kinds=history_cards.kinds_of(leaf.filter),
    )
    file, count = history_cards.table(lines, interaction.filesize_limit)
    card = history_cards.exported(count, len(lines))
    await interaction.edit_original_response(view=card, attachments=[file])
