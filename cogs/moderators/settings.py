"""`/settings`: what holds in a server, for those who manage it."""

import re
from functools import partial
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.accounts.sight import is_public
from bot.cards.languages.speech import OWN_NAMES, mark
from bot.cards.settings import changes as change_cards
from bot.cards.settings import choosing
from bot.cards.settings.choosing import CHANNELS_SELECT, OPEN_SELECT, Choice
from bot.cards.settings.overview import Here, What, offered_in, overview
from bot.core.people.languages import Language
from bot.core.rules import MOST_CREDITS, MOST_JOBS, OperatorLimits, ServerRules, snapshot
from bot.errors import Problem, Refused
from bot.services.moderation import REASON_LIMIT_CHARS
from bot.services.quotas import Quotas
from cogs.shared.answers import Late, answering, show_in_place, show_privately
from cogs.shared.confirm_buttons import ask_to_confirm
from cogs.shared.interactions import (
    Interaction,
    chosen_in,
    ids_chosen_in,
    server_of,
    servers_only,
)

Reason = app_commands.Range[str, 1, REASON_LIMIT_CHARS]
Budget = app_commands.Range[int, 0, MOST_CREDITS]
Cap = app_commands.Range[int, 0, MOST_JOBS]
WHY = mark("Why, for the record")

AS_DISCORD = "discord"
LANGUAGES = [
    app_commands.Choice(name=mark("The server's own in Discord"), value=AS_DISCORD),
    *(app_commands.Choice(name=name, value=language.value) for language, name in OWN_NAMES.items()),
]


@servers_only
@app_commands.default_permissions(manage_guild=True)
class Settings(
    commands.GroupCog, group_name="settings", group_description=mark("This server's settings")
):
    """Discord decides who may use it; admins can change that there."""

    def __init__(self, quotas: Quotas, limits: OperatorLimits) -> None:
        self._quotas = quotas
        self._limits = limits

    async def cog_load(self) -> None:
        """Of one model there is nothing to choose."""
        if self.app_command is not None and len(self._limits.models) == 1:
            self.app_command.remove_command("models")

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Discord has let them use a command: so they may use its cards for a while."""
        interaction.client.card_access.allow(interaction, "settings")
        return True

    @app_commands.command(description=mark("This server's settings"))
    async def show(self, interaction: Interaction) -> None:
        """The server's own rules, and where the operator's hold."""
        async with answering(interaction):
            rules = await self._quotas.rules(server_of(interaction))
            card = overview(rules, self._limits, _here(interaction, rules))
            await show_privately(interaction, card)

    @app_commands.command(
        description=mark("Budget of the whole server, and what one person may have")
    )
    @app_commands.describe(
        budget=mark(
            "Credits that all members together may spend in a period; 0: no budget of its own"
        ),
        running=mark("Videos of one person made at once; 0: only the operator's limit"),
        waiting=mark("Requests of one person waiting at once; 0: only the operator's limit"),
        reason=WHY,
    )
    async def limits(
        self,
        interaction: Interaction,
        budget: Budget | None = None,
        running: Cap | None = None,
        waiting: Cap | None = None,
        reason: Reason = "",
    ) -> None:
        """Set what is given, and say where the operator's limit is lower."""
        given = {
            "budget_credits": budget,
            "max_running_per_person": running,
            "max_waiting_per_person": waiting,
        }
        changes = {name: value or None for name, value in given.items() if value is not None}
        async with answering(interaction):
            if not changes:
                await show_privately(interaction, change_cards.limits_unasked())
                return
            notes = change_cards.limit_notes(changes, self._limits)
            rules = await self._quotas.rules(server_of(interaction))
            act = partial(self._change, interaction, reason, notes, seen=rules, **changes)
            new = changes.get("budget_credits", rules.budget_credits)
            if rules.budget_credits not in {None, new}:
                await ask_to_confirm(interaction, change_cards.asks_budget(rules, new), act)
            else:
                await show_privately(interaction, await act())

    @app_commands.command(description=mark("Where videos may be asked for"))
    @app_commands.describe(reason=WHY)
    async def channels(self, interaction: Interaction, reason: Reason = "") -> None:
        """A card to choose the channels on."""
        async with answering(interaction):
            rules = await self._quotas.rules(server_of(interaction))
            card = choosing.choose_channels(
                _choice(interaction, reason), rules, _here(interaction, rules)
            )
            await show_privately(interaction, card)

    @app_commands.command(description=mark("Which qualities are open, to everybody or to a role"))
    @app_commands.describe(role=mark("A role that may use more than everybody"), reason=WHY)
    async def qualities(
        self, interaction: Interaction, role: discord.Role | None = None, reason: Reason = ""
    ) -> None:
        """A card to choose the qualities on."""
        async with answering(interaction):
            await self._choose_open("qualities", interaction, role, reason)

    @app_commands.command(description=mark("Which models are open, to everybody or to a role"))
    @app_commands.describe(role=mark("A role that may use more than everybody"), reason=WHY)
    async def models(
        self, interaction: Interaction, role: discord.Role | None = None, reason: Reason = ""
    ) -> None:
        """A card to choose the models on."""
        async with answering(interaction):
            await self._choose_open("models", interaction, role, reason)

    async def _choose_open(
        self, what: What, interaction: Interaction, role: discord.Role | None, reason: str
    ) -> None:
        server_id = server_of(interaction)
        rules = await self._quotas.rules(server_id)
        role_id = role.id if role is not None and role.id != server_id else 0
        if role_id:
            _check_role(interaction, role_id)
        choice = _choice(interaction, reason, role_id)
        await show_privately(interaction, choosing.choose_open(what, choice, rules, self._limits))

    @app_commands.command(
        name="direct-messages", description=mark("Whether credits here may pay for direct messages")
    )
    @app_commands.describe(
        allowed=mark("Whether members may let their credits here pay for direct messages"),
        reason=WHY,
    )
    async def direct_messages(
        self, interaction: Interaction, allowed: bool, reason: Reason = ""
    ) -> None:
        """Let members' direct messages draw on this server, or not."""
        async with answering(interaction):
            await show_privately(
                interaction, await self._change(interaction, reason, direct_use=allowed)
            )

    @app_commands.command(description=mark("The language of what everybody here can read"))
    @app_commands.describe(
        speak=mark("What only one person sees is in that person's own"), reason=WHY
    )
    @app_commands.choices(speak=LANGUAGES)
    async def language(
        self, interaction: Interaction, speak: app_commands.Choice[str], reason: Reason = ""
    ) -> None:
        """What is spoken where all can read it."""
        async with answering(interaction):
            chosen = None if speak.value == AS_DISCORD else Language(speak.value)
            card = await self._change(interaction, reason, language=chosen)
            await show_privately(interaction, card)

    @app_commands.command(description=mark("The channel for decisions and reports"))
    @app_commands.describe(channel=mark("Leave it out to stop posting"), reason=WHY)
    async def audit(
        self,
        interaction: Interaction,
        channel: discord.TextChannel | None = None,
        reason: Reason = "",
    ) -> None:
        """Set the audit channel, if the bot may post there."""
        async with answering(interaction):
            notes: list[str] = []
            if channel is not None:
                known = interaction.guild and interaction.guild.get_channel(channel.id)
                if not isinstance(known, discord.TextChannel):
                    raise Refused(Problem.NOT_OF_THIS_SERVER)
                if not _may_post(known):
                    raise Refused(Problem.CANNOT_POST_THERE, channels=known.mention)
                if is_public(known):
                    notes.append(change_cards.everybody_reads(known.id))
            rules = await self._quotas.rules(server_of(interaction))
            new = channel.id if channel else None
            act = partial(
                self._change, interaction, reason, notes, seen=rules, audit_channel_id=new
            )
            if new is None and rules.audit_channel_id is not None:
                said = change_cards.asks_no_audit(rules.audit_channel_id)
                await ask_to_confirm(interaction, said, act)
            elif new is None:
                await show_privately(interaction, change_cards.audit_unasked())
            else:
                await show_privately(interaction, await act())

    async def _change(
        self,
        interaction: Interaction,
        reason: str,
        notes: list[str] | None = None,
        seen: ServerRules | None = None,
        **changes: Any,
    ) -> ui.LayoutView:
        server_id = server_of(interaction)
        before = await self._quotas.rules(server_id)
        after = await self._quotas.change(
            server_id, seen=seen, actor_id=interaction.user.id, reason=reason, **changes
        )
        return change_cards.changed(
            snapshot(before, changes), snapshot(after, changes), notes or []
        )


class ChannelsSelect(ui.DynamicItem[ui.Item[Any]], template=CHANNELS_SELECT):
    """The channels where videos may be asked for."""

    def __init__(self, item: ui.Item[Any], choice: Choice) -> None:
        super().__init__(item)
        self._choice = choice

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Whose choice it is."""
        return cls(item, _choice_in(interaction, match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Save the choice, and show it in the card's place."""
        choice, quotas = self._choice, interaction.client.quotas
        async with answering(interaction, Late.IN_PLACE):
            _check_access(interaction, choice)
            chosen = frozenset(ids_chosen_in(interaction))
            before = await quotas.rules(choice.server_id)
            if chosen - _here(interaction, before).channels:
                raise Refused(Problem.NOT_OF_THIS_SERVER)
            after = await quotas.change(
                choice.server_id,
                actor_id=choice.actor_id,
                reason=choice.reason,
                channels=chosen,
            )
            news = choosing.news_of(before, after, "channels")
            card = choosing.choose_channels(choice, after, _here(interaction, after), news)
            await show_in_place(interaction, card)


class OpenSelect(ui.DynamicItem[ui.Item[Any]], template=OPEN_SELECT):
    """The qualities or the models that are open to everybody, or those that a role adds."""

    def __init__(self, item: ui.Item[Any], what: What, choice: Choice) -> None:
        super().__init__(item)
        self._what = what
        self._choice = choice

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What is chosen, whose choice it is, and for which role."""
        what: What = "models" if match["what"] == "models" else "qualities"
        return cls(item, what, _choice_in(interaction, match, int(match["role"])))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Save the choice, and show it in the card's place."""
        what, choice, quotas = self._what, self._choice, interaction.client.quotas
        async with answering(interaction, Late.IN_PLACE):
            _check_access(interaction, choice)
            offered = offered_in(what, quotas.limits)
            opened = frozenset(offered) & frozenset(chosen_in(interaction))
            given = {"actor_id": choice.actor_id, "reason": choice.reason}
            before = await quotas.rules(choice.server_id)
            if choice.role_id:
                _check_role(interaction, choice.role_id)
                after = await quotas.open_to_role(
                    choice.server_id, choice.role_id, **given, **{what: opened}
                )
            else:  # all of them: also those that are offered later
                is_all = len(opened) == len(offered)
                held = getattr(ServerRules(), what) if is_all else opened
                after = await quotas.change(choice.server_id, **given, **{what: held})
            news = choosing.news_of(before, after, what, choice.role_id)
            card = choosing.choose_open(what, choice, after, quotas.limits, news)
            await show_in_place(interaction, card)


def _here(interaction: Interaction, rules: ServerRules) -> Here:
    guild = interaction.guild
    if guild is None:
        return Here(frozenset(), frozenset(), may_post=False)
    audit = guild.get_channel(rules.audit_channel_id or 0)
    return Here(
        roles=frozenset(role.id for role in guild.roles),
        channels=frozenset(channel.id for channel in guild.channels),
        may_post=audit is not None and _may_post(audit),
        is_public=is_public(audit),
        server_id=guild.id,
        name=guild.name,
    )


def _may_post(channel: discord.abc.GuildChannel) -> bool:
    has = channel.permissions_for(channel.guild.me)
    return has.view_channel and has.send_messages


def _choice(interaction: Interaction, reason: str, role_id: int = 0) -> Choice:
    told = " ".join(reason.split())
    return Choice(server_of(interaction), interaction.user.id, role_id, told)


def _choice_in(
    interaction: discord.Interaction[Any], match: re.Match[str], role_id: int = 0
) -> Choice:
    assert interaction.message is not None
    reason = choosing.reason_on(interaction.message)
    return Choice(int(match["server"]), int(match["actor"]), role_id, reason)


def _check_access(interaction: Interaction, choice: Choice) -> None:
    access = interaction.client.card_access
    access.check(interaction, choice.actor_id, choice.server_id, "settings")


def _check_role(interaction: Interaction, role_id: int) -> None:
    if interaction.guild is None or interaction.guild.get_role(role_id) is None:
        raise Refused(Problem.NOT_OF_THIS_SERVER)
