"""The provider's answers, changed on the wire: bodies, shapes, headers, status codes, addresses.

Each is read by the real client, which may say that it cannot be read, and nothing else. As faults
of the stand-in they also befall the runs of a whole bot, but so that none of them lies about money.
"""

import asyncio
import gzip
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.core.jobs import Attempt
from bot.core.models import MODELS
from bot.errors import ProviderError, SubmitInDoubt
from bot.provider.runs import Result, Row, Status
from bot.provider.segmind.client import Segmind
from sandbox.faults.injector import Effect, Fault
from tests.bot.local_server import serve
from tests.bot.provider.segmind_server import ID, NOW, client
from tests.fuzz.layouts import layout_of
from tests.fuzz.oddities import NESTED_DEEP, Oddities
from tests.fuzz.spoiling import BY_BYTES
from tests.fuzz.tally import Tally

TIMEOUT_S = 2.0
LONGEST_S = 10.0
"""A call may take; its own bound is shorter."""

ATTEMPT = Attempt(1, "https://i.example/1", "https://v.example/1", NOW)
_ROW = {
    "request_id": ID,
    "model_name": "pixverse-mimic",
    "model_status": "COMPLETED",
    "request_body": MODELS[ATTEMPT.model].fields(ATTEMPT.inputs),
    "generation_url": "https://images.example/1.mp4",
    "credits_deduction": 0.5,
    "latency_ms": 100,
    "error": None,
    "model_created": "2027-01-15T08:00:00.000Z",
}
RIGHT: Mapping[str, object] = {
    "submit": {"request_id": ID, "status": "QUEUED", "poll_url": "https://e.example/1"},
    "status": {"status": "PROCESSING", "request_id": ID, "metrics": {"progress": 0.5}},
    "result": {
        "status": "COMPLETED",
        "request_id": ID,
        "output": "https://images.example/1.mp4",
        "video": {"url": "https://images.example/1.mp4", "file_size": "1"},
        "metrics": {"cost": 0.5, "remaining_credits": 1.0},
        "error": None,
    },
    "row": _ROW,
    "rows": {"data": [_ROW, _ROW], "page": 1, "total": 2},
    "upload": {"file_urls": ["https://images.example/1.png"], "message": "well"},
    "credits": {"credits": 1.5, "free-credits": 0.0},
}
HEADERS = (
    "Retry-After",
    "x-rate-limit-reset-at-utc",
    "Content-Type",
    "Content-Encoding",
    "Location",
    "Set-Cookie",
    "Content-Disposition",
)
STATUSES = (
    *(200, 200, 200, 200, 201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308),
    *(400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413, 415, 418, 422, 423, 425, 429, 451),
    *(499, 500, 501, 502, 503, 504, 507, 520, 529, 599, 600, 700, 999),
)
SAYS_NOTHING_OF_MONEY = (200, 200, 200, 200, 201, 203, 500, 502, 503, 504, 520, 529)
"""None proves that there was no run, nor that a run has failed."""


PROVES_NOTHING_BEGUN = frozenset({301, 307, 308, *range(400, 500)} - {408, 409})


@dataclass(frozen=True, slots=True)
class Said:
    """One answer as it goes out; `cut` ends the connection after so many bytes of its body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Send it, or a part of it."""
        if self.cut is None:
            return web.Response(status=self.status, body=self.body, headers=self.headers)
        part = web.StreamResponse(status=self.status, headers=self.headers)
        part.content_length = len(self.body)
        with suppress(ConnectionError):
            await part.prepare(request)
            await part.write(self.body[: self.cut])
        if request.transport is not None:
            request.transport.close()
        return part


class Answers:
    """Changes right answers; the same chance, the same changes."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._odd = Oddities(chance)
        self.count = 0

    def changed(self, right: object, statuses: tuple[int, ...] = STATUSES) -> Said:
        """An answer in this one's place."""
        self.count += 1
        chance = self._chance
        body = self._body(right)
        headers = {"Content-Type": "application/json"}
        for _ in range(chance.choice([0, 0, 1, 2])):
            headers[chance.choice(HEADERS)] = self._header()
        if chance.random() < 0.05:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        status = chance.choice(statuses) if chance.random() < 0.4 else 200
        cut = chance.randrange(len(body)) if body and chance.random() < 0.05 else None
        return Said(status, b"" if status in {204, 304} else body, headers, cut)

    def fault(self) -> Fault:
        """Answers that say nothing false of money, once what was asked for has been done."""

        async def strike(request: web.Request, effect: Effect) -> web.StreamResponse:
            whole = await effect()
            body = whole.body if isinstance(whole, web.Response) else None
            if not isinstance(body, bytes) or whole.status >= 300:
                return whole
            try:
                right = json.loads(body)
            except ValueError:
                return whole
            said = self.changed(right, SAYS_NOTHING_OF_MONEY)
            if _claims_in(said.body) - _claims_in(body):
                said = replace(said, body=b"{}", cut=None)
            return await said.send(request)

        return Fault("changed answer", strike)

    def spoiled_file(self) -> Fault:
        """A file whose bytes are spoiled on the way."""

        async def strike(_: web.Request, effect: Effect) -> web.StreamResponse:
            whole = await effect()
            body = whole.body if isinstance(whole, web.Response) else None
            if not isinstance(body, bytes) or whole.status != 200:
                return whole
            self.count += 1
            step = self._chance.choice(BY_BYTES)
            return web.Response(body=step(self._chance, body, layout_of(body)))

        return Fault("spoiled file", strike)

    def _body(self, right: object) -> bytes:
        chance = self._chance
        whole = json.dumps(right).encode()
        kinds: tuple[Callable[[], bytes], ...] = (
            *[lambda: self._json(self._odd.changed(right))] * 8,
            *[lambda: self._json(self._odd.changed(self._odd.changed(right)))] * 4,
            lambda: self._json(self._odd.value()),
            lambda: whole[: chance.randrange(len(whole))],
            lambda: whole.replace(b"0.5", chance.choice([b"NaN", b"1e999", b"-Infinity", b"00"])),
            lambda: b"[" * NESTED_DEEP,
            lambda: b'{"a":' * NESTED_DEEP,
            lambda: b"\xff\xfe" + chance.randbytes(200),
            lambda: b"<html><body>502 Bad Gateway</body></html>",
            lambda: b'{"error": "' + b"x" * 2_000_000 + b'"}',
            lambda: b"",
        )
        return chance.choice(kinds)()

    @staticmethod
    def _json(value: object) -> bytes:
        return json.dumps(value).encode("utf-8", "surrogatepass")

    def _header(self) -> str:
        given = [self._odd.text(), str(self._odd.number())[:300], "Fri, 31 Dec 9999 23:59:59 GMT"]
        line = self._chance.choice([*given, "gzip, br", "text/html; charset=nonsense", "-5"])
        return "".join(char for char in line if char.isprintable() and char.isascii())[:4000]


def _claims_in(body: bytes) -> set[bytes]:
    """What an answer says of whose run it is and of its cost: anything else would be a lie."""
    return set(re.findall(rb'"(?:request_id|cost|credits_deduction)": ?(?:"[^"]*"|[^,}]*)', body))


Call = Callable[[Segmind, Path], Awaitable[object]]
CALLS: Mapping[str, tuple[Call, type | tuple[type, ...]]] = {
    "submit": (lambda segmind, _: segmind.submit(ATTEMPT), str),
    "status": (lambda segmind, _: segmind.status(ID), Status),
    "result": (lambda segmind, _: segmind.result(ID), Result),
    "row": (lambda segmind, _: segmind.history_row(ID), (Row, type(None))),
    "rows": (lambda segmind, _: segmind.find_runs(ATTEMPT, since=NOW - 60, until=NOW), list),
    "upload": (lambda segmind, path: segmind.upload(path, "image/png"), str),
    "credits": (lambda segmind, _: segmind.credits(), float),
}


async def fuzz_answers(count: int, seed: int, folder: Path) -> Tally:
    """So many changed answers, each to one call of the client's."""
    tally = Tally("answers of the provider")
    chance = random.Random(seed)
    answers, upload = Answers(chance), folder / "upload.png"
    await asyncio.to_thread(_make, upload)
    asked: list[str] = []
    say: list[Said] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        asked.append(request.method)
        return await say[min(len(asked), len(say)) - 1].send(request)

    async with serve(handle) as url, aiohttp.ClientSession() as session:
        segmind = client(session, url, TIMEOUT_S)
        for number in range(count):
            name = chance.choice(sorted(CALLS))
            # The pages of a history end with an empty one.
            say[:] = [answers.changed(RIGHT[name]), Said(200, b'{"data": []}')]
            asked.clear()
            what, began = f"answer {number} to {name}", time.monotonic()
            call, wanted = CALLS[name]
            end = await _outcome(call(segmind, upload), wanted, what, tally)
            if name == "submit" and say[0].status not in PROVES_NOTHING_BEGUN:
                _check_doubt(end, say[0].status, what, tally)
            tally.ends[f"{name}: {end}"] += 1
            tally.took(time.monotonic() - began, what)
            if asked.count("POST") > 1:
                tally.wrong.append(f"{what}: it was posted {asked.count('POST')} times.")
    tally.end()
    return tally


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"some bytes")


def _check_doubt(end: str, status: int, what: str, tally: Tally) -> None:
    """Such an answer leaves open whether there is a run: nobody may send again."""
    if end not in {"read", SubmitInDoubt.__name__}:
        tally.wrong.append(f"{what}: after {status} it is taken for {end}.")


async def _outcome(
    call: Awaitable[object], wanted: type | tuple[type, ...], what: str, tally: Tally
) -> str:
    try:
        async with asyncio.timeout(LONGEST_S):
            found = await call
    except ProviderError as error:
        return type(error).__name__
    except TimeoutError:
        tally.wrong.append(f"{what}: no end within {LONGEST_S:g} s.")
        return "no end"
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
        tally.wrong.append(f"{what}: {error!r} was raised.")
        return f"raised {type(error).__name__}"
    if not isinstance(found, wanted):
        tally.wrong.append(f"{what}: {found!r} is none of {wanted}.")
    return "read"
