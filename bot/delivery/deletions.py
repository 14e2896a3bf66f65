"""Finished posts that somebody deletes: their cards then say so, and where the video still is.

Discord tells of each message that is deleted in a server, by its id alone. On a busy server that is
never one of ours; so ids are gathered, and looked up together, by an index and beside the loop: one
query in so many seconds, however much is deleted.
"""

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice

import structlog

from bot.clock import Clock
from bot.errors import CannotSave
from bot.store.group_commit import background
from bot.store.store import Store

log = structlog.get_logger()

GATHER_S = 2.0
"""A post that is deleted at once has been noted by then."""

MOST_GATHERED = 5000
"""More in so short a time is a machine that empties channels; what is over is not looked up."""


class DeletedPosts:
    """`saw` what was deleted; `run` looks whether it was ours."""

    def __init__(self, *, store: Store, wake_card: Callable[[str], None], clock: Clock) -> None:
        self._store = store
        self._wake_card = wake_card
        self._clock = clock
        self._gathered: set[int] = set()
        self._any = asyncio.Event()

    def saw(self, message_ids: Iterable[int]) -> None:
        """These messages are gone."""
        self._gathered.update(islice(message_ids, MOST_GATHERED - len(self._gathered)))
        self._any.set()

    async def run(self) -> None:
        """Look until cancelled."""
        with background():
            while True:
                await self._any.wait()
                await self._clock.sleep(GATHER_S)
                self._any.clear()
                gathered, self._gathered = self._gathered, set()
                await self._look_up(gathered)

    async def _look_up(self, message_ids: set[int]) -> None:
        try:
            for job in await self._store.read.posted_as(message_ids):
                await self._store.post_is_gone(job.id)
                log.info("a post was deleted", job=job.id)
                self._wake_card(job.id)
        except CannotSave as error:
            log.debug("deleted posts could not be noted", reason=str(error))
        except Exception:
            log.exception("deleted posts could not be noted")
