"""How many requests may be sent: a token bucket."""


class TokenBucket:
    """One budget of requests a minute for all jobs; the last share of it is kept for submits.

    A bucket that fills evenly and holds a quarter of a minute's requests. What is sent without
    having asked is owed. Where others send of the same budget, it is a share of all that.
    Times are in seconds of one clock that never goes back.
    """

    SUBMITS_SHARE = 0.25
    LEAST_SIZE = 2.0

    def __init__(self, per_minute: int, at: float) -> None:
        self._whole_per_s = per_minute / 60
        self._whole_size = per_minute / 4
        self._share = 1.0
        self._left = self._size
        self._at = at
        self.paused_until = at

    @property
    def share(self) -> float:
        """The part of the budget that it is."""
        return self._share

    def set_share(self, at: float, share: float) -> None:
        """It is so much of the budget from now on.

        Nobody knows since when, so that what has come meanwhile came at the lower rate; and it
        keeps no more than it may hold: what others have now is not sent twice.
        """
        if share == self._share:
            return
        came = max(0.0, at - self._at) * self._whole_per_s * min(share, self._share)
        self._left, self._at = min(self._size, self._left + came), max(at, self._at)
        self._share = share

    def empty(self, at: float) -> None:
        """Begin with what one request needs: others may have sent the rest."""
        self._left, self._at = min(self._left, 1.0), at

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

    @property
    def _per_s(self) -> float:
        return self._whole_per_s * self._share

    @property
    def _size(self) -> float:
        return max(self.LEAST_SIZE, self._whole_size * self._share)

    def _refilled(self, at: float) -> float:
        return min(self._size, self._left + max(0.0, at - self._at) * self._per_s)
