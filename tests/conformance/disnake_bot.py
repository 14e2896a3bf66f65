"""What `test_libraries.py` asks of a bot, written with disnake."""

import asyncio
import io
import json
import os
import sys
from typing import Any

import disnake
from disnake.ext import commands
from disnake.http import Route

# The gateway's address comes from there too.
Route.BASE = os.environ["DISCORD_API_URL"]


class Bot(commands.InteractionBot):
    """Says in one line of JSON that its commands are registered and its servers known."""

    def __init__(self) -> None:
        super().__init__()
        self.registered = asyncio.Event()

    async def bulk_overwrite_global_commands(self, application_commands: Any) -> Any:
        # The library registers in the background and tells nobody when it is done.
        result = await super().bulk_overwrite_global_commands(application_commands)
        self.registered.set()
        return result

    async def on_ready(self) -> None:
        await self.registered.wait()
        sys.stdout.write(json.dumps({"library": disnake.__name__, "user": self.user.id}) + "\n")
        sys.stdout.flush()

    async def on_message(self, message: disnake.Message) -> None:
        if message.guild is None and message.author != self.user:
            await message.channel.send(f"You wrote: {message.content}")

    async def on_raw_reaction_add(self, event: disnake.RawReactionActionEvent) -> None:
        if event.user_id != self.user.id:
            channel = self.get_channel(event.channel_id)
            await channel.get_partial_message(event.message_id).add_reaction(event.emoji)


class Card(disnake.ui.View):
    """A message with a button that works once."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @disnake.ui.button(label="Press", custom_id="card:press")
    async def press(
        self, button: disnake.ui.Button, interaction: disnake.MessageInteraction
    ) -> None:
        button.disabled = True
        who = interaction.author.mention
        await interaction.response.edit_message(f"Pressed by {who}.", view=self)


class Menus(disnake.ui.View):
    """A menu of options, and one of people."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @disnake.ui.string_select(custom_id="menus:bug", options=["ant", "bee"], max_values=2)
    async def bug(
        self, select: disnake.ui.StringSelect, interaction: disnake.MessageInteraction
    ) -> None:
        await interaction.response.send_message(f"Bugs: {', '.join(select.values)}.")

    @disnake.ui.user_select(custom_id="menus:who")
    async def who(
        self, select: disnake.ui.UserSelect, interaction: disnake.MessageInteraction
    ) -> None:
        await interaction.response.send_message(f"You chose {select.values[0].mention}.")


class Form(disnake.ui.Modal):
    """One field of each kind that the library has."""

    def __init__(self) -> None:
        label = disnake.ui.Label
        group = [disnake.GroupOption(label=name, value=name) for name in ("one", "two")]
        super().__init__(
            title="A form",
            custom_id="form",
            components=[
                label("Name", disnake.ui.TextInput(custom_id="name")),
                label("Who", disnake.ui.UserSelect(custom_id="who")),
                label("Files", disnake.ui.FileUpload(custom_id="files", max_values=2)),
                label("One", disnake.ui.RadioGroup(custom_id="radio", options=group)),
                label("Several", disnake.ui.CheckboxGroup(custom_id="boxes", options=group)),
            ],
        )

    async def callback(self, interaction: disnake.ModalInteraction) -> None:
        values = interaction.resolved_values
        files = [f"{file.filename}={(await file.read()).decode()}" for file in values["files"]]
        words = [
            values["name"],
            *(person.display_name for person in values["who"]),
            *files,
            values["radio"],
            *values["boxes"],
        ]
        await interaction.response.send_message(" ".join(words))


bot = Bot()


@bot.slash_command(description="Puts two files together")
async def join(
    interaction: disnake.ApplicationCommandInteraction,
    image: disnake.Attachment,
    video: disnake.Attachment,
) -> None:
    await interaction.response.defer()
    data = await image.read() + await video.read()
    await interaction.edit_original_response(
        f"{image.filename} ({image.content_type}) and {video.filename} ({video.content_type})",
        file=disnake.File(io.BytesIO(data), "joined.bin"),
    )


@bot.slash_command(description="Shows a button")
async def card(interaction: disnake.ApplicationCommandInteraction) -> None:
    await interaction.response.send_message("Not pressed yet.", view=Card())


@bot.slash_command(description="Shows menus")
async def menus(interaction: disnake.ApplicationCommandInteraction) -> None:
    await interaction.response.send_message("Choose.", view=Menus())


@bot.slash_command(description="Opens a form")
async def form(interaction: disnake.ApplicationCommandInteraction) -> None:
    await interaction.response.send_modal(Form())


@bot.slash_command(description="Finds a bug")
async def find(interaction: disnake.ApplicationCommandInteraction, bug: str) -> None:
    await interaction.response.send_message(f"Found: {bug}")


@find.autocomplete("bug")
async def offer(interaction: disnake.ApplicationCommandInteraction, typed: str) -> dict[str, str]:
    return {name.title(): name for name in ("ant", "bee") if name.startswith(typed)}


@bot.message_command(name="Quote")
async def quote(interaction: disnake.MessageCommandInteraction) -> None:
    await interaction.response.send_message(f"> {interaction.target.content}")


@bot.user_command(name="Greet")
async def greet(interaction: disnake.UserCommandInteraction) -> None:
    await interaction.response.send_message(f"Hello, {interaction.target.mention}.")


bot.run(os.environ["DISCORD_TOKEN"])
