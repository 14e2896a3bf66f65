"""Queued jobs that stand aside for a while, in whichever process they are led.

Each process works out whose turn it is by itself; so all have to know who lets others go ahead.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from bot.clock import Clock
from bot.core.jobs import Job
from bot.core.queue import Queue
from bot.provider.breakers import Breakers
from bot.provider.peers import News

RESTS, PREPARED, PREPARES = "job rests", "job is prepared", "job is being prepared"

PREPARED_WITHIN_S = 600.0
"""A process that dies meanwhile does not tell; whoever leads its job then knows better at once."""


class _Rest(NamedTuple):
    """Until when (monotonic s), unless the outage ends that was then."""

    until: float
    model: str
    outages_over: int


class Aside:
    """Jobs that rest after something failed, and jobs whose files are just handed over.

    `on_heard` are told after another process has told of one.
    """

    def __init__(self, news: News, breakers: Breakers, clock: Clock) -> None:
        self._news = news
        self._breakers = breakers
        self._clock = clock
        self._rests: dict[str, _Rest] = {}
        self._preparing: set[str] = set()
        self._elsewhere: dict[str, float] = {}
        self.on_heard: list[Callable[[], None]] = []
        news.hear(RESTS, self._hear_rest)
        news.hear(PREPARES, self._hear_preparing)
        news.hear(PREPARED, self._hear_prepared)

    def rest(self, job: Job, wait_s: float) -> None:
        """Let it wait so long, and others go ahead."""
        self._rest(job.id, job.model, wait_s)
        self._news.tell(RESTS, job_id=job.id, model=job.model, wait_s=wait_s)

    def forget(self, job_id: str) -> None:
        """It has been sent off, or is over."""
        self._rests.pop(job_id, None)

    def is_led_here(self, job_id: str) -> None:
        """So nobody else prepares it any more."""
        self._elsewhere.pop(job_id, None)

    @contextmanager
    def prepares(self, job_id: str) -> Iterator[None]:
        """Keep its place, and nobody waiting behind it."""
        self._preparing.add(job_id)
        self._news.tell(PREPARES, job_id=job_id)
        try:
            yield
        finally:
            self._preparing.discard(job_id)
            self._news.tell(PREPARED, job_id=job_id)

    def resting(self, queues: Iterable[Queue]) -> Collection[str]:
        """Those in these queues that rest. One that is in none may be yet to come: that it rests
        may be told before that it waits."""
        now = self._clock.monotonic()
        each = list(queues)
        self._rests = {
            job_id: rest
            for job_id, rest in self._rests.items()
            if rest.until > now and rest.outages_over == self._breakers.of(rest.model).outages_over
        }
        return {job_id for job_id in self._rests if any(job_id in queue for queue in each)}

    def preparing(self) -> Collection[str]:
        """Those that are being prepared, here or elsewhere."""
        now = self._clock.monotonic()
        self._elsewhere = {job_id: at for job_id, at in self._elsewhere.items() if at > now}
        return self._preparing | self._elsewhere.keys()

    def _rest(self, job_id: str, model: str, wait_s: float) -> None:
        over = self._breakers.of(model).outages_over
        self._rests[job_id] = _Rest(self._clock.monotonic() + wait_s, model, over)

    def _hear_rest(self, _process: str, facts: Mapping[str, Any]) -> None:
        self._rest(facts["job_id"], facts["model"], facts["wait_s"])
        self._tell()

    def _hear_preparing(self, _process: str, facts: Mapping[str, Any]) -> None:
        self._elsewhere[facts["job_id"]] = self._clock.monotonic() + PREPARED_WITHIN_S
        self._tell()

    def _hear_prepared(self, _process: str, facts: Mapping[str, Any]) -> None:
        self._elsewhere.pop(facts["job_id"], None)
        self._tell()

    def _tell(self) -> None:
        for heard in self.on_heard:
            heard()
