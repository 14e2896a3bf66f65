"""What becomes of a film's colours: eight bits, 4:2:0 limited range, BT.709 at most."""

from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from bot.media.facts import SPARE_CORES
from bot.media.video import is_wide

THREADS = min(2, SPARE_CORES)
_BT709, _RGB, _UNSAID = 1, 0, 2  # ITU-T H.273
_LIMITED_RANGE = 1
_WRITTEN, _DEEP = "yuv420p", "yuv420p10le"
_MAPPING = (
    "out_primaries=bt709:out_transfer=bt709:out_color_matrix=bt709:out_range=tv:"
    "intent=perceptual:flags=bilinear"
)
"""Highlights are compressed, not cut off."""


class Colours:
    """Turns a film's frames, all as the first is, into frames of one size as they are written."""

    def __init__(self, first: VideoFrame, width: int, height: int) -> None:
        self._size = width, height
        self._scaler = VideoReformatter()
        self._is_wide = is_wide(first)
        self._is_rgb = first.colorspace == _RGB or bool(first.format.is_rgb)
        self._told = first.color_primaries, first.color_trc, first.colorspace
        if self._is_wide or self._is_rgb:
            self._told = _BT709, _BT709, _BT709
        self._first = first
        self._graph: Graph | None = None

    def tell(self, picture: VideoCodecContext) -> None:
        """Let the encoder write down what the colours mean."""
        picture.color_primaries, picture.color_trc, picture.colorspace = self._told
        picture.color_range = _LIMITED_RANGE

    def of(self, frame: VideoFrame) -> VideoFrame:
        """This frame as it is written."""
        width, height = self._size
        if self._is_wide:
            return self._mapped(self._scaler.reformat(frame, width, height, _DEEP, threads=THREADS))
        return self._scaler.reformat(
            frame,
            width,
            height,
            _WRITTEN,
            dst_colorspace=Colorspace.ITU709 if self._is_rgb else None,
            dst_color_range=ColorRange.MPEG,
            threads=THREADS,
        )

    def _mapped(self, frame: VideoFrame) -> VideoFrame:
        frame.color_primaries = self._first.color_primaries
        frame.color_trc, frame.colorspace = self._first.color_trc, self._first.colorspace
        if self._graph is None:
            self._graph = _mapping(frame)
        self._graph.push(frame)
        mapped = self._graph.pull()
        assert isinstance(mapped, VideoFrame)
        return mapped


def _mapping(frame: VideoFrame) -> Graph:
    """One that maps frames like this one; what it has to know for that takes seconds, once."""
    graph = Graph()
    graph.threads = THREADS
    last = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    steps = ("sidedata", "mode=delete:type=DYNAMIC_HDR_PLUS"), ("scale", _MAPPING)
    for name, options in (*steps, ("format", _WRITTEN), ("buffersink", "")):
        step = graph.add(name, options)
        last.link_to(step)
        last = step
    graph.configure()
    return graph
