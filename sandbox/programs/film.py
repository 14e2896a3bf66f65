"""The page as an animated picture, in few colours, and its videos as they are to be seen."""

import asyncio
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.async_api import Locator

from sandbox.clients.browser import Reader

FRAME_S = 0.25
FLOW_WIDTH = 800
COLOURS, KEPT_COLOURS = 256, 32
LAST_FRAME_MS = 2500


class Film:
    """Looks at the page again and again."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._frames: list[Image.Image] = []
        self._lengths_ms: list[int] = []

    async def watch(self, frames: int) -> None:
        """Some frames more."""
        for _ in range(frames):
            await self._look()
            await asyncio.sleep(FRAME_S)

    async def watch_until(self, part: Locator, most: int) -> None:
        """Until this is to be seen; `most` frames at the most."""
        for _ in range(most):
            await self.watch(1)
            if await part.count():
                return

    async def _look(self) -> None:
        shot = Image.open(BytesIO(await self._reader.page.screenshot())).convert("RGB")
        height = round(shot.height * FLOW_WIDTH / shot.width)
        frame = shot.resize((FLOW_WIDTH, height), Image.Resampling.LANCZOS)
        if self._frames and frame.tobytes() == self._frames[-1].tobytes():
            self._lengths_ms[-1] += round(FRAME_S * 1000)
            return
        self._frames.append(frame)
        self._lengths_ms.append(round(FRAME_S * 1000))

    def save(self, path: Path) -> None:
        """One palette for all of it: what stands still then costs nothing."""
        lengths = [min(length, 1000) for length in self._lengths_ms]
        lengths[-1] = LAST_FRAME_MS
        first, *rest = in_colours_of(_side_by_side(self._frames), self._frames)
        first.save(path, save_all=True, append_images=rest, duration=lengths, loop=0, optimize=True)


def in_colours_of(model: Image.Image, pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Pictures in 256 colours: what `model` has most of, as it is, and of the others some for all
    that is small, such as faces."""
    counts = sorted(model.getcolors(model.width * model.height) or [], reverse=True)
    own = [rgb for _, rgb in counts[:KEPT_COLOURS] if isinstance(rgb, tuple)]
    others = model.quantize(COLOURS - KEPT_COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2)
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(n for rgb in own for n in rgb), *(others.getpalette() or [])])
    return [_in_palette(picture, palette, own) for picture in pictures]


def _in_palette(
    picture: Image.Image, palette: Image.Image, own: Sequence[tuple[int, ...]]
) -> Image.Image:
    """Pillow takes a colour that is near for one that is there."""
    near = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    pixels, chosen = np.asarray(picture), np.array(near)
    for index, rgb in enumerate(own):
        chosen[(pixels == rgb).all(axis=2)] = index
    exact = Image.fromarray(chosen, "P")
    exact.putpalette(near.getpalette() or [])
    return exact


def _side_by_side(frames: Sequence[Image.Image]) -> Image.Image:
    chosen = frames[:: max(1, len(frames) // 8)]
    sheet = Image.new("RGB", (chosen[0].width * len(chosen), chosen[0].height))
    for index, frame in enumerate(chosen):
        sheet.paste(frame, (index * frame.width, 0))
    return sheet


async def play(message: Locator) -> None:
    """Have a message's video play, without its controls."""
    await message.locator("video").evaluate(
        "async node => { node.controls = !(node.muted = node.loop = true); await node.play(); }"
    )


async def pause_at(message: Locator, seconds: float) -> None:
    """Have a message's video stand still at a moment, without its controls."""
    await message.locator("video").evaluate(
        """async (node, seconds) => {
            node.pause(); node.controls = false;
            if (node.readyState < 2) await new Promise(done => { node.onloadeddata = done; });
            if (node.currentTime === seconds) return;
            await new Promise(done => { node.onseeked = done; node.currentTime = seconds; });
        }""",
        seconds,
    )
