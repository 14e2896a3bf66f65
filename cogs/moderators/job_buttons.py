"""The buttons of a job in a moderator's list, and what is asked before it is done."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Self

import discord
from discord import ui

from bot.cards import moderator as moderator_cards
from bot.cards.languages.speech import mark, tr
from bot.cards.server_jobs import JOB_ACTION_PATTERN, JobAction
from bot.services.moderation import the_reason
from cogs.moderators.settling import ask_what_became
from cogs.shared.answers import Late, answering, open_form
from cogs.shared.confirm_buttons import ask_to_confirm
from cogs.shared.interactions import Interaction, server_of
from cogs.shared.pages import refresh
from cogs.shared.reason_form import ReasonForm

TITLES: Mapping[JobAction, str] = {
    JobAction.CANCEL: mark("Cancel {job}"),
    JobAction.REFUND: mark("Refund {job}"),
}
"""Of the form that asks why."""


class JobButton(ui.DynamicItem[ui.Item[Any]], template=JOB_ACTION_PATTERN):
    """Cancel, refund or settle a job of the list."""

    def __init__(self, item: ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item)
        self._action = JobAction(match["deed"])
        self._server_id = int(match["server"])
        self._actor_id = int(match["actor"])
        self._job_id = match["job"]

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed."""
        return cls(item, match)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask for a reason, if it can be done at all, or how it is to be settled."""
        settles = self._action is JobAction.RESOLVE
        async with answering(interaction, Late.THINKING if settles else Late.BUSY):
            access = interaction.client.card_access
            access.check(interaction, self._actor_id, self._server_id, "moderate")
            if settles:
                await ask_what_became(interaction, self._job_id)
                return
            moderation, cancels = interaction.client.moderation, self._action is JobAction.CANCEL
            possible = moderation.cancellable if cancels else moderation.refundable
            look = partial(possible, self._job_id, self._server_id)
            await interaction.client.crowd.in_time(self._actor_id, look)
            ask = partial(ask_cancel if cancels else ask_refund, job_id=self._job_id)
            form = ReasonForm(title=tr(TITLES[self._action], job=self._job_id), go_on=ask)
            await open_form(interaction, form)


async def ask_cancel(interaction: Interaction, reason: str, *, job_id: str) -> None:
    """Ask before a waiting job of this server is cancelled. Raises `Refused`."""
    moderation, server_id = interaction.client.moderation, server_of(interaction)
    job = await moderation.cancellable(job_id, server_id)
    said = moderator_cards.asks_cancel(job, the_reason(reason))
    await ask_to_confirm(interaction, said, partial(_cancel, interaction, job.id, reason))


async def ask_refund(interaction: Interaction, reason: str, *, job_id: str) -> None:
    """Ask before a charged job of this server is refunded. Raises `Refused`."""
    moderation, server_id = interaction.client.moderation, server_of(interaction)
    job = await moderation.refundable(job_id, server_id)
    said = moderator_cards.asks_refund(job, the_reason(reason))
    await ask_to_confirm(interaction, said, partial(_refund, interaction, job.id, reason))


async def _cancel(interaction: Interaction, job_id: str, reason: str) -> ui.LayoutView:
    job = await interaction.client.moderation.cancel(
        job_id, server_id=server_of(interaction), actor_id=interaction.user.id, reason=reason
    )
    await refresh(interaction)
    return moderator_cards.cancelled(job)


async def _refund(interaction: Interaction, job_id: str, reason: str) -> ui.LayoutView:
    job = await interaction.client.moderation.refund(
        job_id, server_id=server_of(interaction), actor_id=interaction.user.id, reason=reason
    )
    await refresh(interaction)
    return moderator_cards.refunded(job)
