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


bot.run(os.environ["DISCORD_TOKEN"])
