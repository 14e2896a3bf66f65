"""Where in a file its pieces lie, and the numbers that say something of them.

Whoever spoils a file by these comes further into a decoder than whoever only flips its bits.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
BOXES_INSIDE = {
    **dict.fromkeys((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf"), 0),
    **dict.fromkeys((b"mvex", b"moof", b"traf", b"udta"), 0),
    b"meta": 4,
    b"stsd": 8,
    b"dref": 8,
    **dict.fromkeys((b"avc1", b"hvc1", b"hev1", b"av01", b"mp4v", b"jpeg", b"apcn"), 78),
    b"mp4a": 28,
}
"""Those that hold others, and how many bytes of their own come before."""

DEEPEST = 10
MOST_WORDS = 64
"""Of one box; its tables go on alike."""


class Number(NamedTuple):
    """A number somewhere in the bytes."""

    at: int
    size_bytes: int
    order: Literal["big", "little"] = "big"


class Piece(NamedTuple):
    """From here to there; `name_at` is where its name of four letters stands, -1 if it has none."""

    start: int
    end: int
    name_at: int = -1


@dataclass(slots=True)
class Layout:
    """What a file is made of."""

    pieces: list[Piece] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)


def layout_of(content: bytes) -> Layout:
    """By its first bytes; without pieces for what is of no known kind."""
    layout = Layout()
    if content.startswith(PNG_HEAD):
        _png(content, layout)
    elif content.startswith(b"\xff\xd8"):
        _jpeg(content, layout)
    elif content.startswith(b"RIFF"):
        _riff(content, layout)
    elif content.startswith(b"GIF8"):
        _gif(content, layout)
    elif content[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free"}:
        _boxes(content, 0, len(content), layout, 0)
    return layout


def with_checksums(content: bytes) -> bytes:
    """A PNG whose chunks are as their checksums say, as far as it still has chunks."""
    mended = bytearray(content)
    for piece in layout_of(content).pieces if content.startswith(PNG_HEAD) else []:
        checksum = zlib.crc32(mended[piece.start + 4 : piece.end - 4])
        mended[piece.end - 4 : piece.end] = checksum.to_bytes(4)
    return bytes(mended)


def _png(content: bytes, layout: Layout) -> None:
    at = len(PNG_HEAD)
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4])
        if end > len(content):
            return
        layout.pieces.append(Piece(at, end, at + 4))
        layout.numbers.append(Number(at, 4))
        if content[at + 4 : at + 8] == b"IHDR":
            layout.numbers += [Number(at + 8, 4), Number(at + 12, 4)]
            layout.numbers += [Number(at + offset, 1) for offset in range(16, 21)]
        elif content[at + 4 : at + 8] in {b"acTL", b"fcTL"}:
            layout.numbers += [Number(word, 4) for word in range(at + 8, end - 4, 4)]
        at = end


def _jpeg(content: bytes, layout: Layout) -> None:
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker, end = content[at + 1], at + 2 + int.from_bytes(content[at + 2 : at + 4])
        layout.pieces.append(Piece(at, min(end, len(content))))
        layout.numbers += [Number(at + 1, 1), Number(at + 2, 2)]
        if 0xC0 <= marker <= 0xCF:  # frames, Huffman tables
            layout.numbers += [Number(at + 4, 1), Number(at + 5, 2), Number(at + 7, 2)]
            layout.numbers += [Number(each, 1) for each in range(at + 9, min(end, at + 40))]
        elif marker in {0xDA, 0xDB, 0xDD, 0xE1}:  # scans, quantization, restarts, EXIF
            layout.numbers += [Number(each, 1) for each in range(at + 4, min(end, at + 80))]
        if marker == 0xDA:
            layout.pieces.append(Piece(end, len(content)))
            return
        at = end


def _riff(content: bytes, layout: Layout) -> None:
    layout.numbers.append(Number(4, 4, "little"))
    at = 12
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        end = min(at + 8 + length + length % 2, len(content))
        layout.pieces.append(Piece(at, end, at))
        layout.numbers.append(Number(at + 4, 4, "little"))
        layout.numbers += [Number(each, 1) for each in range(at + 8, min(end, at + 28))]
        at = end


def _gif(content: bytes, layout: Layout) -> None:
    layout.numbers += [Number(6, 2, "little"), Number(8, 2, "little")]
    layout.numbers += [Number(each, 1) for each in (10, 11, 12)]
    for found in re.finditer(rb"\x2c\0\0\0\0|\x21[\xf9\xff\xfe]", content):
        layout.numbers += [Number(found.start() + each, 1) for each in range(12)]
        layout.pieces.append(Piece(found.start(), min(found.start() + 18, len(content))))
    layout.numbers = [each for each in layout.numbers if each.at + 2 <= len(content)]


def _boxes(content: bytes, start: int, end: int, layout: Layout, depth: int) -> None:
    at = start
    while at + 8 <= end and depth < DEEPEST:
        length, name = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if length < 8 or at + length > end:
            return
        layout.pieces.append(Piece(at, at + length, at + 4))
        layout.numbers.append(Number(at, 4))
        own = BOXES_INSIDE.get(name)
        if own is not None:
            layout.numbers += _words(at + 8, min(at + 8 + own, at + length))
            _boxes(content, at + 8 + own, at + length, layout, depth + 1)
        elif name != b"mdat":
            layout.numbers += _words(at + 8, at + length)
        at += length


def _words(start: int, end: int) -> Iterator[Number]:
    return (Number(at, 4) for at in range(start, end - 3, 4)[:MOST_WORDS])
