"""Compares what is written down with what is there: the books, the folder, the provider's bills.

It changes nothing. What it finds is a sentence each.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.clock import Clock
from bot.core.jobs import JobState
from bot.core.reconcile import CAPTURED, AttemptLine, Books, Difference, JobLine, differences
from bot.errors import ProviderError
from bot.jobs.files import Files
from bot.provider.client import Row, RunState, Segmind
from bot.provider.replies import canonical_id
from bot.settings import Settings
from bot.store.database import Database
from bot.store.reconciliation import Reconciliation

DAY_S = 24 * 3600.0
LATE_ROWS_S = 15 * 60.0
"""A run's row may be so late in the provider's history before it counts as missing."""

LEAST_FREE_BYTES = 1_000_000_000
"""One finished video may be as large."""

CENT = 0.01


@dataclass(slots=True)
class Findings:
    """`differences` are what does not agree; `notes` say what was read, and what was not."""

    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Doctor:
    """Looks at one data folder; a bot may run on it meanwhile."""

    def __init__(self, settings: Settings, segmind: Segmind, clock: Clock) -> None:
        self._settings = settings
        self._segmind = segmind
        self._files = Files(settings.data_dir)
        self._clock = clock

    async def examine(self, database: Database, days: int) -> Findings:
        """Everything. Raises `StoreError`."""
        found = Findings(notes=list(self._settings.missing()))
        found.differences += await asyncio.to_thread(self._folder)
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
        found.differences += differences(books)
        found.differences += await asyncio.to_thread(lambda: list(self._media(books, folders)))
        if rows is not None:
            runs = _Runs(books, rows, began - days * DAY_S, began)
            found.differences += runs.differences()
            found.notes += runs.notes()
        return found

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

    async def _history(self, since: float, until: float, found: Findings) -> list[Row] | None:
        """The provider's rows, or `None` where they cannot be had."""
        if self._settings.missing(["segmind_api_key"]):
            found.notes.append("The provider's history was not read, for want of its key.")
            return None
        try:
            return await self._segmind.rows(since, until)
        except ProviderError as error:
            found.notes.append(f"The provider's history could not be read: {error}")
            return None


class _Runs:
    """The provider's history against our attempts, within some days."""

    def __init__(self, books: Books, rows: Sequence[Row], since: float, until: float) -> None:
        self._since, self._until = since, until
        self._rows = {row.request_id: row for row in rows}
        self._jobs = {job.id: job for job in books.jobs}
        self._attempts = books.attempts
        claims = [(canonical_id(a.request_id), a) for a in books.attempts if a.request_id]
        self._claims = {request_id: attempt for request_id, attempt in claims if request_id}

    def notes(self) -> list[str]:
        """What was read, and what that cannot show."""
        day = datetime.fromtimestamp(self._since, UTC)
        costs = [row.cost for row in self._rows.values() if row.cost]
        read = (
            f"Read the provider's history since {day:%Y-%m-%d %H:%M} UTC: {len(self._rows)} runs, "
            f"{sum(costs):.2f} in its own credits. Older runs were not compared (--days), nor "
            f"such as began in the last {LATE_ROWS_S / 60:.0f} minutes and may not show yet."
        )
        return [read]

    def differences(self) -> list[Difference]:
        """What does not agree."""
        return [*self._unclaimed(), *self._claimed(), *self._costs()]

    def _unclaimed(self) -> Iterator[Difference]:
        lost = {
            _inputs(attempt, self._jobs[attempt.job_id]): self._jobs[attempt.job_id]
            for attempt in self._attempts
            if attempt.request_id is None and attempt.job_id in self._jobs
        }
        for row in self._rows.values():
            if row.request_id in self._claims or (row.state is RunState.FAILED and not row.cost):
                continue
            sent = (row.inputs["image_url"], row.inputs["video_url"], row.inputs["quality"])
            job = lost.get(sent)
            if job is not None and job.state is JobState.SUBMITTING:
                continue  # the bot is about to find it by itself
            whose = "no job knows it"
            if job is not None and job.state is JobState.REVIEW:
                whose = f"job {job.id} in review may take it (jobs resolve)"
            elif job is not None:
                whose = f"it is a lost submit of job {job.id}, which is {job.state}"
            cost = "" if row.cost is None else f" and cost {row.cost:g}"
            yield Difference(f"The provider ran {row.request_id}{cost}, but {whose}.")

    def _claimed(self) -> Iterator[Difference]:
        for request_id, attempt in self._claims.items():
            job, row = self._jobs.get(attempt.job_id), self._rows.get(request_id)
            if job is None:
                continue
            charged = job.state in CAPTURED
            if row is None:
                at = attempt.submitted_at or 0.0
                if self._since <= at <= self._until - LATE_ROWS_S:
                    paid = f" It charged {job.price} credits." if charged else ""
                    yield Difference(
                        f"The provider's history has no run {request_id}, which job {job.id} "
                        f"({job.state}) has.{paid}"
                    )
            elif charged and row.state is RunState.FAILED and attempt.id == job.attempt_id:
                yield Difference(
                    f"Job {job.id} charged {job.price} credits for the run {request_id}, which "
                    "failed at the provider."
                )
            elif (
                job.state is JobState.FAILED
                and row.state is RunState.COMPLETED
                and JobState.FAILED not in job.decisions
            ):
                yield Difference(
                    f"The run {request_id} succeeded at the provider, but its job {job.id} failed."
                )

    def _costs(self) -> Iterator[Difference]:
        total, count = 0.0, 0
        for request_id, attempt in self._claims.items():
            row = self._rows.get(request_id)
            if row is None or row.cost is None or attempt.cost is None:
                continue
            if abs(row.cost - attempt.cost) >= CENT / 2:
                total, count = total + row.cost - attempt.cost, count + 1
                yield Difference(
                    f"The run {request_id} of job {attempt.job_id} cost {row.cost:g} by the "
                    f"provider's history, and {attempt.cost:g} when it ended."
                )
        if count > 1:
            yield Difference(f"Together these {count} costs differ by {total:+.2f}.")


def _inputs(attempt: AttemptLine, job: JobLine) -> tuple[object, object, object]:
    return attempt.image_url, attempt.video_url, job.quality
