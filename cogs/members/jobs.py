"""`/jobs`: list, show and cancel one's own."""

from pathlib import Path

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards import job as job_cards
from bot.cards.languages.speech import mark
from bot.cards.posts.finished import post_buttons
from bot.core.jobs import CANCELLABLE, JobState
from bot.services.requests import RequestService
from cogs.shared.answers import answering, defer, show_privately
from cogs.shared.interactions import Interaction, place_of

MOST_CHOICES = 25
JobId = app_commands.Range[str, 1, 100]


class Jobs(commands.GroupCog, group_name="jobs", group_description=mark("Look after your videos")):
    """One's own jobs."""

    def __init__(self, requests: RequestService) -> None:
        self._requests = requests

    @app_commands.command(name="list", description=mark("Your newest jobs"))
    async def list_jobs(self, interaction: Interaction) -> None:
        """One's newest jobs."""
        async with answering(interaction):
            jobs = await self._requests.jobs(place_of(interaction))
            card = job_cards.job_list(
                jobs,
                _now(interaction),
                server=interaction.guild.name if interaction.guild else None,
                is_direct=interaction.guild_id is None,
            )
            await show_privately(interaction, card)

    @app_commands.command(description=mark("One of your jobs, and its video again"))
    @app_commands.describe(job=mark("Which one: choose it, or give its id as its card shows it"))
    async def show(self, interaction: Interaction, job: JobId) -> None:
        """One job, with its video while that is kept."""
        async with answering(interaction):
            await show_job(interaction, self._requests, job)

    @app_commands.command(description=mark("Cancel a job that has not been sent off yet"))
    @app_commands.describe(job=mark("Which one: choose it, or give its id as its card shows it"))
    async def cancel(self, interaction: Interaction, job: JobId) -> None:
        """Cancel one job and show what became of it."""
        async with answering(interaction):
            cancelled = await self._requests.cancel(job, interaction.user.id)
            await show_privately(interaction, job_cards.status(cancelled))

    @show.autocomplete("job")
    async def offer_jobs(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """One's newest jobs, with what became of them."""
        return await self._offer(interaction, typed, frozenset(JobState))

    @cancel.autocomplete("job")
    async def offer_cancellable(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """One's newest jobs that can still be cancelled."""
        return await self._offer(interaction, typed, CANCELLABLE)

    async def _offer(
        self, interaction: Interaction, typed: str, states: frozenset[JobState]
    ) -> list[app_commands.Choice[str]]:
        crowd, person_id = interaction.client.crowd, interaction.user.id
        if not crowd.has_turn(person_id):
            return []  # nobody reads the choices of five letters at once
        async with crowd.turn_of(person_id):
            jobs = await self._requests.jobs(place_of(interaction), MOST_CHOICES)
        now = _now(interaction)
        lines = [(job_cards.job_line(job, now), job.id) for job in jobs if job.state in states]
        wanted = typed.strip().lower()
        return [
            app_commands.Choice(name=line, value=job_id)
            for line, job_id in lines
            if wanted in line.lower() or job_id.startswith(wanted)
        ]


def _now(interaction: Interaction) -> float:
    return interaction.created_at.timestamp()


async def show_job(interaction: Interaction, requests: RequestService, job_id: str) -> None:
    """Show somebody their own job, privately. Raises `Refused`."""
    job, outlook = await requests.show(job_id, interaction.user.id)
    if job.state is not JobState.DELIVERED:
        await show_privately(interaction, job_cards.shown_again(job, outlook))
        return
    await defer(interaction)
    is_there = job.removed_by_id is None
    buttons = post_buttons(job, await interaction.client.remakes.buttons(job)) if is_there else []

    async def send(video: Path) -> None:
        file = discord.File(video, filename=job_cards.file_name(job))
        card = job_cards.shown_again(job, outlook, has_file=True, buttons=buttons)
        await interaction.edit_original_response(view=card, attachments=[file])

    if not await requests.send_video(job, interaction.filesize_limit, send):
        link = requests.video_link(job, outlook)
        card = job_cards.shown_again(job, outlook, link=link, buttons=buttons)
        await interaction.edit_original_response(view=card)
