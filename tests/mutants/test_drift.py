"""The changes that break rules still fit the source: else nobody would know what they prove."""

import shutil
from pathlib import Path

import pytest

from tests.mutants.__main__ import ROOT, break_rule
from tests.mutants.broken import MUTANTS
from tests.mutants.mutant import Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule)
def test_each_change_fits_and_is_python(mutant: Mutant, tmp_path: Path) -> None:
    for edit in mutant.edits:
        (tmp_path / edit.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / edit.path, tmp_path / edit.path)
    break_rule(mutant, tmp_path)
    for edit in mutant.edits:
        compile((tmp_path / edit.path).read_text(), edit.path, "exec")
    assert all((ROOT / path).exists() for path in mutant.tests)
