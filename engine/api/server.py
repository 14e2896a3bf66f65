"""The provider's HTTP API on this machine: submit, poll, fetch, look back, upload, and control."""

import asyncio
import hmac
import json
import secrets
import tempfile
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Middleware

from engine.api.clock import MovableClock
from engine.api.control import (
    CONTROL_PATH,
    Control,
    ControlError,
    Forbidden,
    guard,
    is_loopback,
)
from engine.api.faults import Faults, Handler
from engine.api.history import Query, QueryError, history_rows
from engine.api.inputs import InputError, parse_inputs
from engine.api.jobs import PLAIN, Job, RenderPlan, Workshop
from engine.api.looks import Looks, TooManyLooks
from engine.api.models import DRAFT, MODELS
from engine.api.replies import result_reply, status_reply, submit_reply
from engine.api.storage import Storage, UploadError

BODY_LIMIT_BYTES = 256 * 1024 * 1024
MOST_REQUESTS_KEPT = 50_000
LOOK_PATH = "/look"
HISTORY_PATH = "/inference-request/request-history"
JSON_TYPE = "application/json"
PUBLIC_PATHS = ("/generations/", "/assets/", CONTROL_PATH)


@dataclass(frozen=True)
class SeenRequest:
    """One HTTP request as it came in; header names in lower case, time in unix seconds."""

    method: str
    path: str
    headers: dict[str, str]
    at: float


class ProviderServer:
    """The stand-in provider; listening between `async with` and its end.

    `requests` holds the latest HTTP requests but those to /control; `accepted` every job. Without a
    `media_dir` the files live in a temporary folder that goes at the end, and without an `api_key`
    it makes one. It answers to addresses, and to no other `names` than these, the first of which
    stands in its links. `middlewares` stand around every request that is not to /control.
    """

    def __init__(
        self,
        *,
        plan: RenderPlan = PLAIN,
        api_key: str | None = None,
        run_time_s: float = 8.0,
        media_dir: Path | None = None,
        credits: float = 100.0,
        clock: MovableClock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        names: Collection[str] = (),
        middlewares: Sequence[Middleware] = (),
    ) -> None:
        self.api_key = api_key or f"SG_{secrets.token_hex(16)}"
        self.clock = clock or MovableClock()
        self.requests: list[SeenRequest] = []
        self.faults = Faults(self.clock)
        self._middlewares = [_but_for_control(middleware) for middleware in middlewares]
        self._plan = plan
        self._run_time_s, self._media_dir, self._credits = run_time_s, media_dir, credits
        self._host, self._port = host, port
        self._names = {host, *names}
        self._public_name = next(iter(names), None)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            folder = self._media_dir or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._storage = Storage(folder, self.clock)
            self.workshop = Workshop(
                self.clock,
                self._storage,
                self.faults,
                plan=self._plan,
                run_time_s=self._run_time_s,
                credits=self._credits,
                may_fetch_here=is_loopback(self._host),
            )
            looks = Looks(
                self._storage,
                self.faults,
                plan=self._plan,
                may_fetch_here=is_loopback(self._host),
            )
            self._looks = await stack.enter_async_context(looks)
            runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.TCPSite(runner, self._host, self._port).start()
            # its end comes first: a job may be connecting to this very server, and asyncio
            # forgets a connection that is half accepted when the listening ends
            await stack.enter_async_context(self.workshop)
            self._address(runner.addresses[0][:2])
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stack.aclose()

    @property
    def accepted(self) -> list[Job]:
        """Every job that was accepted: the number of bills, however many requests there were."""
        return self.workshop.accepted

    async def until_accepted(self, count: int) -> None:
        """Wait until that many jobs have been accepted in all."""
        await self.workshop.until_accepted(count)

    def _address(self, bound: tuple[str, int]) -> None:
        named = self._public_name or bound[0]
        host = f"[{named}]" if ":" in named else named
        base = f"http://{host}:{bound[1]}"
        self._storage.base_url = base
        self.files_url = base
        self.api_url = f"{base}/v2"
        self.history_url = base + HISTORY_PATH
        self.upload_url = f"{base}/upload-asset"
        self.credits_url = f"{base}/v1/get-user-credits"
        self.control_url = base + CONTROL_PATH.rstrip("/")

    def urls(self) -> dict[str, str]:
        """Every address and the key: what a client is to be configured with."""
        names = ("api", "history", "upload", "credits", "files", "control")
        return {f"{n}_url": getattr(self, f"{n}_url") for n in names} | {"api_key": self.api_key}

    def _application(self) -> web.Application:
        own = [_envelope, guard(self._names), self.faults.strike, self._check_key]
        middlewares = [self._record, *self._middlewares, *own]
        app = web.Application(middlewares=middlewares, client_max_size=BODY_LIMIT_BYTES)
        app.add_routes(
            [
                web.post("/v2/{model}", self._submit),
                web.post(LOOK_PATH, self._look),
                web.get("/v2/requests/{request_id}/status", self._status),
                web.get("/v2/requests/{request_id}", self._result),
                web.get("/v1/requests/{request_id}", self._result),
                web.get("/v1/get-user-credits", self._get_credits),
                web.get(HISTORY_PATH, self._history),
                web.get(HISTORY_PATH + "/{request_id}", self._history_row),
                web.post("/upload-asset", self._upload),
                web.get("/generations/{name}", self._file),
                web.get("/assets/{name}", self._file),
                *Control(self.clock, self.workshop, self.faults).routes(),
            ]
        )
        return app

    @web.middleware
    async def _record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(CONTROL_PATH):
            headers = {name.lower(): value for name, value in request.headers.items()}
            seen = SeenRequest(request.method, request.path, headers, self.clock.time())
            self.requests.append(seen)
            del self.requests[:-MOST_REQUESTS_KEPT]
        return await handler(request)

    @web.middleware
    async def _check_key(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(PUBLIC_PATHS):
            key = request.headers.get("x-api-key", "").encode(errors="surrogateescape")
            if not hmac.compare_digest(key, self.api_key.encode()):
                return _error(401, "Invalid or missing API key: send it as x-api-key")
        return await handler(request)

    async def _submit(self, request: web.Request) -> web.Response:
        slug = request.match_info["model"]
        model = MODELS.get(slug)
        if model is None:
            return _error(404, f"Model {slug} not found")
        inputs = parse_inputs(model, await _declared_json(request))
        if self.workshop.credits <= 0 and not model.is_draft:
            return _error(406, "Insufficient credits: top up your account to continue")
        is_lost = self.faults.take_loss()
        job = self.workshop.accept(inputs, unlisted=is_lost)
        if is_lost and request.transport is not None:
            request.transport.abort()
        return web.json_response(submit_reply(job, self.api_url))

    async def _look(self, request: web.Request) -> web.Response:
        inputs = parse_inputs(DRAFT, await _declared_json(request))
        return web.json_response(await self._looks.look(inputs))

    async def _status(self, request: web.Request) -> web.Response:
        habits = self.faults.habits
        job = self._fresh(request)
        if habits.status == "500":
            return _error(500, "Internal server error")
        if habits.status == "404":
            raise NotKnown(f"Request {job.request_id} not found")
        status, body = status_reply(job, self.api_url, habits)
        return web.json_response(body, status=status)

    async def _result(self, request: web.Request) -> web.Response:
        job = self._fresh(request)
        if self.faults.habits.result_gone:
            raise NotKnown(f"Request {job.request_id} not found")
        status, body = result_reply(job, self.api_url, self.files_url, self.faults.habits)
        return web.json_response(body, status=status)

    def _fresh(self, request: web.Request) -> Job:
        request_id = request.match_info["request_id"]
        job = self.workshop.find_fresh(request_id)
        if job is None:
            raise NotKnown(f"Request {request_id} not found")
        return job

    async def _get_credits(self, _request: web.Request) -> web.Response:
        return web.json_response({"credits": self.workshop.credits, "free-credits": 0.0})

    async def _history(self, request: web.Request) -> web.Response:
        now = self.clock.time()
        query = Query.parse(request.query, datetime.fromtimestamp(now, UTC).date())
        self.faults.readings += query.page == 1
        page = query.select(self.workshop.accepted, self.files_url, self.faults.habits, now)
        return web.json_response(page)

    async def _history_row(self, request: web.Request) -> web.Response:
        request_id = request.match_info["request_id"]
        job = self.workshop.find(request_id)
        now, habits = self.clock.time(), self.faults.habits
        rows = history_rows(job, self.files_url, habits, now) if job else []
        if not rows:
            raise NotKnown(f"Request {request_id} not found")
        return web.json_response(rows[-1])

    async def _upload(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        data_urls = body.get("data_urls") if isinstance(body, dict) else None
        if not isinstance(data_urls, list) or not data_urls:
            raise UploadError("data_urls must be a list of data URLs")
        paths = [await self._storage.keep_upload(data_url) for data_url in data_urls]
        return web.json_response(
            {
                "file_urls": [self.files_url + path for path in paths],
                "message": "Files uploaded successfully",
            }
        )

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self._storage.find(request.path)
        if file is None:
            raise NotKnown("File not found")
        content = await asyncio.to_thread(file.path.read_bytes)
        headers = {"Content-Type": file.content_type, "X-Content-Type-Options": "nosniff"}
        return web.Response(body=content, headers=headers)


def _but_for_control(middleware: Middleware) -> Middleware:
    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL_PATH):
            return await handler(request)
        return await middleware(request, handler)

    return around


class WrongType(Exception):
    """A request's body does not say that it is JSON."""


class NotKnown(Exception):
    """What was asked for is not there, or not any more."""


@web.middleware
async def _envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as the provider words them: JSON, save a wrong method's HTML."""
    try:
        return await handler(request)
    except NotKnown as error:
        return _error(404, str(error))
    except WrongType as error:
        return _error(406, str(error))
    except TooManyLooks as error:
        return _error(503, str(error))
    except Forbidden as error:
        return _error(403, str(error))
    except (InputError, QueryError, UploadError, ControlError) as error:
        return _error(400, str(error))
    except web.HTTPMethodNotAllowed:
        page = "<html><body><h1>405 Method Not Allowed</h1></body></html>"
        return web.Response(status=405, text=page, content_type="text/html")
    except web.HTTPClientError as error:
        return _error(error.status, error.reason)


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)


async def _declared_json(request: web.Request) -> object:
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != JSON_TYPE:
        raise WrongType(f"Unsupported content type: it must be {JSON_TYPE}")
    return await _json_body(request)


async def _json_body(request: web.Request) -> object:
    try:
        body: object = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise InputError("The request body is not valid JSON") from None
    return body
