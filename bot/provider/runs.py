"""What is told of runs, whichever provider tells it."""

import re
import uuid
from dataclasses import dataclass, field
from enum import StrEnum

from bot.core.jobs import RunInputs

_LONGEST_URL_CHARS = 4096
_URL_KEYS = ("url", "video_url", "video", "output")


class RunState(StrEnum):
    """Where a request is at the provider: the four states that it documents, and two of ours.

    ENDED is an end of another name, of which only its result or the history tells whether it made
    something; UNKNOWN a word that may mean anything.
    """

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    ENDED = "ENDED"
    UNKNOWN = "UNKNOWN"


GOING_ON = frozenset({RunState.QUEUED, RunState.PROCESSING})
UNSUCCESSFUL = frozenset({RunState.FAILED, RunState.ENDED})
FINAL = UNSUCCESSFUL | {RunState.COMPLETED}


@dataclass(frozen=True, slots=True)
class Status:
    """What a poll said; `error` is the provider's reason for an end without a video.

    `odd_word` is what it called the state, where its documentation has no such word; `cost` as with
    `Result`.
    """

    state: RunState
    error: str | None = None
    odd_word: str | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a request ended, or that it has not; `cost` as the provider counts, None if unknown.

    `remark` is what its maker says of the video. A COMPLETED result may lack its `url`; the history
    row may still have it.
    """

    state: RunState
    url: str | None = None
    error: str | None = None
    cost: float | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the provider's history; what it did not say is None. `created_at` in unix s."""

    request_id: str
    state: RunState | None
    url: str | None
    error: str | None
    cost: float | None
    created_at: float | None
    inputs: RunInputs = field(default=RunInputs("", "", "", ""), compare=False)

    @property
    def is_free(self) -> bool:
        """Whether it proves that the run made nothing and was not billed."""
        return self.state in UNSUCCESSFUL and self.cost == 0


def fuller(row: Row, other: Row | None) -> Row:
    """Of two rows of one request, the one that tells more."""
    if other is None:
        return row
    return max(other, row, key=lambda r: (r.url is not None, r.state in FINAL, r.cost is not None))


def canonical_id(value: object) -> str | None:
    """A request id in one spelling, dashed and lower-case if it is a UUID; None if it is no id."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", value):
        return None
    try:
        return str(uuid.UUID(value))
    except ValueError:
        return value


def url_in(value: object, depth: int = 0) -> str | None:
    """The first http(s) URL in a string, a list or an object that holds one."""
    if isinstance(value, str):
        good = value.startswith(("https://", "http://")) and len(value) <= _LONGEST_URL_CHARS
        return value if good and value.isprintable() else None
    if depth == 3:
        return None
    inner: list[object] = value if isinstance(value, list) else []
    if isinstance(value, dict):
        inner = [value.get(key) for key in _URL_KEYS]
    return next((url for item in inner if (url := url_in(item, depth + 1))), None)
