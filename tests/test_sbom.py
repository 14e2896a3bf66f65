"""What the bot runs on: each locked package with its version, hashes and a licence that permits."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "requirements" / "sbom.py"


def script() -> Any:
    """The program as a module; `requirements` is no package."""
    spec = importlib.util.spec_from_file_location("sbom", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["sbom"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sbom = script()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program has written both, twice."""
    made = tmp_path_factory.mktemp("about")
    for _ in range(2):
        subprocess.run([sys.executable, SCRIPT, made], check=True, capture_output=True)
    return made


def read(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "sbom.json").read_text()))


def test_it_names_each_locked_package_with_its_hashes(folder: Path) -> None:
    lock = (ROOT / "requirements" / "run.txt").read_text()
    pinned = re.findall(r"^([\w.-]+)==([^ \\]+)", lock, re.MULTILINE)
    told = read(folder)["components"]
    assert [(each["name"], each["version"]) for each in told] == pinned
    assert len(pinned) > 20
    assert all(each["hashes"] for each in told)
    hashes = re.findall(r"--hash=sha256:(\w+)", lock)
    assert [one["content"] for each in told for one in each["hashes"]] == hashes


def test_each_is_under_a_licence_that_permits_and_has_its_text(folder: Path) -> None:
    for each in read(folder)["components"]:
        [said] = each["licenses"]
        assert sbom.is_permitted(said["expression"], each["name"]), each["name"]
        texts = list((folder / "licences" / each["name"]).glob("*"))
        is_elsewhere = "properties" in each  # for other versions of Python
        assert is_elsewhere or any(text.stat().st_size > 200 for text in texts), each["name"]


def test_what_wheels_bring_along_is_named_too(folder: Path) -> None:
    told = read(folder)["components"]
    brought = [library for each in told for library in each.get("components", [])]
    assert {"libavcodec", "libx264", "libjpeg", "libpq"} <= {library["name"] for library in brought}
    assert [library["name"] for library in brought if "licenses" not in library] == []


def test_it_says_who_needs_what(folder: Path) -> None:
    needs = {each["ref"]: each["dependsOn"] for each in read(folder)["dependencies"]}
    [own] = (ref for ref in needs if ref.startswith("pkg:generic/marionette@"))
    reached, left = set[str](), [own]
    while left:
        reached.add(ref := left.pop())
        left += set(needs[ref]) - reached
    assert reached == set(needs)


def test_it_holds_no_address_and_nothing_of_the_day(folder: Path) -> None:
    text = (folder / "sbom.json").read_text()
    assert "://" not in text
    assert str(ROOT) not in text
    assert not re.search(r"20\d\d-\d\d-\d\d", text)


@pytest.mark.parametrize(
    ("expression", "is_fine"),
    [
        ("MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("Apache-2.0 AND (GPL-2.0-only OR AGPL-3.0-only)", False),
        ("LicenseRef-Proprietary", False),
    ],
)
def test_a_licence_permits_or_does_not(expression: str, is_fine: bool) -> None:
    assert sbom.is_permitted(expression) is is_fine


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ("License-Expression: GPL-3.0-only\n", "is under GPL-3.0-only, which is not permitted"),
        ("License: whatever\n", "does not say its licence"),
        ("License: MIT\nVersion: 2\n", "is locked as 1: install that"),
        ("License: MIT\n", "brings no text of its licence"),
    ],
)
def test_what_is_wrong_ends_it_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metadata: str, said: str
) -> None:
    info = tmp_path / "odd-1.dist-info"
    info.mkdir()
    version = "" if "Version" in metadata else "Version: 1\n"
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: odd\n{version}{metadata}")
    has_text = "text" not in said
    (info / "LICENSE").write_text("all of it")
    (info / "RECORD").write_text("odd-1.dist-info/LICENSE,,\n" * has_text)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SystemExit, match=said):
        list(sbom.components([sbom.Locked("odd", "1", None)], tmp_path / "texts"))
