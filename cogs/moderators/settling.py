"""Settling a job in review: from its audit post, the list of jobs, or by `/moderate resolve`."""

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Self

import discord
from discord import ui

from bot.cards import job as job_cards
from bot.cards import server_jobs
from bot.cards.audit import REVIEW_PATTERN
from bot.cards.languages.speech import mark, tr
from bot.cards.server_jobs import SETTLE_PATTERN
from bot.core.jobs import Outcome
from bot.errors import Refused
from cogs.shared.answers import Late, answering, defer, open_form, show_in_place, show_privately
from cogs.shared.interactions import Interaction, chosen_in, server_of
from cogs.shared.reason_form import ReasonForm

TITLES: Mapping[Outcome, str] = {
    Outcome.RAN: mark("{job} ran: it takes this run"),
    Outcome.AGAIN: mark("{job} did not run: try again"),
    Outcome.GIVE_UP: mark("Give {job} up"),
}
"""Of the form that asks why."""


class ReviewButton(ui.DynamicItem[ui.Item[Any]], template=REVIEW_PATTERN):
    """*Settle* on an audit post: there for as long as the post, and for every moderator."""

    def __init__(self, item: ui.Item[Any], job_id: str) -> None:
        super().__init__(item)
        self._job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed."""
        return cls(item, match["job"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show privately what can be decided, to who may."""
        async with answering(interaction):
            interaction.client.card_access.admit(interaction, "moderate")
            await ask_what_became(interaction, self._job_id)


class SettleControl(ui.DynamicItem[ui.Item[Any]], template=SETTLE_PATTERN):
    """The select of runs, or one of the two buttons beside it."""

    def __init__(self, item: ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item)
        self._outcome = Outcome(match["outcome"])
        self._server_id = int(match["server"])
        self._actor_id = int(match["actor"])
        self._job_id = match["job"]

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed, or chosen."""
        return cls(item, match)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask for a reason, if there is anything left to decide."""
        async with answering(interaction, Late.BUSY):
            access = interaction.client.card_access
            access.check(interaction, self._actor_id, self._server_id, "moderate")
            moderation = interaction.client.moderation
            look = partial(moderation.resolvable, self._job_id, self._server_id)
            await interaction.client.crowd.in_time(self._actor_id, look)
            request_id = next(iter(chosen_in(interaction)), None)
            settle = partial(
                _settle, job_id=self._job_id, outcome=self._outcome, request_id=request_id
            )
            form = ReasonForm(title=tr(TITLES[self._outcome], job=self._job_id), go_on=settle)
            await open_form(interaction, form)


async def ask_what_became(interaction: Interaction, job_id: str) -> None:
    """Show what can be decided about a job of this server in review. Raises `Refused`."""
    await defer(interaction)
    moderation = interaction.client.moderation
    job = await moderation.resolvable(job_id, server_of(interaction))
    runs = None
    with suppress(Refused):  # without the history the rest can still be decided
        runs = await moderation.runs_for(job)
    await show_privately(interaction, server_jobs.settling(interaction.user.id, job, runs))


async def _settle(
    interaction: Interaction, reason: str, *, job_id: str, outcome: Outcome, request_id: str | None
) -> None:
    settled = await interaction.client.moderation.resolve(
        job_id,
        outcome,
        server_id=server_of(interaction),
        request_id=request_id,
        actor_id=interaction.user.id,
        reason=reason,
    )
    await show_in_place(interaction, job_cards.resolved(settled))
