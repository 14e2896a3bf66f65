"""How wide and high a picture or a video is, from its header alone."""

import struct
from collections.abc import Mapping
from io import BytesIO

import av

# The demuxers that may look at a video, by the type that its name says: no other reads these bytes.
DEMUXERS: Mapping[str, str] = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}

MOST_HEADER_BYTES = 2**20


def dimensions(content_type: str | None, data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None for anything that is neither, or cannot be read."""
    demuxer = DEMUXERS.get(content_type or "")
    return video_size(data, demuxer) if demuxer else picture_size(data)


def video_size(data: bytes, demuxer: str) -> tuple[int, int] | None:
    """Width and height of the first video stream, without decoding anything of it."""
    try:
        with av.open(BytesIO(data), format=demuxer) as container:
            # There may be no video stream, and one of an unknown codec has neither attribute.
            stream = next(iter(container.streams.video), None)
            size = (getattr(stream, "width", 0), getattr(stream, "height", 0))
    except (av.FFmpegError, OSError, ValueError):
        return None
    return size if all(size) else None


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the header of a PNG, GIF, WebP or JPEG; None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return width, height
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp_size(data)
    if data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    return None


def picture_type(data: bytes) -> str:
    """The content type of what has a `picture_size`."""
    if data.startswith(b"\x89PNG"):
        return "image/png"
    if data.startswith(b"GIF8"):
        return "image/gif"
    return "image/webp" if data.startswith(b"RIFF") else "image/jpeg"


def _webp_size(data: bytes) -> tuple[int, int] | None:
    if data[12:16] == b"VP8X" and len(data) >= 30:
        return (
            1 + int.from_bytes(data[24:27], "little"),
            1 + int.from_bytes(data[27:30], "little"),
        )
    if data[12:16] == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if data[12:16] == b"VP8 " and len(data) >= 30:
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    end = min(len(data), MOST_HEADER_BYTES)
    while at + 9 <= end and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
