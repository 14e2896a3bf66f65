"""Settings: read in one place, documented, and wrong in one sentence."""

import os
from ipaddress import ip_address
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import SettingsError
from bot.settings import SQLITE, Settings
from tests import forked

ROOT = Path(__file__).parent.parent.parent
HOME = Path("/tmp/of-nobody")
NEEDED = {"DISCORD_TOKEN": "a.b.c", "SEGMIND_API_KEY": "SG_secret"}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        for name in (field.upper(), field):
            monkeypatch.delenv(name, raising=False)
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
        ("DATABASE_URL", "mysql://me:SG_secret@somewhere/bot"),
        ("DATABASE_URL", "postgresql://me:SG_secret@somewhere/bot"),
        ("DATABASE_URL", "postgresql+psycopg://me:SG_secret@somewhere"),
        ("DATABASE_URL", "postgresql+psycopg://me:SG_secret@somewhere:SG_secret/bot"),
        ("CREDITS_PER_SECOND_540P", "free"),
        ("LOG_LEVEL", "LOUD"),
        ("HTTPS_PROXY", "socks5://SG_secret@proxy:1080"),
        ("HTTPS_PROXY", "http://"),
        ("HTTP_PROXY", "http://proxy:99999"),
        ("HTTP_PROXY", "http://[::1"),
        ("DOWNLOAD_RANGES", "the VPN"),
        ("DOWNLOAD_RANGES", "198.18.0.0/99"),
        ("DOWNLOAD_RANGES", "0.0.0.0/0"),
        ("DOWNLOAD_RANGES", "198.18.0.0/15, ::/0"),
        ("DOWNLOAD_RANGES", "127.0.0.1"),
        ("DOWNLOAD_RANGES", "169.254.0.0/16"),
        ("DOWNLOAD_RANGES", "::ffff:198.18.0.0/111"),
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


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("DATA_DIR", '"/x y"', Path("/x y")),
        ("DATA_DIR", "'/x'", Path("/x")),
        ("DATA_DIR", " /x\r", Path("/x")),
        ("DATA_DIR", "/o'brien", Path("/o'brien")),
        ("DATA_DIR", "~", HOME),
        ("DATA_DIR", '"~/x"', HOME / "x"),
        (
            "DATABASE_URL",
            "sqlite+aiosqlite:///~/x.db",
            SecretStr(f"sqlite+aiosqlite:///{HOME}/x.db"),
        ),
        ("DATABASE_URL", '""', SecretStr("")),
        ("MAX_RUNNING", "''", None),
        ("MAX_WAITING", '"7"', 7),
        ("LOG_LEVEL", "'debug'", "DEBUG"),
        ("ALLOWED_SERVERS", '"12, 34"', {12, 34}),
        ("DISCORD_TOKEN", '"a.b.c" ', SecretStr("a.b.c")),
    ],
)
def test_what_docker_hands_over_is_read_as_it_was_meant(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, meant: object
) -> None:
    monkeypatch.setenv("HOME", str(HOME))
    monkeypatch.setenv(name, value)
    assert getattr(Settings.load(env_file=None), name.lower()) == meant


@pytest.mark.parametrize("name", ["DATA_DIR", "SEGMIND_API_KEY", "MAX_RUNNING", "LOG_LEVEL"])
@pytest.mark.parametrize(
    "value",
    [
        '"5',
        "5'",
        "\"5'",
        "\"'5'\"",
        '"5" or so',
        '"5"  # of them',
        "5 # of them",
        "“5”",
        "5\t5",
        "5\n6",
        "\x1b5",
        "5\u200b",
        "\udcff5",
    ],
)
def test_what_nobody_means_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=rf"^{name} is wrong: [^\n]+\.$"):
        Settings.load(env_file=None)


@pytest.mark.parametrize("value", ["$HOME/x", "${HOME}", "/my\\ data", "~nobody-of-that-name/x"])
@pytest.mark.parametrize(("name", "before"), [("DATA_DIR", ""), ("DATABASE_URL", SQLITE)])
def test_a_path_that_a_shell_would_fill_in_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, before: str, value: str
) -> None:
    monkeypatch.setenv(name, before + value)
    with pytest.raises(SettingsError, match=rf"^{name} is wrong: [^\n]+\.$"):
        Settings.load(env_file=None)


def test_a_file_of_an_editor_that_marks_utf_8_is_read_from_its_first_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DISCORD_TOKEN")
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfDISCORD_TOKEN=d.e.f\r\nMAX_WAITING='7' # of them\r\n")
    settings = Settings.load(file)
    assert settings.discord_token == SecretStr("d.e.f")
    assert settings.max_waiting == 7


UNREADABLE = {
    "UTF-16": "# für alle\nMAX_WAITING=7\n".encode("utf-16"),
    "UTF-16 without a mark": "MAX_WAITING=7\n".encode("utf-16-le"),
    "UTF-32": "MAX_WAITING=7\n".encode("utf-32"),
    "Latin-1": "# für alle\nMAX_WAITING=7\n".encode("latin-1"),
    "a NUL": b"MAX_WAITING=7\0\n",
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_in_another_encoding_is_one_sentence_that_names_it(
    tmp_path: Path, case: str
) -> None:
    file = tmp_path / ".env"
    file.write_bytes(UNREADABLE[case])
    with pytest.raises(SettingsError) as caught:
        Settings.load(file)
    assert str(caught.value) == f"{file} is not text in UTF-8: save it anew with that encoding."


def test_a_folder_in_the_files_place_is_said(tmp_path: Path) -> None:
    """Docker makes one where the file that it was to mount is missing."""
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        Settings.load(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.touch(mode=0)
    with pytest.raises(SettingsError, match="cannot be read: Permission denied"):
        Settings.load(file)


def test_a_file_in_a_loop_is_said(tmp_path: Path) -> None:
    """What root cannot read either."""
    file = tmp_path / ".env"
    file.symlink_to(file)
    with pytest.raises(SettingsError, match=r"\.env cannot be read: "):
        Settings.load(file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('\n\nDATA_DIR="/x\nMAX_RUNNING=5\n', "DATA_DIR is wrong: in line 3 of"),
        ("export DATA_DIR='/x\n", "DATA_DIR is wrong: in line 1 of"),
        ('DATA_DIR="/x\nLOG_LEVEL="INFO"\n', "DATA_DIR is wrong: in line 1 of"),
        ('DATA_DIR="/x\nLOG_LEVEL=INFO"\n', "DATA_DIR is wrong: it holds a character"),
        ("# mine\nwhat was it\n", "Line 2 of"),
    ],
)
def test_a_line_that_is_none_is_said(tmp_path: Path, text: str, said: str) -> None:
    """It would else be left out, and the default hold."""
    file = tmp_path / ".env"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        Settings.load(file)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


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


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("value", ["http://ada:SG_secret@proxy:3128", '"ada:SG_secret@proxy:3128"'])
def test_proxies_are_known_by_their_usual_names(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("no_proxy", ".example.org")
    settings = Settings.load(env_file=None)
    proxies = settings.proxies()
    assert proxies.for_url("https://discord.com/x") == "http://ada:SG_secret@proxy:3128"
    assert proxies.for_url("https://a.example.org/x") is None
    assert "SG_secret" not in repr(settings)


def test_suppliers_are_the_hosts_of_the_settings_with_their_ranges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOWNLOAD_RANGES", "198.18.0.1/15, fd00::/8")
    monkeypatch.setenv("SEGMIND_API_URL", "https://eu.example.org/v2")
    monkeypatch.setenv("SEGMIND_UPLOAD_URL", "http://localhost:8080/upload")
    suppliers = Settings.load(env_file=None).suppliers()
    assert suppliers.include("eu.example.org")
    assert not suppliers.include("localhost")
    assert suppliers.may_have(ip_address("198.19.255.255"))
    assert not suppliers.may_have(ip_address("100.64.0.1"))


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [{"SEGMIND_API_KEY": ""}, {"MAX_RUNNING": "many"}])
def test_the_program_ends_with_2_and_without_a_traceback(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    assert ends_with_2(tmp_path, **wrong).startswith(next(iter(wrong)))


@pytest.mark.slow
def test_so_it_does_on_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(UNREADABLE["UTF-16"])
    assert ends_with_2(tmp_path).startswith(".env is not text in UTF-8")


@pytest.mark.slow
def test_a_worker_alone_has_nobody_to_work_for(tmp_path: Path) -> None:
    said = ends_with_2(tmp_path, command="worker")
    assert said.startswith("A worker is one of several processes, which cannot share an SQLite")


def ends_with_2(folder: Path, command: str = "run", **wrong: str) -> str:
    """The one line that the program says before it ends there."""
    env = {"PATH": os.environ["PATH"], **NEEDED, **wrong}
    ended = forked.run("bot", command, cwd=folder, env=env)
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    return ended.err


def test_a_secret_may_stand_in_a_file_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    held = tmp_path / "token"
    held.write_text("x.y.z\n")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(held))
    with pytest.raises(SettingsError, match="DISCORD_TOKEN and DISCORD_TOKEN_FILE are set"):
        Settings.load(env_file=None)
    monkeypatch.delenv("DISCORD_TOKEN")
    assert Settings.load(env_file=None).discord_token == SecretStr("x.y.z")
    held.write_text("")
    with pytest.raises(SettingsError, match="DISCORD_TOKEN is not set"):
        Settings.load(env_file=None)
    held.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"DISCORD_TOKEN_FILE .* it is not text"):
        Settings.load(env_file=None)
    held.unlink()
    with pytest.raises(SettingsError, match=r"DISCORD_TOKEN_FILE .* No such file"):
        Settings.load(env_file=None)
