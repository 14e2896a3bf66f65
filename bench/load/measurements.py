"""What has been measured so far: kept as JSON, and looked up by the page, the plots, the goals."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FROM_JOBS = 200
"""Below so many in flight, what every run of the program costs rules the figure."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One scenario with one bot; `within_s` is 0 where all comes at once.

    `scale` is the run times' share of the provider's own. `figures` name their units.
    """

    scenario: str
    who: str
    count: int
    scale: float
    within_s: float
    figures: dict[str, Any]


@dataclass(slots=True)
class Measurements:
    """All of one run, with what the page says of its circumstances; the first bot is ours."""

    bots: list[str]
    facts: dict[str, Any]
    done: list[Measurement] = field(default_factory=list)

    @property
    def ours(self) -> str:
        """The bot that the goals are for."""
        return self.bots[0]

    def save(self, path: Path) -> None:
        """Keep everything."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, path: Path) -> "Measurements":
        """What was kept."""
        kept = json.loads(path.read_text())
        return cls(kept["bots"], kept["facts"], [Measurement(**one) for one in kept["done"]])

    def has(self, *key: object) -> bool:
        """Whether that was measured: scenario, who, count, scale, within_s."""
        return any((m.scenario, m.who, m.count, m.scale, m.within_s) == key for m in self.done)

    def of(self, scenario: str) -> list[Measurement]:
        """All of one scenario, small ones first, and side by side."""
        names = dict.fromkeys([*self.bots, *(one.who for one in self.done)])
        order = {who: place for place, who in enumerate(names)}
        found = [one for one in self.done if one.scenario == scenario]
        return sorted(found, key=lambda m: (-m.scale, m.count, -m.within_s, order[m.who]))

    def one(self, scenario: str, who: str, **fields: float) -> dict[str, Any] | None:
        """The figures of the one whose fields are these, if it was measured."""
        for found in self.done:
            is_it = (found.scenario, found.who) == (scenario, who)
            if is_it and all(getattr(found, name) == value for name, value in fields.items()):
                return found.figures
        return None

    def scales(self) -> list[float]:
        """The scales at which jobs in flight were measured, the largest first."""
        return sorted({one.scale for one in self.of("in flight")}, reverse=True)

    def series(self, who: str, scale: float) -> list[Measurement]:
        """One bot's measurements in flight at one scale, the smallest first."""
        return [m for m in self.of("in flight") if m.who == who and m.scale == scale]

    def slopes(self, who: str, scale: float) -> tuple[list[int], dict[str, float]]:
        """The log-log slope of each total cost against the number in flight, and those numbers.

        From `FROM_JOBS` on, or of all where fewer than two are as large.
        """
        series = self.series(who, scale)
        large = [one for one in series if one.count >= FROM_JOBS]
        series = large if len(large) > 1 else series
        if len(series) < 2:
            return [], {}
        counts = [one.count for one in series]
        found = {
            name: slope(counts, [cost(one) for one in series]) for name, cost in TOTALS.items()
        }
        return counts, {name: value for name, value in found.items() if value is not None}


TOTALS: Mapping[str, Callable[[Measurement], float]] = {
    "CPU of the bot": lambda m: m.figures["own_cpu_s"],
    "CPU of the decoders": lambda m: m.figures["decoders_cpu_s"],
    "memory": lambda m: m.figures["peak_mb"] - m.figures["idle_mb"],
    "polls": lambda m: m.figures["polls_a_job"] * m.figures["accepted"],
}


def slope(counts: Sequence[int], costs: Sequence[float]) -> float | None:
    """The least-squares slope of log cost over log count; None if a cost is not above 0."""
    if min(costs) <= 0:
        return None
    xs, ys = [math.log(count) for count in counts], [math.log(cost) for cost in costs]
    mean_x, mean_y = _mean(xs), _mean(ys)
    above = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return above / sum((x - mean_x) ** 2 for x in xs)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
