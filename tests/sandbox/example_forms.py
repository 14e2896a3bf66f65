"""The example bot's menus and forms, on the real discord.py."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands, ui


class Menus(ui.View):
    """One menu of each kind; each answers with what was chosen."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(Menu(custom_id="menu:bug", options=bugs(), max_values=2))
        self.add_item(UserMenu(custom_id="menu:user", placeholder="Who?"))
        self.add_item(RoleMenu(custom_id="menu:role"))
        self.add_item(MentionableMenu(custom_id="menu:mentionable", max_values=2))
        self.add_item(ChannelMenu(custom_id="menu:channel"))


class Menu(ui.Select[Menus]):
    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(" ".join(self.values))


class UserMenu(ui.UserSelect[Menus]):
    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(names(self.values))


class RoleMenu(ui.RoleSelect[Menus]):
    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(names(self.values))


class MentionableMenu(ui.MentionableSelect[Menus]):
    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(names(self.values))


class ChannelMenu(ui.ChannelSelect[Menus]):
    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(names(self.values))


def bugs() -> list[discord.SelectOption]:
    return [discord.SelectOption(label=name.title(), value=name) for name in ("ant", "bee")]


def names(things: Sequence[object]) -> str:
    """What was chosen, by kind and name."""
    return " ".join(f"{type(thing).__name__}:{thing}" for thing in things) or "none"


class Form(ui.Modal):
    """Text, a menu, people and files."""

    def __init__(self) -> None:
        super().__init__(title="A form")
        self.name: ui.TextInput[Form] = ui.TextInput(custom_id="name", max_length=20)
        self.bug: ui.Select[Form] = ui.Select(custom_id="bug", options=bugs())
        self.who: ui.UserSelect[Form] = ui.UserSelect(custom_id="who")
        self.files: ui.FileUpload[Form] = ui.FileUpload(custom_id="files", max_values=2)
        self.add_item(ui.TextDisplay("Fill this in."))
        for text, item in (
            ("Name", self.name), ("Bug", self.bug), ("Who", self.who), ("Files", self.files)
        ):  # fmt: skip
            self.add_item(ui.Label(text=text, description="…", component=item))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        files = [f"{file.filename}:{(await file.read()).decode()}" for file in self.files.values]
        words = [self.name.value, *self.bug.values, names(self.who.values), *files]
        await interaction.response.send_message(" ".join(words))


class Quiz(ui.Modal):
    """Groups, a checkbox, a role that may be left out, and a text input of the old kind."""

    def __init__(self) -> None:
        super().__init__(title="A quiz")
        classes = [discord.RadioGroupOption(label=name, value=name) for name in ("rogue", "bard")]
        days = [discord.CheckboxGroupOption(label=name, value=name) for name in ("mo", "tu")]
        self.job: ui.RadioGroup[Quiz] = ui.RadioGroup(custom_id="class", options=classes)
        self.days: ui.CheckboxGroup[Quiz] = ui.CheckboxGroup(custom_id="days", options=days)
        self.sure: ui.Checkbox[Quiz] = ui.Checkbox(custom_id="sure", default=True)
        self.old: ui.TextInput[Quiz] = ui.TextInput(label="Old", custom_id="old")
        self.role: ui.RoleSelect[Quiz] = ui.RoleSelect(custom_id="role", required=False)
        items: list[tuple[str, ui.Item[Any]]] = [
            ("Class", self.job), ("Days", self.days), ("Sure", self.sure), ("Role", self.role)
        ]  # fmt: skip
        for text, item in items:
            self.add_item(ui.Label(text=text, component=item))
        self.add_item(self.old)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        days = " ".join(self.days.values)
        words = [str(self.job.value), days, str(self.sure.value), self.old.value]
        await interaction.response.send_message(" ".join([*words, names(self.role.values)]))


def add_forms(tree: app_commands.CommandTree[Any]) -> None:
    """The commands that show them, and one that offers things while one types."""

    @tree.command(description="Shows menus")
    async def menus(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(view=Menus())

    @tree.command(description="Opens a form")
    async def form(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())

    @tree.command(description="Opens another form")
    async def quiz(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Quiz())

    @tree.command(description="Finds a bug")
    async def find(interaction: discord.Interaction, bug: str, legs: int) -> None:
        await interaction.response.send_message(f"{bug} {legs}")

    @find.autocomplete("bug")
    async def offer_bugs(
        interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        legs = interaction.namespace.legs
        fitting = [bug.value for bug in bugs() if bug.value.startswith(current)]
        return [
            app_commands.Choice(name=f"{bug.title()} with {legs}", value=bug) for bug in fitting
        ]

    @find.autocomplete("legs")
    async def offer_legs(
        interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[int]]:
        return [app_commands.Choice(name=str(current), value=int(current))]
