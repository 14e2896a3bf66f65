"""A rule that is broken on purpose, and by which change of the source."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """The one place in a file that reads `old` comes to read `new`."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A broken rule, and where the tests are that should notice.

    `harmless` says why it may go unnoticed by all of them.
    """

    rule: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    harmless: str = ""


def one(rule: str, path: str, old: str, new: str, *tests: str, harmless: str = "") -> Mutant:
    """A rule that one edit breaks."""
    return Mutant(rule, (Edit(path, old, new),), tests, harmless)
