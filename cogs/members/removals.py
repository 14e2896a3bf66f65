"""Deleting a finished video, and reporting what should not stand in a server."""

from functools import partial
from typing import Any

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.cards.languages.speech import mark, tr
from bot.cards.posts import reports as report_cards
from bot.core.jobs import Job
from bot.core.people.reports import Reported, Why
from bot.errors import Problem, Refused
from cogs.shared.answers import Late, answering, open_form, show_privately
from cogs.shared.confirm_buttons import ask_to_confirm
from cogs.shared.interactions import Bot, Interaction, server_of, servers_only
from cogs.shared.reason_form import ReasonForm

FORM_LIFE_S = 15 * 60.0
"""A form that was put away is forgotten after that."""


def may_delete(interaction: Interaction, job: Job) -> bool:
    """Whether somebody is offered to delete a finished video where they are."""
    is_here = not job.is_direct and job.server_id == interaction.guild_id
    looks_after = is_here and interaction.permissions.moderate_members
    return job.person_id == interaction.user.id or looks_after


async def ask_delete(interaction: Interaction, job_id: str) -> None:
    """Ask before a video is deleted: its requester at once, a moderator for a reason first.

    Raises `Refused`.
    """
    removals, person_id = interaction.client.removals, interaction.user.id
    job = await interaction.client.crowd.in_time(person_id, partial(removals.removable, job_id))
    if job.person_id == person_id:

        async def act() -> ui.LayoutView:
            return report_cards.deleted(await removals.remove_own(job.id, person_id))

        await ask_to_confirm(interaction, report_cards.asks_delete(job), act)
        return
    if interaction.guild_id is None or interaction.guild_id != job.server_id:
        raise Refused(Problem.NOT_YOURS_TO_DELETE)
    try:
        interaction.client.card_access.admit(interaction, "moderate")
    except Refused:
        raise Refused(Problem.NOT_YOURS_TO_DELETE) from None
    go_on = partial(_ask_delete_for, job_id=job.id)
    await open_form(interaction, ReasonForm(title=tr("Delete {job}", job=job.id), go_on=go_on))


async def _ask_delete_for(interaction: Interaction, reason: str, *, job_id: str) -> None:
    removals, server_id = interaction.client.removals, server_of(interaction)
    job = await removals.removable(job_id)

    async def act() -> ui.LayoutView:
        is_gone = await removals.remove_for(
            job.id, server_id=server_id, actor_id=interaction.user.id, reason=reason
        )
        return report_cards.deleted(is_gone)

    await ask_to_confirm(interaction, report_cards.asks_delete(job, reason), act)


async def ask_report(interaction: Interaction, job_id: str) -> None:
    """Ask what is wrong with a finished post. Raises `Refused`."""
    removals = interaction.client.removals
    look = partial(removals.post_of, job_id, interaction.guild_id or 0)
    await _ask_why(interaction, await interaction.client.crowd.in_time(interaction.user.id, look))


async def _ask_why(interaction: Interaction, reported: Reported) -> None:
    """Only where moderators can be told. Raises `Refused`."""
    ours = interaction.app_permissions
    is_thread = isinstance(interaction.channel, discord.Thread)
    may_post = ours.send_messages_in_threads if is_thread else ours.send_messages
    if not (ours.view_channel and may_post):
        look = partial(interaction.client.removals.has_channel, reported.server_id)
        if not await interaction.client.crowd.in_time(interaction.user.id, look):
            raise Refused(Problem.NO_WAY_TO_MODERATORS)
    await open_form(interaction, ReportForm(reported))


class ReportForm(ui.Modal):
    """What is wrong with it? Nobody but the moderators learns who has said so."""

    def __init__(self, reported: Reported) -> None:
        super().__init__(title=tr("Report to the moderators"), timeout=FORM_LIFE_S)
        self._reported = reported
        self._why: ui.RadioGroup[Any] = ui.RadioGroup(
            custom_id="why",
            options=[
                discord.RadioGroupOption(label=tr(said), value=why)
                for why, said in report_cards.WHY.items()
            ],
        )
        self.add_item(ui.Label(text=tr("What is wrong with it?"), component=self._why))
        self._said: ui.TextInput[Any] = ui.TextInput(
            custom_id="said",
            style=discord.TextStyle.paragraph,
            required=False,
            max_length=report_cards.SAID_LIMIT_CHARS,
        )
        self.add_item(
            ui.Label(
                text=tr("What else should they know?"),
                description=tr(
                    "Only the moderators of this server read it, and that it comes from you."
                ),
                component=self._said,
            )
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Pass it on, and say thanks."""
        async with answering(interaction):
            if self._why.value not in set(Why):
                raise Refused(Problem.CONTROL_UNKNOWN)
            await interaction.client.removals.report(
                self._reported, interaction.user.id, Why(self._why.value), self._said.value
            )
            await show_privately(interaction, report_cards.thanks())


class ReportMenu(commands.Cog):
    """*Report to moderators*, in the menu of anybody's message."""

    def __init__(self, tree: app_commands.CommandTree[Bot]) -> None:
        self._tree = tree

    async def cog_load(self) -> None:
        """Add the command."""
        menu: app_commands.ContextMenu = app_commands.ContextMenu(
            name=mark("Report to moderators"), callback=self.report
        )
        self._tree.add_command(servers_only(menu))

    async def report(self, interaction: Interaction, message: discord.Message) -> None:
        """Ask what is wrong with it."""
        async with answering(interaction, Late.BUSY):
            look = partial(interaction.client.removals.post_as, message.id)
            reported = await interaction.client.crowd.in_time(interaction.user.id, look)
            await _ask_why(interaction, reported or _reported(interaction, message))


def _reported(interaction: Interaction, message: discord.Message) -> Reported:
    """Somebody's own message, if it shows anything. Raises `Refused`."""
    me = interaction.client.user
    shown: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    has_media = any(each.attachments or each.embeds or each.stickers for each in shown)
    has_link = any("https://" in each.content or "http://" in each.content for each in shown)
    if (me and message.author.id == me.id) or not (has_media or has_link or message.components):
        raise Refused(Problem.NOTHING_TO_REPORT)
    return Reported(
        server_id=server_of(interaction),
        channel_id=message.channel.id,
        message_id=message.id,
        author_id=message.author.id,
    )
