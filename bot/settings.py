"""The environment and `.env`, read once into one frozen object; nothing else reads `os.environ`."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    HttpUrl,
    SecretStr,
    UrlConstraints,
    ValidationError,
    WebsocketUrl,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.core.jobs import Quality
from bot.core.polling import most_running
from bot.core.pricing import Rates
from bot.core.rules import OperatorLimits
from bot.errors import SettingsError

Url = Annotated[HttpUrl, UrlConstraints(max_length=2048)]
Credits = Annotated[int, Field(ge=0, le=1_000_000)]
Count = Annotated[int, Field(ge=1, le=10_000)]
Rate = Annotated[float, Field(gt=0, le=1000)]
TO_RUN = ("discord_token", "segmind_api_key")
"""What has no default; commands that look after a stopped bot do without."""


class Settings(BaseSettings):
    """Every setting, named as its variable in lower case; `.env.example` tells what each is for."""

    model_config = SettingsConfigDict(
        frozen=True, env_ignore_empty=True, extra="ignore", env_file_encoding="utf-8"
    )

    discord_token: SecretStr = SecretStr("")
    discord_api_url: Url = HttpUrl("https://discord.com/api/v10")
    discord_gateway_url: WebsocketUrl = WebsocketUrl("wss://gateway.discord.gg/")
    segmind_api_key: SecretStr = SecretStr("")
    segmind_api_url: Url = HttpUrl("https://api.segmind.com/v2")
    segmind_history_url: Url = HttpUrl(
        "https://api.spotprod.segmind.com/inference-request/request-history"
    )
    segmind_upload_url: Url = HttpUrl("https://workflows-api.segmind.com/upload-asset")
    segmind_credits_url: Url = HttpUrl("https://api.segmind.com/v1/get-user-credits")
    segmind_requests_per_minute: Count = 45
    data_dir: Path = Path("data")
    database_url: str = ""
    http_port: Annotated[int, Field(ge=0, le=65535)] = 0
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    daily_budget_credits: Credits = 300
    allowed_servers: Annotated[frozenset[int], NoDecode] = frozenset()
    allowance_credits: Credits = 30
    dm_allowance_credits: Credits = 30
    credits_per_second_360p: Rate = 0.9
    credits_per_second_540p: Rate = 1.0
    credits_per_second_720p: Rate = 1.2
    max_running: Count | None = None
    max_running_per_person: Count = 2
    max_waiting: Count = 200
    max_waiting_per_person: Count = 5
    keep_days: Annotated[float, Field(gt=0, le=3650, allow_inf_nan=False)] = 30

    @field_validator("allowed_servers", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = value.replace(",", " ").split()
        if not all(part.isdecimal() and int(part) > 0 for part in parts):
            raise ValueError("it must be ids of servers, numbers separated by commas")
        return [int(part) for part in parts]

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("discord_token", "segmind_api_key")
    @classmethod
    def _not_blank(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value():
            return value  # not set: `missing` says so, where it is needed
        secret = value.get_secret_value().strip()
        if not secret:
            raise ValueError("it is blank")
        if not (secret.isascii() and secret.isprintable()) or " " in secret:
            raise ValueError("it holds characters that none has: copy it again")
        return SecretStr(secret)

    @field_validator("database_url")
    @classmethod
    def _only_sqlite(cls, value: str) -> str:
        if value and not value.startswith("sqlite+aiosqlite:///"):
            raise ValueError("it must begin with sqlite+aiosqlite:///")
        return value

    @classmethod
    def load(cls, env_file: Path | None = Path(".env"), *, needs: Collection[str] = TO_RUN) -> Self:
        """Read the environment, and `.env` beneath it; what it `needs` must be set.

        Raises `SettingsError`, one sentence that names the variable and never its value.
        """
        try:
            settings = cls(_env_file=env_file)
        except ValidationError as error:
            raise SettingsError(_sentence(error)) from None
        for sentence in settings.missing(needs):
            raise SettingsError(sentence)
        return settings

    def missing(self, needs: Collection[str] = TO_RUN) -> list[str]:
        """A sentence for each of these settings that is not set."""
        return [
            f"{name.upper()} is not set: put it into .env (.env.example tells where to get it)."
            for name in needs
            if not getattr(self, name).get_secret_value()
        ]

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'marionette.db'}"

    def rates(self) -> Rates:
        """Credits per second of motion, by quality."""
        per_second: dict[Quality, float] = {
            "360p": self.credits_per_second_360p,
            "540p": self.credits_per_second_540p,
            "720p": self.credits_per_second_720p,
        }
        return Rates(per_second)

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
        )


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    name = str(first["loc"][0]).upper()
    reason = first["msg"].removeprefix("Value error, ")
    if not reason[1:2].isupper():
        reason = reason[:1].lower() + reason[1:]
    return f"{name} is wrong: {reason} (see .env.example)."
