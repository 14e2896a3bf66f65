"""The other processes of the bot, as far as they ask the same providers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

ASKED = "provider asked"
"""Who has come, or has missed something, asks how things stand."""


class News(Protocol):
    """From and to the other processes; nothing that is told is promised to be heard."""

    on_missed: list[Callable[[], None]]

    def tell(self, kind: str, **facts: Any) -> None:
        """Let all others know, soon."""

    def hear(self, kind: str, heard: Callable[[str, Mapping[str, Any]], None]) -> None:
        """Be told of this kind from now on: by which process, and what."""


class _Nobody:
    def __init__(self) -> None:
        self.on_missed: list[Callable[[], None]] = []

    def tell(self, kind: str, **facts: Any) -> None:
        """There is nobody."""

    def hear(self, kind: str, heard: Callable[[str, Mapping[str, Any]], None]) -> None:
        """Nobody tells anything."""


def _all(_: str) -> float:
    return 1.0


def _yes() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Peers:
    """What is shared with them; without any, all of it is this process's.

    `share` is this process's part of a provider's requests, by that one's name, and may change at
    any time; `kept_back` what others have of them though they follow no run, in runs; `is_elder`
    whether what is to be done once is to be done here.
    """

    news: News = field(default_factory=_Nobody)
    share: Callable[[str], float] = _all
    kept_back: Callable[[], float] = float
    is_elder: Callable[[], bool] = _yes
    may_come: bool = False
    """Whether there can be others at all."""

    def ask(self) -> None:
        """How things stand at the providers: whoever knows more than nothing tells it anew."""
        self.news.tell(ASKED)
