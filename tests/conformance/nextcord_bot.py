"""What `test_libraries.py` asks of a bot, written with nextcord."""

import asyncio
import io
import json
import os
import sys

import nextcord
from nextcord.http import Route

# The gateway's address comes from there too.
Route.BASE = os.environ["DISCORD_API_URL"]


class Bot(nextcord.Client):
    """Says in one line of JSON that its commands are registered and its servers known."""

    def __init__(self) -> None:
        super().__init__()
        self.registered = asyncio.Event()

    async def on_connect(self) -> None:
        # This is where the library registers its commands.
        await super().on_connect()
        self.registered.set()

    async def on_ready(self) -> None:
        await self.registered.wait()
        sys.stdout.write(json.dumps({"library": nextcord.__name__, "user": self.user.id}) + "\n")
        sys.stdout.flush()

    async def on_message(self, message: nextcord.Message) -> None:
        if message.guild is None and message.author != self.user:
            await message.channel.send(f"You wrote: {message.content}")


class Card(nextcord.ui.View):
    """A message with a button that works once."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @nextcord.ui.button(label="Press", custom_id="card:press")
    async def press(self, button: nextcord.ui.Button, interaction: nextcord.Interaction) -> None:
        button.disabled = True
        who = interaction.user.mention
        await interaction.response.edit_message(content=f"Pressed by {who}.", view=self)


bot = Bot()


@bot.slash_command(description="Puts two files together")
async def join(
    interaction: nextcord.Interaction, image: nextcord.Attachment, video: nextcord.Attachment
) -> None:
    await interaction.response.defer()
    data = await image.read() + await video.read()
    await interaction.edit_original_message(
        content=f"{image.filename} ({image.content_type})"
        f" and {video.filename} ({video.content_type})",
        file=nextcord.File(io.BytesIO(data), "joined.bin"),
    )


@bot.slash_command(description="Shows a button")
async def card(interaction: nextcord.Interaction) -> None:
    await interaction.response.send_message("Not pressed yet.", view=Card())


bot.run(os.environ["DISCORD_TOKEN"])
