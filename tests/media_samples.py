"""Small pictures and videos, drawn here so that no test needs a file from elsewhere."""

import io
import math
import random
import zlib
from array import array
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av import VideoFrame
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

SUBJECT_BACKGROUND = (236, 224, 190)
MOTION_BACKGROUND = (24, 40, 72)
AUDIO_RATE_HZ = 44_100
BOMB_SIDE_PIXELS = 20_000


def make_picture(
    path: Path,
    *,
    size: tuple[int, int] = (320, 480),
    fmt: str = "JPEG",
    exif_orientation: int | None = None,
    animated: bool = False,
) -> Path:
    """A person standing still, `size` as stored; `fmt` is a name Pillow knows.

    With `exif_orientation` (1–8) viewers turn the stored picture; animated ones have two frames
    and need GIF, PNG or WEBP. Returns `path`.
    """
    picture = _figure(size, swing=0.0, ink=(170, 40, 60), ground=SUBJECT_BACKGROUND)
    exif = Image.Exif()
    if exif_orientation is not None:
        exif[0x0112] = exif_orientation
    if animated:
        other = _figure(size, swing=1.0, ink=(40, 60, 170), ground=SUBJECT_BACKGROUND)
        picture.save(path, fmt, exif=exif, save_all=True, append_images=[other], duration=100)
    else:
        picture.save(path, fmt, exif=exif)
    return path


def make_motion(
    path: Path,
    *,
    duration_s: float = 2.0,
    fps: int = 12,
    size: tuple[int, int] = (240, 320),
    audio: bool = False,
    container: str = "mp4",
    faststart: bool = True,
) -> Path:
    """A person swinging arms and legs once a second: H.264, or VP9 where `container` is webm.

    `container` is FFmpeg's name for it (mp4, mov, matroska, avi, webm). With `audio` a tone of
    the same length goes along. `faststart` puts the index of an mp4 or mov first. Returns `path`.
    """
    options = {"movflags": "+faststart"} if faststart and container in {"mp4", "mov"} else {}
    with av.open(str(path), "w", format=container, options=options) as output:
        codec = "libvpx-vp9" if container == "webm" else "libx264"
        stream = cast("VideoStream", output.add_stream(codec, rate=fps))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "deadline": "realtime", "cpu-used": "8"}
        sound = None
        if audio:
            sound_codec = "libopus" if container == "webm" else "aac"
            rate_hz = 48_000 if container == "webm" else AUDIO_RATE_HZ
            sound = cast("AudioStream", output.add_stream(sound_codec, rate=rate_hz))
            sound.codec_context.layout = "mono"
        for index in range(max(1, round(duration_s * fps))):
            swing = math.sin(2 * math.pi * index / fps)
            picture = _figure(size, swing=swing, ink=(245, 190, 80), ground=MOTION_BACKGROUND)
            # PyAV's stubs leave from_image bare
            frame: VideoFrame = VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = index, Fraction(1, fps)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if sound is not None:
            add_tone(output, sound, duration_s)
    return path


def make_audio_only(path: Path, *, duration_s: float = 1.0) -> Path:
    """An mp4 with a tone and no picture at all. Returns `path`."""
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=AUDIO_RATE_HZ)
        stream.codec_context.layout = "mono"
        add_tone(output, stream, duration_s)
    return path


def make_truncated(path_of_good: Path, path: Path, *, keep: float = 0.6) -> Path:
    """The first part of a good file, as a broken download leaves it. Returns `path`."""
    content = path_of_good.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path


def make_png(
    path: Path,
    *before: tuple[bytes, bytes],
    after: tuple[tuple[bytes, bytes], ...] = (),
    size: tuple[int, int] = (320, 480),
    spoilt: bytes = b"",
) -> Path:
    """A PNG with further chunks, each a name and its data, before and after its pixels.

    The checksum of each chunk whose name is `spoilt` is wrong. Returns `path`.
    """
    plain = io.BytesIO()
    _figure(size, swing=0.0, ink=(170, 40, 60), ground=SUBJECT_BACKGROUND).save(plain, "PNG")
    content = plain.getvalue()
    head, tail = content.index(b"IDAT") - 4, content.index(b"IEND") - 4
    put = [
        b"".join(png_chunk(*chunk, spoilt=chunk[0] == spoilt) for chunk in chunks)
        for chunks in (before, after)
    ]
    path.write_bytes(content[:head] + put[0] + content[head:tail] + put[1] + content[tail:])
    return path


def make_films(path: Path, *tracks: tuple[tuple[int, int], float], sound_s: float = 0.0) -> Path:
    """An mp4 of moving pictures, each a size and its seconds, and a tone. Returns `path`."""
    fps = 12
    with av.open(str(path), "w", format="mp4") as output:
        streams = [output.add_stream("libx264", rate=fps) for _ in tracks]
        for stream, (size, _) in zip(streams, tracks, strict=True):
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.options = {"preset": "ultrafast"}
        sound = None
        if sound_s:
            sound = output.add_stream("aac", rate=AUDIO_RATE_HZ)
            sound.codec_context.layout = "mono"
        for stream, (size, duration_s) in zip(streams, tracks, strict=True):
            for index in range(max(1, round(duration_s * fps))):
                picture = Image.new("RGB", size, (index * 5 % 256, 80, 120))
                # PyAV's stubs leave from_image bare
                frame: av.VideoFrame = VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
                frame.pts, frame.time_base = index, Fraction(1, fps)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        if sound is not None:
            add_tone(output, sound, sound_s)
    return path


def make_repeated(
    path: Path,
    *,
    size: tuple[int, int],
    frames: int,
    fps: int,
    codec: str = "libx264",
    broken: frozenset[int] = frozenset(),
) -> Path:
    """An mp4 of one grey keyframe so many times: large for its few bytes.

    Those that are `broken`, counted from 0, cannot be decoded. Returns `path`.
    """
    once = io.BytesIO()
    with av.open(once, "w", format="mp4") as first:
        stream = first.add_stream(codec, rate=fps)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.options = {"preset": "ultrafast"} if codec == "libx264" else {}
        grey = Image.new("RGB", size, (90, 120, 60))
        # PyAV's stubs leave from_image bare
        frame: VideoFrame = VideoFrame.from_image(grey)  # type: ignore[no-untyped-call]
        first.mux(stream.encode(frame))
        first.mux(stream.encode(None))
    once.seek(0)
    with av.open(once, "r") as source, av.open(str(path), "w", format="mp4") as output:
        copied = output.add_stream_from_template(source.streams.video[0])
        content = next(bytes(packet) for packet in source.demux(video=0) if packet.size)
        for index in range(frames):
            packet = av.Packet(bytes(len(content)) if index in broken else content)
            packet.stream, packet.time_base = copied, Fraction(1, fps)
            packet.pts = packet.dts = index
            packet.duration, packet.is_keyframe = 1, True
            output.mux(packet)
    return path


def make_pixel_bomb(path: Path) -> Path:
    """A well-formed PNG of 400 million pixels in a fifth of a megabyte. Returns `path`."""
    side = BOMB_SIDE_PIXELS
    row = bytes(1 + side // 8)
    packer = zlib.compressobj(level=1)
    rows = b"".join(packer.compress(row * 1_000) for _ in range(side // 1_000)) + packer.flush()
    header = side.to_bytes(4) * 2 + bytes([1, 0, 0, 0, 0])  # one bit a pixel, grey
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks))
    return path


def make_endless_scans(path: Path, *, scans: int, side: int = 200) -> Path:
    """A progressive JPEG of a square whose last scan comes so many times more. Returns `path`."""
    plain = io.BytesIO()
    Image.new("L", (side, side)).save(plain, "JPEG", progressive=True)
    content = plain.getvalue()
    last_at, end_at = content.rindex(b"\xff\xda"), content.rindex(b"\xff\xd9")
    path.write_bytes(content[:end_at] + content[last_at:end_at] * scans + content[end_at:])
    return path


def make_noise(path: Path, *, size_bytes: int = 4_096) -> Path:
    """Bytes that are no kind of file; the same ones each time. Returns `path`."""
    path.write_bytes(random.Random(7).randbytes(size_bytes))
    return path


def _figure(
    size: tuple[int, int], *, swing: float, ink: tuple[int, int, int], ground: tuple[int, int, int]
) -> Image.Image:
    width, height = size
    picture = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(picture)
    unit = min(width, height / 1.5) / 10
    line = max(2, round(unit * 0.7))
    neck, hip = (width / 2, height * 0.32), (width / 2, height * 0.58)
    draw.ellipse(_around((neck[0], neck[1] - unit * 1.3), unit * 1.2), fill=ink)
    draw.line([neck, hip], fill=ink, width=line * 2)
    for side in (-1, 1):
        for joint, spread in ((neck, 0.8), (hip, 0.35)):
            angle = side * spread + swing * 0.6
            first = (joint[0] + math.sin(angle) * unit * 2, joint[1] + math.cos(angle) * unit * 2)
            bend = angle + swing * side * 0.5
            last = (first[0] + math.sin(bend) * unit * 2, first[1] + math.cos(bend) * unit * 2)
            draw.line([joint, first, last], fill=ink, width=line, joint="curve")
    return picture


def _around(centre: tuple[float, float], radius: float) -> tuple[float, float, float, float]:
    x, y = centre
    return (x - radius, y - radius, x + radius, y + radius)


def add_tone(output: av.container.OutputContainer, stream: AudioStream, duration_s: float) -> None:
    """Mux that many seconds of a tone into the stream."""
    rate_hz = stream.rate
    total = round(duration_s * rate_hz)
    resampler = av.AudioResampler(stream.codec_context.format, "mono", rate_hz)
    for start in range(0, total, 1_024):
        count = min(1_024, total - start)
        wave = (math.sin(2 * math.pi * 440 * n / rate_hz) for n in range(start, start + count))
        frame = av.AudioFrame("s16", "mono", count)
        frame.planes[0].update(array("h", (round(8_000 * level) for level in wave)).tobytes())
        frame.pts, frame.sample_rate = start, rate_hz
        frame.time_base = Fraction(1, rate_hz)
        for ready in resampler.resample(frame):
            output.mux(stream.encode(ready))
    output.mux(stream.encode(None))


def png_chunk(kind: bytes, data: bytes, *, spoilt: bool = False) -> bytes:
    """One chunk of a PNG; a spoilt one has a wrong checksum."""
    checksum = zlib.crc32(kind + data) ^ spoilt
    return len(data).to_bytes(4) + kind + data + checksum.to_bytes(4)
