"""What came of a part of a run, as it is printed and put into the docs."""

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1024 * 1024


@dataclass
class Tally:
    """Of one part: `ends` by what came of each, `wrong` is a sentence for whatever must not be."""

    name: str
    ends: Counter[str] = field(default_factory=Counter)
    notes: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    slowest: str = ""
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def took(self, seconds: float, what: str) -> None:
        """How long one of them took."""
        if seconds > self.slowest_s:
            self.slowest_s, self.slowest = seconds, what

    def end(self) -> None:
        """Nothing more comes."""
        self.seconds = time.monotonic() - self.began

    def __str__(self) -> str:
        """For a terminal and for the docs."""
        lines = [
            f"{self.name}: {self.ends.total()} in {self.seconds:.0f} s",
            *(f"  {count:6} {what}" for what, count in self.ends.most_common()),
            f"  slowest: {self.slowest_s:.1f} s ({self.slowest})",
            *(f"  {what}: {said}" for what, said in self.notes.items()),
            f"  wrong: {len(self.wrong)}",
            *(f"  - {sentence}" for sentence in self.wrong),
        ]
        return "\n".join(lines)


def memory_mib(pid: int | str, what: str = "VmRSS") -> float:
    """What a process has of memory now (or had at most: VmHWM); 0 where it is gone."""
    try:
        status = Path("/proc", str(pid), "status").read_text()
    except OSError:
        return 0.0
    found = [line.split() for line in status.splitlines() if line.startswith(f"{what}:")]
    return int(found[0][1]) / 1024 if found else 0.0
