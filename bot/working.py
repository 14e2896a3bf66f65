"""What goes on as long as a process of the bot runs, and in which order it stops."""

import asyncio
from dataclasses import dataclass

from bot.clock import cancel
from bot.jobs.runner import Runner
from bot.peers.overlap import Overlap
from bot.peers.presence import Work
from bot.services.crowd import Crowd

FINISHED_WITHIN_S = 10.0
"""What somebody has asked for before a stop."""


@dataclass(frozen=True, slots=True)
class Working:
    """`run` it until a stop."""

    runner: Runner
    beside: list[Work]
    overlap: Overlap
    crowd: Crowd

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`; then what was begun may end: answers, the runner's steps, the rest."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work()) for work in (self.runner.run, *self.beside)]
            try:
                await stopping.wait()
                await self._leave()
            finally:  # also when one of them has failed: a submit on its way is to end
                await self.runner.stop()
            await cancel(tasks)

    async def _leave(self) -> None:
        """Begin nothing more that somebody asks for, and end what was begun."""
        await self.overlap.leave()
        await self.crowd.until_idle(FINISHED_WITHIN_S)
