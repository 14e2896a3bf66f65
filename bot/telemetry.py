"""What the operator sees: structured logs, and over HTTP the metrics and the health."""

import asyncio
import logging
import math
import re
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.core.jobs import JobState
from bot.errors import SettingsError, StoreError
from bot.store.queries import Tally
from bot.store.store import Store

UNKNOWN_INTERACTION = 10062
TALLY_EVERY_S = 1.0
MOST_CONNECTIONS, CONNECTION_LIFE_S = 32, 10.0
"""Nobody needs more at once to ask how the bot is, nor longer; strangers may reach the port."""

COMPLAIN_EVERY_S = 60.0
NO_MORE_FILES = "socket.accept() out of system resource"
"""asyncio says so for each connection that it cannot take, a hundred times a second."""

REDACTED = (
    (re.compile(r"(?<=://)[^\s/@'\"\\]+@"), "…@"),  # who logs in at an address
    (re.compile(r"(https?://[^\s?'\"<>\\]+)\?[^\s'\"<>)\\]+"), r"\1?…"),  # what signs a link
    (re.compile(r"(/webhooks/\d+/|/interactions/\d+/)[\w.+=-]{20,}"), r"\1…"),
    (re.compile(r"(token\\?['\"]: ?\\?['\"])[^'\"\\]{8,}"), r"\1…"),  # in what Discord sends
)
"""Whoever has one of these can act in somebody's name; no line at any level holds one."""


def set_up_logs(level: str) -> None:
    """One line an event on standard error: coloured for a terminal, else JSON.

    A traceback shows no values: among them are the token and the key, in the headers of a request.
    Nor does any line show what is `REDACTED`: at DEBUG, discord.py writes down all that it is sent.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    terminal = sys.stderr.isatty()
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if terminal
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Lines(
            foreign_pre_chain=shared,
            processors=[_Lines.remove_processors_meta, *last],
        )
    )
    handler.addFilter(_calm_everyday)
    handler.addFilter(_AtTheDoor())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("aiosqlite").setLevel(logging.INFO)  # its DEBUG repeats every statement
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _Lines(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret, instead in REDACTED:
            line = secret.sub(instead, line)
        return line


def _calm_everyday(record: logging.LogRecord) -> bool:
    """discord.py logs each answer that comes too late as an error with a traceback, though it is
    everyday. And it says at every try that it logs in."""
    if record.name == "discord.client" and record.getMessage().startswith("logging in"):
        return False
    error = record.exc_info[1] if record.exc_info else None
    if getattr(error, "code", None) == UNKNOWN_INTERACTION:
        record.msg = f"{record.getMessage()} ({error})"
        record.args = None
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


class _AtTheDoor(logging.Filter):
    """Who reaches the port may make it complain as often as they like: each complaint is written
    down now and then, and what was no HTTP never."""

    def __init__(self) -> None:
        super().__init__()
        self._told_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is to be written."""
        if record.name == "asyncio":
            if not record.getMessage().startswith(NO_MORE_FILES):
                return True
        elif record.name != "aiohttp.server":
            return True
        elif record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
            return False
        now = time.monotonic()
        if now - self._told_at.get(record.name, -math.inf) < COMPLAIN_EVERY_S:
            return False
        self._told_at[record.name] = now
        return True


class LoopLag:
    """How late the event loop comes to what is due: everybody waits for that."""

    EVERY_S = 0.25

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._late_s = Histogram(
            "marionette_event_loop_lag_seconds",
            "How late the event loop came to something that was due",
            buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0),
            registry=self.registry,
        )

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self.EVERY_S
            await asyncio.sleep(self.EVERY_S)
            self._late_s.observe(loop.time() - due)


class _Door(web.Server):
    """What listens. A connection is there for one question, and for some seconds at most; where
    there are too many, the oldest makes room: what is asked at once is answered at once."""

    def __init__(self, answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        super().__init__(answer, access_log=None)
        self._open: dict[web.RequestHandler, tuple[asyncio.Transport, asyncio.TimerHandle]] = {}

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Count it in."""
        super().connection_made(handler, transport)
        end = asyncio.get_running_loop().call_later(CONNECTION_LIFE_S, transport.abort)
        self._open[handler] = transport, end
        if len(self._open) > MOST_CONNECTIONS:
            self._forget(next(iter(self._open))).abort()

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Count it out."""
        super().connection_lost(handler, exc)
        if handler in self._open:
            self._forget(handler)

    def _forget(self, handler: web.RequestHandler) -> asyncio.Transport:
        transport, end = self._open.pop(handler)
        end.cancel()
        return transport


class Health:
    """`/healthz` and `/metrics`; every figure is read when it is asked for."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        is_ready: Callable[[], bool],
        shards: Callable[[], Mapping[str, int]],
        led: Callable[[], int],
        processes: Callable[[], int],
        is_tripped: Callable[[], bool],
        alarms: Alarms,
        answers: Callable[[], Mapping[str, int]],
        lag: LoopLag,
        backup_age_s: Callable[[], float | None],
        host: str,
        port: int,
    ) -> None:
        self._alarms = alarms
        self._answers = answers
        self._lag = lag
        self._store = store
        self._is_tripped = is_tripped
        self._clock = clock
        self._is_ready = is_ready
        self._shards = shards
        self._led, self._processes = led, processes
        self._backup_age_s = backup_age_s
        self._host, self._port = host, port
        self._tally: Tally | None = None
        self._tallied_at = -math.inf
        self._tallying = asyncio.Lock()
        self._registry = CollectorRegistry()
        self._jobs = self._gauge("marionette_jobs", "Jobs by state", "state")
        self._accepted = self._gauge("marionette_accepted_submits", "Billed submits so far")
        self._budget = self._gauge(
            "marionette_budget_spent_credits",
            "Credits held or captured since the day (UTC) began, or given up and perhaps billed",
        )
        self._review = self._gauge(
            "marionette_jobs_in_review", "Jobs that only a person can settle"
        )
        self._pauses = self._gauge(
            "marionette_pauses",
            "How many pauses of the operator's are in force: of servers, and of the whole bot",
        )
        self._line = self._gauge("marionette_line_down", "1 while the provider takes no submits")
        self._alarm = self._gauge("marionette_alarm", "1 while the operator is told of it", "cause")
        self._backup = self._gauge(
            "marionette_backup_age_seconds",
            "How old the newest daily backup is; NaN where there is none",
        )
        self._answered = self._gauge(
            "marionette_answers",
            "Commands and presses so far: answered, turned away as too many, missed",
            "outcome",
        )
        self._connections = self._gauge(
            "marionette_shards",
            "The bot's connections to Discord: connected, or away",
            "state",
        )
        self._leads = self._gauge("marionette_jobs_led", "Jobs that this process follows")
        self._present = self._gauge(
            "marionette_processes", "The bot's processes that are there, with this one"
        )
        self._runner: web.ServerRunner | None = None

    def _gauge(self, name: str, shows: str, *labels: str) -> Gauge:
        return Gauge(name, shows, labels, registry=self._registry)

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(_Door(self._answer))
        await self._runner.setup()
        try:
            await web.TCPSite(
                self._runner, self._host, self._port, backlog=MOST_CONNECTIONS
            ).start()
        except OSError as error:
            await self._runner.cleanup()
            raise SettingsError(
                f"HTTP_PORT {self._port} cannot be used at HTTP_HOST {self._host}: "
                f"{error.strerror}."
            ) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        page = {"/healthz": self._healthz, "/metrics": self._metrics}.get(request.path)
        if page is None:
            answer = web.Response(status=404, text="there is nothing here\n")
        elif request.method not in {"GET", "HEAD"}:
            answer = web.Response(status=405, headers={"Allow": "GET, HEAD"})
        else:
            answer = await page()
        answer.force_close()
        return answer

    async def _tallied(self) -> Tally:
        """As of a second ago at most, however many ask. Raises `StoreError`."""
        async with self._tallying:
            now = self._clock.monotonic()
            if self._tally is None or now - self._tallied_at >= TALLY_EVERY_S:
                self._tally = None
                self._tally = await self._store.read.tally(self._clock.time())
                self._tallied_at = now
            return self._tally

    async def _healthz(self) -> web.Response:
        try:
            await self._tallied()
        except StoreError:  # the log says why, to those who may know
            return web.Response(status=503, text="the database cannot be used\n")
        if self._is_ready():
            return web.Response(text="ok\n")
        return web.Response(status=503, text="not connected to Discord\n")

    async def _metrics(self) -> web.Response:
        try:
            tally = await self._tallied()
        except StoreError:
            return web.Response(status=503, text="the database cannot be used\n")
        for state in JobState:
            self._jobs.labels(state.value).set(tally.jobs.get(state, 0))
        self._review.set(tally.jobs.get(JobState.REVIEW, 0))
        self._line.set(self._is_tripped())
        self._pauses.set(tally.pauses)
        for alarm in Alarm:
            self._alarm.labels(alarm.name.lower()).set(self._alarms.is_raised(alarm))
        self._accepted.set(tally.accepted)
        self._budget.set(tally.budget_spent)
        age_s = await asyncio.to_thread(self._backup_age_s)
        self._backup.set(math.nan if age_s is None else age_s)
        for there, count in self._shards().items():
            self._connections.labels(there).set(count)
        self._leads.set(self._led())
        self._present.set(self._processes())
        for outcome, count in self._answers().items():
            self._answered.labels(outcome).set(count)
        return web.Response(
            body=generate_latest(self._registry) + generate_latest(self._lag.registry),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )
