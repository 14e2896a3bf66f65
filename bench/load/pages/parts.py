"""Parts of the page that are renewed alone, between two comments that nobody sees."""

from collections.abc import Iterable, Sequence
from pathlib import Path

NOTHING = "Not measured in this run."
PROCESSES, MILLION = "several processes", "a million members"


def kept(page: Path, name: str) -> str:
    """What that part says on the page now."""
    text = page.read_text() if page.exists() else ""
    begins, ends = _marks(name)
    _, is_there, rest = text.partition(begins)
    return rest.partition(ends)[0].strip() if is_there else NOTHING


def renew(page: Path, name: str, text: str) -> None:
    """Have that part of the page say this; all else stays as it is."""
    begins, ends = _marks(name)
    before, is_there, rest = page.read_text().partition(begins)
    assert is_there, f"{page} has no part for {name}"
    after = rest.partition(ends)[2]
    page.write_text(f"{before}{begins}\n{text.strip()}\n{ends}{after}")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """As Markdown has it."""
    listed = list(rows)
    if not listed:
        return NOTHING
    lines = [head, ["---"] * len(head), *listed]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->", f"<!-- end of {name} -->"
