"""The account's request history: its rows, and how a list of them is asked for."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from engine.api.faults import Habits
from engine.api.jobs import Job, State

LONGEST_WINDOW_DAYS = 31
DEFAULT_WINDOW_DAYS = 7
MOST_PER_PAGE = 100
STATUSES = ("COMPLETED", "FAILED", "PENDING")
BILLED_FAILURE_CREDITS = 0.42
"""What a run that failed is billed where failures are."""

SORT_KEYS = ("model_created", "model_name", "credits_deduction")


class QueryError(Exception):
    """A parameter of the list is out of its bounds."""


@dataclass(frozen=True)
class Query:
    """Which rows are wanted; the days are UTC and both included."""

    page: int
    per_page: int
    first_day: date
    last_day: date
    model_name: str
    status: str | None
    sort_by: str
    descending: bool

    @classmethod
    def parse(cls, given: Mapping[str, str], today: date) -> "Query":
        """Read a query string; parameters that are unknown are let pass. Raises `QueryError`."""
        last_day = _day(given, "to_date", today)
        first_day = _day(given, "from_date", last_day - timedelta(days=DEFAULT_WINDOW_DAYS))
        if not timedelta(0) <= last_day - first_day <= timedelta(days=LONGEST_WINDOW_DAYS):
            raise QueryError(
                f"from_date must not be after to_date, nor over {LONGEST_WINDOW_DAYS} days before"
            )
        return cls(
            page=_number(given, "page", 1, most=1_000_000),
            per_page=_number(given, "per_page", 20, most=MOST_PER_PAGE),
            first_day=first_day,
            last_day=last_day,
            model_name=given.get("model_name", ""),
            status=_choice(given, "status", STATUSES) if given.get("status") else None,
            sort_by=_choice(given, "sort_by", SORT_KEYS),
            descending=_choice(given, "sort_order", ("desc", "asc")) == "desc",
        )

    def select(
        self, jobs: Iterable[Job], files_url: str, habits: Habits, now: float
    ) -> dict[str, object]:
        """One page of the jobs that match, as the provider replies."""
        rows = [
            row
            for job in jobs
            if self._matches(job)
            for row in history_rows(job, files_url, habits, now)
        ]
        keys = {
            "model_created": lambda row: str(row["model_created"]),
            "model_name": lambda row: str(row["model_name"]),
            "credits_deduction": lambda row: row.get("credits_deduction", 0.0),
        }
        rows.sort(key=keys[self.sort_by], reverse=self.descending)
        first = (self.page - 1) * self.per_page
        return {
            "data": rows[first : first + self.per_page],
            "page": self.page,
            "per_page": self.per_page,
            "total": len(rows),
            "total_pages": -(-len(rows) // self.per_page),
        }

    def _matches(self, job: Job) -> bool:
        day = datetime.fromtimestamp(job.submitted_at, UTC).date()
        return (
            self.first_day <= day <= self.last_day
            and self.model_name in job.inputs.model.slug
            and self.status in {None, _model_status(job)}
        )


def history_rows(job: Job, files_url: str, habits: Habits, now: float) -> list[dict[str, object]]:
    """What the history tells of one request at `now` (unix s); the last row is the newest."""
    if job.unlisted or now < job.submitted_at + habits.history_late_s:
        return []
    row = _row(job, files_url, habits)
    early = row | {
        "model_status": "PENDING",
        "credits_deduction": 0.0,
        "generation_url": None,
        "latency_ms": None,
        "error": None,
    }
    return [early] * (habits.history_copies - 1) + [row]


def _row(job: Job, files_url: str, habits: Habits) -> dict[str, object]:
    """One request with its inputs, outcome and cost; never forgotten, unlike the request."""
    run_time_s = job.ended_at - job.started_at if job.ended_at and job.started_at else None
    request_id, inputs = job.request_id, job.inputs.as_sent
    deduction: dict[str, object] = {"credits_deduction": job.cost_credits}
    if habits.history_deduction == "nothing":
        deduction = {}
    elif job.state is State.FAILED and _bills_failures(job, habits):
        deduction = {"credits_deduction": BILLED_FAILURE_CREDITS}
    return deduction | {
        "request_id": request_id if habits.history_ids == "dashed" else request_id.replace("-", ""),
        "model_name": job.inputs.model.slug,
        "model_status": habits.failed_word if job.state is State.FAILED else _model_status(job),
        "request_body": inputs if habits.history_inputs == "object" else json.dumps(inputs),
        "generation_url": files_url + job.video_path if job.video_path else None,
        "latency_ms": None if run_time_s is None else round(run_time_s * 1000),
        "error": job.error,
        "model_created": _iso(job.submitted_at),
        "model_updated": _iso(job.ended_at or job.started_at or job.submitted_at),
    }


def _bills_failures(job: Job, habits: Habits) -> bool:
    return habits.history_deduction == "failures too" and not job.inputs.model.is_draft


def _model_status(job: Job) -> str:
    return job.state.value if job.state in {State.COMPLETED, State.FAILED} else "PENDING"


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def _number(given: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise QueryError(f"{name} must be a whole number from 1 to {most}")
    return int(text)


def _day(given: Mapping[str, str], name: str, default: date) -> date:
    try:
        return date.fromisoformat(given[name]) if given.get(name) else default
    except ValueError:
        raise QueryError(f"{name} must be a day as YYYY-MM-DD") from None


def _choice(given: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = given.get(name) or choices[0]
    if value not in choices:
        raise QueryError(f"{name} must be one of {', '.join(choices)}")
    return value
