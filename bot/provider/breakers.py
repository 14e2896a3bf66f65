"""The models' circuit breakers, and what other processes tell of them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.core.jobs import DEFAULT_MODEL
from bot.core.models import MODELS, of_one_provider
from bot.errors import AccountRefused, NotAccepted
from bot.provider.breaker import OUTAGE_ADVICE, SOURCE, CircuitBreaker, may_be_about_inputs
from bot.provider.peers import ASKED, Peers

HAPPENED = "breaker"
ENGINE_ADVICE = "It is tried again by itself; check ENGINE_URL and ENGINE_KEY if it lasts."
ELDER_IS_GONE_S = 60.0
"""Whoever should ask, or tell, has not for so long: then others do."""


class Breakers:
    """The models' circuit breakers. What an account is refused concerns all of its provider's.

    `on_heard` are told after another process has told of one.
    """

    def __init__(
        self, clock: Clock, alarms: Alarms | None = None, peers: Peers | None = None
    ) -> None:
        self._clock = clock
        self._alarms = alarms or Alarms()
        self._peers = peers or Peers()
        self._each: dict[str, CircuitBreaker] = {}
        self.on_heard: list[Callable[[], None]] = []
        self._peers.news.hear(HAPPENED, self._hear)
        self._peers.news.hear(ASKED, lambda *_: self._tell_all())
        self._peers.news.on_missed.append(self._peers.ask)

    def of(self, model: str) -> CircuitBreaker:
        """This model's."""
        if model not in self._each:
            source = SOURCE if model == DEFAULT_MODEL else f"{SOURCE} to {model}"
            advice = ENGINE_ADVICE if MODELS[model].is_free else OUTAGE_ADVICE
            tell = partial(self._tell, model)
            self._each[model] = CircuitBreaker(self._clock, self._alarms, source, advice, tell)
        return self._each[model]

    @property
    def degraded(self) -> dict[str, CircuitBreaker]:
        """Those of the models to which submits go one at a time, or not at all."""
        return {model: one for model, one in self._each.items() if one.is_degraded}

    @property
    def to_probe(self) -> list[str]:
        """The models of which this process is to find out whether they are there again."""
        patience_s = 0.0 if self._peers.is_elder() else ELDER_IS_GONE_S
        return [
            model
            for model, one in self._each.items()
            if one.is_open and not one.cooldown_s and one.quiet_s >= patience_s
        ]

    @property
    def silent(self) -> set[str]:
        """The models of which nothing has been heard since the last failure."""
        each = self._each.items()
        return {model for model, one in each if one.is_unavailable and not one.is_half_open}

    @property
    def is_tripped(self) -> bool:
        """Whether any model's is."""
        return any(one.is_tripped for one in self._each.values())

    @property
    def has_twin(self) -> bool:
        """Whether another bot with this token may have bought the same: it is for a person."""
        return self._alarms.is_raised(Alarm.TWIN)

    def record_rejection(self, model: str, person_id: int, error: NotAccepted) -> float:
        """As `CircuitBreaker.record_rejection`; of what another model would meet, all learn."""
        rest_s = self.of(model).record_rejection(person_id, error)
        if isinstance(error, AccountRefused) and not may_be_about_inputs(error):
            for other in of_one_provider(model):
                if other != model and other in self._each:
                    self._each[other].record_rejection(person_id, error)
        return rest_s

    def forget(self, job_id: str) -> None:
        """A job has left the queue, or its run has ended."""
        for breaker in self._each.values():
            breaker.forget(job_id)

    def _tell(self, model: str, event: str, **facts: object) -> None:
        self._peers.news.tell(HAPPENED, model=model, event=event, facts=facts)

    def _tell_all(self) -> None:
        for breaker in self._each.values():
            breaker.tell_all()

    def _hear(self, _process: str, told: Mapping[str, Any]) -> None:
        self.of(told["model"]).hear(told["event"], told["facts"])
        for heard in self.on_heard:
            heard()
