"""`/moderate`: for moderators, about the jobs of their own server."""

from collections.abc import Callable
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.accounts.members import DiscordMembers
from bot.cards import server_jobs, status_text
from bot.cards.languages.speech import mark
from bot.cards.paging import PagedList, PageRef
from bot.cards.wording import clean, seconds_text
from bot.core.jobs import CANCELLABLE, Job, JobState
from bot.services.moderation import REASON_LIMIT_CHARS, Moderation
from cogs.moderators.job_buttons import ask_cancel, ask_refund
from cogs.moderators.settling import ask_what_became
from cogs.shared.answers import answering, defer
from cogs.shared.interactions import Interaction, server_of, servers_only
from cogs.shared.pages import show_first

log = structlog.get_logger()

JobId = app_commands.Range[str, 1, 100]
Reason = app_commands.Range[str, 1, REASON_LIMIT_CHARS]
MOST_CHOICES = 25
LOOKED_THROUGH = 100
"""So many of the newest jobs are looked through for choices; an older one's id is pasted."""

WHY = mark("Why, for the record")
PAID = frozenset({JobState.DELIVERING, JobState.DELIVERED})
Choices = list[app_commands.Choice[str]]
STATES: Choices = [
    app_commands.Choice(name=label, value=name) for name, (label, _) in server_jobs.FILTERS.items()
]


@servers_only
@app_commands.default_permissions(moderate_members=True)
class Moderate(
    commands.GroupCog,
    group_name="moderate",
    group_description=mark("Look after this server's jobs"),
):
    """Discord decides who may use it; admins can change that there."""

    def __init__(
        self, moderation: Moderation, members: DiscordMembers, now: Callable[[], float]
    ) -> None:
        self._moderation = moderation
        self._members = members
        self._now = now

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Discord has let them use a command: so they may use its cards for a while."""
        interaction.client.card_access.allow(interaction, "moderate")
        return True

    @app_commands.command(description=mark("This server's jobs, and what can be done about each"))
    @app_commands.describe(state=mark("Only those"), member=mark("Only this person's"))
    @app_commands.choices(state=STATES)
    async def jobs(
        self,
        interaction: Interaction,
        state: app_commands.Choice[str] | None = None,
        member: discord.User | discord.Member | None = None,
    ) -> None:
        """The newest jobs, page by page."""
        async with answering(interaction):
            page_ref = PageRef(
                PagedList.JOBS,
                server_of(interaction),
                interaction.user.id,
                member.id if member else 0,
                state.value if state else "all",
            )
            await show_first(interaction, page_ref)

    @app_commands.command(description=mark("Cancel somebody's job that has not been sent off yet"))
    @app_commands.describe(job=mark("A waiting job"), reason=WHY)
    async def cancel(self, interaction: Interaction, job: JobId, reason: Reason) -> None:
        """Ask, then cancel."""
        async with answering(interaction):
            await defer(interaction)
            await ask_cancel(interaction, reason, job_id=job)

    @app_commands.command(description=mark("Give somebody the price of a finished video back"))
    @app_commands.describe(job=mark("A job that was paid"), reason=WHY)
    async def refund(self, interaction: Interaction, job: JobId, reason: Reason) -> None:
        """Ask, then refund."""
        async with answering(interaction):
            await defer(interaction)
            await ask_refund(interaction, reason, job_id=job)

    @app_commands.command(description=mark("Settle a job that nobody knows the fate of"))
    @app_commands.describe(job=mark("A job in review"))
    async def resolve(self, interaction: Interaction, job: JobId) -> None:
        """What can be decided, with the runs that it may take."""
        async with answering(interaction):
            await ask_what_became(interaction, job)

    @resolve.autocomplete("job")
    async def offer_in_review(self, interaction: Interaction, typed: str) -> Choices:
        """This server's jobs in review, oldest first."""
        return await self._offer(interaction, typed, frozenset({JobState.REVIEW}))

    @cancel.autocomplete("job")
    async def offer_waiting(self, interaction: Interaction, typed: str) -> Choices:
        """This server's waiting jobs, newest first."""
        return await self._offer(interaction, typed, CANCELLABLE)

    @refund.autocomplete("job")
    async def offer_refundable(self, interaction: Interaction, typed: str) -> Choices:
        """This server's jobs that were paid and not refunded, newest first."""
        return await self._offer(interaction, typed, PAID)

    async def _offer(
        self, interaction: Interaction, typed: str, states: frozenset[JobState]
    ) -> Choices:
        crowd, person_id = interaction.client.crowd, interaction.user.id
        if not crowd.has_turn(person_id):
            return []
        async with crowd.turn_of(person_id):
            return await self._choices(server_of(interaction), typed, states)

    async def _choices(self, server_id: int, typed: str, states: frozenset[JobState]) -> Choices:
        wanted = typed.strip().lower()
        choices: Choices = []
        try:
            found = await self._candidates(server_id, states)
            names = await self._members.names({job.person_id for job in found}, server_id)
            for job in found:
                line = self._line(job, names)
                if wanted not in line.lower():
                    continue
                if states == PAID and not await self._moderation.is_refundable(job):
                    continue
                choices.append(app_commands.Choice(name=line, value=job.id))
                if len(choices) == MOST_CHOICES:
                    break
        except Exception:
            log.exception("no choices could be offered")
            return []
        return choices

    async def _candidates(self, server_id: int, states: frozenset[JobState]) -> list[Job]:
        if JobState.REVIEW in states:  # the oldest waits longest for its decision
            return (await self._moderation.in_review(server_id))[:LOOKED_THROUGH]
        return await self._moderation.jobs(server_id, states=states, limit=LOOKED_THROUGH)

    def _line(self, job: Job, names: dict[int, str]) -> str:
        age = seconds_text(60 * round(max(0.0, self._now() - job.created_at) / 60))
        parts = [job.id, clean(names[job.person_id], 40, "plain"), status_text.price_text(job), age]
        return " · ".join(part for part in parts if part)
