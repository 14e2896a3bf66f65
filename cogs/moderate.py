"""`/moderate`: for moderators, about the jobs of their own server."""

import asyncio
from collections.abc import Callable

import structlog
from discord import app_commands
from discord.ext import commands

from bot import cards
from bot.core.jobs import Job, Outcome
from bot.members import DiscordMembers
from bot.moderation import REASON_LIMIT_CHARS, Moderation
from bot.sentences import seconds_text
from cogs.faces import Interaction, in_servers_only, refusals_shown, show_privately

log = structlog.get_logger()

JobId = app_commands.Range[str, 1, 100]
RequestId = app_commands.Range[str, 1, 200]
Reason = app_commands.Range[str, 1, REASON_LIMIT_CHARS]
MOST_CHOICES = 25
NAMES_WITHIN_S = 1.5
"""Discord shows no choices that come later than three seconds after the letter."""

OUTCOMES = [
    app_commands.Choice(name="it ran: take this run", value=Outcome.RAN.value),
    app_commands.Choice(name="it did not run: try again", value=Outcome.AGAIN.value),
    app_commands.Choice(name="give up", value=Outcome.GIVE_UP.value),
]


@in_servers_only
@app_commands.default_permissions(moderate_members=True)
class Moderate(
    commands.GroupCog, group_name="moderate", group_description="Look after this server's jobs"
):
    """Discord decides who may use it; admins can change that there."""

    def __init__(
        self, moderation: Moderation, members: DiscordMembers, now: Callable[[], float]
    ) -> None:
        self._moderation = moderation
        self._members = members
        self._now = now

    @app_commands.command(description="Settle a job that nobody knows the fate of")
    @app_commands.describe(
        job="A job in review",
        outcome="What you found out",
        request_id="With “it ran”: the run's id in the video service's history",
        reason="Why, for the record; its requester does not see it",
    )
    @app_commands.choices(outcome=OUTCOMES)
    async def resolve(
        self,
        interaction: Interaction,
        job: JobId,
        outcome: app_commands.Choice[str],
        reason: Reason,
        request_id: RequestId | None = None,
    ) -> None:
        """Decide, and say what became of it."""
        async with refusals_shown(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            settled = await self._moderation.resolve(
                job,
                Outcome(outcome.value),
                server_id=interaction.guild_id or 0,
                request_id=request_id,
                actor_id=interaction.user.id,
                reason=reason,
            )
            await show_privately(interaction, cards.resolved(settled))

    @resolve.autocomplete("job")
    async def offer_jobs(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """This server's jobs in review: id, requester, age."""
        server_id = interaction.guild_id
        if not server_id:
            return []
        try:
            found = (await self._moderation.in_review(server_id))[: 4 * MOST_CHOICES]
            names = await self._names(found, server_id)
        except Exception:
            log.exception("no choices could be offered")
            return []
        offers = [(job, self._line(job, names)) for job in found]
        typed = typed.strip().lower()
        fitting = [offer for offer in offers if typed in offer[1].lower()]
        return [app_commands.Choice(name=line, value=job.id) for job, line in fitting][
            :MOST_CHOICES
        ]

    def _line(self, job: Job, names: dict[int, str]) -> str:
        age = seconds_text(60 * round(max(0.0, self._now() - job.created_at) / 60))
        return f"{job.id} · {names[job.person_id][:40]} · {age}"

    async def _names(self, jobs: list[Job], server_id: int) -> dict[int, str]:
        """The requesters' names, as far as Discord tells them in time."""
        people = {job.person_id for job in jobs}
        asked = {
            person_id: asyncio.ensure_future(self._members.name(person_id, server_id))
            for person_id in people
        }
        if asked:
            await asyncio.wait(asked.values(), timeout=NAMES_WITHIN_S)
        names = {}
        for person_id, task in asked.items():
            done = task.done() and not task.cancelled() and task.exception() is None
            names[person_id] = task.result() if done else str(person_id)
            task.cancel()
        return names
