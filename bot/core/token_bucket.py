"""How many requests may be sent: a token bucket."""


class TokenBucket:
    """One budget of requests a minute for all jobs; the last share of it is kept for submits.

    A bucket that fills evenly and holds a quarter of a minute's requests. What is sent without
    having asked is owed. Times are in seconds of one clock that never goes back.
    """

    SUBMITS_SHARE = 0.25

    def __init__(self, per_minute: int, at: float) -> None:
        self._per_s = per_minute / 60
        self._size = max(2.0, per_minute / 4)
        self._left = self._size
        self._at = at
        self.paused_until = at

    def wait_s(self, at: float, *, submit: bool = False) -> float:
        """0 if one request may be sent now, else the seconds after which to ask again."""
        if at < self.paused_until:
            return self.paused_until - at
        needed = 1.0 if submit else 1.0 + (self._size - 1) * self.SUBMITS_SHARE
        return max(0.0, needed - self._refilled(at)) / self._per_s

    def take(self, at: float) -> None:
        """One request is sent."""
        self._left = self._refilled(at) - 1
        self._at = max(at, self._at)

    def pause(self, at: float, for_s: float) -> None:
        """The provider has had too many: none for so long, and no burst when it is over."""
        self.paused_until = max(self.paused_until, at + for_s)
        self._left, self._at = min(self._left, 1.0), self.paused_until

    def _refilled(self, at: float) -> float:
        return min(self._size, self._left + max(0.0, at - self._at) * self._per_s)
