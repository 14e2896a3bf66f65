"""What Segmind's answers say, read tolerantly: every variant seen, and nothing taken on trust."""

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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
from bot.provider.runs import FINAL, GOING_ON, Row, RunState, canonical_id, url_in

ERROR_LIMIT_CHARS = 300
LONGEST_RETRY_S = 3600.0

_LONGEST_WORD_CHARS = 40
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


_DOCUMENTED = GOING_ON | {RunState.COMPLETED, RunState.FAILED}

_OTHER_NAMES = {
    "PENDING": RunState.PROCESSING,  # the history's word for what is in flight
    **dict.fromkeys(("SUCCESS", "SUCCEEDED", "DONE", "FINISHED"), RunState.COMPLETED),
    **dict.fromkeys(("CANCELLED", "CANCELED", "ABORTED", "STOPPED", "DELETED"), RunState.ENDED),
    **dict.fromkeys(("TERMINATED", "KILLED", "REJECTED", "BLOCKED", "ENDED"), RunState.ENDED),
    **dict.fromkeys(("EXPIRED", "TIMEOUT", "TIMED_OUT", "ERROR", "FAILURE"), RunState.ENDED),
}


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


def number(value: object) -> float | None:
    """A finite number, also one written as text; None for everything else, for True too."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


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
    return _line(found.replace(secret, "…") if secret else found)


def _line(text: str) -> str:
    """One short, printable line of a text."""
    shown = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in text)
    return " ".join(shown.split())[:ERROR_LIMIT_CHARS]


def remark_in(body: Mapping[str, object]) -> str:
    """What stands beside a result in words: one short, printable line; "" if nothing does."""
    return _line(_flat(as_dict(body.get("metrics")).get("note")))


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
