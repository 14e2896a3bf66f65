"""Settings: read in one place, documented, and wrong in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings

ROOT = Path(__file__).parent.parent.parent
NEEDED = {"DISCORD_TOKEN": "a.b.c", "SEGMIND_API_KEY": "SG_secret"}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.partition("=")[::2] for line in lines if line and not line.startswith("#")]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_the_example_names_every_setting_with_its_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown = example()
    assert set(shown) == {field.upper() for field in Settings.model_fields}
    defaults = Settings.load(env_file=None)
    filled = tmp_path / ".env"
    filled.write_text("\n".join(f"{name}={NEEDED.get(name, shown[name])}" for name in shown))
    for name in NEEDED:
        monkeypatch.delenv(name)
    assert Settings.load(env_file=filled) == defaults


def test_by_default_the_bot_asks_for_less_than_the_providers_paid_plans_allow() -> None:
    settings = Settings.load(env_file=None)
    assert settings.segmind_requests_per_minute == 45 < 50
    assert settings.operator_limits().max_running == 3


def test_the_readme_explains_every_setting() -> None:
    readme = (ROOT / "README.md").read_text()
    assert not [name for name in example() if f"`{name}`" not in readme]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCORD_TOKEN", "   "),
        ("SEGMIND_API_URL", "not an address"),
        ("DISCORD_GATEWAY_URL", "https://discord.com"),
        ("HTTP_PORT", "seventy"),
        ("HTTP_PORT", "70000"),
        ("MAX_RUNNING", "0"),
        ("KEEP_DAYS", "-1"),
        ("ALLOWED_SERVERS", "12, our server"),
        ("DATABASE_URL", "mysql://somewhere"),
        ("CREDITS_PER_SECOND_540P", "free"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.load(env_file=None)
    sentence = str(caught.value)
    assert sentence.startswith(name)
    assert "\n" not in sentence
    assert "SG_secret" not in sentence


@pytest.mark.parametrize("missing", sorted(NEEDED))
def test_what_is_needed_is_asked_for(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(SettingsError, match=f"{missing} is not set"):
        Settings.load(env_file=None)


def test_secrets_do_not_print() -> None:
    settings = Settings.load(env_file=None)
    assert "SG_secret" not in repr(settings)
    assert "a.b.c" not in str(settings.model_dump())


def test_servers_are_a_list_of_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_SERVERS", "12, 34 56")
    assert Settings.load(env_file=None).allowed_servers == {12, 34, 56}


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [{"SEGMIND_API_KEY": ""}, {"MAX_RUNNING": "many"}])
def test_the_program_ends_with_2_and_without_a_traceback(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **NEEDED, **wrong}
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith(next(iter(wrong)))
    assert ended.stderr.count("\n") == 1
