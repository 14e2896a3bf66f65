"""The buttons of a job in a moderator's list, and the forms that ask for a reason."""

import re
from functools import partial
from typing import Any, Self

import discord
from discord import ui

from bot.cards import job as job_cards
from bot.cards import moderator as moderator_cards
from bot.cards.server_jobs import JOB_ACTION_PATTERN, JobAction
from bot.core.jobs import Outcome
from bot.services.moderation import REASON_LIMIT_CHARS, the_reason
from cogs.shared.answers import Late, answering, defer, open_form, show_privately
from cogs.shared.confirm_buttons import ask_to_confirm
from cogs.shared.interactions import Interaction, server_of
from cogs.shared.pages import refresh

FORM_LIFE_S = 15 * 60.0
"""A form that was put away is forgotten after that."""

OUTCOMES = {
    Outcome.RAN: "it ran: take this run",
    Outcome.AGAIN: "it did not run: try again",
    Outcome.GIVE_UP: "give up",
}


class JobButton(ui.DynamicItem[ui.Button[Any]], template=JOB_ACTION_PATTERN):
    """Cancel, refund or settle a job of the list."""

    def __init__(self, item: ui.Item[Any], match: re.Match[str]) -> None:
        assert isinstance(item, ui.Button)
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
        """Ask for a reason, if it can be done at all."""
        async with answering(interaction, Late.BUSY):
            access = interaction.client.card_access
            access.check(interaction, self._actor_id, self._server_id, "moderate")
            moderation = interaction.client.moderation
            match self._action:
                case JobAction.CANCEL:
                    possible = moderation.cancellable
                case JobAction.REFUND:
                    possible = moderation.refundable
                case JobAction.RESOLVE:
                    possible = moderation.job
            look = partial(possible, self._job_id, self._server_id)
            await interaction.client.crowd.in_time(self._actor_id, look)
            if self._action is JobAction.RESOLVE:
                await open_form(interaction, ResolveForm(self._job_id))
            else:
                await open_form(interaction, ReasonForm(self._action, self._job_id))


class ReasonForm(ui.Modal):
    """Why a job is to be cancelled or refunded; the question comes after it."""

    reason: ui.TextInput[Any] = ui.TextInput(
        label="Why? It is kept on record",
        custom_id="reason",
        style=discord.TextStyle.paragraph,
        max_length=REASON_LIMIT_CHARS,
    )

    def __init__(self, action: JobAction, job_id: str) -> None:
        super().__init__(title=f"{action.capitalize()} {job_id}", timeout=FORM_LIFE_S)
        self._action = action
        self._job_id = job_id

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Ask whether it is meant."""
        async with answering(interaction, Late.IN_PLACE):
            _check_access(interaction)
            await defer(interaction, Late.IN_PLACE)
            ask = ask_cancel if self._action is JobAction.CANCEL else ask_refund
            await ask(interaction, self._job_id, self.reason.value)


class ResolveForm(ui.Modal):
    """What became of a job in review."""

    outcome: ui.Label[Any] = ui.Label(
        text="What did you find out?",
        component=ui.Select(
            custom_id="outcome",
            options=[
                discord.SelectOption(label=label, value=outcome.value)
                for outcome, label in OUTCOMES.items()
            ],
        ),
    )
    request_id: ui.Label[Any] = ui.Label(
        text="If it ran: the run's id",
        description="As the video service's history shows it",
        component=ui.TextInput(custom_id="request_id", required=False, max_length=200),
    )
    reason: ui.Label[Any] = ui.Label(
        text="Why? It is kept on record",
        component=ui.TextInput(
            custom_id="reason",
            style=discord.TextStyle.paragraph,
            max_length=REASON_LIMIT_CHARS,
        ),
    )

    def __init__(self, job_id: str) -> None:
        super().__init__(title=f"Settle {job_id}", timeout=FORM_LIFE_S)
        self._job_id = job_id

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Settle it, and say what became of it."""
        async with answering(interaction, Late.IN_PLACE):
            _check_access(interaction)
            await defer(interaction, Late.IN_PLACE)
            outcome, run, reason = (
                part.component for part in (self.outcome, self.request_id, self.reason)
            )
            assert isinstance(outcome, ui.Select)
            assert isinstance(run, ui.TextInput)
            assert isinstance(reason, ui.TextInput)
            await resolve(
                interaction, self._job_id, Outcome(outcome.values[0]), run.value, reason.value
            )


def _check_access(interaction: Interaction) -> None:
    """A form is a card's as well. Raises `Refused`."""
    access = interaction.client.card_access
    access.check(interaction, interaction.user.id, server_of(interaction), "moderate")


async def ask_cancel(interaction: Interaction, job_id: str, reason: str) -> None:
    """Ask before a waiting job of this server is cancelled. Raises `Refused`."""
    moderation, server_id = interaction.client.moderation, server_of(interaction)
    job = await moderation.cancellable(job_id, server_id)
    said = moderator_cards.asks_cancel(job, the_reason(reason))
    await ask_to_confirm(interaction, said, partial(_cancel, interaction, job.id, reason))


async def ask_refund(interaction: Interaction, job_id: str, reason: str) -> None:
    """Ask before a charged job of this server is refunded. Raises `Refused`."""
    moderation, server_id = interaction.client.moderation, server_of(interaction)
    job = await moderation.refundable(job_id, server_id)
    said = moderator_cards.asks_refund(job, the_reason(reason))
    await ask_to_confirm(interaction, said, partial(_refund, interaction, job.id, reason))


async def resolve(
    interaction: Interaction, job_id: str, outcome: Outcome, request_id: str | None, reason: str
) -> None:
    """Settle a job of this server, and say what became of it. Raises `Refused`."""
    await defer(interaction)
    settled = await interaction.client.moderation.resolve(
        job_id,
        outcome,
        server_id=server_of(interaction),
        request_id=request_id,
        actor_id=interaction.user.id,
        reason=reason,
    )
    await refresh(interaction)
    await show_privately(interaction, job_cards.resolved(settled))


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
