"""The library of motions of each server, and the starter set: choosing from it, and looking after
it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.accounts.wallets import Place
from bot.clock import Clock
from bot.core.library.motions import STARTERS, Motion, is_open_in, key_of, name_in, ref_of
from bot.core.models import Choice, Rates, prices
from bot.core.typed.job_ids import new_job_id
from bot.core.uploads import Cut, Upload
from bot.errors import Problem, Refused
from bot.jobs.files import Files
from bot.jobs.given.newcomers import Newcomers
from bot.services.given import GivenFile, refuse_at_sight
from bot.store.people.shelves import Shelves

NAME_CHARS_TOLD = 40


@dataclass(frozen=True, slots=True)
class _Giver:
    id: str
    person_id: int
    server_id: int
    channel_id: int


class Library:
    """What members choose from, and what moderators do about it; `server_id` 0 is direct messages.

    A server's library goes nowhere else; in direct messages there is the starter set alone.
    """

    def __init__(
        self, *, shelves: Shelves, newcomers: Newcomers, files: Files, rates: Rates, clock: Clock
    ) -> None:
        self._shelves = shelves
        self._newcomers = newcomers
        self._files = files
        self._rates = rates
        self._clock = clock
        self._adding: set[int] = set()

    async def motions(self, server_id: int) -> list[Motion]:
        """All that can be chosen there: the server's own first, then the starter set."""
        own = await self.own(server_id)
        taken = {motion.key for motion in own}
        return own + [motion for key, motion in STARTERS.items() if key not in taken]

    async def own(self, server_id: int) -> list[Motion]:
        """The server's own, by name."""
        return await self._shelves.of(server_id) if server_id else []

    async def motion(self, server_id: int, name: str) -> Motion:
        """The one of this name, however it is written. Raises `Refused`."""
        found = await self._shelves.named(server_id, name) if server_id else None
        found = found or STARTERS.get(key_of(name))
        if found is None:
            raise Refused(Problem.MOTION_MISSING, name=name.strip()[:NAME_CHARS_TOLD] or "–")
        return found

    async def by_id(self, server_id: int, motion_id: str) -> Motion:
        """One that can be chosen there. Raises `Refused`."""
        for motion in [*await self.own(server_id), *STARTERS.values()]:
            if motion.id == motion_id:
                return motion
        raise Refused(Problem.MOTION_GONE)

    async def refuse_unusable(self, server_id: int, file: Upload | None) -> None:
        """Raises `Refused` for a motion that cannot be used there, or no longer."""
        if file is None or not file.motion_ref:
            return
        if not is_open_in(server_id, file.motion_ref):
            raise Refused(Problem.MOTION_ELSEWHERE, name=file.name)
        await self.by_id(server_id, file.motion_ref.rpartition("/")[2])

    async def given(self, server_id: int, name: str) -> GivenFile:
        """It in the place of a video that somebody gives. Raises `Refused`."""
        return self.as_given(await self.motion(server_id, name))

    def as_given(self, motion: Motion) -> GivenFile:
        """The same, of one that was found."""
        return GivenFile(motion.upload, "video/mp4")

    def prices(self, motion: Motion) -> dict[Choice, int]:
        """What each choice that takes it costs, in credits."""
        return prices(motion.length_s, self._rates)

    async def loops(self, motions: Sequence[Motion]) -> dict[str, bytes]:
        """A small moving picture (WebP) of each, by its id; none of those whose file is gone."""
        paths = {motion.id: self._files.loop(motion.ref) for motion in motions}
        return await asyncio.to_thread(_contents, paths)

    # --- for moderators -----------------------------------------------------------------------

    async def add(
        self, place: Place, name: str, file: GivenFile, *, cut: Cut | None = None
    ) -> Motion:
        """Keep a motion for everybody in the server, by this name; perhaps a part of what is given.

        That takes as long as the file is brought here, looked at and written anew, and is one of
        each server at a time. Raises `Refused`; then nothing is kept.
        """
        name, server_id = name_in(name), place.server_id
        refuse_at_sight(None, file)
        await self._shelves.refuse(server_id, name)
        if server_id in self._adding:
            raise Refused(Problem.LIBRARY_BUSY)
        self._adding.add(server_id)
        motion_id = new_job_id()
        ref, giver = (
            ref_of(server_id, motion_id),
            _Giver(motion_id, place.person_id, server_id, place.channel_id),
        )
        try:
            come = await self._newcomers.bring(giver, ref, file.upload, cut)
            motion = Motion(
                motion_id,
                server_id,
                name,
                come.length_s,
                come.size_bytes,
                place.person_id,
                self._clock.time(),
                come.sha256,
            )
            try:
                await self._shelves.add(motion)
            except Refused:  # whatever else goes wrong, it may have been saved
                await self._newcomers.forget(ref)
                raise
        finally:
            self._adding.discard(server_id)
        return motion

    async def changeable(self, server_id: int, name: str) -> Motion:
        """One of the server's own. Raises `Refused`, also for what came with the bot."""
        motion = await self.motion(server_id, name)
        if motion.server_id != server_id:
            raise Refused(Problem.MOTION_NOT_OURS, name=motion.name)
        return motion

    async def remove(self, server_id: int, name: str, actor_id: int) -> Motion:
        """Nobody can choose it from now on; jobs that have it go on. Raises `Refused`."""
        motion, at = await self.changeable(server_id, name), self._clock.time()
        return await self._shelves.remove(server_id, motion.name, actor_id=actor_id, at=at)

    async def rename(self, server_id: int, name: str, new_name: str, actor_id: int) -> Motion:
        """Call it otherwise; as it was called. Raises `Refused`."""
        new_name, at = name_in(new_name), self._clock.time()
        motion = await self.changeable(server_id, name)
        return await self._shelves.rename(
            server_id, motion.name, new_name, actor_id=actor_id, at=at
        )


def _contents(paths: Mapping[str, Path]) -> dict[str, bytes]:
    found = {}
    for motion_id, path in paths.items():
        with suppress(FileNotFoundError):
            found[motion_id] = path.read_bytes()
    return found
