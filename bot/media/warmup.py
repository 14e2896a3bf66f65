"""What every decoder's process would else do for itself: load the decoders, and use each once.

A first use fills tables, binds symbols and imports plugins. Whoever is forked afterwards has all of
it. Only files of our own making are decoded here.
"""

import io
import os
from fractions import Fraction
from pathlib import Path

import av
import pi_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.Image import Exif, Image, new

from bot.media.facts import LEAST_SIDE_PIXELS, PICTURES_TAKEN, Kind
from bot.media.image import ORIENTATION, inspect_image
from bot.media.video import CODECS, inspect_result

LOADED = (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    pi_heif,
)
"""Pillow imports its plugins when it first needs them."""

_SAMPLED = PICTURES_TAKEN | {Kind.BMP, Kind.TIFF}
"""Encoders of others would leave threads."""

_SIDE_PIXELS = LEAST_SIDE_PIXELS
_FRAMES = 8
"""FFmpeg looks at seven to learn in which order H.264 shows them."""


def warm_up() -> None:
    """Decode a file of each kind that is taken, and open each decoder. It leaves no thread."""
    picture = new("RGB", (_SIDE_PIXELS, _SIDE_PIXELS))
    exif = Exif()
    exif[ORIENTATION] = 1
    for kind in _SAMPLED:
        content = io.BytesIO()
        picture.save(content, kind.value, exif=exif)
        inspect_image(_in_memory(content))
    inspect_result(_in_memory(_video(picture)))
    for name in CODECS:
        decoder = av.CodecContext.create(name, "r")
        decoder.thread_count = 1
        decoder.open()


def _video(picture: Image) -> io.BytesIO:
    content = io.BytesIO()
    with av.open(content, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=_FRAMES, options={"preset": "veryfast"})
        stream.codec_context.thread_count = 1
        stream.width, stream.height = picture.size
        stream.pix_fmt = "yuv420p"
        # PyAV's stubs leave from_image bare
        frame: av.VideoFrame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
        for index in range(_FRAMES):
            frame.pts, frame.time_base = index, Fraction(1, _FRAMES)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return content


def _in_memory(content: io.BytesIO) -> Path:
    """A file that is on no disk; it is gone with the process."""
    number = os.memfd_create("sample")
    os.write(number, content.getbuffer())
    return Path("/proc/self/fd", str(number))
