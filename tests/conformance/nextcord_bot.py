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

    async def on_raw_reaction_add(self, event: nextcord.RawReactionActionEvent) -> None:
        if event.user_id != self.user.id:
            channel = self.get_channel(event.channel_id)
            await channel.get_partial_message(event.message_id).add_reaction(event.emoji)


class Card(nextcord.ui.View):
    """A message with a button that works once."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @nextcord.ui.button(label="Press", custom_id="card:press")
    async def press(self, button: nextcord.ui.Button, interaction: nextcord.Interaction) -> None:
        button.disabled = True
        who = interaction.user.mention
        await interaction.response.edit_message(content=f"Pressed by {who}.", view=self)


class Menus(nextcord.ui.View):
    """A menu of options, and one of people."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @nextcord.ui.string_select(
        custom_id="menus:bug",
        options=[nextcord.SelectOption(label=name) for name in ("ant", "bee")],
        max_values=2,
    )
    async def bug(
        self, select: nextcord.ui.StringSelect, interaction: nextcord.Interaction
    ) -> None:
        await interaction.response.send_message(f"Bugs: {', '.join(select.values)}.")

    @nextcord.ui.user_select(custom_id="menus:who")
    async def who(self, select: nextcord.ui.UserSelect, interaction: nextcord.Interaction) -> None:
        await interaction.response.send_message(f"You chose {select.values[0].mention}.")


class Form(nextcord.ui.Modal):
    """Text inputs are all that the library has."""

    def __init__(self) -> None:
        super().__init__("A form", custom_id="form")
        self.name = nextcord.ui.TextInput("Name", custom_id="name")
        self.more = nextcord.ui.TextInput("More", custom_id="more", required=False)
        self.add_item(self.name)
        self.add_item(self.more)

    async def callback(self, interaction: nextcord.Interaction) -> None:
        await interaction.response.send_message(f"{self.name.value} {self.more.value}")


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


@bot.slash_command(description="Shows menus")
async def menus(interaction: nextcord.Interaction) -> None:
    await interaction.response.send_message("Choose.", view=Menus())


@bot.slash_command(description="Opens a form")
async def form(interaction: nextcord.Interaction) -> None:
    await interaction.response.send_modal(Form())


@bot.slash_command(description="Finds a bug")
async def find(interaction: nextcord.Interaction, bug: str) -> None:
    await interaction.response.send_message(f"Found: {bug}")


@find.on_autocomplete("bug")
async def offer(interaction: nextcord.Interaction, bug: str) -> None:
    fitting = {name.title(): name for name in ("ant", "bee") if name.startswith(bug)}
    await interaction.response.send_autocomplete(fitting)


@bot.message_command(name="Quote")
async def quote(interaction: nextcord.Interaction, message: nextcord.Message) -> None:
    await interaction.response.send_message(f"> {message.content}")


@bot.user_command(name="Greet")
async def greet(interaction: nextcord.Interaction, member: nextcord.Member) -> None:
    await interaction.response.send_message(f"Hello, {member.mention}.")


bot.run(os.environ["DISCORD_TOKEN"])
