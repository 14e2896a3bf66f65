"""What a file really is, and making one smaller; the decoding happens in `bot.media.worker`.

Each file is looked at in a process of its own, which hostile bytes may crash or stall; the bot
itself never loads a decoder.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import structlog

from bot.errors import Fact, Problem, Refused
from bot.media.facts import (
    IMAGE_LIMIT_BYTES,
    PICTURES,
    PIXEL_LIMIT,
    VIDEO_LIMIT_BYTES,
    VIDEO_LIMIT_S,
    VIDEOS,
    ImageFacts,
    Kind,
    VideoFacts,
    kind_of,
)

__all__ = [
    "IMAGE_LIMIT_BYTES",
    "PIXEL_LIMIT",
    "VIDEO_LIMIT_BYTES",
    "VIDEO_LIMIT_S",
    "ImageFacts",
    "Media",
    "VideoFacts",
]

log = structlog.get_logger()

AT_ONCE = 2
LOOK_CPU_S, LOOK_WALL_S = 20, 60.0
FIT_CPU_S, FIT_WALL_S = 120, 240.0

_PACKAGES = str(Path(__file__).resolve().parents[2])
_NAMED = frozenset({Problem.NOT_AN_IMAGE, Problem.NOT_A_VIDEO, Problem.VIDEO_WRONG_FORMAT})


class Media:
    """Looks at files, at most `AT_ONCE` at a time; further callers wait.

    A look may also end in `Refused` with TOO_HARD_TO_READ, after `look_wall_s` seconds at the
    latest. A file that is not there is an `OSError`.
    """

    def __init__(self, *, look_wall_s: float = LOOK_WALL_S) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._look_wall_s = look_wall_s

    async def inspect_pair(
        self, image: Path, video: Path, *, image_name: str, video_name: str
    ) -> float:
        """Look at a subject and a motion; returns the motion's length in seconds.

        Raises `Refused` as `inspect_image` and `inspect_video` do, and with SWAPPED.
        """
        kinds = await asyncio.to_thread(lambda: (kind_of(image), kind_of(video)))
        if kinds[0] in VIDEOS and kinds[1] in PICTURES:
            raise Refused(Problem.SWAPPED)
        await self.inspect_image(image, image_name)
        return (await self.inspect_video(video, video_name)).duration_s

    async def content_type(self, path: Path) -> str:
        """What a file that was looked at before is called over HTTP."""
        kind = await asyncio.to_thread(kind_of, path)
        return "video/mp4" if kind is Kind.MOVIE else f"image/{kind.lower()}"

    async def inspect_image(self, path: Path, name: str) -> ImageFacts:
        """Decode a still JPEG, PNG, WebP or GIF; raises `Refused` for anything else."""
        _check_size(path, Problem.IMAGE_TOO_LARGE, IMAGE_LIMIT_BYTES)
        facts = await self._look("image", path, name)
        return ImageFacts(str(facts["format"]), int(facts["width"]), int(facts["height"]))

    async def inspect_video(self, path: Path, name: str) -> VideoFacts:
        """Measure an mp4 or mov and decode samples of it; raises `Refused` for anything else."""
        _check_size(path, Problem.VIDEO_TOO_LARGE, VIDEO_LIMIT_BYTES)
        return _video_facts(await self._look("video", path, name))

    async def inspect_result(self, path: Path) -> VideoFacts:
        """Like `inspect_video`, for a finished video: of any size and length, and to its end."""
        return _video_facts(await self._look("result", path, path.name))

    async def fit(self, source: Path, target: Path, limit_bytes: int) -> bool:
        """Encode a video once more into an mp4 of at most `limit_bytes`.

        False when it cannot be done, for whatever reason; `target` is then as it was before.
        """
        part = target.with_name(f"{target.name}.part")
        try:
            async with self._slots:
                answer = await _work(
                    _request("fit", source, FIT_CPU_S, limit_bytes, part), wall_s=FIT_WALL_S
                )
            if not _facts(answer, source.name).get("fits"):
                return False
            await asyncio.to_thread(_put_in_place, part, target)
        except Refused:
            return False
        else:
            return True
        finally:
            part.unlink(missing_ok=True)

    async def _look(self, task: str, path: Path, name: str) -> Mapping[str, Fact]:
        async with self._slots:
            answer = await _work(_request(task, path, LOOK_CPU_S), wall_s=self._look_wall_s)
        return _facts(answer, name)


def _request(
    task: str, source: Path, cpu_s: int, write_bytes: int = 0, target: Path | None = None
) -> list[str]:
    """The worker's arguments, in the order of its `main`. Raises `OSError` if there is no file."""
    source.stat()
    return [task, str(source), str(cpu_s), str(write_bytes), *([str(target)] if target else [])]


async def _work(request: list[str], *, wall_s: float) -> bytes:
    """Start a worker, wait for its line, and leave no process behind, whatever happens."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-s", "-B", "-X", "utf8", "-m", "bot.media.worker"),
        *request,
        env={"PYTHONPATH": _PACKAGES},  # the bot's own environment holds its secrets
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert worker.stdout is not None
    try:
        async with asyncio.timeout(wall_s):
            answer = await worker.stdout.readline()
            code = await worker.wait()
    except (TimeoutError, ValueError) as error:  # ValueError: a line without end
        log.warning("a media worker was stopped", task=request[0], reason=type(error).__name__)
        raise Refused(Problem.TOO_HARD_TO_READ) from None
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    if code != 0:
        log.warning("a media worker died", task=request[0], code=code)
        raise Refused(Problem.TOO_HARD_TO_READ)
    return answer


def _facts(answer: bytes, name: str) -> Mapping[str, Fact]:
    """The facts in a worker's answer. Raises the `Refused` that it names."""
    said = json.loads(answer)
    facts: dict[str, Fact] = said["facts"]
    if "problem" not in said:
        return facts
    problem = Problem(said["problem"])
    if problem in _NAMED:
        facts["name"] = name
    raise Refused(problem, **facts)


def _video_facts(facts: Mapping[str, Fact]) -> VideoFacts:
    return VideoFacts(float(facts["duration_s"]), int(facts["width"]), int(facts["height"]))


def _check_size(path: Path, problem: Problem, limit_bytes: int) -> None:
    size_bytes = path.stat().st_size
    if size_bytes > limit_bytes:
        raise Refused(problem, size_bytes=size_bytes, limit_bytes=limit_bytes)


def _put_in_place(part: Path, target: Path) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
