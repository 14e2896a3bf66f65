"""Which of the connections to Discord's gateway one process keeps."""

import re
from dataclasses import dataclass
from typing import Self

MOST_SHARDS = 100_000


@dataclass(frozen=True, slots=True)
class Share:
    """The shards from `first` to `last`, of `total` in the whole bot; the first of all is 0."""

    first: int
    last: int
    total: int

    @classmethod
    def of_all(cls, total: int) -> Self:
        """Each of so many."""
        return cls(0, total - 1, total)

    @classmethod
    def of_none(cls) -> Self:
        """A worker's: it has no gateway."""
        return cls.of_all(0)

    @classmethod
    def parse(cls, text: str) -> Self:
        """As it is typed: `0-3/16`, or `5/16` for one. Raises `ValueError` with a sentence."""
        found = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?/([0-9]{1,9})", text, re.ASCII)
        if found is None:
            raise ValueError(f"{text} is not written like 0-3/16, or 5/16 for one shard")
        first, total = int(found[1]), int(found[3])
        last = int(found[2] or first)
        if not 1 <= total <= MOST_SHARDS:
            raise ValueError(f"{text}: the number behind the / is one from 1 to {MOST_SHARDS}")
        if last < first:
            raise ValueError(f"{text} ends before it begins: write {last}-{first}/{total}")
        if last >= total:
            raise ValueError(
                f"{text}: of {total} shards the last is {total - 1}, since the first is 0"
            )
        return cls(first, last, total)

    def __str__(self) -> str:
        span = f"{self.first}-{self.last}" if self.last > self.first else f"{self.first}"
        return f"{span}/{self.total}"

    @property
    def ids(self) -> range:
        """Their numbers."""
        return range(self.first, self.last + 1)

    @property
    def is_all(self) -> bool:
        """Whether nothing is left to other processes."""
        return len(self.ids) == self.total

    def covers(self, server_id: int) -> bool:
        """Whether a server's events come to one of them; direct messages' come to the first."""
        return (server_id >> 22) % self.total in self.ids

    def meets(self, other: "Share") -> bool:
        """Whether some server may be in both."""
        if self.total != other.total:
            return True
        return self.first <= other.last and other.first <= self.last
