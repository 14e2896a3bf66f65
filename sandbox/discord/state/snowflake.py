"""Ids as Discord makes them: milliseconds since 2015 in the upper bits, a counter below."""

from collections.abc import Callable

EPOCH_MS = 1_420_070_400_000
COUNTER_BITS = 22


class Snowflakes:
    """Makes ids that only grow, from a source of unix seconds."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._last = 0

    def next(self) -> int:
        """A new id; two in the same millisecond differ in the counter."""
        self._last = max(self._last + 1, at(self._time()))
        return self._last


def at(unix_s: float) -> int:
    """The smallest id of that moment."""
    return (int(unix_s * 1000) - EPOCH_MS) << COUNTER_BITS
