"""HEIC pictures as phones write them: HEVC tiles, put together by a grid, and perhaps turned."""

import io
import struct
from collections.abc import Sequence
from pathlib import Path

import av
from PIL import Image


def make_heic(
    path: Path,
    picture: Image.Image,
    *,
    tile: tuple[int, int] | None = None,
    quarter_turns: int = 0,
    brand: bytes = b"heic",
) -> Path:
    """A picture, of tiles of this size if one is given, that viewers turn counter-clockwise.

    Returns `path`.
    """
    width, height = picture.size
    tile_width, tile_height = tile or picture.size
    columns, rows = -(-width // tile_width), -(-height // tile_height)
    tiles = [
        picture.crop((x * tile_width, y * tile_height, (x + 1) * tile_width, (y + 1) * tile_height))
        for y in range(rows)
        for x in range(columns)
    ]
    coded = [_coded(each) for each in tiles]
    settings = coded[0][0]
    items = [(b"hvc1", data) for _, data in coded]
    main, references = 1, b""
    if tile:
        grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
        main = len(items) + 1
        items.append((b"grid", grid))
        ids = struct.pack(f">HH{len(coded)}H", main, len(coded), *range(1, main))
        references = _box(b"iref", bytes(4), _box(b"dimg", ids))
    properties = _box(
        b"ipco",
        settings,
        _box(b"ispe", bytes(4), struct.pack(">II", tile_width, tile_height)),
        _box(b"ispe", bytes(4), struct.pack(">II", width, height)),
        _box(b"irot", bytes([quarter_turns])),
    )
    told = [(number, [0x81, 2]) for number in range(1, len(coded) + 1)]
    told = [each for each in told if each[0] != main]
    told.append((main, [3, 0x84] if tile else [0x81, 2, 0x84]))
    links = b"".join(
        struct.pack(">HB", number, len(indices)) + bytes(indices)
        for number, indices in sorted(told)
    )
    linked = _box(b"ipma", bytes(4), struct.pack(">I", len(told)), links)
    head = _box(b"ftyp", brand, bytes(4), b"mif1" + brand)
    start = len(head) + len(_meta(main, items, references, properties + linked, 0)) + 8
    meta = _meta(main, items, references, properties + linked, start)
    path.write_bytes(head + meta + _box(b"mdat", *(data for _, data in items)))
    return path


def _coded(picture: Image.Image) -> tuple[bytes, bytes]:
    """The decoder's settings (hvcC) and the data of one HEVC picture, out of an mp4 of it."""
    content = io.BytesIO()
    with av.open(content, "w", format="mp4") as output:
        stream = output.add_stream("libx265", rate=1)
        stream.width, stream.height, stream.pix_fmt = *picture.size, "yuv420p"
        stream.codec_context.codec_tag = "hvc1"
        stream.options = {"x265-params": "log-level=none:info=0:repeat-headers=0", "crf": "8"}
        # PyAV's stubs leave from_image bare
        frame: av.VideoFrame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
        for packet in (*stream.encode(frame), *stream.encode(None)):
            packet.dts = packet.pts  # of a single picture, x265 leaves it to chance
            output.mux(packet)
    written = content.getvalue()
    at = written.index(b"hvcC") - 4
    settings = written[at : at + int.from_bytes(written[at : at + 4])]
    at = written.index(b"mdat") - 4
    return settings, written[at + 8 : at + int.from_bytes(written[at : at + 4])]


def _meta(
    main: int,
    items: Sequence[tuple[bytes, bytes]],
    references: bytes,
    properties: bytes,
    start: int,
) -> bytes:
    entries = b"".join(
        _box(b"infe", b"\2\0\0\0", struct.pack(">HH", number, 0), kind, b"\0")
        for number, (kind, _) in enumerate(items, 1)
    )
    places = b""
    for number, (_, data) in enumerate(items, 1):
        places += struct.pack(">HHHII", number, 0, 1, start, len(data))
        start += len(data)
    return _box(
        b"meta",
        bytes(4),
        _box(b"hdlr", bytes(8), b"pict", bytes(13)),
        _box(b"pitm", bytes(4), struct.pack(">H", main)),
        _box(b"iinf", bytes(4), struct.pack(">H", len(items)), entries),
        references,
        _box(b"iprp", properties),
        _box(b"iloc", bytes(4), b"\x44\0", struct.pack(">H", len(items)), places),
    )


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, name) + body
