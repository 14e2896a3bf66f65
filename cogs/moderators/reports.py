"""What moderators do about a report: its card's buttons, which outlive a restart."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.accounts.sight import ReadableChannel, rights
from bot.cards.paging import LARGEST_ID
from bot.cards.posts import reports as report_cards
from bot.cards.posts.reports import ACTION_PATTERN
from bot.core.people.reports import Case
from bot.errors import Problem, Refused
from cogs.shared.access import roles_of
from cogs.shared.answers import Late, answering, defer, show_in_place, show_privately
from cogs.shared.confirm_buttons import Shows, ask_to_confirm
from cogs.shared.interactions import Interaction, server_of


class ReportButton(ui.DynamicItem[ui.Item[Any]], template=ACTION_PATTERN):
    """Look at it, remove it, dismiss it: for every moderator, as long as the card stands."""

    def __init__(self, item: ui.Item[Any], deed: str, message_id: int) -> None:
        super().__init__(item)
        self._deed = deed
        self._message_id = message_id

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed."""
        return cls(item, match["deed"], int(match["message"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it, or say who was faster."""
        is_own = interaction.message is not None and interaction.message.flags.ephemeral
        is_replaced = is_own and self._deed != "look"
        late, shows = (
            (Late.IN_PLACE, show_in_place) if is_replaced else (Late.THINKING, show_privately)
        )
        async with answering(interaction, late):
            interaction.client.card_access.admit(interaction, "moderate")
            await defer(interaction, late)
            removals, server_id = interaction.client.removals, server_of(interaction)
            if self._message_id > LARGEST_ID:
                raise Refused(Problem.CONTROL_UNKNOWN)
            case = await removals.open_case(self._message_id, server_id, interaction.user.id)
            match self._deed:
                case "look":
                    newest = await removals.newest_of(case)
                    await show_privately(interaction, report_cards.card(case, newest))
                case "remove":
                    await _ask_remove(interaction, case, shows)
                case _:
                    await removals.dismiss(self._message_id, server_id, interaction.user.id)
                    await shows(interaction, report_cards.dismissed())


async def _ask_remove(interaction: Interaction, case: Case, shows: Shows) -> None:
    """Ask, where it can be done. Raises `Refused`."""
    removals, server_id = interaction.client.removals, server_of(interaction)
    _refuse_where_it_stays(interaction, case)

    async def act() -> ui.LayoutView:
        _refuse_where_it_stays(interaction, case)  # a channel's own permissions may have changed
        return report_cards.removed(
            await removals.remove(case.reported.message_id, server_id, interaction.user.id)
        )

    await ask_to_confirm(interaction, report_cards.asks_remove(case), act, shows)


def _refuse_where_it_stays(interaction: Interaction, case: Case) -> None:
    """The bot deletes its own posts, and others' messages where both it and who presses may.

    The card may stand elsewhere, so that Discord tells of another channel's permissions. Raises
    `Refused`.
    """
    if case.reported.job_id:
        return
    guild, place = interaction.guild, case.reported.channel_id
    channel = guild and guild.get_channel_or_thread(place)
    ours = theirs = discord.Permissions.none()
    if isinstance(channel, ReadableChannel):
        parent = channel.parent if isinstance(channel, discord.Thread) else channel
        if parent is not None:
            ours = parent.permissions_for(channel.guild.me)
            theirs = rights(parent, interaction.user.id, roles_of(interaction))
    _refuse_without(ours, place, Problem.CANNOT_DELETE_THERE)
    _refuse_without(theirs, place, Problem.MAY_NOT_DELETE_THERE)


def _refuse_without(granted: discord.Permissions, channel_id: int, problem: Problem) -> None:
    if not (granted.view_channel and granted.manage_messages):
        lacks = "manage_messages" if granted.view_channel else "view_channel"
        raise Refused(problem, channels=f"<#{channel_id}>", lacks=lacks)
