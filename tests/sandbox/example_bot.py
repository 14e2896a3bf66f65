"""A bot on the real discord.py, with one command for each thing the sandbox must get right."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO

import discord
from discord import app_commands, ui
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from sandbox.discord.server import DiscordServer
from tests.sandbox.example_forms import add_forms, names
from tests.sandbox.example_words import Translator, add_words


class ExampleBot(discord.Client):
    """Keeps what it hears, so that a test can look at it."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        super().__init__(
            intents=discord.Intents.default() if intents is None else intents,
            guild_ready_timeout=0.01,
        )
        self.tree = app_commands.CommandTree(self)
        self.heard: asyncio.Queue[discord.Message] = asyncio.Queue()
        self.interactions: asyncio.Queue[discord.Interaction] = asyncio.Queue()
        self.up = asyncio.Event()
        self.resumed = asyncio.Event()
        _add_commands(self.tree)
        add_forms(self.tree)
        add_words(self.tree)

    async def setup_hook(self) -> None:
        await self.tree.set_translator(Translator())
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.up.set()

    async def on_resumed(self) -> None:
        self.resumed.set()

    async def on_message(self, message: discord.Message) -> None:
        self.heard.put_nowait(message)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.interactions.put_nowait(interaction)

    async def post(self, channel_id: int, text: str, **kwargs: object) -> discord.Message:
        """Send to a channel that need not be in the cache."""
        channel = self.get_partial_messageable(channel_id)
        sent: discord.Message = await channel.send(text, **kwargs)  # type: ignore[call-overload]
        return sent


@asynccontextmanager
async def running(
    server: DiscordServer, intents: discord.Intents | None = None
) -> AsyncIterator[ExampleBot]:
    """An `ExampleBot` that is logged in and ready."""
    Route.BASE = server.api_url
    DiscordWebSocket.DEFAULT_GATEWAY = URL(server.gateway_url)
    bot = ExampleBot(intents)
    async with bot:
        run = asyncio.create_task(bot.start(server.world.token))
        ready = asyncio.create_task(bot.up.wait())
        await asyncio.wait({run, ready}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        if run.done():
            ready.cancel()
            run.result()
        try:
            yield bot
        finally:
            await bot.close()
            await asyncio.gather(run, return_exceptions=True)


def text_file(name: str, data: bytes) -> discord.File:
    """A file to send."""
    return discord.File(BytesIO(data), name)


class Card(ui.LayoutView):
    """Components V2: text, and a button."""

    row: ui.ActionRow["Card"] = ui.ActionRow()

    def __init__(self, text: str) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.Container(ui.TextDisplay(text), accent_colour=0x5865F2))

    @row.button(label="Press", custom_id="card:press")
    async def press(self, interaction: discord.Interaction, button: ui.Button["Card"]) -> None:
        await interaction.response.edit_message(view=Card("pressed"))


def _add_commands(tree: app_commands.CommandTree[ExampleBot]) -> None:
    @tree.command(description="Takes two files")
    @app_commands.describe(image="What is to move", video="How it is to move")
    @app_commands.choices(quality=[app_commands.Choice(name="540p", value="540p")])
    async def mimic(
        interaction: discord.Interaction,
        image: discord.Attachment,
        video: discord.Attachment,
        quality: app_commands.Choice[str] | None = None,
    ) -> None:
        await interaction.response.defer()
        data = await image.read()
        sizes = f"{len(data)} {video.size} {image.width}x{image.height} {video.content_type}"
        chosen = quality.value if quality else "none"
        await interaction.edit_original_response(content=f"{sizes} {chosen}")
        await interaction.followup.send("and more", file=text_file("result.txt", data))

    @tree.command(description="Answers only to you")
    async def whisper(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("psst", ephemeral=True)

    @tree.command(description="Thinks in private, then answers by a follow-up")
    async def ponder(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send("done pondering")

    @tree.command(description="Shows a card")
    async def card(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(view=Card("fresh"))

    @tree.command(description="Never answers")
    async def silent(interaction: discord.Interaction) -> None:
        del interaction

    jobs = app_commands.Group(name="jobs", description="Jobs")

    @jobs.command(name="show", description="Shows one")
    async def show(
        interaction: discord.Interaction,
        job: str,
        member: discord.Member,
        place: discord.TextChannel | None = None,
    ) -> None:
        where = f" in {place.name}" if place else ""
        await interaction.response.send_message(f"{job} of {member.display_name}{where}")

    tree.add_command(jobs)

    @tree.command(description="For moderators")
    @app_commands.default_permissions(moderate_members=True)
    @app_commands.guild_only()
    async def moderate(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("ok")

    @tree.context_menu(name="Use as subject")
    async def subject(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"{message.content} {message.jump_url}")

    @tree.context_menu(name="Greet")
    async def greet(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(f"Hello, {names([member])}")
