"""The free look: who is in two files, before anything is made or paid."""

import asyncio
from pathlib import Path
from typing import Self

from engine.api.faults import Faults
from engine.api.inputs import InputError, Inputs, fetch_inputs, fetching_session
from engine.api.jobs import RenderPlan
from engine.api.programs import run_apart
from engine.api.storage import Storage

MOST_LOOKS = 32
"""Under way, with their files; `plan.at_once` of them have a process."""

FETCH_TIMEOUT_S = 15.0
LOOK_TIMEOUT_S = 20.0


class TooManyLooks(Exception):
    """So many files are being looked at that these would have to wait for long."""


class Looks:
    """Looks at files in short-lived processes, a few at once; an async context manager."""

    def __init__(
        self, storage: Storage, faults: Faults, *, plan: RenderPlan, may_fetch_here: bool
    ) -> None:
        self._storage, self._faults, self._plan = storage, faults, plan
        self._may_fetch_here = may_fetch_here
        self._under_way = 0
        self._processes = asyncio.Semaphore(plan.at_once)

    async def __aenter__(self) -> Self:
        self._session = fetching_session(may_fetch_here=self._may_fetch_here)
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        await self._session.close()

    async def look(self, inputs: Inputs) -> dict[str, str]:
        """Who is in the picture and in the film; nothing is kept.

        Raises `InputError` for files that cannot be had or read, and `TooManyLooks`.
        """
        if self._under_way >= MOST_LOOKS:
            raise TooManyLooks("Too many files are being looked at: try again in a moment")
        self._under_way += 1
        try:
            with self._storage.work_folder() as folder:
                seen = await self._look(inputs, Path(folder, "subject"), Path(folder, "motion"))
        except InputError as error:
            raise InputError(inputs.model.worded(str(error))) from None
        finally:
            self._under_way -= 1
        habits = self._faults.habits
        return {"subject": habits.seen_subject, "motion": habits.seen_motion} | seen

    async def _look(self, inputs: Inputs, subject: Path, motion: Path) -> dict[str, str]:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                await fetch_inputs(self._session, inputs, subject, motion, self._storage.own)
        except TimeoutError:
            raise InputError("image_url or video_url takes too long to download") from None
        async with self._processes:  # a slow link keeps nobody else's files from being looked at
            return await run_apart(self._plan.look_command(subject, motion), LOOK_TIMEOUT_S)
