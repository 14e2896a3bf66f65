"""Several processes of one bot in a test, and what they tell one another."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.provider.peers import Peers

Heard = Callable[[str, Mapping[str, Any]], None]


@dataclass(eq=False)
class Wire:
    """As between processes: what is told is JSON, and comes to all others at once."""

    ends: list["End"] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def join(self) -> "End":
        """One more process."""
        self.ends.append(End(self, str(len(self.ends))))
        return self.ends[-1]


@dataclass(eq=False)
class End:
    """One process's news."""

    wire: Wire
    process: str
    on_missed: list[Callable[[], None]] = field(default_factory=list)
    kinds: dict[str, list[Heard]] = field(default_factory=dict)

    def tell(self, kind: str, **facts: Any) -> None:
        self.wire.told.append(kind)
        heard = json.loads(json.dumps(facts))
        for other in self.wire.ends if self in self.wire.ends else ():
            for each in other.kinds.get(kind, ()) if other is not self else ():
                each(self.process, heard)

    def hear(self, kind: str, heard: Heard) -> None:
        self.kinds.setdefault(kind, []).append(heard)

    def leave(self) -> None:
        """It hears nothing more, and is not heard."""
        self.wire.ends.remove(self)


def peers(wire: Wire, *, is_elder: bool = False) -> Peers:
    """One more process, as its provider's room sees the others."""
    return Peers(news=wire.join(), is_elder=lambda: is_elder, may_come=True)
