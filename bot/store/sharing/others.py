"""What other processes of the bot have committed, read anew and handed on here.

They tell which jobs; what those are now is one question for all that has been told meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, select

from bot.core.jobs import Job
from bot.core.people.languages import Language, known
from bot.errors import StoreError
from bot.store.group_commit import Changes, Work, background
from bot.store.rows import IS_UNENDED, job_from, select_jobs
from bot.store.sharing.news import News
from bot.store.tables import jobs, preferences, servers

log = structlog.get_logger()

CHANGED = "changed"
"""The kind of news that tells what was committed."""

AGAIN_S, GATHER_S = 1.0, 0.2
"""What comes at once is read at once, and what follows that closely, together: a reading costs more
than what it reads."""

Spoken = dict[tuple[int, int], Language | None]


class Reading(Protocol):
    """What is asked of the database."""

    def __call__(self, work: Work[dict[str, Job]], /) -> Awaitable[dict[str, Job]]:
        """On one view of what is committed."""


def told_of(changes: Iterable[Changes]) -> dict[str, Any]:
    """What others need to know of events that are committed together; empty for nothing."""
    facts: dict[str, Any] = {}
    for each in changes:
        if each.jobs:
            named = dict.fromkeys(job.id for job in each.jobs)
            facts["jobs"] = list(dict.fromkeys([*facts.get("jobs", ()), *named]))
        if each.acted:
            facts["acted"] = True
        if each.wallets_of:
            facts["wallets_of"] = sorted({*facts.get("wallets_of", ()), *each.wallets_of})
        if each.languages:
            spoken = [[*whose, letters] for whose, letters in each.languages.items()]
            facts["languages"] = [*facts.get("languages", ()), *spoken]
    return facts


@dataclass(slots=True)
class _Told:
    """What was told and not read yet."""

    job_ids: dict[str, None] = field(default_factory=dict)
    acted: bool = False
    wallets_of: set[int] = field(default_factory=set)
    languages: Spoken = field(default_factory=dict)
    is_all: bool = False

    def add(self, facts: Mapping[str, Any]) -> None:
        """One more; the jobs stay in the order in which they were changed last."""
        for job_id in facts.get("jobs", ()):
            self.job_ids.pop(job_id, None)
            self.job_ids[job_id] = None
        self.acted = self.acted or facts.get("acted", False)
        self.wallets_of.update(facts.get("wallets_of", ()))
        for server_id, person_id, letters in facts.get("languages", ()):
            self.languages[server_id, person_id] = known(letters)


class Others:
    """Hears of changes, and hands them on as `Changes`; after something was missed, all of them."""

    def __init__(self, news: News, read: Reading, told: list[Callable[[Changes], None]]) -> None:
        self._read = read
        self._told = told
        self._waiting = _Told()
        self._stirred = asyncio.Event()
        self._changed_here: set[str] | None = None
        news.hear(CHANGED, self._hear)
        news.on_missed.append(self._miss)

    def committed(self, changes: Changes) -> None:
        """This process has: what is being read may be older than that."""
        if self._changed_here is not None:
            self._changed_here.update(job.id for job in changes.jobs)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._stirred.wait()
            await asyncio.sleep(GATHER_S)
            self._stirred.clear()
            told, self._waiting = self._waiting, _Told()
            try:
                with background():
                    changes = await self._read_anew(told)
            except StoreError as error:
                log.debug("what others have changed could not be read", reason=str(error))
                await asyncio.sleep(AGAIN_S)
                self._miss()
            except Exception:
                log.exception("what others have changed could not be read and is read again")
                await asyncio.sleep(AGAIN_S)
                self._miss()
            else:
                self._hand_on(changes)

    def _hand_on(self, changes: Changes) -> None:
        for told in self._told:
            try:
                told(changes)
            except Exception:
                log.exception("what others have changed could not be told of")

    def _hear(self, _process: str, facts: Mapping[str, Any]) -> None:
        self._waiting.add(facts)
        self._stirred.set()

    def _miss(self) -> None:
        self._waiting.is_all = self._waiting.acted = True
        self._stirred.set()

    async def _read_anew(self, told: _Told) -> Changes:
        """Whatever was committed here while it was read is read once more: that is newer."""
        changes = Changes(
            acted=told.acted,
            wallets_of=told.wallets_of,
            languages=told.languages,
            is_all=told.is_all,
        )
        found: dict[str, Job] = {}
        wanted: set[str] = set(told.job_ids)
        with self._noting() as changed_here:
            if told.is_all:
                found = await self._read(lambda opened: _all(opened, changes.languages))
            while True:
                wanted |= changed_here if told.is_all else changed_here & found.keys()
                changed_here.clear()
                if not wanted:
                    break
                found |= await self._read(partial(_named, job_ids=wanted))
                wanted = set()
        in_order = [*told.job_ids, *(found.keys() - told.job_ids.keys())]
        changes.jobs = [found[job_id] for job_id in in_order if job_id in found]
        return changes

    @contextmanager
    def _noting(self) -> Iterator[set[str]]:
        changed: set[str] = set()
        self._changed_here = changed
        try:
            yield changed
        finally:
            self._changed_here = None


def _named(connection: Connection, job_ids: Collection[str]) -> dict[str, Job]:
    rows = connection.execute(select_jobs().where(jobs.c.id.in_(job_ids))).mappings()
    return {row["id"]: job_from(row) for row in rows}


def _all(connection: Connection, languages: Spoken) -> dict[str, Job]:
    """Every job of which something is still to be done, and what is spoken where."""
    of_people = select(preferences.c.person_id, preferences.c.language)
    of_servers = select(servers.c.server_id, servers.c.language)
    people = connection.execute(of_people.where(preferences.c.language.in_(Language)))
    languages |= {(0, row[0]): Language(row[1]) for row in people}
    spoken = connection.execute(of_servers.where(servers.c.language.in_(Language)))
    languages |= {(row[0], 0): Language(row[1]) for row in spoken}
    rows = connection.execute(select_jobs().where(IS_UNENDED)).mappings()
    return {row["id"]: job_from(row) for row in rows}
