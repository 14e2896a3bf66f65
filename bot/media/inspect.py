"""What a file really is, and making one smaller: in whose turn, within which bounds.

Each file is looked at in a process of its own, which hostile bytes may crash or stall.
"""

import asyncio
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.clock import Clock, SystemClock
from bot.errors import Problem, Refused
from bot.media.claims.animations import animation_in
from bot.media.decoders import Decoders
from bot.media.facts import (
    IMAGE_LIMIT_BYTES,
    PICTURES,
    PIXEL_LIMIT,
    SPARE_CORES,
    VIDEO_LIMIT_BYTES,
    VIDEO_LIMIT_S,
    VIDEOS,
    WHOLE_LIMIT_S,
    ImageFacts,
    Kind,
    Request,
    VideoFacts,
    kind_of,
)
from bot.media.saving.part import clear, workshop_of
from bot.media.turns import LOOKS_SHARE, REWRITES_SHARE, Turns

__all__ = [
    "IMAGE_LIMIT_BYTES",
    "PIXEL_LIMIT",
    "VIDEO_LIMIT_BYTES",
    "VIDEO_LIMIT_S",
    "WHOLE_LIMIT_S",
    "ImageFacts",
    "Media",
    "VideoFacts",
]

PICTURE_CPU_S, MOTION_CPU_S, RESULT_CPU_S, LOOK_WALL_S = 6, 12, 20, 60.0
"""A picture of the most pixels takes 0.6 s, or 2 s where all are packed as badly as can be."""

RESULT_WALL_S = 300.0
"""A paid result is not refused because a machine is busy: the processor's time bounds it."""

FIT_CPU_S, FIT_WALL_S = 120, 240.0
REDRAW_CPU_S, REWRITE_CPU_S, REWRITE_CPU_A_SECOND = 20, 30, 7
"""The most to begin with, and for each second of a motion: what is HDR, and 4K at 60 fps, needs
two thirds of it."""

LOOP_CPU_S, LOOP_LIMIT_BYTES = 30, 1_000_000
REWRITE_WALL_A_CPU_S = 3.0
"""It is niced: whatever else the machine does goes first."""

LOOKS_AT_ONCE = SPARE_CORES
"""New files leave one core to the bot itself."""

OFFER_LATE_S = 60.0
"""So much earlier than an offer, which costs nothing, comes what was asked for by a command."""

REWRITE_LIMIT_PIXELS = 16_000_000_000
"""Of all frames together, as in 30 seconds of 4K at 60 a second: minutes of work."""

QUICK_REWRITE_PIXELS, QUICK_FRAME_PIXELS = 2_500_000_000, 9_000_000
"""What has fewer, as ten seconds of 4K at 30 a second, never waits for one that takes minutes."""

_REWRITTEN_PIXELS_PER_S = 200_000_000

UNFIT_FOR_S = 3600.0
"""What could not be made smaller is not tried again so soon, however often somebody asks for it."""

RESULTS_AT_ONCE = 1
"""A paid result has a turn of its own: it never waits behind new files, nor behind an encoder."""

_NAMED = frozenset(
    {
        Problem.NOT_AN_IMAGE,
        Problem.VIDEO_AS_IMAGE,
        Problem.NOT_A_VIDEO,
        Problem.GIF_AS_VIDEO,
        Problem.PICTURE_AS_VIDEO,
        Problem.VIDEO_WRONG_FORMAT,
    }
)


class Media:
    """Looks at files; whoever's turn it is not yet waits. `async with`, or `close` it.

    A look may also end in `Refused` with TOO_HARD_TO_READ, after `look_wall_s` seconds at the
    latest, or `RESULT_WALL_S` of a result. A file that is not there is an `OSError`. `person_id` is
    whose file it is: whoever has kept a decoder busy for long comes after others. What is of an
    offer, as long as nobody pays for it, lets others by.
    """

    def __init__(
        self,
        decoders: Decoders | None = None,
        *,
        look_wall_s: float = LOOK_WALL_S,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock = clock or SystemClock()
        self._decoders = decoders or Decoders()
        self._walks = Turns(1, clock)
        self._looks = Turns(LOOKS_AT_ONCE, clock, LOOKS_SHARE)
        self._results = Turns(RESULTS_AT_ONCE, clock)
        self._rewrites = Turns(1, clock, REWRITES_SHARE)
        self._quick_rewrites = Turns(1, clock, REWRITES_SHARE)
        self._fits = Turns(1, clock)
        self._unfit: dict[Path, tuple[int, float]] = {}
        self._look_wall_s = look_wall_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._decoders.close()

    async def are_swapped(self, image: Path | None, video: Path | None, person_id: int = 0) -> bool:
        """Whether each that is given is by its bytes what the other should be.

        A picture that moves may be either, but by itself it is a video. Raises `Refused`.
        """
        async with self._walks.turn(person_id):  # one file's blocks at a time, in a thread of ours
            return await asyncio.to_thread(_are_swapped, image, video)

    async def content_type(self, path: Path) -> str:
        """What a file that was looked at before is called over HTTP."""
        kind = await asyncio.to_thread(kind_of, path)
        return "video/mp4" if kind is Kind.MOVIE else f"image/{kind.lower()}"

    async def inspect_image(
        self, path: Path, name: str, person_id: int = 0, *, is_offer: bool = False
    ) -> ImageFacts:
        """Decode a picture, or the first frame of one that moves; raises `Refused` for others."""
        _check_size(path, Problem.IMAGE_TOO_LARGE, IMAGE_LIMIT_BYTES)
        async with self._looks.turn(person_id, late_s=OFFER_LATE_S * is_offer):
            return _image_facts(await self._look("image", path, name, PICTURE_CPU_S))

    async def inspect_video(
        self, path: Path, name: str, person_id: int = 0, *, is_offer: bool = False
    ) -> VideoFacts:
        """Measure what moves and decode samples of it; raises `Refused` for anything else."""
        _check_size(path, Problem.VIDEO_TOO_LARGE, VIDEO_LIMIT_BYTES)
        async with self._looks.turn(person_id, late_s=OFFER_LATE_S * is_offer):
            facts = _video_facts(await self._look("video", path, name, MOTION_CPU_S))
        if (
            facts.is_to_be_rewritten and facts.duration_s <= VIDEO_LIMIT_S
        ):  # of a longer one only a part is written
            _check_work(facts)
        return facts

    async def inspect_result(self, path: Path, person_id: int = 0) -> VideoFacts:
        """Like `inspect_video`, for a finished video: of any size and length, and to its end."""
        async with self._results.turn(person_id):
            return _video_facts(await self._look("result", path, path.name, RESULT_CPU_S))

    async def fit(self, source: Path, target: Path, limit_bytes: int, person_id: int = 0) -> bool:
        """Encode a video once more into an mp4 of at most `limit_bytes`.

        False when it cannot be done, for whatever reason; `target` is then as it was before.
        """
        async with self._fits.turn(person_id):
            if self._is_unfit(source, limit_bytes):
                return False
            with _new(target) as new:
                bounds = FIT_CPU_S, FIT_WALL_S, str(new), limit_bytes
                try:
                    answer = await self._decoders.run(Request("fit", _found(source), *bounds))
                    if _facts(answer, source.name).get("fits"):
                        await asyncio.to_thread(_put_in_place, new, target)
                        return True
                except Refused:
                    pass
            self._unfit[source] = limit_bytes, self._clock.monotonic()
            return False

    def _is_unfit(self, source: Path, limit_bytes: int) -> bool:
        """Whether this was tried of late with as much room, in vain."""
        now = self._clock.monotonic()
        self._unfit = {
            path: tried for path, tried in self._unfit.items() if now - tried[1] < UNFIT_FOR_S
        }
        return source in self._unfit and limit_bytes <= self._unfit[source][0]

    async def rewrite(
        self,
        path: Path,
        name: str,
        person_id: int = 0,
        *,
        facts: VideoFacts,
        start_s: float = 0.0,
        length_s: float | None = None,
        is_offer: bool = False,
    ) -> VideoFacts:
        """Write a motion in place as the provider takes it, or a part of it; its new facts.

        Raises `Refused`; the file is then as it was before. `facts` are what it was looked at for.
        A part begins at `start_s`, and lasts for `length_s` seconds or to the end.
        """
        part_s = facts.duration_s - start_s if length_s is None else length_s
        frames = math.ceil(facts.frames * min(1.0, part_s / facts.duration_s))
        part = replace(facts, duration_s=part_s, frames=frames)
        _check_work(part)
        is_quick = (
            part.pixels <= QUICK_REWRITE_PIXELS and part.width * part.height <= QUICK_FRAME_PIXELS
        )
        turns = self._quick_rewrites if is_quick else self._rewrites
        takes_s = part.pixels / _REWRITTEN_PIXELS_PER_S
        cpu_s = REWRITE_CPU_S + math.ceil(part_s * REWRITE_CPU_A_SECOND)
        bounds = cpu_s, REWRITE_WALL_A_CPU_S * cpu_s, "", VIDEO_LIMIT_BYTES
        request = Request("rewrite", _found(path), *bounds, start_s=start_s, length_s=length_s)
        async with turns.turn(person_id, late_s=OFFER_LATE_S * is_offer, takes_s=takes_s):
            return _video_facts(await self._replace(request, path, name))

    async def draw_loop(self, path: Path, name: str, target: Path, person_id: int = 0) -> None:
        """Draw a small moving picture of a motion that was written here. Raises `Refused`."""
        with _new(target) as new:
            bounds = LOOP_CPU_S, REWRITE_WALL_A_CPU_S * LOOP_CPU_S, str(new), LOOP_LIMIT_BYTES
            async with self._quick_rewrites.turn(person_id):
                answer = await self._decoders.run(Request("loop", _found(path), *bounds))
            _facts(answer, name)
            await asyncio.to_thread(_put_in_place, new, target)

    async def redraw(
        self, path: Path, name: str, person_id: int = 0, *, is_offer: bool = False
    ) -> ImageFacts:
        """Draw a picture in its place as the provider takes it; its new facts.

        Raises `Refused`; the file is then as it was before.
        """
        bounds = REDRAW_CPU_S, REWRITE_WALL_A_CPU_S * REDRAW_CPU_S, "", IMAGE_LIMIT_BYTES
        request = Request("redraw", _found(path), *bounds)
        async with self._quick_rewrites.turn(person_id, late_s=OFFER_LATE_S * is_offer):
            return _image_facts(await self._replace(request, path, name))

    async def _replace(self, request: Request, path: Path, name: str) -> Mapping[str, Any]:
        """Let a decoder put another file in a file's place."""
        with _new(path) as new:
            answer = await self._decoders.run(replace(request, output=str(new)))
            facts = _facts(answer, name)
            await asyncio.to_thread(_put_in_place, new, path)
        return facts

    async def _look(self, target: str, path: Path, name: str, cpu_s: int) -> Mapping[str, Any]:
        wall_s = RESULT_WALL_S if target == "result" else self._look_wall_s
        request = Request(target, _found(path), cpu_s, wall_s)
        return _facts(await self._decoders.run(request), name)


def _found(path: Path) -> str:
    """Where it is, from whichever folder it is asked. Raises `OSError` if it is not there."""
    return str(path.resolve(strict=True))


def _facts(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The facts in a worker's answer. Raises the `Refused` that it names."""
    facts: dict[str, Any] = answer["facts"]
    if "problem" not in answer:
        return facts
    problem = Problem(answer["problem"])
    if problem in _NAMED:
        facts["name"] = name
    raise Refused(problem, **facts)


def _image_facts(facts: Mapping[str, Any]) -> ImageFacts:
    return ImageFacts(
        str(facts["format"]),
        int(facts["width"]),
        int(facts["height"]),
        bool(facts["is_other"]),
        str(facts["given_as"]),
    )


def _video_facts(facts: Mapping[str, Any]) -> VideoFacts:
    return VideoFacts(
        float(facts["duration_s"]),
        int(facts["width"]),
        int(facts["height"]),
        bool(facts["has_more"]),
        bool(facts["is_other"]),
        str(facts["given_as"]),
        int(facts["frames"]),
    )


def _check_work(facts: VideoFacts) -> None:
    """Raises `Refused` for what would take too long to write anew."""
    if facts.pixels > REWRITE_LIMIT_PIXELS:
        raise Refused(Problem.TOO_HARD_TO_READ)


def _are_swapped(image: Path | None, video: Path | None) -> bool:
    is_film = image is not None and kind_of(image) in VIDEOS
    if image is not None and not is_film and animation_in(image, kind_of(image)) is None:
        return False
    if video is None:
        return True
    kind = kind_of(video)
    return kind in PICTURES and (is_film or animation_in(video, kind) is None)


def _check_size(path: Path, problem: Problem, limit_bytes: int) -> None:
    size_bytes = path.stat().st_size
    if size_bytes > limit_bytes:
        raise Refused(problem, size_bytes=size_bytes, limit_bytes=limit_bytes)


@contextmanager
def _new(path: Path) -> Iterator[Path]:
    """Where a file that is to take the place of `path` can be written meanwhile."""
    folder = workshop_of(path).absolute()
    clear(path)
    folder.mkdir()
    try:
        yield folder / path.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(new: Path, target: Path) -> None:
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
