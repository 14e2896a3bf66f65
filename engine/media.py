"""Files from strangers, opened with care: pictures, films, and the mp4 that is written."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import av
from av import AudioFrame, Packet, VideoFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream
from PIL import Image, ImageFile

SHORT_SIDE_PIXELS = {f"{side}p": side for side in (360, 480, 540, 576, 720, 1080)}
LONGEST_S = 30.0
FASTEST_FPS = 30
IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
PIXEL_LIMIT = 50_000_000
SCALED_AS_THEY_ARE = ("L", "LA", "RGB", "RGBA", "CMYK")
DECODER_THREADS, ONE_THREAD_PIXELS = 2, 4096 * 2304
SOUND_RATE_HZ = 44_100
SLOWEST_SOUND_HZ, FASTEST_SOUND_HZ = 4_000, 400_000
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class RenderError(Exception):
    """An input cannot be used; the text says which and why."""


def open_subject(path: Path, largest_side: int) -> Image.Image:
    """The picture upright, in RGB, on white where it is transparent. Raises `RenderError`."""
    box = largest_side, largest_side
    try:
        with _as_viewers_do(), Image.open(path, formats=IMAGE_FORMATS) as picture:
            _refuse_a_bomb(picture)
            picture.draft("RGB", box)  # a JPEG may be read smaller
            if picture.mode in SCALED_AS_THEY_ARE:  # before there are more copies of it
                picture.thumbnail(box)
            if picture.mode.startswith("I") or picture.mode == "F":
                subject = _eight_bits(picture, box)
            else:
                subject = picture.convert("RGBA")
            turn = _turn_of(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise RenderError(f"image_url has more than {PIXEL_LIMIT:,} pixels") from None
    except Exception:  # noqa: BLE001 - Pillow's decoders raise nearly every kind of error
        raise RenderError("image_url is not a readable image") from None
    subject.thumbnail(box)
    if turn is not None:
        subject = subject.transpose(turn)
    white = Image.new("RGBA", subject.size, "white")
    return Image.alpha_composite(white, subject).convert("RGB")


@contextmanager
def _as_viewers_do() -> Iterator[None]:
    """Damaged notes, which nobody sees, cost nothing; of what breaks off there is what there is."""
    was, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = was


def _refuse_a_bomb(picture: Image.Image) -> None:
    """As Pillow does, but from our limit on."""
    if picture.width * picture.height > PIXEL_LIMIT:
        raise Image.DecompressionBombError


def _turn_of(picture: Image.Image) -> Image.Transpose | None:
    """What a camera's note says must be done to see it upright."""
    try:
        return _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - broken metadata does not damage the picture
        return None


def _eight_bits(picture: Image.Image, box: tuple[int, int]) -> Image.Image:
    """Grey of 16 bits, which Pillow would cut off instead of scale."""
    deep = picture.convert("I")
    deep.thumbnail(box)
    return deep.point(lambda level: level / 256).convert("L").convert("RGBA")


@contextmanager
def open_motion(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The film and its pictures' stream. Raises `RenderError`, also for what fails inside."""
    try:
        # the demuxer is forced: no playlist may pose as a video and name other files
        source = av.open(str(path), format="mov", metadata_errors="replace")
    except av.FFmpegError:
        raise RenderError("video_url is not an mp4 or mov video") from None
    with closing(source):
        video = next((each for each in source.streams.video if not _is_cover(each)), None)
        if video is None:
            raise RenderError("video_url holds no video stream")
        if video.codec_context is None:
            raise RenderError("video_url is coded in a way that nothing here can decode")
        # each thread holds pictures of its own: memory must not grow with the machine's cores
        is_huge = video.width * video.height > ONE_THREAD_PIXELS
        video.thread_type = "AUTO"
        video.codec_context.thread_count = 1 if is_huge else DECODER_THREADS
        try:
            yield source, video
        except av.FFmpegError as error:
            raise RenderError(f"video_url cannot be decoded: {error.strerror}") from None


def _is_cover(video: VideoStream) -> bool:
    return bool(video.disposition & Disposition.attached_pic)


def frames_of(
    source: InputContainer, *streams: VideoStream | AudioStream
) -> Iterator[VideoFrame | AudioFrame]:
    """What can be decoded: a damaged packet costs its own moment, a damaged index what it tells."""
    for packet in _packets(source, streams):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            if isinstance(frame, VideoFrame | AudioFrame):
                yield frame


def _packets(
    source: InputContainer, streams: Sequence[VideoStream | AudioStream]
) -> "Iterator[Packet[Stream]]":
    """All up to where no more can be read, and what tells the decoders that this was the end."""
    for stream in source.streams:  # what is not asked for is not read, and cannot fail
        stream.discard = Discard.default if stream in streams else Discard.all
    with suppress(av.FFmpegError):
        yield from source.demux(*streams)
        return
    for stream in streams:
        end = Packet()
        end.stream, end.time_base = stream, stream.time_base or end.time_base
        yield end


def quarter_turns(frame: VideoFrame) -> int:
    """How often to turn it counter-clockwise: phones store a film lying, with a note."""
    return round(frame.rotation / 90) % 4


def steady_rate(video: VideoStream) -> Fraction:
    """Pictures a second for the output: the film's own, at most 30."""
    wish = video.average_rate or video.guessed_rate or Fraction(FASTEST_FPS)
    bounded = min(max(wish, Fraction(1)), Fraction(FASTEST_FPS))
    return bounded.limit_denominator(1001)


def start_s(video: VideoStream) -> float:
    """When the first picture is shown, in the film's own time."""
    return float((video.start_time or 0) * (video.time_base or 0))


def duration_s(path: Path) -> float:
    """How many seconds of video a finished file holds."""
    with av.open(str(path), format="mov") as video:
        stream = video.streams.video[0]
        return float((stream.duration or 0) * (stream.time_base or 0))


class Timeline:
    """When each decoded picture is shown, whatever the film's time stamps are worth."""

    def __init__(self, video: VideoStream) -> None:
        self._start_s, self._usual_s = start_s(video), float(1 / steady_rate(video))
        self.shown_s, self.end_s = 0.0, 0.0

    def show(self, frame: VideoFrame) -> float:
        """Seconds from the film's begin. Raises `RenderError` past the longest length."""
        shown_s = self.end_s if frame.pts is None else frame.time - self._start_s
        self.shown_s = max(self.shown_s, shown_s)
        length_s = float(frame.duration * (frame.time_base or 0)) or self._usual_s
        self.end_s = self.shown_s + length_s
        if self.end_s > LONGEST_S + 0.1:
            raise RenderError(f"video_url is longer than {LONGEST_S:g} seconds")
        return self.shown_s


@contextmanager
def new_film(path: Path) -> Iterator[OutputContainer]:
    """An mp4 whose index comes first, so that it plays while it loads."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        yield output


class Film:
    """The pictures of an mp4, H.264, at a steady rate."""

    def __init__(self, output: OutputContainer, size: tuple[int, int], rate: Fraction) -> None:
        self._output, self._rate = output, rate
        self._stream = output.add_stream("libx264", rate=rate)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"preset": "veryfast", "crf": "22"}
        self.count = 0

    def add(self, picture: VideoFrame) -> None:
        """The next picture."""
        picture.pts, picture.time_base = self.count, 1 / self._rate
        self._output.mux(self._stream.encode(picture))
        self.count += 1

    def close(self) -> None:
        """End the stream."""
        self._output.mux(self._stream.encode(None))


class SoundTrack:
    """The sound of an mp4: AAC, counted by its samples so that no bad time stamp gets in."""

    def __init__(self, output: OutputContainer, video: VideoStream) -> None:
        self._output, self._start_s = output, start_s(video)
        self._stream = output.add_stream("aac", rate=SOUND_RATE_HZ)
        self._stream.codec_context.layout = "stereo"
        self._form: tuple[int, str, str] | None = None
        self._samples = 0

    def add(self, frame: AudioFrame) -> None:
        """Take the next decoded piece of sound; what lies past the longest length is left out."""
        form = (frame.sample_rate, frame.layout.name, frame.format.name)
        if self._form is None:
            self._form = form
            begin_s = min(max(0.0, (frame.time or 0.0) - self._start_s), LONGEST_S)
            self._samples = round(begin_s * frame.sample_rate)
        # the encoder keeps to the form it began with: a stream that changes falls silent
        if form != self._form or self._samples > LONGEST_S * frame.sample_rate:
            return
        if not SLOWEST_SOUND_HZ <= frame.sample_rate <= FASTEST_SOUND_HZ:
            return  # one piece of it would last for minutes
        frame.pts, frame.time_base = self._samples, Fraction(1, frame.sample_rate)
        self._samples += frame.samples
        self._encode(frame)

    def close(self) -> None:
        """End the stream."""
        self._encode(None)

    def _encode(self, frame: AudioFrame | None) -> None:
        """Sound in a form that cannot be mixed to two channels falls silent."""
        try:
            packets = self._stream.encode(frame)
        except av.FFmpegError:
            return
        self._output.mux(packets)
