"""Whose matter it is that the provider refuses something: one person's, or the operator's."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bot.alarms import Alarm, Alarms
from bot.core.jobs import DEFAULT_MODEL
from bot.core.models import MODELS
from bot.errors import AccountRefused, ModelMissing, NotAccepted, OutOfCredits, Problem
from bot.provider.failures import own_words
from bot.provider.peers import News

PEOPLE_OF_ONE_TROUBLE = 3
"""So many people in a row, refused with the same words: it is hardly about their files."""

TURNED_DOWN, TAKEN = "turned down", "taken"
MOST_LETTERS = 300

_IDS = re.compile(r"\b(?=[\w-]*\d)[\w-]{8,}")


def alarm_of(error: NotAccepted) -> Alarm | None:
    """What the operator has to mend before anything like it is accepted; None: it passes."""
    match error:
        case OutOfCredits():
            return Alarm.CREDITS
        case AccountRefused():
            return Alarm.KEY
        case ModelMissing():
            return Alarm.MODEL
        case _:
            return None


def raise_for_account(alarms: Alarms, error: AccountRefused, source: str) -> None:
    """The account was refused at this source."""
    alarm = alarm_of(error)
    assert alarm is not None
    alarms.raise_(alarm, source, reason=str(error), status=error.status)


def clear_for_account(alarms: Alarms, source: str) -> None:
    """The account was taken at this source: neither its key nor its balance is the trouble."""
    for alarm in (Alarm.KEY, Alarm.CREDITS):
        alarms.clear(alarm, source)


class Rejections:
    """The rejections, or failures, in a row at one source: who got the same words.

    The operator is told; nothing is stopped. It counts what other processes tell as well.
    """

    def __init__(
        self, alarms: Alarms, source: str, tell: Callable[..., None] = lambda *_, **__: None
    ) -> None:
        self._alarms = alarms
        self._source = source
        self._tell = tell
        self._words = ""
        self._people: set[int] = set()

    def record(self, person_id: int, said: str, problem: Problem) -> None:
        """Somebody's request came to nothing; tells the operator when it is not only theirs."""
        words = " ".join(_IDS.sub(" ", own_words(said)).lower().split())[:MOST_LETTERS]
        self._tell(TURNED_DOWN, person_id=person_id, words=words)
        self.turned_down(person_id, words)
        if problem is Problem.REQUEST_FAULTY:
            self._alarms.raise_(Alarm.FAULT, self._source, reason=said)
        elif len(self._people) >= PEOPLE_OF_ONE_TROUBLE:
            self._alarms.raise_(Alarm.REJECTIONS, self._source, reason=said)

    def record_success(self) -> None:
        """Somebody's came through."""
        if self._people:
            self._tell(TAKEN)
        self.taken()

    def turned_down(self, person_id: int, words: str) -> None:
        """Somebody's came to nothing, wherever that was seen."""
        if words != self._words:
            self._words, self._people = words, set()
        self._people.add(person_id)

    def taken(self) -> None:
        """Somebody's came through, wherever that was seen."""
        self._words, self._people = "", set()
        for alarm in (Alarm.FAULT, Alarm.REJECTIONS):
            self._alarms.clear(alarm, self._source)


class RejectionsOfEach:
    """Of each provider's its own: what one takes says nothing of another."""

    def __init__(self, alarms: Alarms, source: str, news: News | None = None) -> None:
        self._alarms = alarms
        self._source = source
        self._news = news
        self._each: dict[str, Rejections] = {}
        if news is not None:
            news.hear(TURNED_DOWN, self._hear_turned_down)
            news.hear(TAKEN, self._hear_taken)

    def of(self, model: str) -> Rejections:
        """Those of whoever runs a model."""
        return self._of(MODELS[model].provider)

    def _of(self, name: str) -> Rejections:
        is_first = name == MODELS[DEFAULT_MODEL].provider
        source = self._source if is_first else f"{self._source} to {name}"
        if name not in self._each:
            tell = partial(self._tell, provider=name)
            self._each[name] = Rejections(self._alarms, source, tell)
        return self._each[name]

    def _tell(self, kind: str, **facts: Any) -> None:
        if self._news is not None:
            self._news.tell(kind, source=self._source, **facts)

    def _hear_turned_down(self, _process: str, facts: Mapping[str, Any]) -> None:
        if facts["source"] == self._source:
            self._of(facts["provider"]).turned_down(facts["person_id"], facts["words"])

    def _hear_taken(self, _process: str, facts: Mapping[str, Any]) -> None:
        if facts["source"] == self._source:
            self._of(facts["provider"]).taken()
