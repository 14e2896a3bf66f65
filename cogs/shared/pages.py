"""Turning the pages of a server's past and of its jobs."""

import asyncio
import re
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Self

import discord
import structlog
from discord import ui

from bot.cards import history as history_cards
from bot.cards import server_jobs
from bot.cards.paging import ID_PATTERN, PagedList, PageRef, Turn
from bot.cards.server_jobs import JOBS_PER_PAGE, Listed
from cogs.shared.answers import Late, answering, defer, show_in_place, show_privately
from cogs.shared.interactions import Interaction, chosen_in

log = structlog.get_logger()

FILTERS = {PagedList.PAST: history_cards.FILTERS, PagedList.JOBS: server_jobs.FILTERS}
GROUPS = {PagedList.PAST: "quota", PagedList.JOBS: "moderate"}
"""Whose command opens each."""


async def show_first(interaction: Interaction, page_ref: PageRef) -> None:
    """Show a page to the person alone."""
    await show_privately(interaction, await _page(interaction, page_ref))


async def refresh(interaction: Interaction) -> None:
    """Bring the page up to date whose form was sent, if one was: it may offer what is done by now.

    What has been done stays done, also where the page cannot be shown.
    """
    page_ref = _page_on(interaction.message) if interaction.message else None
    if page_ref is None:
        return
    try:
        await interaction.edit_original_response(view=await _page(interaction, page_ref))
    except Exception:
        log.exception("a page could not be brought up to date")


def _page_on(message: discord.Message) -> PageRef | None:
    items = ui.LayoutView.from_message(message).walk_children()
    ids = [item.custom_id or "" for item in items if isinstance(item, ui.Button)]
    found = (re.fullmatch(ID_PATTERN, custom_id) for custom_id in ids)
    return next(
        (PageRef.of(match) for match in found if match and match["turn"] == Turn.HERE), None
    )


class PageControl(ui.DynamicItem[ui.Item[Any]], template=ID_PATTERN):
    """A button or the select of a page; made anew for each press, from its id alone."""

    def __init__(self, item: ui.Item[Any], turn: Turn, page_ref: PageRef) -> None:
        super().__init__(item)
        self._turn = turn
        self._page_ref = page_ref

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed, or chosen."""
        return cls(item, Turn(match["turn"]), PageRef.of(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Put the wanted page in this one's place, or send the table."""
        late = Late.THINKING if self._turn is Turn.CSV else Late.IN_PLACE
        async with answering(interaction, late):
            page_ref = self._page_ref
            access = interaction.client.card_access
            access.check(
                interaction, page_ref.actor_id, page_ref.server_id, GROUPS[page_ref.list_kind]
            )
            if self._turn is Turn.CSV:
                await _send_table(interaction, page_ref)
                return
            if self._turn is Turn.PICK:
                picked = next(iter(chosen_in(interaction)), "")
                known = picked if picked in FILTERS[page_ref.list_kind] else "all"
                page_ref = replace(page_ref, filter=known, number=0)
            await show_in_place(interaction, await _page(interaction, page_ref))


async def _page(interaction: Interaction, page_ref: PageRef) -> ui.LayoutView:
    if page_ref.list_kind is PagedList.JOBS:
        return await _jobs(interaction, page_ref)
    page = await interaction.client.quotas.history(
        page_ref.server_id,
        person_id=page_ref.person_id or None,
        kinds=history_cards.kinds_of(page_ref.filter),
        number=page_ref.number,
    )
    return history_cards.history(replace(page_ref, number=page.number), page)


async def _jobs(interaction: Interaction, page_ref: PageRef) -> ui.LayoutView:
    moderation = interaction.client.moderation
    found = await moderation.jobs(
        page_ref.server_id,
        states=server_jobs.states_of(page_ref.filter),
        person_id=page_ref.person_id or None,
        limit=JOBS_PER_PAGE + 1,
        offset=page_ref.number * JOBS_PER_PAGE,
    )
    if page_ref.number and not found:  # they have moved on to other states meanwhile
        return await _jobs(interaction, replace(page_ref, number=0))
    listed = [Listed(job, await moderation.is_refundable(job)) for job in found[:JOBS_PER_PAGE]]
    return server_jobs.jobs(page_ref, listed, has_next=len(found) > JOBS_PER_PAGE)


async def _send_table(interaction: Interaction, page_ref: PageRef) -> None:
    """Put together beside the loop: a large server's past is a hundred thousand lines."""
    await defer(interaction)
    quotas, table = interaction.client.quotas, history_cards.Table(interaction.filesize_limit)
    person_id, kinds = page_ref.person_id or None, history_cards.kinds_of(page_ref.filter)
    parts = quotas.newest(page_ref.server_id, person_id=person_id, kinds=kinds)
    async with aclosing(parts):
        async for lines in parts:
            if not await asyncio.to_thread(table.take, lines):
                break
    of = await quotas.count(page_ref.server_id, person_id=person_id, kinds=kinds)
    card = history_cards.exported(table.count, of)
    await interaction.edit_original_response(view=card, attachments=[table.file()])
