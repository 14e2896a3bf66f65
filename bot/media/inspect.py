"""What a file really is, and making one smaller: in whose turn, within which bounds.

Each file is looked at in a process of its own, which hostile bytes may crash or stall.
"""

import asyncio
import os
import shutil
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.errors import Fact, Problem, Refused
from bot.media.decoders import Decoders
from bot.media.facts import (
    IMAGE_LIMIT_BYTES,
    PICTURES,
    PIXEL_LIMIT,
    SPARE_CORES,
    VIDEO_LIMIT_BYTES,
    VIDEO_LIMIT_S,
    VIDEOS,
    ImageFacts,
    Kind,
    Request,
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

LOOK_CPU_S, LOOK_WALL_S = 20, 60.0
FIT_CPU_S, FIT_WALL_S = 120, 240.0
REWRITE_CPU_S, REWRITE_WALL_S = 240, 480.0
LOOKS_AT_ONCE = SPARE_CORES
"""New files leave one core to the bot itself."""

TOO_HARD_IN_A_ROW = 3
REST_S, LONGEST_REST_S = 30.0, 600.0
"""After so many of one person's, each further file waits, twice as long as the one before it."""

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


class Turns:
    """So many at once, one of each owner; whoever waits takes turns by owner, then by arrival."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._served: set[int] = set()
        self._waiting: dict[int, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, owner: int) -> AsyncIterator[None]:
        """Wait for this owner's turn, and keep it until the block ends."""
        mine = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(mine)
        self._serve()
        try:
            await mine
            yield
        finally:
            if mine.done() and not mine.cancelled():
                self._free += 1
                self._served.discard(owner)
                if owner in self._waiting:  # others had none meanwhile
                    self._waiting[owner] = self._waiting.pop(owner)
            else:
                self._leave(owner, mine)
            self._serve()

    def _serve(self) -> None:
        for owner in list(self._waiting):
            if not self._free:
                return
            if owner in self._served:
                continue
            first = self._waiting[owner].popleft()
            if not self._waiting[owner]:
                del self._waiting[owner]
            if not first.cancelled():
                self._free -= 1
                self._served.add(owner)
                first.set_result(None)

    def _leave(self, owner: int, mine: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(owner)
        if waiting is not None and mine in waiting:
            waiting.remove(mine)
            if not waiting:
                del self._waiting[owner]


class Media:
    """Looks at files; whoever's turn it is not yet waits. `async with`, or `close` it.

    A look may also end in `Refused` with TOO_HARD_TO_READ, after `look_wall_s` seconds at the
    latest. A file that is not there is an `OSError`. `person_id` is whose file it is: after a few
    that were all too hard, theirs wait longer and longer.
    """

    def __init__(
        self,
        decoders: Decoders | None = None,
        *,
        look_wall_s: float = LOOK_WALL_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sleep = sleep
        self._too_hard: dict[int, int] = {}
        self._decoders = decoders or Decoders()
        self._looks, self._results = Turns(LOOKS_AT_ONCE), Turns(RESULTS_AT_ONCE)
        self._rewrites = Turns(1)
        self._fits = asyncio.Lock()
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

    async def are_swapped(self, image: Path | None, video: Path | None) -> bool:
        """Whether each that is given is by its bytes what the other should be."""
        kinds = await asyncio.to_thread(
            lambda: (image and kind_of(image), video and kind_of(video))
        )
        return kinds[0] in {None, *VIDEOS} and kinds[1] in {None, *PICTURES}

    async def content_type(self, path: Path) -> str:
        """What a file that was looked at before is called over HTTP."""
        kind = await asyncio.to_thread(kind_of, path)
        return "video/mp4" if kind is Kind.MOVIE else f"image/{kind.lower()}"

    async def inspect_image(self, path: Path, name: str, person_id: int = 0) -> ImageFacts:
        """Decode a still JPEG, PNG, WebP or GIF; raises `Refused` for anything else."""
        _check_size(path, Problem.IMAGE_TOO_LARGE, IMAGE_LIMIT_BYTES)
        facts = await self._look_in_turn("image", path, name, person_id)
        return ImageFacts(str(facts["format"]), int(facts["width"]), int(facts["height"]))

    async def inspect_video(self, path: Path, name: str, person_id: int = 0) -> VideoFacts:
        """Measure an mp4 or mov and decode samples of it; raises `Refused` for anything else."""
        _check_size(path, Problem.VIDEO_TOO_LARGE, VIDEO_LIMIT_BYTES)
        return _video_facts(await self._look_in_turn("video", path, name, person_id))

    async def inspect_result(self, path: Path, person_id: int = 0) -> VideoFacts:
        """Like `inspect_video`, for a finished video: of any size and length, and to its end."""
        async with self._results.turn(person_id):
            return _video_facts(await self._look("result", path, path.name))

    async def fit(self, source: Path, target: Path, limit_bytes: int) -> bool:
        """Encode a video once more into an mp4 of at most `limit_bytes`.

        False when it cannot be done, for whatever reason; `target` is then as it was before.
        """
        with _new(target) as new:
            bounds = FIT_CPU_S, FIT_WALL_S, str(new), limit_bytes
            try:
                async with self._fits:
                    answer = await self._decoders.run(Request("fit", _found(source), *bounds))
                if not _facts(answer, source.name).get("fits"):
                    return False
                await asyncio.to_thread(_put_in_place, new, target)
            except Refused:
                return False
            else:
                return True

    async def rewrite(self, path: Path, name: str, person_id: int = 0) -> VideoFacts:
        """Write a motion that is to be rewritten in place, as the provider takes it; its new facts.

        Raises `Refused`; the file is then as it was before.
        """
        with _new(path) as new:
            bounds = REWRITE_CPU_S, REWRITE_WALL_S, str(new), VIDEO_LIMIT_BYTES
            async with self._rewrites.turn(person_id):
                answer = await self._decoders.run(Request("rewrite", _found(path), *bounds))
            facts = _video_facts(_facts(answer, name))
            await asyncio.to_thread(_put_in_place, new, path)
        return facts

    async def _look_in_turn(
        self, target: str, path: Path, name: str, person_id: int
    ) -> Mapping[str, Fact]:
        """A stranger's new file; one that is too hard has kept a decoder from the others."""
        in_a_row = self._too_hard.get(person_id, 0)
        if in_a_row >= TOO_HARD_IN_A_ROW:
            await self._sleep(min(REST_S * 2 ** (in_a_row - TOO_HARD_IN_A_ROW), LONGEST_REST_S))
        try:
            async with self._looks.turn(person_id):
                facts = await self._look(target, path, name)
        except Refused as refused:
            if refused.problem is Problem.TOO_HARD_TO_READ:
                self._too_hard[person_id] = self._too_hard.get(person_id, 0) + 1
            raise
        self._too_hard.pop(person_id, None)
        return facts

    async def _look(self, target: str, path: Path, name: str) -> Mapping[str, Fact]:
        request = Request(target, _found(path), LOOK_CPU_S, self._look_wall_s)
        return _facts(await self._decoders.run(request), name)


def _found(path: Path) -> str:
    """Where it is, from whichever folder it is asked. Raises `OSError` if it is not there."""
    return str(path.resolve(strict=True))


def _facts(answer: Mapping[str, Any], name: str) -> Mapping[str, Fact]:
    """The facts in a worker's answer. Raises the `Refused` that it names."""
    facts: dict[str, Fact] = answer["facts"]
    if "problem" not in answer:
        return facts
    problem = Problem(answer["problem"])
    if problem in _NAMED:
        facts["name"] = name
    raise Refused(problem, **facts)


def _video_facts(facts: Mapping[str, Fact]) -> VideoFacts:
    return VideoFacts(
        float(facts["duration_s"]),
        int(facts["width"]),
        int(facts["height"]),
        bool(facts["has_more"]),
    )


def _check_size(path: Path, problem: Problem, limit_bytes: int) -> None:
    size_bytes = path.stat().st_size
    if size_bytes > limit_bytes:
        raise Refused(problem, size_bytes=size_bytes, limit_bytes=limit_bytes)


def workshop(path: Path) -> Path:
    """The folder in which a file is written anew: whoever writes it sees nothing beside it."""
    return path.with_name(f"{path.name}.new")


@contextmanager
def _new(path: Path) -> Iterator[Path]:
    """Where a file that is to take the place of `path` can be written meanwhile."""
    folder = workshop(path).absolute()
    folder.mkdir(exist_ok=True)
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
