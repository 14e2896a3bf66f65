"""`python -m tests.mutants`: break each rule alone, in a copy, and tell which tests fail first.

Words on the command line choose the rules that hold one of them. Ends with 1 if a rule can be
broken and nothing notices, or if the source no longer reads as the change expects.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.broken import MUTANTS
from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parent.parent.parent
EVERYTHING = ("tests/bot",)
PYTEST_OPTIONS = (
    *("-q", "--tb=no", "-rfE", "-p", "no:cacheprovider"),
    *("--hypothesis-profile=broken on purpose", "--maxfail=3"),
)
AT_ONCE = 4
"""A broken bot mostly keeps its tests waiting, each until its patience ends."""

LIVES = "80"
_FAILED = re.compile(r"^(?:FAILED|ERROR) tests/bot/(\S+)", re.MULTILINE)


class DriftError(Exception):
    """The source does not read as a change expects it."""


def sources() -> list[Path]:
    """Everything that a copy needs, from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [Path(name) for name in listed.stdout.splitlines()]
    return [name for name in names if (ROOT / name).is_file()]


def break_rule(mutant: Mutant, root: Path) -> None:
    """Make the changes in this tree. Raises `DriftError`."""
    for edit in mutant.edits:
        path = root / edit.path
        text = path.read_text()
        if text.count(edit.old) != 1:
            raise DriftError(f"{mutant.rule}: {edit.path} does not say once: {edit.old!r}")
        path.write_text(text.replace(edit.old, edit.new))


def failures(root: Path, tests: tuple[str, ...]) -> list[str]:
    """The names of the tests that fail there, each once; a run that breaks off is an error."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *PYTEST_OPTIONS, *tests],
        cwd=root,
        env=os.environ | {"LIVES": LIVES},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode not in {0, 1}:
        raise DriftError(f"pytest ended with {run.returncode}:\n{run.stdout}{run.stderr}")
    return sorted({name.split("[")[0] for name in _FAILED.findall(run.stdout)})


def noticed(mutant: Mutant) -> list[str]:
    """What fails in a copy with this rule broken: where it should, else anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in sources():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
        break_rule(mutant, root)
        return failures(root, mutant.tests) or failures(root, EVERYTHING)


def chosen(words: list[str]) -> Iterator[Mutant]:
    """All of them, or those that hold a word."""
    return (mutant for mutant in MUTANTS if not words or any(word in mutant.rule for word in words))


def say(line: str) -> None:
    """At once: the whole takes a while."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(words: list[str]) -> int:
    """Break each alone, several beside each other; the exit code."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = sum(pool.map(is_wrong, chosen(words)))
    say(f"wrong: {wrong}")
    return 1 if wrong else 0


def is_wrong(mutant: Mutant) -> bool:
    """Tell what notices that this rule is broken; whether nothing does that should."""
    try:
        found = noticed(mutant)
    except DriftError as error:
        say(f"DRIFT {error}")
        return True
    verdict = ", ".join(found) or mutant.harmless or "NOTHING NOTICES"
    say(f"{mutant.rule}: {verdict}")
    return not found and not mutant.harmless


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
