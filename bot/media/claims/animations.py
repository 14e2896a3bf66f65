"""GIF, WebP and PNG that move: how many frames there are, and how long each is shown.

Their blocks are walked from one to the next; no pixel is unpacked.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.errors import Problem, Refused
from bot.media.facts import Kind
from bot.media.pixels import MOST_PARTS

FULL_BLOCK_BYTES = 200
"""GIF cuts what it stores into blocks of 255 bytes at most; beside MOST_PARTS a file may have so
many as there is room for full ones."""

MOST_PAINTED_PIXELS, PAINTED_PIXELS_A_BYTE = 250_000_000, 500
"""Each frame is painted whole; a small file may not keep a decoder long, whatever it claims."""

_FASTEST_S, _USUAL_S = 0.0105, 0.1
"""What claims to be faster than 0.01 s, browsers show as if it had claimed nothing: 0.1 s."""

_GIF_SCREEN_BYTES, _GIF_IMAGE, _GIF_EXTENSION, _GIF_END = 13, 0x2C, 0x21, 0x3B
_GIF_CONTROL = b"\xf9"


@dataclass(frozen=True, slots=True)
class Animation:
    """What moves: its canvas in pixels, and the seconds that each frame is shown."""

    width: int
    height: int
    frames_s: tuple[float, ...]

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last, once."""
        return math.fsum(self.frames_s)


def animation_in(path: Path, kind: Kind) -> Animation | None:
    """What moves in a file of this kind; `None` for a still, and for another kind.

    Raises `Refused` for what claims more than is looked at, and `OSError`.
    """
    walks = {Kind.GIF: _gif, Kind.WEBP: _webp, Kind.PNG: _png}
    if kind not in walks:
        return None
    most_pixels = MOST_PAINTED_PIXELS + PAINTED_PIXELS_A_BYTE * path.stat().st_size
    most_blocks = MOST_PARTS + path.stat().st_size // FULL_BLOCK_BYTES
    with path.open("rb") as file:
        size, frames = walks[kind](file, most_blocks)
        frames_s: list[float] = []
        for length_s in frames:
            frames_s.append(length_s if length_s > _FASTEST_S else _USUAL_S)
            if size[0] * size[1] * len(frames_s) > most_pixels:
                raise Refused(Problem.TOO_HARD_TO_READ)
    return Animation(*size, tuple(frames_s)) if len(frames_s) > 1 else None


_Walked = tuple[tuple[int, int], Iterator[float]]


def _gif(file: io.BufferedReader, most_blocks: int) -> _Walked:
    screen = file.read(_GIF_SCREEN_BYTES)
    size = _little(screen[6:8]), _little(screen[8:10])
    file.seek(_palette_bytes(screen[10:11]), io.SEEK_CUR)
    return size, _gif_frames(file, most_blocks)


def _gif_frames(file: io.BufferedReader, most_blocks: int) -> Iterator[float]:
    length_s, blocks = 0.0, 0
    while introducer := file.read(1):
        if introducer[0] == _GIF_EXTENSION:
            label, control = file.read(1), b""
            for index, block in enumerate(_gif_blocks(file)):
                control = block if index == 0 else control
                blocks = _counted(blocks, most_blocks)
            if label == _GIF_CONTROL and len(control) >= 3:
                length_s = _little(control[1:3]) / 100
        elif introducer[0] == _GIF_IMAGE:
            file.seek(_palette_bytes(file.read(9)[8:9]) + 1, io.SEEK_CUR)
            for _ in _gif_blocks(file):
                blocks = _counted(blocks, most_blocks)
            yield length_s
            length_s = 0.0
        elif introducer[0] == _GIF_END:
            return
        blocks = _counted(blocks, most_blocks)


def _gif_blocks(file: io.BufferedReader) -> Iterator[bytes]:
    while (length := file.read(1)) and length != b"\0":
        yield file.read(length[0])


def _palette_bytes(flags: bytes) -> int:
    """How long the palette behind these flags is."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _webp(file: io.BufferedReader, most_blocks: int) -> _Walked:
    chunks = _chunks(file, 12, most_blocks, is_big=False)
    name, head = next(chunks, (b"", b""))
    if name != b"VP8X" or not head[:1] or not head[0] & 2:
        return (0, 0), iter(())
    size = _little(head[4:7]) + 1, _little(head[7:10]) + 1
    return size, (_little(body[12:15]) / 1000 for name, body in chunks if name == b"ANMF")


def _png(file: io.BufferedReader, most_blocks: int) -> _Walked:
    chunks = _chunks(file, 8, most_blocks, is_big=True)
    _, head = next(chunks, (b"", b""))
    for name, _ in chunks:
        if name == b"acTL":
            size = int.from_bytes(head[:4]), int.from_bytes(head[4:8])
            return size, (_png_delay_s(body) for name, body in chunks if name == b"fcTL")
        if name == b"IDAT":
            break
    return (0, 0), iter(())


def _png_delay_s(body: bytes) -> float:
    return int.from_bytes(body[20:22]) / (int.from_bytes(body[22:24]) or 100)


def _chunks(
    file: io.BufferedReader, at: int, most_blocks: int, *, is_big: bool
) -> Iterator[tuple[bytes, bytes]]:
    """The names of the chunks from there on, and how each begins."""
    blocks = 0
    while True:
        file.seek(at)
        head = file.read(40)
        if len(head) < 8:
            return
        blocks = _counted(blocks, most_blocks)
        if is_big:
            length, name = int.from_bytes(head[:4]) + 4, head[4:8]
        else:
            name, length = head[:4], _little(head[4:8])
            length += length % 2
        yield name, head[8 : 8 + length]
        at += 8 + length


def _counted(blocks: int, most_blocks: int) -> int:
    if blocks >= most_blocks:
        raise Refused(Problem.TOO_HARD_TO_READ)
    return blocks + 1


def _little(number: bytes) -> int:
    return int.from_bytes(number, "little")
