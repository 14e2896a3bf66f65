"""Secrets that others on the machine can read: named once at the start, and by the doctor."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.console import secrecy
from bot.console.secrecy import exposed, warn
from bot.settings import Settings
from tests import forked
from tests.bot.test_settings import NEEDED

Made = Callable[..., Settings]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Settings in a folder of their own, whose files all are for their owner alone."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o755)
    files = ".env", "a token", "key", "data/marionette.db", "data/media/j/video.mp4"
    for name in (*files, "copies/marionette.db.2026-01-01"):
        file = Path(name)
        file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        file.write_text("secret")
        file.chmod(0o600)

    def settings(**changes: object) -> Settings:
        return Settings(_env_file=None, backup_dir=Path("copies"), **changes)  # type: ignore[arg-type]

    return settings


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (".env", "chmod 600 .env"),
        ("a token", "chmod 600 'a token'"),
        ("key", "chmod 600 key"),
        ("data/marionette.db", "chmod -R go= data"),
        ("data/media/j/video.mp4", "chmod -R go= data"),
        ("copies/marionette.db.2026-01-01", "chmod -R go= copies"),
    ],
)
@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_each_is_named_with_the_command_that_mends_it(
    made: Made, name: str, command: str, mode: int
) -> None:
    settings = made(discord_token_file=Path("a token"), segmind_api_key_file=Path("key"))
    assert exposed(settings) == []
    Path(name).chmod(mode)
    [found] = exposed(settings)
    assert found.command == command
    assert found.sentence == f"{found.path} can be read by others on this machine: {command}"
    subprocess.run(["/bin/sh", "-c", command], check=True)
    assert exposed(settings) == []


def test_files_in_a_closed_folder_are_closed(made: Made) -> None:
    Path("data/marionette.db").chmod(0o644)
    Path("data").chmod(0o700)
    assert exposed(made()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_somebody_else_lends_is_theirs(made: Made) -> None:
    """A container's secrets belong to root, and everybody in it may read them."""
    Path("key").chmod(0o444)
    os.chown("key", 4242, 4242)
    assert exposed(made(segmind_api_key_file=Path("key"))) == []


def test_where_modes_are_not_kept_no_command_is_given(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".env").chmod(0o755)
    monkeypatch.setattr(secrecy, "_keeps_modes", lambda _: False)
    [found] = exposed(made())
    assert "the file system there keeps no permissions" in found.sentence
    with capture_logs() as logs:
        warn(made())
    assert logs == []


def test_nothing_there_is_nothing_to_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert exposed(Settings(_env_file=None, segmind_api_key_file=None)) == []


@pytest.mark.slow
def test_a_start_says_it_in_one_line(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("DATA_DIR=/dev/null/nowhere\n")
    said = []
    for mode in (0o644, 0o600):
        env_file.chmod(mode)
        env = {"PATH": os.environ["PATH"], **NEEDED}
        ended = forked.run("bot", "run", cwd=tmp_path, env=env)
        said.append([line for line in ended.err.splitlines() if "chmod 600 .env" in line])
    assert [len(lines) for lines in said] == [1, 0]
    assert '"level": "warning"' in said[0][0]
