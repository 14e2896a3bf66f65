"""Time for what only reads it."""

from dataclasses import dataclass


@dataclass
class StoppedClock:
    """Time that stands still until a test moves it."""

    now: float = 1000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
