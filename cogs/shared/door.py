"""Where everything comes in: only what fits goes on, and nothing meets silence.

What somebody's Discord shows may be older than this program: a command of another form, a card of
before, a form that was open while the bot was restarted. discord.py takes on trust that a command's
options are as they were registered, and says nothing at all about a card or form that it does not
know.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import AppCommandOptionType, AppCommandType, InteractionType, app_commands
from discord.ext import commands

from bot.cards.languages.speech import speak
from bot.errors import Problem, Refused
from cogs.shared.answers import Late, answering, is_looked_after, show_error
from cogs.shared.interactions import Bot, Interaction, language_of

_NESTED = (AppCommandOptionType.subcommand.value, AppCommandOptionType.subcommand_group.value)
_RESOLVED = {
    AppCommandOptionType.user: "users",
    AppCommandOptionType.channel: "channels",
    AppCommandOptionType.role: "roles",
    AppCommandOptionType.attachment: "attachments",
}
_TARGETS = {AppCommandType.user: "users", AppCommandType.message: "messages"}
_PLAIN: Mapping[AppCommandOptionType, tuple[type, ...]] = {
    AppCommandOptionType.string: (str,),
    AppCommandOptionType.integer: (int,),
    AppCommandOptionType.boolean: (bool,),
    AppCommandOptionType.number: (int, float),
}


class Tree(app_commands.CommandTree[Bot]):
    """All commands; each is called with what it asks for, or not at all."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether it can be called with what was sent; else that is said."""
        speak(language_of(interaction))
        if self._fits(interaction):
            return True
        if interaction.type is InteractionType.autocomplete:
            await interaction.response.autocomplete([])
        else:
            await _refuse(interaction, Problem.COMMAND_UNKNOWN)
        return False

    async def on_error(
        self, interaction: Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """Say that something is broken."""
        await show_error(interaction, error)

    def _fits(self, interaction: Interaction) -> bool:
        data: Mapping[str, Any] = interaction.data or {}
        kind = next((kind for kind in AppCommandType if kind.value == data.get("type")), None)
        command = self.get_command(str(data.get("name")), type=kind) if kind else None
        options = data.get("options", [])
        contexts = command.allowed_contexts if command else None
        if contexts is not None and interaction.guild_id is None and not contexts.dm_channel:
            return False
        if isinstance(command, app_commands.ContextMenu):
            return interaction.type is InteractionType.application_command and _is_pointed(data)
        while isinstance(command, app_commands.Group):
            match options:
                case [{"type": kind, "name": str(name), **rest}] if kind in _NESTED:
                    command, options = command.get_command(name), rest.get("options", [])
                case _:
                    return False
        if not isinstance(command, app_commands.Command):
            return False
        is_typing = interaction.type is InteractionType.autocomplete
        return _are_for(command, options, data.get("resolved", {}), is_typing=is_typing)


class Unanswered(commands.Cog):
    """Answers whatever nobody else does."""

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """discord.py comes here last: whoever looks after it has begun."""
        silent = {InteractionType.ping, InteractionType.autocomplete}
        if interaction.type not in silent and not is_looked_after(interaction):
            await _refuse(interaction, Problem.CONTROL_UNKNOWN)


async def _refuse(interaction: discord.Interaction[Bot], problem: Problem) -> None:
    async with answering(interaction, Late.BUSY):
        raise Refused(problem)


def _is_pointed(data: Mapping[str, Any]) -> bool:
    """Whether what a menu was opened on came along."""
    kind = next(kind for kind in _TARGETS if kind.value == data["type"])
    found, target = data.get("resolved", {}).get(_TARGETS[kind], {}), data.get("target_id")
    return isinstance(target, str) and target in found


def _are_for(
    command: app_commands.Command[Any, ..., Any],
    options: Sequence[Mapping[str, Any]],
    resolved: Mapping[str, Mapping[str, object]],
    *,
    is_typing: bool,
) -> bool:
    """Whether these are the command's own options; of one that is being typed some may miss."""
    parameters = {parameter.display_name: parameter for parameter in command.parameters}
    names = {option.get("name") for option in options}
    needed = {name for name, parameter in parameters.items() if parameter.required}
    return (
        names <= parameters.keys()
        and (is_typing or needed <= names)
        and all(
            _is_for(parameters[option["name"]], option, resolved, is_typing=is_typing)
            for option in options
        )
    )


def _is_for(
    parameter: app_commands.Parameter,
    option: Mapping[str, Any],
    resolved: Mapping[str, Mapping[str, object]],
    *,
    is_typing: bool,
) -> bool:
    kind, value = parameter.type, option.get("value")
    if option.get("type") != kind.value:
        return False
    if option.get("focused"):
        return isinstance(value, str)
    if kind in _RESOLVED:
        return isinstance(value, str) and (
            value.isdecimal() if is_typing else value in resolved.get(_RESOLVED[kind], {})
        )
    return type(value) in _PLAIN.get(kind, ()) and _is_within(parameter, value)


def _is_within(parameter: app_commands.Parameter, value: Any) -> bool:
    """Among the choices, and in the bounds, which for a text are those of its length."""
    if parameter.choices and value not in {choice.value for choice in parameter.choices}:
        return False
    size = len(value) if isinstance(value, str) else value
    least, most = parameter.min_value, parameter.max_value
    return (least is None or size >= least) and (most is None or size <= most)
