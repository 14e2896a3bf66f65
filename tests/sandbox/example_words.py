"""The example bot's command that speaks more than English."""

import discord
from discord import app_commands

WORDS = {
    "de": {
        "hop": "hüpfen",
        "Hops along": "Hüpft davon",
        "far": "weit",
        "How far": "Wie weit",
        "a little": "ein wenig",
        "Hop there": "Dorthin hüpfen",
    },
    "es-ES": {"hop": "saltar", "How far": "Hasta dónde"},
    "en-GB": {"Hops along": "Hops along, old chap"},
}


class Translator(app_commands.Translator):
    """Says what is in `WORDS` otherwise."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        return WORDS.get(locale.value, {}).get(string.message)


def add_words(tree: app_commands.CommandTree) -> None:
    """The command, typed and in the menu of a message."""

    @tree.command(description="Hops along")
    @app_commands.describe(far="How far")
    @app_commands.choices(far=[app_commands.Choice(name="a little", value="little")])
    async def hop(interaction: discord.Interaction, far: app_commands.Choice[str]) -> None:
        where = f"{interaction.locale} {interaction.guild_locale}"
        await interaction.response.send_message(f"hop {far.value} {where}")

    @tree.context_menu(name="Hop there")
    async def hop_there(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"hop to {message.content} {interaction.locale}")
