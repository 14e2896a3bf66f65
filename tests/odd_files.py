"""Files as they come from phones, editors, generators and broken downloads, made here.

Each is made by a function of a folder; its name here is also its name in `docs/files.md`.
"""

import zlib
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from tests.heic import make_heic
from tests.media_samples import (
    make_audio_only,
    make_films,
    make_motion,
    make_picture,
    make_png,
    make_truncated,
)

Maker = Callable[[Path], Path]
SIZE = (320, 480)
WORKFLOW = zlib.compress(b'{"node": "KSampler"}' * 80_000)


def _picture(folder: Path, fmt: str, *, mode: str = "RGB", **options: object) -> Path:
    path = folder / "picture"
    with Image.open(make_picture(folder / "drawn.png", fmt="PNG")) as drawn:
        drawn.convert(mode).save(path, fmt, **options)
    return path


def _jpeg_with_notes(folder: Path) -> Path:
    good = make_picture(folder / "good.jpg").read_bytes()
    notes = [
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + bytes(60_000)),
        (0xE2, b"ICC_PROFILE\0\x07\x02broken"),
        (0xED, b"Photoshop 3.0\x008BIM\x04"),
    ]
    put = b"".join(
        bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2) + data for marker, data in notes
    )
    return _written(folder, good[:2] + put + good[2:])


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def _phones_pair(folder: Path) -> Path:
    path = folder / "picture"
    first, second = (Image.new("RGB", SIZE, colour) for colour in ("red", "blue"))
    first.save(path, "MPO", save_all=True, append_images=[second])
    return path


def _without_end(folder: Path, fmt: str, size_bytes: int) -> Path:
    return _written(folder, make_picture(folder / "whole", fmt=fmt).read_bytes()[:-size_bytes])


def make_film(
    folder: Path,
    codec: str,
    *,
    container: str = "mp4",
    pixels: str = "yuv420p",
    size: tuple[int, int] = (240, 320),
    times: tuple[int, ...] = tuple(range(0, 1000, 100)),
    movflags: str = "+faststart",
    turn: int = 0,
    fps: int = 10,
    colours: tuple[int, int, int] = (2, 2, 2),
) -> Path:
    """A second in this codec; a picture at each of the times (ms)."""
    path = folder / "film"
    options = {"movflags": movflags} if container in {"mp4", "mov"} else {}
    with av.open(str(path), "w", format=container, options=options) as output:
        stream = cast("VideoStream", output.add_stream(codec, rate=fps))
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = colours
        if container not in {"avi", "vob", "mpeg"}:  # these go by their rate
            stream.codec_context.time_base = Fraction(1, 1000)
        if turn:
            stream.set_display_rotation(turn)
        for at in times:
            # PyAV's stubs leave from_image bare
            frame: av.VideoFrame = VideoFrame.from_image(  # type: ignore[no-untyped-call]
                Image.new("RGB", size, (at % 256, 90, 120))
            )
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def _with_cover(folder: Path) -> Path:
    """A film whose file also holds a still, as music shops and some cameras add it."""
    path = folder / "covered"
    film = make_motion(folder / "film.mp4", duration_s=1)
    with (
        av.open(str(film)) as source,
        av.open(str(path), "w", format="mp4") as output,
    ):
        stream = output.add_stream_from_template(source.streams.video[0])
        cover = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        still: av.VideoFrame = VideoFrame.from_image(Image.new("RGB", (64, 64)))  # type: ignore[no-untyped-call]
        output.mux(cover.encode(still))
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
        output.mux(cover.encode(None))
    return path


def _heic(folder: Path, *, tile: tuple[int, int] | None = None, quarter_turns: int = 0) -> Path:
    with Image.open(make_picture(folder / "drawn.png", fmt="PNG")) as drawn:
        return make_heic(folder / "heic", drawn, tile=tile, quarter_turns=quarter_turns)


def _clear(mode: str) -> Image.Image:
    """A figure's lower half."""
    picture = Image.new(mode, SIZE, (0, 0, 0, 0))
    picture.paste((170, 40, 60, 255), (0, SIZE[1] // 2, *SIZE))
    return picture


def _clear_avif(folder: Path) -> Path:
    path = folder / "picture"
    _clear("RGBA").save(path, "AVIF")
    return path


def _moving_sticker(folder: Path) -> Path:
    path = folder / "picture"
    first = _clear("RGBA")
    first.save(path, "GIF", save_all=True, append_images=[first.rotate(180)], duration=100)
    return path


PICTURES: Mapping[str, tuple[Maker, str]] = {
    "a phone's JPEG, stored lying on its side": (
        lambda folder: make_picture(folder / "p", exif_orientation=6), "taken"),
    "a phone's JPEG of two pictures (MPO)": (_phones_pair, "taken"),
    "a progressive JPEG": (lambda folder: _picture(folder, "JPEG", progressive=True), "taken"),
    "a JPEG in CMYK, as for print": (lambda folder: _picture(folder, "JPEG", mode="CMYK"), "taken"),
    "a grey JPEG": (lambda folder: _picture(folder, "JPEG", mode="L"), "taken"),
    "a JPEG with broken XMP, profile and Photoshop notes": (_jpeg_with_notes, "taken"),
    "a JPEG that lacks its last 2 bytes": (
        lambda folder: _without_end(folder, "JPEG", 2), "its end is missing"),
    "half a JPEG": (
        lambda folder: make_truncated(make_picture(folder / "w"), folder / "h"),
        "its end is missing"),
    "a PNG with the workflow of an image generator": (
        lambda folder: make_png(folder / "p", (b"zTXt", b"workflow\0\0" + WORKFLOW)), "taken"),
    "a PNG whose text has a wrong checksum": (
        lambda folder: make_png(folder / "p", (b"tEXt", b"Software\0x"), spoilt=b"tEXt"), "taken"),
    "a PNG with a broken colour profile": (
        lambda folder: make_png(folder / "p", (b"iCCP", b"profile\0\0broken")), "taken"),
    "a PNG of 16 bits": (lambda folder: _picture(folder, "PNG", mode="I;16"), "taken"),
    "a PNG with a palette": (lambda folder: _picture(folder, "PNG", mode="P"), "taken"),
    "a PNG that is partly transparent": (
        lambda folder: _picture(folder, "PNG", mode="RGBA"), "taken"),
    "a PNG that lacks its last chunk": (lambda folder: _without_end(folder, "PNG", 12), "taken"),
    "an animated PNG": (
        lambda folder: make_picture(folder / "p", fmt="PNG", animated=True),
        "first frame sent as JPEG"),
    "a still GIF": (lambda folder: make_picture(folder / "p", fmt="GIF"), "taken"),
    "an animated GIF": (
        lambda folder: make_picture(folder / "p", fmt="GIF", animated=True),
        "first frame sent as JPEG"),
    "an animated GIF, partly transparent": (_moving_sticker, "first frame sent as PNG"),
    "a lossless WebP": (lambda folder: _picture(folder, "WEBP", lossless=True), "taken"),
    "an animated WebP": (
        lambda folder: make_picture(folder / "p", fmt="WEBP", animated=True),
        "first frame sent as JPEG"),
    "a HEIC of a phone, in tiles": (lambda folder: _heic(folder, tile=(128, 128)), "sent as JPEG"),
    "a HEIC of a phone, lying on its side": (
        lambda folder: _heic(folder, tile=(128, 128), quarter_turns=3), "sent as JPEG"),
    "a HEIC in one piece": (_heic, "sent as JPEG"),
    "an AVIF": (lambda folder: _picture(folder, "AVIF"), "sent as JPEG"),
    "an AVIF, lying on its side": (
        lambda folder: make_picture(folder / "p", fmt="AVIF", exif_orientation=6), "sent as JPEG"),
    "an AVIF that is partly transparent": (_clear_avif, "sent as PNG"),
    "a moving AVIF": (
        lambda folder: make_picture(folder / "p", fmt="AVIF", animated=True), "sent as JPEG"),
    "a TIFF": (lambda folder: _picture(folder, "TIFF"), "sent as JPEG"),
    "a TIFF, lying on its side": (
        lambda folder: make_picture(folder / "p", fmt="TIFF", exif_orientation=6), "sent as JPEG"),
    "a packed TIFF in CMYK, as for print": (
        lambda folder: _picture(folder, "TIFF", mode="CMYK", compression="tiff_lzw"),
        "sent as JPEG"),
    "a TIFF of 16 bits": (lambda folder: _picture(folder, "TIFF", mode="I;16"), "sent as JPEG"),
    "a BMP": (lambda folder: _picture(folder, "BMP"), "sent as JPEG"),
    "half a HEIC": (
        lambda folder: make_truncated(_heic(folder), folder / "h"), "its end is missing"),
    "an SVG": (
        lambda folder: _written(folder, b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        "another kind"),
    "an mp4 as picture": (lambda folder: make_motion(folder / "v", duration_s=1), "a video"),
    "a WebM as picture": (
        lambda folder: make_motion(folder / "v", duration_s=1, container="webm"), "a video"),
}  # fmt: skip
"""What is sent as a picture, and what the bot makes of it."""

VIDEOS: Mapping[str, tuple[Maker, str]] = {
    "an mp4 with its index at the end": (
        lambda folder: make_motion(folder / "v", duration_s=1, faststart=False), "taken"),
    "a mov with sound": (
        lambda folder: make_motion(folder / "v", duration_s=1, container="mov", audio=True),
        "taken"),
    "a fragmented mp4, as streaming sites write it": (
        lambda folder: make_film(folder, "libx264", movflags="frag_keyframe+empty_moov"), "taken"),
    "a phone's video that is to be turned": (
        lambda folder: make_film(folder, "libx264", turn=90), "taken"),
    "a video of varying frame rate": (
        lambda folder: make_film(folder, "libx264", times=(0, 10, 250, 260, 900, 940, 990)),
        "taken"),
    "HEVC of a phone": (lambda folder: make_film(folder, "libx265"), "written anew"),
    "HEVC of 10 bits": (lambda folder: make_film(folder, "libx265", pixels="yuv420p10le"),
        "written anew"),
    "HDR of a phone (HLG, BT.2020)": (
        lambda folder: make_film(folder, "libx265", pixels="yuv420p10le", colours=(9, 18, 9)),
        "written anew"),
    "AV1": (lambda folder: make_film(folder, "libsvtav1"), "written anew"),
    "MPEG-4 of an older camera": (lambda folder: make_film(folder, "mpeg4"), "written anew"),
    "Motion JPEG in a mov": (
        lambda folder: make_film(folder, "mjpeg", container="mov", pixels="yuvj420p"),
        "written anew"),
    "ProRes of an editor": (
        lambda folder: make_film(folder, "prores_ks", container="mov", pixels="yuv422p10le"),
        "written anew"),
    "H.264 in 4:4:4 of odd width": (
        lambda folder: make_film(folder, "libx264", pixels="yuv444p", size=(241, 321)),
        "written anew"),
    "a video with a cover picture": (_with_cover, "taken"),
    "a 4K video": (lambda folder: make_films(folder / "v", ((3840, 2160), 0.5)), "written anew"),
    "a video with a second one behind it": (
        lambda folder: make_films(folder / "v", ((240, 320), 0.5), ((64, 64), 5.0)),
        "written anew"),
    "a video whose sound goes on": (
        lambda folder: make_films(folder / "v", ((240, 320), 0.5), sound_s=4.0), "written anew"),
    "MPEG-4 of a camera, lying on its side": (
        lambda folder: make_film(folder, "mpeg4", turn=90), "written anew"),
    "HEVC of varying frame rate": (
        lambda folder: make_film(folder, "libx265", times=(0, 30, 250, 290, 900, 940, 990)),
        "written anew"),
    "a WebM with sound": (
        lambda folder: make_motion(folder / "v", duration_s=1, container="webm", audio=True),
        "written anew"),
    "a WebM of VP8": (lambda folder: make_film(folder, "libvpx", container="webm"), "written anew"),
    "a Matroska video of a screen recorder": (
        lambda folder: make_motion(folder / "v", duration_s=1, container="matroska", audio=True),
        "written anew"),
    "an AVI": (
        lambda folder: make_motion(folder / "v", duration_s=1, container="avi", audio=True),
        "written anew"),
    "an AVI of MPEG-4": (
        lambda folder: make_film(folder, "mpeg4", container="avi"), "written anew"),
    "an AVI of Motion JPEG": (
        lambda folder: make_film(folder, "mjpeg", container="avi", pixels="yuvj420p"),
        "written anew"),
    "a 3gp of an old phone": (
        lambda folder: make_film(folder, "h263", container="3gp", size=(176, 144)), "written anew"),
    "an MPEG transport stream": (
        lambda folder: make_motion(folder / "v", duration_s=1, container="mpegts", audio=True),
        "written anew"),
    "an MPEG program stream": (
        lambda folder: make_film(
            folder, "mpeg2video", container="vob", fps=25, times=tuple(range(0, 1000, 40))),
        "written anew"),
    "an animated GIF as video": (
        lambda folder: make_picture(folder / "p", fmt="GIF", animated=True), "written anew"),
    "an animated WebP as video": (
        lambda folder: make_picture(folder / "p", fmt="WEBP", animated=True), "written anew"),
    "an animated PNG as video": (
        lambda folder: make_picture(folder / "p", fmt="PNG", animated=True), "written anew"),
    "a still GIF as video": (lambda folder: make_picture(folder / "p", fmt="GIF"), "a picture"),
    "a still WebP as video": (lambda folder: make_picture(folder / "p", fmt="WEBP"), "a picture"),
    "a Flash video": (
        lambda folder: make_motion(folder / "v", duration_s=1, container="flv"), "another kind"),
    "a Windows Media video": (
        lambda folder: make_motion(folder / "v", duration_s=1, container="asf"), "another kind"),
    "a JPEG as video": (lambda folder: make_picture(folder / "p"), "a picture"),
    "sound alone in an mp4": (lambda folder: make_audio_only(folder / "v"), "no video"),
    "half an mp4": (
        lambda folder: make_truncated(make_motion(folder / "w", duration_s=1), folder / "h"),
        "damaged"),
}  # fmt: skip
"""What is sent as a video, and what the bot makes of it."""
