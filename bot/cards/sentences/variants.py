"""A sentence that is another one for some values of a fact: no sentence is put together."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import Fact, Problem


@dataclass(frozen=True, slots=True)
class Variants:
    """What is said for each of these values of a fact, `None` where it is not known."""

    of: str
    said: Mapping[Fact | None, str]
    otherwise: str

    def chosen(self, facts: Mapping[str, object]) -> str:
        """The one for these facts."""
        value = facts.get(self.of)
        known = tuple(value) if isinstance(value, list) else value
        return next((said for of, said in self.said.items() if of == known), self.otherwise)


Sentences = Mapping[Problem, str | Variants]


def by_file(*, picture: str, video: str) -> Variants:
    """For a file that is missing or at fault: which of the two that a request is made of."""
    return Variants("what", {"video": video}, otherwise=picture)
