"""The house's own rules: rooms, sizes, docstrings, no mocks, no addresses, nothing unreached."""

import ast
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

THIS = Path(__file__)
ROOT = THIS.parent.parent
PACKAGES = ("bot", "cogs", "engine", "sandbox")
LONGEST_FILE, LONGEST_FUNCTION = 400, 70
MOST_IN_A_ROOM = 13
ENTRIES = {
    "bot.__main__",
    "bot.media.forkserver",
    "bot.store.migrations.env",
    "engine.__main__",
    "engine.look",
    "engine.plain",
    "engine.render",
    "sandbox.discord.__main__",
    "sandbox.programs.bot",
    "sandbox.programs.demo",
    "sandbox.programs.pictures",
    "sandbox.programs.playground",
    "sandbox.programs.stage_marks",
    "sandbox.programs.starter_motions",
}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    return [path for path in paths if path.is_file()]


def modules() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py"]


def ours() -> list[Path]:
    return [path for path in modules() if path.relative_to(ROOT).parts[0] in PACKAGES]


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def name_of(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def test_files_and_functions_fit_in_the_head() -> None:
    too_long = []
    for path in modules():
        text = path.read_text()
        lines = len(text.splitlines())
        if lines > LONGEST_FILE:
            too_long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        if "migrations/versions" in str(path):
            continue
        for function in functions(ast.parse(text)):
            length = (function.end_lineno or 0) - function.lineno + 1
            if length > LONGEST_FUNCTION:
                too_long.append(f"{path.relative_to(ROOT)}: {function.name}, {length} lines")
    assert not too_long


def test_a_room_can_be_taken_in_at_a_glance() -> None:
    """But for the migrations, of which one more comes with each change of the tables."""
    read = [path for path in modules() if "migrations/versions" not in str(path)]
    rooms = Counter(path.parent for path in read if path.name != "__init__.py")
    del rooms[ROOT / "bot/store/migrations/versions"]  # a past, which only grows
    crowded = {str(room.relative_to(ROOT)): count for room, count in rooms.items()}
    assert {room: count for room, count in crowded.items() if count > MOST_IN_A_ROOM} == {}


def test_a_rooms_init_says_what_the_room_is_for_and_loads_nothing() -> None:
    """What it imported, everybody who wants one module of the room would load too."""
    inits = [path for path in ours() if path.name == "__init__.py"]
    assert len(inits) > 20
    for path in inits:
        [only] = ast.parse(path.read_text()).body
        assert isinstance(only, ast.Expr), path
        assert isinstance(only.value, ast.Constant), path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("room", "imports", "broken"),
    [
        ("bot/core", "from bot.store.store import Store", "The floors of the bot"),
        ("bot/delivery", "from bot.services import requests", "The floors of the bot"),
        ("bot/jobs", "from cogs.shared import confirm_buttons", "Only the wiring loads the cogs"),
        ("cogs/members", "from bot.store.store import Store", "Cogs ask a service"),
        ("engine/seeing", "from engine.painting import puppet", "The floors of the engine"),
        ("bot/store/people", "import sqlite3", "Each kind of database"),
        ("bot/console", "from bot.store.server import link", "Which kind of database it is"),
        ("bot/jobs", "from bot.store.store import Store", None),
    ],
)
def test_an_import_that_runs_upwards_is_found(
    tmp_path: Path, room: str, imports: str, broken: str | None
) -> None:
    """In a module that no contract names: they name rooms alone."""
    for path in (*ours(), ROOT / "pyproject.toml"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    (tmp_path / room / "added.py").write_text(f"{imports}\n")
    command: list[str | Path] = [
        Path(sys.executable).parent / "lint-imports",
        "--no-cache",
        "--no-logo",
    ]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (told.returncode == 0) is (broken is None), told.stdout
    lines = " ".join(told.stdout.split())
    assert broken is None or re.search(f"{broken}.{{0,90}}? BROKEN", lines)
    assert broken is None or f"{room.replace('/', '.')}.added" in lines


def test_the_pages_files_are_short_and_all_are_used() -> None:
    web = ROOT / "sandbox" / "web"
    files = [path for path in web.rglob("*") if path.suffix in {".js", ".css"}]
    texts = {path: path.read_text() for path in [*files, web / "index.html"]}
    assert len(files) > 20
    assert not [path for path, text in texts.items() if len(text.splitlines()) > LONGEST_FILE]
    assert not [path for path in files if not texts[path].startswith(("// ", "/* "))]
    named = set(
        re.findall(r'"(?:\./|/web/(?:js|css)/)([\w-]+\.(?:js|css))"', "".join(texts.values()))
    )
    assert {path.name for path in files} == named


def test_the_pages_show_every_picture_and_say_what_is_on_it() -> None:
    shown: set[Path] = set()
    for page in tracked():
        if page.suffix == ".md":
            text = page.read_text()
            said = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", text)
            said += re.findall(r'<img src="([^"]*)"[^>]* alt="([^"]*)"', text)
            named = re.findall(r"[\w./-]*pictures/[\w-]+\.\w+", text)
            assert all(all(one) for one in said), page
            shown |= {(page.parent / name).resolve() for name in named}
    there = {path for path in tracked() if path.parent == ROOT / "docs" / "pictures"}
    assert shown == there, shown ^ there


def test_modules_public_classes_and_functions_say_what_they_are_for() -> None:
    silent = []
    for path in ours():
        if "migrations/versions" in str(path):
            continue
        tree = ast.parse(path.read_text())
        if path.name != "__init__.py" and not ast.get_docstring(tree):
            silent.append(name_of(path))
        for node in tree.body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("_"):
                continue
            inside = node.body if isinstance(node, ast.ClassDef) else []
            kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
            members = [node, *(member for member in inside if isinstance(member, kinds))]
            silent += [
                f"{name_of(path)}.{member.name}"
                for member in members
                if not member.name.startswith("_") and not ast.get_docstring(member)
            ]
    assert not silent


def test_nothing_of_ours_is_mocked() -> None:
    words = re.compile(r"unittest.mock|from mock|import mock\b|mocker")
    assert not [path for path in modules() if path != THIS and words.search(path.read_text())]


def test_no_index_and_no_path_of_a_machine_is_committed() -> None:
    index = re.compile(r"--(extra-)?index-url|--find-links|pypi\.org|pythonhosted")
    home = re.compile(r"(?<![\w.])/(home|root|Users|work)/\w")
    found = []
    for path in tracked():
        if path == THIS or path.suffix in {".png", ".mp4", ".gif"}:
            continue
        text = path.read_text(errors="replace")
        found += [str(path.relative_to(ROOT)) for rule in (index, home) if rule.search(text)]
    assert not found


def test_targets_hand_arguments_to_programs_that_take_some() -> None:
    targets = re.findall(r"-m ([\w.]+) \$\(ARGS\)", (ROOT / "Makefile").read_text())
    assert {"sandbox.programs.demo", "bench.load", "engine"} <= set(targets)
    for name in targets:
        path = ROOT / name.replace(".", "/")
        path = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
        assert re.search(r"ArgumentParser\(|sys\.argv", path.read_text()), name


def test_every_module_is_reached() -> None:
    known = {name_of(path) for path in ours()}
    reached = set()
    for path in ours():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                reached |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                reached |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    packages = {name for name in known if (ROOT / name.replace(".", "/")).is_dir()}
    versions = {name for name in known if name.startswith("bot.store.migrations.versions")}
    assert known - reached - packages - versions <= ENTRIES


@pytest.mark.parametrize(
    "lock", ["run", "dev", "uv", "conformance-disnake", "conformance-nextcord"]
)
def test_the_locks_have_hashes(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    pins = re.findall(r"^[a-z0-9].*?==.*$", text, re.MULTILINE)
    assert pins
    assert all(pin.endswith("\\") for pin in pins)
    assert text.count("--hash=sha256:") >= len(pins)
