"""The environment and `.env`, read once into one frozen object; nothing else reads `os.environ`."""

import re
from collections.abc import Collection
from io import StringIO
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import (
    Field,
    HttpUrl,
    SecretStr,
    UrlConstraints,
    ValidationError,
    WebsocketUrl,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.core.jobs import DEFAULT_MODEL, Quality
from bot.core.models import MODELS, Rates
from bot.core.polling import most_running
from bot.core.proxies import Proxies, is_this_machine
from bot.core.rules import OperatorLimits
from bot.errors import SettingsError
from bot.media.addresses import Network, Suppliers

Url = Annotated[HttpUrl, UrlConstraints(max_length=2048)]
Credits = Annotated[int, Field(ge=0, le=1_000_000)]
Cap = Annotated[int, Field(ge=1, le=1_000_000)]
Count = Annotated[int, Field(ge=1, le=10_000)]
Rate = Annotated[float, Field(gt=0, le=1000)]
SQLITE, POSTGRESQL = "sqlite+aiosqlite:///", "postgresql+psycopg://"
QUOTES = "\"'`“”„‘’«»"
NEVER = [
    ip_network(range_)
    for range_ in (
        *("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4"),
        *("::/127", "::ffff:0:0/96", "fe80::/10", "ff00::/8"),
    )
]
"""Of these no host of anybody's is, whatever a resolver says; ::ffff:0:0/96 is written as IPv4."""

ENV_FILE = Path(".env")

KEYS = {"segmind": "segmind_api_key", "engine": "engine_key"}
"""Of each provider the key, which has no default."""

SECRETS = ("discord_token", *KEYS.values())


class Settings(BaseSettings):
    """Every setting, named as its variable in lower case; `.env.example` tells what each is for."""

    model_config = SettingsConfigDict(
        frozen=True, env_ignore_empty=True, extra="ignore", env_file_encoding="utf-8-sig"
    )

    discord_token: SecretStr = SecretStr("")
    discord_token_file: Path | None = None
    discord_api_url: Url = HttpUrl("https://discord.com/api/v10")
    discord_gateway_url: WebsocketUrl = WebsocketUrl("wss://gateway.discord.gg/")
    segmind_api_key: SecretStr = SecretStr("")
    segmind_api_key_file: Path | None = None
    segmind_api_url: Url = HttpUrl("https://api.segmind.com/v2")
    segmind_history_url: Url = HttpUrl(
        "https://api.spotprod.segmind.com/inference-request/request-history"
    )
    segmind_upload_url: Url = HttpUrl("https://workflows-api.segmind.com/upload-asset")
    segmind_credits_url: Url = HttpUrl("https://api.segmind.com/v1/get-user-credits")
    segmind_requests_per_minute: Count = 45
    engine_url: Url = HttpUrl("http://127.0.0.1:8090")
    engine_key: SecretStr = SecretStr("")
    engine_key_file: Path | None = None
    drafts_per_day: Count = 10
    data_dir: Path = Path("data")
    database_url: SecretStr = SecretStr("")
    backup_dir: Path | None = None
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 0
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    daily_budget_credits: Credits = 300
    daily_server_cap_credits: Cap | None = None
    daily_person_cap_credits: Cap | None = None
    allowed_servers: Annotated[frozenset[int], NoDecode] = frozenset()
    answer_mentions: bool = True
    allowance_credits: Credits = 30
    dm_allowance_credits: Credits = 30
    credits_per_second_360p: Rate = 0.9
    credits_per_second_540p: Rate = 1.0
    credits_per_second_720p: Rate = 1.2
    models: Annotated[dict[str, dict[Quality, Rate]], NoDecode] = {DEFAULT_MODEL: {}}
    max_running: Count | None = None
    max_running_per_person: Count = 2
    max_waiting: Count = 200
    max_waiting_per_person: Count = 5
    https_proxy: SecretStr = SecretStr("")
    http_proxy: SecretStr = SecretStr("")
    no_proxy: str = ""
    download_ranges: Annotated[tuple[Network, ...], NoDecode] = ()
    media_limit_gb: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    keep_days: Annotated[float, Field(gt=0, le=3650, allow_inf_nan=False)] = 30
    keep_files_hours: Annotated[float, Field(ge=0, le=8760, allow_inf_nan=False)] = 24

    @field_validator("allowed_servers", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = value.replace(",", " ").split()
        if not all(part.isdecimal() and int(part) > 0 for part in parts):
            raise ValueError("it must be ids of servers, numbers separated by commas")
        return [int(part) for part in parts]

    @field_validator("download_ranges", mode="before")
    @classmethod
    def _split_ranges(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            found = [ip_network(part, strict=False) for part in value.replace(",", " ").split()]
        except ValueError:
            raise ValueError("it must be ranges such as 198.18.0.0/15, fd00::/8") from None
        if any(one.overlaps(never) for one in found for never in NEVER):
            raise ValueError("it holds addresses of this machine or its neighbours on the wire")
        return found

    @field_validator("models", mode="before")
    @classmethod
    def _split_models(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found: dict[str, dict[str, str]] = {}
        for part in value.split(","):
            slug, *rates = part.split() or [""]
            if slug not in MODELS:
                raise ValueError(f"{slug or 'nothing'} is none of {', '.join(MODELS)}")
            if slug in found:
                raise ValueError(f"it names {slug} twice")
            found[slug] = dict(rate.partition("=")[::2] for rate in rates)
            if rates and MODELS[slug].is_free:
                raise ValueError(f"{slug} is free: it takes no rate")
            if others := found[slug].keys() - set(MODELS[slug].qualities):
                makes = ", ".join(MODELS[slug].qualities)
                raise ValueError(f"{slug} makes {makes}, and not {min(others)}")
        return found

    @field_validator("https_proxy", "http_proxy")
    @classmethod
    def _with_scheme(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not text:
            return value
        url = text if "://" in text else f"http://{text}"
        try:
            parts = urlsplit(url)
            is_proxy = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            is_proxy = False
        if not is_proxy:
            raise ValueError("it must be an HTTP proxy's address, such as http://proxy:3128")
        return SecretStr(url)

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator(*SECRETS)
    @classmethod
    def _copied_whole(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if not (secret.isascii() and secret.isprintable()) or " " in secret:
            raise ValueError("it holds characters that none has: copy it again")
        return value

    @field_validator("data_dir", "backup_dir")
    @classmethod
    def _in_full(cls, value: Path | None) -> Path | None:
        return value and _written_out(value)

    @field_validator("database_url")
    @classmethod
    def _of_a_known_kind(cls, value: SecretStr) -> SecretStr:
        return SecretStr(value.get_secret_value() and database_address(value.get_secret_value()))

    @model_validator(mode="before")
    @classmethod
    def _as_meant(cls, values: dict[str, Any]) -> dict[str, Any]:
        """What `docker --env-file` hands over as it stands is read as a shell or `.env` would."""
        meant = {
            name: _bare(name, value) if isinstance(value, str) else value
            for name, value in values.items()
            if name in cls.model_fields
        }
        kept = {name: value for name, value in meant.items() if value != ""}
        for name in SECRETS:
            if path := kept.get(f"{name}_file"):
                if name in kept:
                    raise SettingsError(
                        f"{name.upper()} and {name.upper()}_FILE are set: keep one."
                    )
                kept[name] = _secret(name, _written_out(Path(str(path))))
        return kept

    @classmethod
    def load(cls, env_file: Path | None = ENV_FILE, *, to_run: bool = True) -> Self:
        """Read the environment, and `.env` beneath it; what the bot needs `to_run` must be set.

        Commands that look after a stopped bot do without.

        Raises `SettingsError`, one sentence that names the variable and never its value.
        """
        if env_file is not None:
            _check_file(env_file)
        try:
            settings = cls(_env_file=env_file)
        except ValidationError as error:
            raise SettingsError(_sentence(error)) from None
        for sentence in settings.missing() if to_run else ():
            raise SettingsError(sentence)
        return settings

    def secret_files(self) -> list[Path]:
        """What is for its owner's eyes alone, whether it is there or not."""
        named: list[Path | None] = [getattr(self, f"{name}_file") for name in SECRETS]
        return [_written_out(file) for file in (ENV_FILE, *named) if file is not None]

    def missing(self, needs: Collection[str] | None = None) -> list[str]:
        """A sentence for each of these settings, or those that it needs to run, that is not set."""
        if needs is None:
            asked = {MODELS[slug].provider for slug in self.models}
            needs = ["discord_token", *(key for name, key in KEYS.items() if name in asked)]
        return [
            f"{name.upper()} is not set: put it into .env (.env.example tells where to get it)."
            for name in needs
            if not getattr(self, name).get_secret_value()
        ]

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database_url.get_secret_value() or f"{SQLITE}{self.data_dir / 'marionette.db'}"

    @property
    def backups(self) -> Path:
        """The folder of the daily backups."""
        return self.backup_dir or self.data_dir / "backups"

    @property
    def media_limit_bytes(self) -> int | None:
        """The most that the files may take; `None` where the disk decides."""
        return None if self.media_limit_gb is None else int(self.media_limit_gb * 1e9)

    def rates(self) -> Rates:
        """What is offered, and for how many credits a second of motion."""
        usual: dict[Quality, float] = {
            "360p": self.credits_per_second_360p,
            "540p": self.credits_per_second_540p,
            "720p": self.credits_per_second_720p,
        }
        return Rates(
            {
                slug: (usual if slug == DEFAULT_MODEL else MODELS[slug].usual_rates) | own
                for slug, own in self.models.items()
            }
        )

    def proxies(self) -> Proxies:
        """Which proxy to use for what."""
        return Proxies(
            https=self.https_proxy.get_secret_value(),
            http=self.http_proxy.get_secret_value(),
            exempt=self.no_proxy,
        )

    def suppliers(self) -> Suppliers:
        """Whose files may come from the operator's own ranges and through a proxy."""
        urls = (self.discord_api_url, self.segmind_api_url, self.segmind_upload_url)
        hosts = {url.host for url in urls if url.host and not is_this_machine(url.host)}
        return Suppliers(hosts, self.download_ranges)

    def operator_limits(self) -> OperatorLimits:
        """The limits that hold everywhere."""
        return OperatorLimits(
            allowance_credits=self.allowance_credits,
            dm_allowance_credits=self.dm_allowance_credits,
            daily_budget_credits=self.daily_budget_credits,
            max_running=self.max_running or most_running(self.segmind_requests_per_minute),
            max_running_per_person=self.max_running_per_person,
            max_waiting=self.max_waiting,
            max_waiting_per_person=self.max_waiting_per_person,
            allowed_servers=self.allowed_servers,
            daily_server_cap_credits=self.daily_server_cap_credits,
            daily_person_cap_credits=self.daily_person_cap_credits,
            models=tuple(self.models),
            drafts_per_day=self.drafts_per_day,
            keep_files_s=self.keep_files_hours * 3600,
        )


def _bare(name: str, value: str) -> str:
    """Without the blanks and the pair of quotes around it. Raises `SettingsError`."""
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    if not text.isprintable():
        odd = "it holds a character that cannot be seen: type it anew"
    elif text.strip(QUOTES) != text or '"' in text:
        odd = "a quote is left over in it: take it away"
    elif text.startswith("#") or " #" in text:
        odd = "it goes on with a comment: give that a line of its own"
    else:
        return text
    raise SettingsError(f"{name.upper()} is wrong: {odd}.")


def _secret(name: str, path: Path) -> str:
    """What the file holds, such as a container's secret. Raises `SettingsError`."""
    try:
        return path.read_text("utf-8-sig").strip()
    except OSError as error:
        reason = error.strerror
    except UnicodeDecodeError:
        reason = "it is not text"
    raise SettingsError(f"{name.upper()}_FILE {path} cannot be read: {reason}.")


def database_address(url: str) -> str:
    """The same, with a path written out. Raises `ValueError`, which has no password in it."""
    if url.startswith(SQLITE):
        path = url.removeprefix(SQLITE)
        return f"{SQLITE}{_written_out(Path(path))}" if path else url
    if not url.startswith(POSTGRESQL):
        raise ValueError(f"it must begin with {SQLITE} or {POSTGRESQL}")
    try:
        parts = urlsplit(url)
        is_whole = parts.port != 0 and "#" not in url and "/" not in parts.path[1:]
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError(
            f"it must be {POSTGRESQL}user:password@host/database, with what is odd in a password "
            "written as % and two digits"
        )
    if not parts.path[1:]:
        raise ValueError("it names no database: put that behind the host, after a /")
    return url


def _written_out(path: Path) -> Path:
    """With the home folder for `~`. Raises `ValueError` for what only a shell would fill in."""
    if set("$\\") & set(str(path)):
        raise ValueError("it holds $ or \\, which mean nothing here: write the path out")
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("it begins with ~, and there is no such home folder") from None


def _check_file(path: Path) -> None:
    """Raises `SettingsError` for a file that is there and is not settings, line by line."""
    text = None
    try:
        if path.is_fifo():  # what is read from it once is gone
            return
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        pass
    if text is None or "\0" in text:
        raise SettingsError(f"{path} is not text in UTF-8: save it anew with that encoding.")
    for found in parse_stream(StringIO(text)):
        if found.error:
            said = found.original.string
            line = found.original.line + said[: len(said) - len(said.lstrip())].count("\n")
            name = re.match(r"\s*(?:export\s+)?(\w+)\s*=", said)
            raise SettingsError(
                f"{name[1]} is wrong: in line {line} of {path} a quote is left over."
                if name
                else f"Line {line} of {path} is no setting: write it as NAME=value."
            )


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    name = str(first["loc"][0]).upper()
    reason = first["msg"].removeprefix("Value error, ")
    if not reason[1:2].isupper():
        reason = reason[:1].lower() + reason[1:]
    return f"{name} is wrong: {reason} (see .env.example)."
