"""What the processes of one bot tell one another beside what they save.

Nothing of it is promised: who was not there has missed it, and is told so.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol

Heard = Callable[[str, Mapping[str, Any]], None]
"""Which process tells, and what."""


class News(Protocol):
    """From and to the other processes that run on the same database."""

    process: str
    """What this process is called among them, new with each start."""

    on_missed: list[Callable[[], None]]
    """Told when others may have told something that was not heard here."""

    was_alone: bool
    """Whether no other process was there when this one came."""

    @property
    def is_heard(self) -> bool:
        """Whether others can be heard now, as far as is known."""

    def tell(self, kind: str, **facts: Any) -> None:
        """Let all others know, soon. The facts are few, and can be written as JSON."""

    def hear(self, kind: str, heard: Heard) -> None:
        """Be told of this kind from now on, in the order in which each process tells it."""

    async def open(self) -> None:
        """Whatever is told from now on is heard."""

    async def close(self) -> None:
        """Hear no more; what was to be told is."""


class NobodyElse:
    """The only process: a database in a file is one's alone."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(8)
        self.on_missed: list[Callable[[], None]] = []
        self.was_alone = self.is_heard = True

    def tell(self, kind: str, **facts: Any) -> None:
        """There is nobody."""

    def hear(self, kind: str, heard: Heard) -> None:
        """Nobody tells anything."""

    async def open(self) -> None:
        """There is nothing to hear."""

    async def close(self) -> None:
        """Nor to tell."""
