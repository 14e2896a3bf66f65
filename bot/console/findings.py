"""Compares what is written down with what is there: books, folder, network, the provider's bills.

It changes nothing. What it finds is a sentence each.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp.abc import AbstractResolver

from bot.clock import Clock
from bot.console.network import look_around
from bot.console.pauses import pauses_text
from bot.console.provider_bills import ProviderBills
from bot.console.secrecy import exposed
from bot.core.books import Books, Difference, differences
from bot.core.jobs import Job, JobState
from bot.errors import ProviderError
from bot.jobs.files import Files
from bot.media import isolation
from bot.provider.providers import Providers
from bot.provider.runs import Row
from bot.settings import Settings
from bot.store.books import Reconciliation
from bot.store.database import Database
from bot.store.people.shelves import Shelves
from bot.store.queries import Queries

DAY_S = 24 * 3600.0
MOST_NAMED = 10
LEAST_FREE_BYTES = 1_000_000_000
"""One finished video may be as large."""


@dataclass(slots=True)
class Findings:
    """`differences` are what does not agree; `notes` say what was read, and what was not."""

    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Doctor:
    """Looks at one data folder; a bot may run on it meanwhile. `names` resolves as that does."""

    def __init__(
        self, settings: Settings, providers: Providers, clock: Clock, names: AbstractResolver
    ) -> None:
        self._names = names
        self._settings = settings
        self._providers = providers
        self._files = Files(settings.data_dir)
        self._clock = clock

    async def examine(self, database: Database, days: int) -> Findings:
        """Everything. Raises `StoreError`."""
        found = Findings(notes=list(self._settings.missing()))
        found.notes += await asyncio.to_thread(lambda: list(_isolation()))
        found.notes += self._who_may_spend()
        found.differences += await asyncio.to_thread(self._folder)
        open_to_others = await asyncio.to_thread(exposed, self._settings)
        found.differences += [Difference(each.sentence) for each in open_to_others]
        differences_, notes = await look_around(self._settings, self._names)
        found.differences += differences_
        found.notes += notes
        # Read before the books: what is newer than they are would look as if nobody knew it.
        began = self._clock.time()
        rows = await self._history(began - days * DAY_S, began, found)
        folders = await self._files.job_ids()
        books = await Reconciliation(database).books()
        found.notes.insert(
            0,
            f"Read {len(books.jobs)} jobs, {len(books.attempts)} attempts, "
            f"{len(books.entries)} entries and {len(books.wallets)} wallets.",
        )
        found.notes += await self._pauses(database)
        found.differences += differences(books)
        found.differences += await asyncio.to_thread(lambda: list(self._media(books, folders)))
        found.differences += await self._libraries(database)
        queued = await self._queued(database)
        found.notes += _line(queued)
        if rows is not None:
            runs = ProviderBills(
                books, rows, began - days * DAY_S, began, queued, rates=self._settings.rates()
            )
            found.differences += runs.differences()
            found.notes += runs.notes()
        return found

    def _who_may_spend(self) -> Iterator[str]:
        limits = self._settings.operator_limits()
        if not limits.allowed_servers and limits.daily_server_cap_credits is None:
            yield (
                "Any server may invite this bot and spend the whole day's budget: set "
                "ALLOWED_SERVERS, or DAILY_SERVER_CAP_CREDITS."
            )

    async def _pauses(self, database: Database) -> list[str]:
        """What the operator has paused, and perhaps forgotten."""
        paused = await Queries(database, self._settings.operator_limits()).pauses()
        return [f"{text[0].upper()}{text[1:]}" for text in pauses_text(paused).splitlines()]

    def _folder(self) -> list[Difference]:
        """Whether the data folder can be written, and has room."""
        folder = self._settings.data_dir
        try:
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"x")
                probe.flush()
            free_bytes = shutil.disk_usage(folder).free
        except OSError as error:
            return [Difference(f"DATA_DIR {folder} cannot be written: {error.strerror}.")]
        if free_bytes >= LEAST_FREE_BYTES:
            return []
        free_mb, least_mb = free_bytes // 1_000_000, LEAST_FREE_BYTES // 1_000_000
        text = f"DATA_DIR {folder} has {free_mb} MB free, and one video may need {least_mb}."
        return [Difference(text)]

    def _media(self, books: Books, folders: Iterable[str]) -> Iterator[Difference]:
        """The files against the jobs; what the bot itself will delete next is no difference."""
        known = {job.id for job in books.jobs}
        for name in sorted(set(folders) - known):
            yield Difference(
                f"The folder media/{name} belongs to no job; a running bot deletes it by itself."
            )
        kept_since = self._clock.time() - self._settings.keep_days * DAY_S
        for job in books.jobs:
            is_kept = job.state is JobState.DELIVERING or (
                job.state is JobState.DELIVERED
                and job.video_deleted_at is None
                and job.state_since > kept_since
            )
            if is_kept and not self._files.video(job.id).exists():
                yield Difference(f"Job {job.id} is {job.state}, but its video file is missing.")

    async def _libraries(self, database: Database) -> list[Difference]:
        """Motions of which the file is gone; what belongs to no library the bot deletes itself."""
        paths = {ref: self._files.library_motion(ref) for ref in await Shelves(database).refs()}
        return [
            Difference(
                f"The file motions/{ref}.mp4 is missing: bring it back from a copy of DATA_DIR, or "
                "let a moderator there remove the motion."
            )
            for ref, path in sorted(paths.items())
            if not path.exists()
        ]

    async def _queued(self, database: Database) -> list[Job]:
        """Who waits in line, oldest first."""
        read = Queries(database, self._settings.operator_limits())
        found = await read.find(state=JobState.QUEUED)
        return sorted(found, key=lambda job: job.created_at)

    async def _history(self, since: float, until: float, found: Findings) -> list[Row] | None:
        """The provider's rows, or `None` where they cannot be had."""
        if self._settings.missing(["segmind_api_key"]):
            found.notes.append("The provider's history was not read, for want of its key.")
            return None
        try:
            return await self._providers.rows(since, until)
        except ProviderError as error:
            found.notes.append(f"The provider's history could not be read: {error}")
            return None


def _line(queued: Sequence[Job]) -> Iterator[str]:
    """What a restored backup may have in its queue although it has run since."""
    if queued:
        since = datetime.fromtimestamp(queued[0].created_at, UTC)
        named = ", ".join(job.id for job in queued[:MOST_NAMED])
        more = ", …" if len(queued) > MOST_NAMED else ""
        yield (
            f"{len(queued)} jobs are queued, the oldest since {since:%Y-%m-%d %H:%M} UTC: {named}"
            f"{more}. What a start of the bot finds in the queue is sent only after the provider's "
            "history was asked for it."
        )


def _isolation() -> Iterator[str]:
    """What a decoder is kept from here, should a file take it over."""
    lacking = isolation.lacking()
    for kept_from in lacking:
        yield (
            f"Decoders cannot be kept from {kept_from} here, by this kernel or this container's "
            "rules: they are only bounded."
        )
    if not lacking:
        yield "Decoders are isolated: each may read its one file, and nothing else."
