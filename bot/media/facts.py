"""What the bot and its decoders both know: limits, requests, facts, kinds of file by first bytes.

Nothing here decodes anything.
"""

import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

IMAGE_LIMIT_BYTES = 20_000_000
VIDEO_LIMIT_BYTES = 100_000_000
VIDEO_LIMIT_S, WHOLE_LIMIT_S = 30.0, 600.0
"""Of what is sent of a motion, and of the one that a part is cut out of."""

PIXEL_LIMIT = 50_000_000
LEAST_SIDE_PIXELS = 100
SENT_SIDE_LIMIT_PIXELS = 1920
"""The longest side of a motion that the provider takes; larger ones are written anew, smaller."""

MEMORY_LIMIT_BYTES = 1_500_000_000
"""Address space, not resident: a picture of the most pixels needs about half of it."""

SPARE_CORES = max(1, len(os.sched_getaffinity(0)) - 1)
"""One core is the bot's own."""

_HEAD_BYTES = 512
_TS_PACKET_BYTES, _DOCTYPE_WITHIN_BYTES = 188, 64
_HEIC_BRANDS, _AVIF_BRANDS = (b"hei", b"hev", b"mif", b"msf"), (b"avif", b"avis")
_3GP_BRAND = b"3g"
_FIRST_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_BMP, _TIFF = b"BM", (b"II*\0", b"MM\0*")
_OTHER_PICTURES = (b"8BPS", b"\xff\x0a", b"\0\0\0\x0cJXL ", b"<svg")
_MATROSKA, _PROGRAM_STREAM = b"\x1aE\xdf\xa3", b"\0\0\1\xba"
_OTHER_VIDEOS = (b"FLV\x01", b"0&\xb2u", b"\0\0\1\xb3")


class Kind(StrEnum):
    """What a file's first bytes promise; the pictures we take carry Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    HEIC = "HEIF"
    AVIF = "AVIF"
    TIFF = "TIFF"
    BMP = "BMP"
    OTHER_PICTURE = "other picture"
    MOVIE = "mp4 or mov"
    THREE_GP = "3gp"
    WEBM = "WebM"
    MATROSKA = "Matroska"
    AVI = "AVI"
    TRANSPORT_STREAM = "MPEG-TS"
    PROGRAM_STREAM = "MPEG-PS"
    OTHER_VIDEO = "other video"
    UNKNOWN = "unknown"


NAMES = {Kind.WEBP: "WebP", Kind.HEIC: "HEIC"}
"""What people call a kind, where it is not Pillow's name."""

PICTURES_TAKEN = frozenset({Kind.JPEG, Kind.PNG, Kind.WEBP, Kind.GIF})
PICTURES_READ = PICTURES_TAKEN | {Kind.HEIC, Kind.AVIF, Kind.TIFF, Kind.BMP}
PICTURES = PICTURES_READ | {Kind.OTHER_PICTURE}
MOVING_PICTURES = frozenset({Kind.GIF, Kind.WEBP, Kind.PNG})
"""What may be one picture or many."""

DEMUXERS = {
    Kind.MOVIE: "mov",
    Kind.THREE_GP: "mov",
    Kind.WEBM: "matroska",
    Kind.MATROSKA: "matroska",
    Kind.AVI: "avi",
    Kind.TRANSPORT_STREAM: "mpegts",
    Kind.PROGRAM_STREAM: "mpeg",
}
"""What FFmpeg reads each kind of video with: that one, and no other."""

VIDEOS = frozenset({*DEMUXERS, Kind.OTHER_VIDEO})


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """A good picture; width and height in pixels, as it is looked at.

    `is_other` than the provider takes: of another kind, or one of many that make it move.
    `given_as` is what it is called: "HEIC".
    """

    format: str
    width: int
    height: int
    is_other: bool = False
    given_as: str = ""


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """A good video; width and height in pixels, as it is looked at.

    `has_more` than its picture: another one, or something that lasts longer. `is_other` than the
    provider takes: in its container, its coding or its colours. `given_as` names what it is, where
    that is worth telling: "GIF". `frames` are those that whoever decodes it has to decode; of HDR
    each counts as two.
    """

    duration_s: float
    width: int
    height: int
    has_more: bool = False
    is_other: bool = False
    given_as: str = ""
    frames: int = field(default=0, compare=False)

    @property
    def pixels(self) -> int:
        """Of all frames together: how much work it is to decode them all."""
        return self.frames * self.width * self.height

    @property
    def is_to_be_rewritten(self) -> bool:
        """Whether others could see more in it than was looked at, or not take it at all."""
        return (
            self.has_more or self.is_other or max(self.width, self.height) > SENT_SIDE_LIMIT_PIXELS
        )


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be done: `target` is image, video, result (looks), fit, rewrite, redraw or loop.

    The last four have an `output`, a file of at most `write_bytes`; looks write nothing. `cpu_s`
    is the most processor time, `wall_s` the most time at all, `memory_bytes` the most memory.
    What is rewritten is the part from `start_s` on, for `length_s` seconds or to the end.
    """

    target: str
    source: str
    cpu_s: int
    wall_s: float
    output: str = ""
    write_bytes: int = 0
    memory_bytes: int = MEMORY_LIMIT_BYTES
    start_s: float = 0.0
    length_s: float | None = None


def kind_of(path: Path) -> Kind:
    """The kind of a file by its first bytes, never by its name. Raises `OSError`."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Kind.GIF
    if head.startswith(b"RIFF"):
        return {b"WEBP": Kind.WEBP, b"AVI ": Kind.AVI}.get(head[8:12], Kind.UNKNOWN)
    if head.startswith(_TIFF):
        return Kind.TIFF
    if head.startswith(_BMP):
        return Kind.BMP
    if head.startswith(_OTHER_PICTURES):
        return Kind.OTHER_PICTURE
    if head.startswith(_MATROSKA):
        return Kind.WEBM if b"webm" in head[:_DOCTYPE_WITHIN_BYTES] else Kind.MATROSKA
    if head.startswith(_PROGRAM_STREAM):
        return Kind.PROGRAM_STREAM
    if _is_transport_stream(head):
        return Kind.TRANSPORT_STREAM
    if head.startswith(_OTHER_VIDEOS):
        return Kind.OTHER_VIDEO
    return _kind_of_atoms(head)


def _kind_of_atoms(head: bytes) -> Kind:
    """mp4 and mov, and what else is built of the same atoms."""
    atom, brand = head[4:8], head[8:12]
    if atom == b"ftyp":
        if brand in _AVIF_BRANDS:
            return Kind.AVIF
        if brand.startswith(_HEIC_BRANDS):
            others = head[16 : int.from_bytes(head[:4])]
            return Kind.AVIF if _AVIF_BRANDS[0] in others else Kind.HEIC
        return Kind.THREE_GP if brand.startswith(_3GP_BRAND) else Kind.MOVIE
    return Kind.MOVIE if atom in _FIRST_ATOMS else Kind.UNKNOWN


def _is_transport_stream(head: bytes) -> bool:
    """By two packets; a camera's (AVCHD) have four bytes of time before each."""
    return any(
        len(head) > at + packet_bytes and head[at] == head[at + packet_bytes] == ord("G")
        for at, packet_bytes in ((0, _TS_PACKET_BYTES), (4, _TS_PACKET_BYTES + 4))
    )
