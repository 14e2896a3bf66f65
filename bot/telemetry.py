"""What the operator sees: structured logs, and over HTTP the metrics and the health."""

import logging
import sys
from collections.abc import Callable
from typing import Self

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from bot.clock import Clock
from bot.core.jobs import JobState
from bot.errors import SettingsError, StoreError
from bot.store.store import Store


def set_up_logs(level: str) -> None:
    """One line an event on standard error: coloured for a terminal, else JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    terminal = sys.stderr.isatty()
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if terminal
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("discord.client").addFilter(_calm_reconnects)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("aiosqlite").setLevel(logging.INFO)  # its DEBUG repeats every statement
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _calm_reconnects(record: logging.LogRecord) -> bool:
    """discord.py logs each lost connection as an error with a traceback; it is everyday."""
    if record.exc_info and "reconnect" in record.getMessage():
        record.msg = f"{record.getMessage()} ({record.exc_info[1]})"
        record.args = None
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


class Health:
    """`/healthz` and `/metrics`; every figure is read when it is asked for."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        is_ready: Callable[[], bool],
        is_tripped: Callable[[], bool],
        port: int,
    ) -> None:
        self._store = store
        self._is_tripped = is_tripped
        self._clock = clock
        self._is_ready = is_ready
        self._port = port
        self._registry = CollectorRegistry()
        self._jobs = Gauge("marionette_jobs", "Jobs by state", ["state"], registry=self._registry)
        self._accepted = Gauge(
            "marionette_accepted_submits", "Billed submits so far", registry=self._registry
        )
        self._budget = Gauge(
            "marionette_budget_spent_credits",
            "Credits held or captured since the day (UTC) began",
            registry=self._registry,
        )
        self._review = Gauge(
            "marionette_jobs_in_review",
            "Jobs that only a person can settle",
            registry=self._registry,
        )
        self._line = Gauge(
            "marionette_line_down",
            "1 while the provider takes no submits, else 0",
            registry=self._registry,
        )
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.get("/healthz", self._healthz), web.get("/metrics", self._metrics)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        # Every interface: a container's health check and its collector come from outside.
        try:
            await web.TCPSite(self._runner, None, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise SettingsError(
                f"HTTP_PORT {self._port} cannot be used: {error.strerror}."
            ) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        try:
            await self._store.read.tally(self._clock.time())
        except StoreError as error:
            return web.Response(status=503, text=f"{error}\n")
        if self._is_ready():
            return web.Response(text="ok\n")
        return web.Response(status=503, text="not connected to Discord\n")

    async def _metrics(self, _: web.Request) -> web.Response:
        tally = await self._store.read.tally(self._clock.time())
        for state in JobState:
            self._jobs.labels(state.value).set(tally.jobs.get(state, 0))
        self._review.set(tally.jobs.get(JobState.REVIEW, 0))
        self._line.set(self._is_tripped())
        self._accepted.set(tally.accepted)
        self._budget.set(tally.budget_spent)
        return web.Response(
            body=generate_latest(self._registry),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )
