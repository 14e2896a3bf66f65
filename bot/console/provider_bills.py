"""What the provider says that it ran and billed, held against our own attempts."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import cast

from bot.core.books import CAPTURED, AttemptLine, Books, Difference, JobLine
from bot.core.jobs import Job, JobState, Quality
from bot.core.models import MODELS, Rates
from bot.errors import Problem
from bot.jobs.given_up import LOOK_FOR_S
from bot.jobs.strays.sameness import is_same_link
from bot.provider.runs import UNSUCCESSFUL, Row, RunState, canonical_id

LATE_ROWS_S = 15 * 60.0
"""A run's row may be so late in the provider's history before it counts as missing."""

CENT = 0.01


class ProviderBills:
    """The provider's history against our attempts, within some days."""

    def __init__(
        self,
        books: Books,
        rows: Sequence[Row],
        since: float,
        until: float,
        queued: Sequence[Job],
        *,
        rates: Rates,
    ) -> None:
        self._since, self._until = since, until
        self._rates = rates
        self._rows = {row.request_id: row for row in rows}
        self._jobs = {job.id: job for job in books.jobs}
        self._followed = {
            line.attempt_id for line in books.unproven if until - line.since < LOOK_FOR_S
        }
        self._queued = queued
        self._attempts = [one for one in books.attempts if not MODELS[one.model].is_free]
        claims = [(canonical_id(a.request_id), a) for a in self._attempts if a.request_id]
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
        return [read, *self._seconds()]

    def _seconds(self) -> Iterator[str]:
        """What a second of motion has really cost, beside what people pay for it."""
        runs: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
        for request_id, attempt in self._claims.items():
            row, job = self._rows.get(request_id), self._jobs.get(attempt.job_id)
            if row and row.cost and row.state is RunState.COMPLETED and job and job.duration_s:
                runs[attempt.model, attempt.quality].append((row.cost, job.duration_s))
        for (model, quality), made in sorted(runs.items()):
            cost, seconds = map(sum, zip(*made, strict=True))
            name = MODELS[model].name if model in MODELS else model
            rate = dict(self._rates.by_model.get(model, {})).get(cast("Quality", quality))
            pays = "it is no longer offered" if rate is None else f"people pay {rate:g} credits"
            yield (
                f"A second of {name} {quality} has cost {cost / seconds:.3f} in the provider's "
                f"credits, by {len(made)} run{'s' if len(made) > 1 else ''}; {pays}."
            )

    def differences(self) -> list[Difference]:
        """What does not agree."""
        return [*self._unclaimed(), *self._claimed(), *self._costs()]

    def _unclaimed(self) -> Iterator[Difference]:
        lost = {
            attempt.inputs: attempt
            for attempt in self._attempts
            if attempt.request_id is None and attempt.job_id in self._jobs
        }
        for row in self._rows.values():
            if row.request_id in self._claims or (row.state in UNSUCCESSFUL and not row.cost):
                continue
            attempt = lost.get(row.inputs)
            job = None if attempt is None else self._jobs[attempt.job_id]
            if attempt and job and self._is_looked_for(attempt, job):
                continue  # the bot is about to find it by itself
            whose = "no job knows it"
            waiting = next((job for job in self._queued if _has_files_of(row, job)), None)
            if waiting is not None:
                whose = (
                    f"job {waiting.id}, which is queued, does not know it: after a start the bot "
                    "takes it for that job's own, and does not have it made again"
                )
            elif job is not None and job.state is JobState.REVIEW:
                whose = f"job {job.id} in review may take it (jobs resolve)"
            elif job is not None:
                whose = f"it is a lost submit of job {job.id}, which is {job.state}"
            cost = "" if row.cost is None else f" and cost {row.cost:g}"
            yield Difference(f"The provider ran {row.request_id}{cost}, but {whose}.")

    def _is_looked_for(self, attempt: AttemptLine, job: JobLine) -> bool:
        is_current = attempt.id == job.attempt_id
        in_doubt = is_current and job.state is JobState.SUBMITTING
        return in_doubt or attempt.id in self._followed

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
            elif charged and row.state in UNSUCCESSFUL and attempt.id == job.attempt_id:
                yield Difference(
                    f"Job {job.id} charged {job.price} credits for the run {request_id}, which "
                    "failed at the provider."
                )
            elif (
                job.state is JobState.FAILED
                and row.state is RunState.COMPLETED
                and JobState.FAILED not in job.decisions
                and (job.failure or {}).get("problem") != Problem.GIVEN_UP_BY_REQUESTER
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


def _has_files_of(row: Row, job: Job) -> bool:
    """By Discord's links; what was uploaded the bot compares itself."""
    inputs, given = row.inputs, (job.subject, job.motion)
    return inputs.wish == job.wish and all(
        file is not None and is_same_link(url, file.url)
        for url, file in zip((inputs.image_url, inputs.video_url), given, strict=True)
    )
