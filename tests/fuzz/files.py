"""Spoiled files through the real `Media`, its decoders and their isolation."""

import asyncio
import math
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from structlog.testing import capture_logs

from bot.errors import Problem, Refused
from bot.media.decoders import Decoders
from bot.media.facts import (
    MEMORY_LIMIT_BYTES,
    PIXEL_LIMIT,
    VIDEO_LIMIT_S,
    WHOLE_LIMIT_S,
    ImageFacts,
    VideoFacts,
)
from bot.media.inspect import (
    LOOK_WALL_S,
    REWRITE_CPU_A_SECOND,
    REWRITE_CPU_S,
    REWRITE_WALL_A_CPU_S,
    Media,
)
from bot.media.saving.part import left_of
from tests.fuzz.spoiling import Spoiler
from tests.fuzz.tally import MIB, Tally, memory_mib
from tests.media_samples import make_endless_scans, make_pixel_bomb
from tests.odd_files import PICTURES, VIDEOS

LATE_S = 10.0
REWRITE_WALL_S = REWRITE_WALL_A_CPU_S * (REWRITE_CPU_S + REWRITE_CPU_A_SECOND * VIDEO_LIMIT_S)
"""So much later than its bound a look may end where the machine is busy."""

GROWTH_MIB = 64.0
FIRST_FILES = 500
"""What grows after so many is a leak."""

TOLERANCE_S = 0.1
NOT_SPOILED = frozenset({"a 4K video"})
"""Its pixels alone take seconds, whatever is wrong with them."""

BY_BOUNDS = frozenset({"-9", "-24", "-14"})
"""SIGKILL and SIGXCPU are the kernel's for processor time, SIGALRM for time."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A file as it comes in truth, and what it is sent as."""

    name: str
    content: bytes
    is_picture: bool
    weight: float = 1.0


HEAVY: Mapping[str, tuple[Callable[[Path], Path], float]] = {
    "a PNG of 400 million pixels": (make_pixel_bomb, 0.2),
    "a JPEG of 60 scans": (partial(make_endless_scans, scans=60), 0.2),
    "a JPEG of 9000 scans": (partial(make_endless_scans, scans=9_000), 0.03),
}
"""What comes near the bounds by itself, and how often it is taken in comparison."""


def all_seeds(folder: Path, names: Sequence[str] = ()) -> list[Seed]:
    """The odd files of the docs and the heavy ones, or those of these names."""
    folder.mkdir(parents=True)
    seeds: list[Seed] = []
    for is_picture, makers in ((True, PICTURES), (False, VIDEOS)):
        for name, (make, _) in makers.items():
            if name not in NOT_SPOILED and name in (names or makers):
                own = folder / f"{len(seeds)}"
                own.mkdir()
                seeds.append(Seed(name, make(own).read_bytes(), is_picture))
    for name, (make, weight) in HEAVY.items():
        if name in (names or HEAVY):
            seeds.append(Seed(name, make(folder / "heavy").read_bytes(), True, weight))
    return seeds


class Files:
    """Spoils `count` files and has each looked at, by several at once."""

    def __init__(
        self,
        folder: Path,
        seeds: Sequence[Seed],
        chance: random.Random,
        media: Callable[[Decoders], Media] = Media,
    ) -> None:
        self.tally = Tally("files")
        self._folder = folder
        self._media = media
        self._seeds = seeds
        self._chance = chance
        self._spoiler = Spoiler(chance, [seed.content for seed in seeds])
        self._decoders: list[Decoders] = []
        self._peaks = Peaks(lambda: [one.parent_pid or 0 for one in self._decoders])

    async def run(self, count: int, *, at_once: int) -> Tally:
        """All of them; the tally holds whatever was wrong."""
        numbers = iter(range(count))
        with capture_logs() as logged, self._peaks.watched():
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(self._look_on(numbers))
        self._end(logged)
        return self.tally

    async def _look_on(self, numbers: Iterator[int]) -> None:
        decoders = Decoders()
        self._decoders.append(decoders)
        async with self._media(decoders) as media:
            parent = None
            for number in numbers:
                await self._one(media, number)
                parent = parent or decoders.parent_pid
                if decoders.parent_pid not in {None, parent}:
                    self.tally.wrong.append(f"The decoders' parent has ended before file {number}.")
                    parent = decoders.parent_pid
                if number == FIRST_FILES:
                    self._peaks.begin_growth()
            self._peaks.note_parent(parent or 0)

    async def _one(self, media: Media, number: int) -> None:
        chance = self._chance
        [seed] = chance.choices(self._seeds, [seed.weight for seed in self._seeds])
        content = self._spoiler.spoil(seed.content)
        as_picture = seed.is_picture is (chance.random() < 0.97)
        tries_more = chance.random() < 0.05
        path = self._folder / f"file{number}"
        path.write_bytes(content)
        what = f"file {number}, made of {seed.name}"
        began = time.monotonic()
        try:
            end = await self._look(media, path, number, as_picture, tries_more)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
            end = f"raised {type(error).__name__}"
            self.tally.wrong.append(f"{what}: {error!r} was raised.")
        self.tally.ends[end] += 1
        self.tally.took(time.monotonic() - began, what)
        if time.monotonic() - began > LOOK_WALL_S + REWRITE_WALL_S + 2 * LATE_S:
            self.tally.wrong.append(f"{what}: it took longer than any bound.")
        if left_of(path):
            self.tally.wrong.append(f"{what}: the folder of its writing is still there.")
        if end.startswith("raised"):
            self._keep(path)
        path.unlink()

    async def _look(
        self, media: Media, path: Path, number: int, as_picture: bool, tries_more: bool
    ) -> str:
        """What came of it, once more written anew where that is asked for."""
        facts: ImageFacts | VideoFacts
        kind = "picture" if as_picture else "video"
        began = time.monotonic()
        try:
            if as_picture:
                facts = await media.inspect_image(path, path.name, number)
            else:
                facts = await media.inspect_video(path, path.name, number)
        except Refused as refused:
            self._check_refusal(refused, path)
            return f"{kind} refused: {refused.problem.value.replace('_', ' ')}"
        finally:
            if time.monotonic() - began > LOOK_WALL_S + LATE_S:
                self.tally.wrong.append(f"{path.name}: a look took longer than it may.")
        self._check(facts, path)
        if isinstance(facts, VideoFacts) and (facts.is_to_be_rewritten or tries_more):
            return await self._write_anew(media, path, number, facts)
        return f"{kind} taken"

    async def _write_anew(self, media: Media, path: Path, number: int, facts: VideoFacts) -> str:
        small = path.with_name(f"{path.name}.small")
        if await media.fit(path, small, limit_bytes=20_000):
            self._check(await media.inspect_result(small, number), small)
            small.unlink()
        else:
            self._keep(path)
        if not facts.is_to_be_rewritten:
            return "video taken"
        try:
            part_s = min(facts.duration_s, VIDEO_LIMIT_S)
            sent = await media.rewrite(path, path.name, number, facts=facts, length_s=part_s)
            self._check(sent, path)
        except Refused as refused:
            return f"video refused while written anew: {refused.problem.value.replace('_', ' ')}"
        if (await media.inspect_video(path, path.name, number)).is_to_be_rewritten:
            self.tally.wrong.append(f"{path.name}: what was written anew is to be once more.")
        return "video taken, written anew"

    def _check(self, facts: ImageFacts | VideoFacts, path: Path) -> None:
        is_fine = min(facts.width, facts.height) > 0 and facts.width * facts.height <= PIXEL_LIMIT
        if isinstance(facts, VideoFacts):
            is_fine &= math.isfinite(facts.duration_s) and facts.duration_s > 0
            is_fine &= facts.duration_s <= WHOLE_LIMIT_S + TOLERANCE_S
        if not is_fine:
            self.tally.wrong.append(f"{path.name} was taken with {asdict(facts)}.")

    def _check_refusal(self, refused: Refused, path: Path) -> None:
        if any(
            isinstance(fact, float) and not math.isfinite(fact) for fact in refused.facts.values()
        ):
            self.tally.wrong.append(f"{path.name} was refused with {refused.facts}.")
        if refused.problem is Problem.TOO_HARD_TO_READ:
            self._keep(path)

    def _keep(self, path: Path) -> None:
        """For whoever wants to see why."""
        kept = self._folder / "kept"
        kept.mkdir(exist_ok=True)
        shutil.copy(path, kept)

    def _end(self, logged: Sequence[Mapping[str, object]]) -> None:
        tally, ended_by_a_bound = self.tally, 0
        for line in logged:
            how = str(line.get("how", "")).removeprefix('{"ended": ').rstrip("}")
            if line["event"] == "a decoder was stopped" or how in BY_BOUNDS:
                ended_by_a_bound += 1
            else:
                tally.wrong.append(f"It was logged: {dict(line)}.")
        tally.notes["decoders ended by a bound"] = str(ended_by_a_bound)
        tally.notes |= self._peaks.told(tally)
        left = [path.name for path in self._folder.glob("file*")]
        tally.wrong += [f"{name} was left behind." for name in left]
        tally.end()


class Peaks:
    """The memory of this process, of the decoders' parents and of their children."""

    EVERY_S = 0.005

    def __init__(self, parents: Callable[[], list[int]]) -> None:
        self._parents = parents
        self._child_mib = self._parent_mib = self._first_mib = 0.0
        self._over = threading.Event()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at them again and again, beside the loop."""
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def begin_growth(self) -> None:
        """From here on this process is to stay as it is."""
        self._first_mib = self._first_mib or memory_mib("self")

    def note_parent(self, pid: int) -> None:
        """How large it has become."""
        self._parent_mib = max(self._parent_mib, memory_mib(pid, "VmHWM"))

    def told(self, tally: Tally) -> dict[str, str]:
        """What was seen; what grew too far is noted as wrong."""
        if self._child_mib * MIB > MEMORY_LIMIT_BYTES:
            tally.wrong.append(f"A decoder had {self._child_mib:.0f} MiB.")
        grown = memory_mib("self") - self._first_mib if self._first_mib else 0.0
        if grown > GROWTH_MIB:
            tally.wrong.append(f"The bot's own process has grown by {grown:.0f} MiB.")
        return {
            "most memory of a decoder": f"{self._child_mib:.0f} MiB",
            "most memory of their parent": f"{self._parent_mib:.0f} MiB",
            "growth of the process that asks": f"{grown:.0f} MiB",
        }

    def _watch(self) -> None:
        while not self._over.wait(self.EVERY_S):
            for parent in filter(None, self._parents()):
                try:
                    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
                except OSError:
                    continue
                for child in children:
                    self._child_mib = max(self._child_mib, memory_mib(child, "VmHWM"))


async def fuzz_files(
    count: int,
    seed: int,
    folder: Path,
    names: Sequence[str] = (),
    media: Callable[[Decoders], Media] = Media,
) -> Tally:
    """A run of its own, in an empty folder."""
    seeds = await asyncio.to_thread(all_seeds, folder / "seeds", names)
    files = Files(folder, seeds, random.Random(seed), media)
    return await files.run(count, at_once=min(2, len(os.sched_getaffinity(0))))
