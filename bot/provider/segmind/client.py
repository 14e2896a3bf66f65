"""Segmind's asynchronous v2 API, the same for each of its models; knows nothing of Discord.

Each call is one HTTP request (`find_runs` reads several pages). Nothing is sent twice in here: a
POST costs money, and how long to wait before another GET is the caller's affair.
"""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlsplit

import aiohttp

from bot.core.jobs import DEFAULT_MODEL, Attempt, RunInputs
from bot.core.models import MODELS, Model
from bot.errors import (
    InputsRejected,
    NotAccepted,
    ProviderUnavailable,
    RequestUnknown,
    SettingsError,
    SubmitInDoubt,
)
from bot.provider.limiter import RateLimiter
from bot.provider.runs import (
    GOING_ON,
    UNSUCCESSFUL,
    Result,
    Row,
    RunState,
    Status,
    canonical_id,
    fuller,
    url_in,
)
from bot.provider.segmind.replies import (
    Reply,
    account_error,
    as_dict,
    error_text,
    number,
    odd_word,
    remark_in,
    retry_after,
    rows_in,
    run_state,
    submit_error,
)

REPLY_LIMIT_BYTES = 1024 * 1024
CLOCK_SKEW_S = 120.0
"""How far the provider's clock may be from ours before its history rows are missed."""

_NOT_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,  # the proxy did not open the way
)
_ROWS_PER_PAGE = 100
_MOST_PAGES = 200
_LONGEST_WINDOW = timedelta(days=30)
_SLOWEST_UPLOAD_BYTES_PER_S = 250_000
_UPLOAD_CHUNK_BYTES = 3 * 256 * 1024  # a multiple of 3, so that base64 needs no padding between


@dataclass(frozen=True, slots=True)
class Lost:
    """No reply came. `sent` is False only where the request provably never left."""

    sent: bool
    why: str


class Segmind:
    """The client; `session` stays the caller's. The key goes to the four given URLs only.

    `proxy_for` gives the URL of the proxy that one of these is reached through, if there is one.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        api_key: str,
        api_url: str,
        history_url: str,
        upload_url: str,
        credits_url: str,
        limiter: RateLimiter,
        timeout_s: float = 30.0,
        key_name: str = "SEGMIND_API_KEY",
        models: Collection[str] = (DEFAULT_MODEL,),
        now: Callable[[], float] = time.time,
        proxy_for: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        if not api_key.isascii() or not api_key.isprintable():
            raise SettingsError(f"{key_name} is wrong: it holds characters that no key has.")
        self._session = session
        self._key = api_key
        self.url = api_url.rstrip("/")
        self._history_url = history_url.rstrip("/")
        self._upload_url = upload_url
        self._credits_url = credits_url
        self._timeout_s = timeout_s
        self.limiter = limiter
        self._models, self._now = models, now
        self._proxy_for = proxy_for

    async def submit(self, attempt: Attempt) -> str:
        """Start one billed run and return its request id.

        Raises `NotAccepted` (also `AccountRefused`, `ModelMissing`) when there is provably no job,
        `InputsRejected` when these inputs never will be one, and `SubmitInDoubt` for the rest.
        """
        body = json.dumps(MODELS[attempt.model].fields(attempt.inputs)).encode()
        address = f"{self.url}/{attempt.model}"
        reply = await self._send("POST", address, body=body)
        if isinstance(reply, Lost):
            kind = SubmitInDoubt if reply.sent else NotAccepted
            raise kind(f"The submit got no answer: {reply.why}.")
        if not reply.ok:
            raise submit_error(reply, address=_without_password(address), model=attempt.model)
        request_id = canonical_id(as_dict(reply.body).get("request_id"))
        if request_id is None:
            raise SubmitInDoubt("The submit's answer names no request.", status=reply.status)
        return request_id

    async def status(self, request_id: str) -> Status:
        """Poll once. Raises `RequestUnknown`, `AccountRefused` or `ProviderUnavailable`."""
        reply = await self._get(self._request_url(request_id) + "/status")
        state, body = _state_in(reply), as_dict(reply.body)
        if state is None:
            raise ProviderUnavailable("The poll's answer names no state.", status=reply.status)
        reason = reply.text if state in UNSUCCESSFUL else None
        return Status(state, reason or None, odd_word(body.get("status")), _cost_in(body))

    async def result(self, request_id: str) -> Result:
        """Read the result once.

        Raises `RequestUnknown`, `AccountRefused` or `ProviderUnavailable`.
        """
        reply = await self._get(self._request_url(request_id))
        body = as_dict(reply.body)
        state, cost = _state_in(reply), _cost_in(body)
        if state is RunState.FAILED:
            return Result(state, error=reply.text or None, cost=cost)
        if state in GOING_ON:
            return Result(state)
        url = url_in(body.get("output")) or url_in(body.get("video"))
        if url is not None:
            remark = remark_in(body)
            return Result(RunState.COMPLETED, url=url, cost=cost, remark=remark)
        if state is None:
            raise ProviderUnavailable("The result is neither a video nor a state.")
        return Result(state, cost=cost)

    async def history_row(self, request_id: str) -> Row | None:
        """The history's row of one request, of any age; None when there is none (yet).

        Raises `AccountRefused` or `ProviderUnavailable`.
        """
        try:
            reply = await self._get(f"{self._history_url}/{quote(request_id, safe='')}")
        except RequestUnknown:
            return None
        body = as_dict(reply.body)
        wanted, found = canonical_id(request_id) or request_id, None
        rows = rows_in(body.get("data", body), usual=MODELS[DEFAULT_MODEL], secret=self._key)
        for row in rows:
            if row.request_id == wanted:
                found = fuller(row, found)
        return found

    async def find_runs(self, attempt: Attempt, *, since: float, until: float) -> list[Row]:
        """History rows of exactly its inputs, begun between two unix times, one per request.

        A row that does not say when it began is among them. Raises `AccountRefused` or
        `ProviderUnavailable`; an incomplete reading is never returned.
        """
        return await self._rows(MODELS[attempt.model], since, until, attempt.inputs)

    async def rows(self, since: float, until: float) -> list[Row]:
        """All of `models` begun between two unix times; the rest is as with `find_runs`."""
        found = [await self._rows(MODELS[model], since, until) for model in self._models]
        return [row for rows in found for row in rows]

    async def _rows(
        self, model: Model, since: float, until: float, inputs: RunInputs | None = None
    ) -> list[Row]:
        earliest, latest = since - CLOCK_SKEW_S, until + CLOCK_SKEW_S
        found: dict[str, Row] = {}
        for days in _windows(earliest, latest):
            async for items in self._pages(model, days):
                for row in rows_in(items, usual=model, secret=self._key):
                    is_timely = row.created_at is None or earliest <= row.created_at <= latest
                    if is_timely and inputs in {None, row.inputs}:
                        found[row.request_id] = fuller(row, found.get(row.request_id))
        return list(found.values())

    async def upload(self, path: Path, content_type: str) -> str:
        """Hand a file to the provider's storage and return its public URL.

        Raises `InputsRejected` (too large, wrong type), `AccountRefused`, `ProviderUnavailable`,
        and `OSError` when the file cannot be read.
        """
        with closing(await asyncio.to_thread(path.open, "rb")) as file:
            size_bytes = (await asyncio.to_thread(path.stat)).st_size
            head, tail = f'{{"data_urls": ["data:{content_type};base64,'.encode(), b'"]}'
            reply = await self._send(
                "POST",
                self._upload_url,
                body=_data_url(file, head, tail),
                body_bytes=len(head) + 4 * ((size_bytes + 2) // 3) + len(tail),
                timeout_s=self._timeout_s + size_bytes / _SLOWEST_UPLOAD_BYTES_PER_S,
            )
        if isinstance(reply, Lost):
            raise ProviderUnavailable(f"The upload got no answer: {reply.why}.")
        if refused := account_error(reply):
            raise refused
        if reply.status in (400, 406, 413, 415, 422):
            raise InputsRejected(
                f"The upload was refused with {reply.describe()}", status=reply.status
            )
        self._check(reply)
        url = url_in(as_dict(reply.body).get("file_urls"))
        if url is None:
            raise ProviderUnavailable("The upload's answer names no file.", status=reply.status)
        return url

    async def credits(self) -> float:
        """What the account can still spend, in the provider's dollars, free ones included.

        Raises `AccountRefused` or `ProviderUnavailable`.
        """
        body = as_dict((await self._get(self._credits_url)).body)
        bought, free = number(body.get("credits")), number(body.get("free-credits"))
        if bought is None and free is None:
            raise ProviderUnavailable("The answer to the balance names none.")
        return (bought or 0.0) + (free or 0.0)

    def _request_url(self, request_id: str) -> str:
        return f"{self.url}/requests/{quote(request_id, safe='')}"

    async def _pages(self, model: Model, days: tuple[date, date]) -> AsyncIterator[list[object]]:
        """Pages until an empty one: a page may be shorter than asked for and not be the last."""
        previous: list[object] = []
        for page in range(1, _MOST_PAGES + 1):
            try:
                reply = await self._get(
                    self._history_url,
                    page=str(page),
                    per_page=str(_ROWS_PER_PAGE),
                    from_date=days[0].isoformat(),
                    to_date=days[1].isoformat(),
                    model_name=model.slug,
                )
            except RequestUnknown:
                if page == 1:
                    raise ProviderUnavailable("The history is not there.", status=404) from None
                return
            items = as_dict(reply.body).get("data")
            if not isinstance(items, list):
                raise ProviderUnavailable("A page of the history holds no rows' list.")
            if not items or items == previous:
                return
            yield items
            previous = items
        raise ProviderUnavailable(f"The history has more than {_MOST_PAGES} pages.")

    async def _get(self, url: str, **params: str) -> Reply:
        reply = await self._send("GET", url, params=params)
        if isinstance(reply, Lost):
            raise ProviderUnavailable(f"The provider did not answer: {reply.why}.")
        if reply.status in (404, 410):
            raise RequestUnknown(
                f"The provider knows no such request: {reply.describe()}", status=reply.status
            )
        if reply.status != 422:
            self._check(reply)
        if not isinstance(reply.body, dict):
            raise ProviderUnavailable("The answer cannot be read.", status=reply.status)
        return reply

    @staticmethod
    def _check(reply: Reply) -> None:
        if refused := account_error(reply):
            raise refused
        if not reply.ok:
            raise ProviderUnavailable(
                f"The provider answered {reply.describe()}",
                status=reply.status,
                retry_after_s=reply.retry_after_s,
            )

    async def _send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | AsyncIterator[bytes] | None = None,
        body_bytes: int | None = None,
        timeout_s: float | None = None,
    ) -> Reply | Lost:
        """One request. What went wrong is returned, so that no error of ours carries aiohttp's.

        aiohttp's errors hold the request's headers, and with them the key.
        """
        headers = {"x-api-key": self._key, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if body_bytes is not None:
            headers["Content-Length"] = str(body_bytes)
        total_s = self._timeout_s if timeout_s is None else timeout_s
        self.limiter.record_request()
        try:
            async with self._session.request(
                method,
                url,
                params=params,
                data=body,
                headers=headers,
                allow_redirects=False,
                proxy=self._proxy_for(url),
                raise_for_status=False,
                # Half for connecting: a host that never picks up provably got nothing.
                timeout=aiohttp.ClientTimeout(total=total_s, connect=self._timeout_s / 2),
            ) as response:
                return await self._read(response)
        except _NOT_CONNECTED as error:
            return Lost(sent=False, why=f"no connection ({type(error).__name__})")
        except (aiohttp.ClientError, TimeoutError) as error:
            return Lost(sent=True, why=type(error).__name__)

    async def _read(self, response: aiohttp.ClientResponse) -> Reply:
        raw = bytearray()
        body: object = None
        try:
            async for chunk in response.content.iter_chunked(65536):
                raw += chunk
                if len(raw) > REPLY_LIMIT_BYTES:
                    raise ValueError("too long")  # noqa: TRY301 - one way to be unreadable
            body = json.loads(raw)
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError):
            pass
        retry_after_s = retry_after(response.headers, now=self._now())
        if response.status == 429:
            self.limiter.record_throttled(retry_after_s)
        return Reply(
            status=response.status,
            body=body,
            text=error_text(body, secret=self._key),
            retry_after_s=retry_after_s,
        )


def _state_in(reply: Reply) -> RunState | None:
    """A run's state in an answer about it; a 422 says by itself that it failed."""
    body = as_dict(reply.body)
    return RunState.FAILED if reply.status == 422 else run_state(body.get("status"), body)


def _cost_in(body: Mapping[str, object]) -> float | None:
    return number(as_dict(body.get("metrics")).get("cost"))


def _windows(since: float, until: float) -> Iterator[tuple[date, date]]:
    """Spans of days, both ends within, that the history takes in one query (UTC)."""
    first, last = (datetime.fromtimestamp(time_s, UTC).date() for time_s in (since, until))
    while first <= last:
        end = min(first + _LONGEST_WINDOW, last)
        yield first, end
        first = end + timedelta(days=1)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


async def _data_url(file: BinaryIO, head: bytes, tail: bytes) -> AsyncIterator[bytes]:
    """The upload's JSON, piece by piece: a video and its base64 are never in memory at once."""
    yield head
    while chunk := await asyncio.to_thread(file.read, _UPLOAD_CHUNK_BYTES):
        yield base64.b64encode(chunk)
    yield tail
