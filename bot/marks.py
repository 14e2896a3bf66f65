"""The marks of a job's stages, as emoji of the bot's own application.

They ship as pictures. Discord is asked which it has once in a start, beside everything else, and
given those that it lacks; until it has them all, and wherever that fails, cards have a bar of text.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import discord
import structlog

from bot.cards.progress.stages import MARKS, Marks
from bot.clock import Clock

log = structlog.get_logger()

PICTURES = Path(__file__).parent / "cards" / "marks"
AGAIN_S, LOOK_AGAIN_S = 3600.0, 60.0
_OURS = re.compile("stage_[a-z]+_[0-9a-f]{8}")
"""Their names, of this version and of all others; the end stands for the picture."""


class StageMarks:
    """`run` it once, with the client open."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def read(self) -> None:
        """Until Discord has them, by another process."""
        await self._client.wait_until_ready()
        while True:
            try:
                pictures = await asyncio.to_thread(_pictures)
                found = await self._client.fetch_application_emojis()
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing depends on it
                log.debug("the stage marks could not be read", reason=str(error))
            else:
                names = {mark: name for mark, (name, _) in pictures.items()}
                there = {emoji.name: str(emoji) for emoji in found}
                if there.keys() >= set(names.values()):
                    MARKS.get([])[:] = [Marks(**{mark: there[names[mark]] for mark in names})]
                    return
            await self._clock.sleep(LOOK_AGAIN_S)

    async def run(self) -> None:
        """Until Discord has them. Only the first failure is told: nobody has to do anything."""
        await self._client.wait_until_ready()
        has_failed = False
        while True:
            try:
                await self._bring(await asyncio.to_thread(_pictures))
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing depends on it
                (log.debug if has_failed else log.warning)(
                    "the stage marks could not be looked after",
                    reason=str(error)[:200] or type(error).__name__,
                    next_try_in_s=AGAIN_S,
                    advice="Where cards have none, they show a bar of text.",
                )
                has_failed = True
                await self._clock.sleep(AGAIN_S)
            else:
                log.info("the stage marks are there")
                return

    async def _bring(self, pictures: Mapping[str, tuple[str, bytes]]) -> None:
        client = self._client
        there = {emoji.name: emoji for emoji in await client.fetch_application_emojis()}
        written = {}
        for mark, (name, picture) in pictures.items():
            emoji = there.pop(name, None)
            if emoji is None:
                emoji = await client.create_application_emoji(name=name, image=picture)
            written[mark] = str(emoji)
        MARKS.get([])[:] = [Marks(**written)]
        for emoji in there.values():
            if _OURS.fullmatch(emoji.name) and emoji.user == client.user:
                await emoji.delete()


def _pictures() -> Mapping[str, tuple[str, bytes]]:
    """Each mark's name at Discord, and its picture: another picture has another name."""
    read = {mark: (PICTURES / f"{mark}.png").read_bytes() for mark in Marks._fields}
    return {
        mark: (f"stage_{mark}_{hashlib.sha256(picture).hexdigest()[:8]}", picture)
        for mark, picture in read.items()
    }
