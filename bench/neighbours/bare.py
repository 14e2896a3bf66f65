"""A bare discord.py bot: /mimic is deferred, submitted, polled every 2 s, downloaded and posted.

`python -m bench.neighbours.bare`, with the addresses and keys in the environment as for the bot.
"""

import asyncio
import os
from io import BytesIO
from typing import Any

import aiohttp
import discord
import yarl
from discord import app_commands

MODEL = "pixverse-mimic"
POLL_EVERY_S = 2.0
QUALITY = "540p"


class BareBot(discord.Client):
    """Everything in memory; whatever goes wrong with a job is the end of it."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), max_messages=None)
        self.tree = app_commands.CommandTree(self)
        self.tree.command(name="mimic", description="Make a still picture move")(mimic)
        self.http_session: aiohttp.ClientSession

    async def setup_hook(self) -> None:
        """Before the gateway: the commands, and one session for every request."""
        connector = aiohttp.TCPConnector(limit=0)
        headers = {"x-api-key": os.environ["SEGMIND_API_KEY"]}
        self.http_session = aiohttp.ClientSession(connector=connector, headers=headers)
        await self.tree.sync()

    async def close(self) -> None:
        """Leave no connection behind."""
        await self.http_session.close()
        await super().close()

    async def render(self, image_url: str, video_url: str) -> str:
        """Have one video made; the link to it."""
        api_url = os.environ["SEGMIND_API_URL"]
        body = {"image_url": image_url, "video_url": video_url, "quality": QUALITY}
        async with self.http_session.post(f"{api_url}/{MODEL}", json=body) as answer:
            links = await answer.json()
        while (status := (await self._get(links["status_url"]))["status"]) != "COMPLETED":
            if status == "FAILED":
                raise RuntimeError("The run failed.")
            await asyncio.sleep(POLL_EVERY_S)
        url: str = (await self._get(links["response_url"]))["video"]["url"]
        return url

    async def download(self, url: str) -> bytes:
        """The bytes behind a link."""
        async with self.http_session.get(url) as answer:
            return await answer.read()

    async def _get(self, url: str) -> dict[str, Any]:
        async with self.http_session.get(url) as answer:
            found: dict[str, Any] = await answer.json()
            return found


async def mimic(
    interaction: discord.Interaction[BareBot],
    image: discord.Attachment,
    video: discord.Attachment,
) -> None:
    """The whole job."""
    await interaction.response.defer(thinking=True)
    bot = interaction.client
    data = await bot.download(await bot.render(image.url, video.url))
    assert isinstance(interaction.channel, discord.abc.Messageable)
    await interaction.channel.send(
        f"<@{interaction.user.id}>, your video is ready.",
        file=discord.File(BytesIO(data), "video.mp4"),
    )
    await interaction.edit_original_response(content="Done.")


def run(bot: BareBot) -> None:
    """Connect to the Discord that the environment names, and stay."""
    discord.http.Route.BASE = os.environ["DISCORD_API_URL"]
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
    bot.run(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    run(BareBot())
