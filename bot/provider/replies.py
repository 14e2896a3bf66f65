"""What Segmind's answers say, read tolerantly: every variant seen, and nothing taken on trust."""

import json
import math
import re
import unicodedata
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from bot.core.jobs import RunInputs
from bot.core.models import MODELS, Model
from bot.errors import (
    AccountRefused,
    InputsRejected,
    KeyRejected,
    ModelMissing,
    OutOfCredits,
    Problem,
    ProviderBusy,
    ProviderError,
    SubmitInDoubt,
)
from bot.provider.failures import numbered_problem, own_words

ERROR_LIMIT_CHARS = 300
LONGEST_RETRY_S = 3600.0

_LONGEST_WORD_CHARS = 40
_LONGEST_URL_CHARS = 4096
_URL_KEYS = ("url", "video_url", "video", "output")
_SENT_UNKNOWN = frozenset({408, 409})  # 4xx, yet no proof that nothing was started
_MISSING = frozenset({404, 405, 410, 301, 307, 308})
"""With the last three nothing was done here; 302 and 303 may follow something that was."""

_MAY_BE_SPENT = frozenset({400, 403, 406})
_SPENT = re.compile(
    r"\b(credits?|balance|funds?|spend(ing)?|quota|billing|payments?|top[- ]?up)\b", re.IGNORECASE
)
_ERROR_KEYS = ("error", "error_description", "detail", "message")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `body` is None when it was no JSON, too long, or broken off."""

    status: int
    body: object
    text: str
    retry_after_s: float | None

    @property
    def ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300

    def describe(self) -> str:
        """Its status, and the reason it gives."""
        return f"{self.status}: {self.text}" if self.text else f"{self.status}"


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
_DOCUMENTED = GOING_ON | {RunState.COMPLETED, RunState.FAILED}

_OTHER_NAMES = {
    "PENDING": RunState.PROCESSING,  # the history's word for what is in flight
    **dict.fromkeys(("SUCCESS", "SUCCEEDED", "DONE", "FINISHED"), RunState.COMPLETED),
    **dict.fromkeys(("CANCELLED", "CANCELED", "ABORTED", "STOPPED", "DELETED"), RunState.ENDED),
    **dict.fromkeys(("TERMINATED", "KILLED", "REJECTED", "BLOCKED", "ENDED"), RunState.ENDED),
    **dict.fromkeys(("EXPIRED", "TIMEOUT", "TIMED_OUT", "ERROR", "FAILURE"), RunState.ENDED),
}


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

    A COMPLETED result may lack its `url`; the history row may still have it.
    """

    state: RunState
    url: str | None = None
    error: str | None = None
    cost: float | None = None


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


def submit_error(reply: Reply, *, address: str, model: str) -> ProviderError:
    """What a submit's answer other than 2xx proves: that no run was begun, or nothing.

    Only 429, and what the operator has to mend, is safe to send again.
    """
    status, said = reply.status, f"The provider answered {reply.describe()}"
    if status == 429:
        return ProviderBusy(said, status=status, retry_after_s=reply.retry_after_s)
    if refused := account_error(reply):
        return refused
    if status in _MISSING:
        return ModelMissing(said, status=status, address=address, model=model)
    if not 400 <= status < 500 or status in _SENT_UNKNOWN:
        return SubmitInDoubt(said, status=status)
    is_busy = numbered_problem(reply.text) is Problem.PROVIDER_BUSY
    return (ProviderBusy if is_busy else InputsRejected)(said, status=status)


def account_error(reply: Reply) -> AccountRefused | None:
    """What an answer to anything says of the operator's account, if it does: the key or the purse.

    The number alone does not tell them apart; words about money do.
    """
    status, said = reply.status, f"The provider answered {reply.describe()}"
    is_spent = _SPENT.search(own_words(reply.text)) is not None
    if status == 402 or (status in _MAY_BE_SPENT and is_spent):
        return OutOfCredits(said, status=status)
    return KeyRejected(said, status=status) if status in (401, 403) else None


def as_dict(value: object) -> dict[str, object]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def run_state(value: object, fields: Mapping[str, object]) -> RunState | None:
    """A state by its name, in an answer with these fields; None where none is named.

    A word that nobody knows is an end if an error stands beside it.
    """
    word = _state_word(value)
    if not word:
        return None
    if word in _DOCUMENTED:
        return RunState(word)
    has_error = any(_flat(fields.get(key)) for key in _ERROR_KEYS[:2])
    return _OTHER_NAMES.get(word, RunState.ENDED if has_error else RunState.UNKNOWN)


def odd_word(value: object) -> str | None:
    """What a state was called, where it is none of the documented words."""
    word = _state_word(value)
    return word if word and word not in _DOCUMENTED else None


def _state_word(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return "_".join(re.findall(r"[A-Z0-9]+", str(value).upper()))[:_LONGEST_WORD_CHARS]


def canonical_id(value: object) -> str | None:
    """A request id in one spelling, dashed and lower-case if it is a UUID; None if it is no id."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", value):
        return None
    try:
        return str(uuid.UUID(value))
    except ValueError:
        return value


def number(value: object) -> float | None:
    """A finite number, also one written as text; None for everything else, for True too."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


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


def moment(value: object) -> float | None:
    """Unix seconds from ISO text (UTC unless it says otherwise), an HTTP date, epoch s or ms."""
    found = number(value)
    if found is not None:
        return found / 1000 if found > 1e11 else found
    if not isinstance(value, str):
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = read(value.strip())
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            continue
    return None


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds to wait from `now`, unix s, as a 429's or 503's headers say; at most an hour."""
    wait_s = number(headers.get("Retry-After"))
    if wait_s is None:
        dates = (headers.get("Retry-After"), headers.get("x-rate-limit-reset-at-utc"))
        reset_at = next((at for date in dates if (at := moment(date)) is not None), None)
        wait_s = None if reset_at is None else reset_at - now
    return None if wait_s is None else min(max(wait_s, 0.0), LONGEST_RETRY_S)


def error_text(body: object, *, secret: str) -> str:
    """The reason an answer gives: one short, printable line without the secret; "" if none."""
    fields = as_dict(body)
    found = next((text for key in _ERROR_KEYS if (text := _flat(fields.get(key)))), "")
    line = found.replace(secret, "…") if secret else found
    shown = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in line)
    return " ".join(shown.split())[:ERROR_LIMIT_CHARS]


def _flat(value: object, depth: int = 0) -> str:
    """Text out of a string, or a list or object of such, as validation errors are."""
    if isinstance(value, str):
        return "" if value.lstrip()[:1] == "<" else value
    if depth == 3:
        return ""
    inner: list[object] = value[:5] if isinstance(value, list) else []
    if isinstance(value, dict):
        inner = [value.get(key) for key in ("message", "msg", "detail", "error")]
    return "; ".join(text for item in inner if (text := _flat(item, depth + 1)))


def rows_in(data: object, *, usual: Model, secret: str) -> Iterator[Row]:
    """History rows of a list, or of one object; what has no id is left out.

    They are the `usual` model's where they do not say whose.
    """
    for item in data if isinstance(data, list) else [data]:
        fields = as_dict(item)
        request_id = canonical_id(fields.get("request_id"))
        if request_id is None:
            continue
        model = MODELS.get(str(fields.get("model_name")), usual)
        state = run_state(fields.get("model_status"), fields)
        times = (moment(fields.get(name)) for name in ("model_created", "created_at"))
        yield Row(
            request_id=request_id,
            state=state,
            url=url_in(fields.get("generation_url")),
            error=error_text(fields, secret=secret) or None,
            cost=number(fields.get("credits_deduction")) if state in FINAL else None,
            created_at=next((time_s for time_s in times if time_s is not None), None),
            inputs=model.inputs_in(_sent(fields)),
        )


def _sent(row: Mapping[str, object]) -> dict[str, object]:
    """What a history row says was sent; its body is an object, or a string of one."""
    body = row.get("request_body")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            body = None
    return as_dict(body)


def fuller(row: Row, other: Row | None) -> Row:
    """Of two rows of one request, the one that tells more."""
    if other is None:
        return row
    return max(other, row, key=lambda r: (r.url is not None, r.state in FINAL, r.cost is not None))
