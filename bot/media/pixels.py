"""What of a picture's file its pixels need, apart from what is only said about it.

Texts, profiles and previews are of any size and often damaged, which no viewer minds. Pillow does,
so it is not shown them. The parts of a file are counted: each costs time, be it of a few bytes.
"""

import re
import zlib
from dataclasses import dataclass
from itertools import islice

from bot.errors import Problem, Refused
from bot.media.facts import Kind

MOST_PARTS = 100_000
"""Chunks or segments: the largest PNG has five thousand."""

MOST_SCANS = 100
"""Each goes over all pixels of a JPEG once more; programs write ten or so."""

_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_PNG_NEEDED = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_PNG_ANIMATED, _PNG_ANIMATED_BYTES = b"acTL", 8
_PNG_FRAMES_NEED = frozenset({b"fcTL", b"fdAT", b"tRNS"})
_PNG_EXIF = b"eXIf"

_JPEG_ENDS, _JPEG_SCAN, _JPEG_COMMENT = 0xD9, 0xDA, 0xFE
_JPEG_SEGMENT = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
"""A marker with something behind it; between segments anything may stand."""

_JPEG_SCANS = re.compile(rb"\xff\xda\x00(?:\x08\x01|\x0a\x02|\x0c\x03|\x0e\x04)")
"""How each begins, wherever it stands: its length fits its number of components."""

_JPEG_APPLICATIONS = range(0xE0, 0xF0)
_JPEG_EXIF_AT, _EXIF_HEAD = 0xE1, b"Exif\0\0"

_WEBP_NEEDED = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"})
_WEBP_SAYS_MORE = 0x2C
"""The flags of VP8X for a profile, EXIF and XMP (the WebP container's specification)."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """A file of the same kind with the pixels alone; `exif` is the camera's note, as it stands.

    `is_cut_short` where the file ends before it says that it does.
    """

    content: bytes
    exif: bytes = b""
    is_cut_short: bool = False


def pixels_of(content: bytes, kind: Kind) -> Pixels:
    """Leave out of a file what its pixels do not need; no kind of damage is an error here.

    Raises `Refused` for a file of more parts than are looked at.
    """
    match kind:
        case Kind.PNG:
            return _png(content)
        case Kind.JPEG:
            return _jpeg(content)
        case Kind.WEBP:
            return _webp(content)
        case Kind.HEIC | Kind.AVIF:
            return Pixels(content, is_cut_short=_breaks_off(content))
        case _:
            return Pixels(content)


def _breaks_off(content: bytes) -> bool:
    """Whether one of a file's outermost boxes goes on where the file is over."""
    at = parts = 0
    while at + 8 <= len(content):
        parts = _counted(parts)
        length = int.from_bytes(content[at : at + 4])
        if length == 1:
            length = int.from_bytes(content[at + 8 : at + 16])
        if length < 8:  # 0 means to the end of the file
            return False
        at += length
    return at > len(content)


def _png(content: bytes) -> Pixels:
    kept, exif, at, parts = [_PNG_HEAD], b"", len(_PNG_HEAD), 0
    needed = _PNG_NEEDED
    while at + 12 <= len(content):
        parts = _counted(parts)
        length, name = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        chunk = content[at : at + 12 + length]
        at += 12 + length
        if name in needed:
            kept.append(chunk)
        elif name == _PNG_EXIF and _is_whole(chunk):
            exif = chunk[8:-4]
        elif name == _PNG_ANIMATED and length == _PNG_ANIMATED_BYTES and _is_whole(chunk):
            kept.append(chunk)
            needed = _PNG_NEEDED | _PNG_FRAMES_NEED
        if name == b"IEND":
            return Pixels(b"".join(kept), exif)
    return Pixels(b"".join(kept), exif, is_cut_short=True)


def _counted(parts: int) -> int:
    if parts >= MOST_PARTS:
        raise Refused(Problem.TOO_HARD_TO_READ)
    return parts + 1


def _is_whole(chunk: bytes) -> bool:
    """Whether a PNG's chunk is as its checksum says; viewers skip those that are not."""
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])


def _jpeg(content: bytes) -> Pixels:
    if len(list(islice(_JPEG_SCANS.finditer(content), MOST_SCANS + 1))) > MOST_SCANS:
        raise Refused(Problem.TOO_HARD_TO_READ)
    kept, exif, at, parts = [content[:2]], b"", 2, 0
    while found := _JPEG_SEGMENT.search(content, at):
        at, parts = found.start(), _counted(parts)
        marker = content[at + 1]
        if marker in {_JPEG_SCAN, _JPEG_ENDS}:
            return Pixels(b"".join([*kept, content[at:]]), exif)
        segment = content[at : at + 2 + int.from_bytes(content[at + 2 : at + 4])]
        at += max(4, len(segment))
        if marker == _JPEG_EXIF_AT and segment[4:].startswith(_EXIF_HEAD):
            exif = exif or segment[4:]
        elif marker not in _JPEG_APPLICATIONS and marker != _JPEG_COMMENT:
            kept.append(segment)
    return Pixels(b"".join(kept), exif, is_cut_short=True)


def _webp(content: bytes) -> Pixels:
    kept, exif, at, parts = [], b"", 12, 0
    has_pixels = is_cut_short = False
    while at + 8 <= len(content):
        parts = _counted(parts)
        name, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        chunk = content[at : at + 8 + length + length % 2]
        if name == b"VP8X" and length:
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_SAYS_MORE]) + chunk[9:]
        if name in _WEBP_NEEDED:
            has_pixels = True
            is_cut_short = is_cut_short or len(chunk) < 8 + length
            kept.append(chunk)
        elif name == b"EXIF":
            exif = chunk[8 : 8 + length]
        at += 8 + length + length % 2
    body = b"WEBP" + b"".join(kept)
    whole = b"RIFF" + len(body).to_bytes(4, "little") + body
    return Pixels(whole, exif, is_cut_short=is_cut_short or not has_pixels)
