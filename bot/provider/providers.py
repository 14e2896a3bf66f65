"""What a provider can do, and which of them runs a model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from bot.core.jobs import Attempt
from bot.core.models import MODELS
from bot.provider.limiter import RateLimiter
from bot.provider.runs import Result, Row, Status


class Provider(Protocol):
    """Whoever runs models. Each method is a request or a few, sent once: a submit costs money.

    `url` is that of its API: the links of its answers may lead where that does. All raise
    `AccountRefused` where the operator's account is the trouble, and else what they say.
    """

    limiter: RateLimiter
    """The rate at which it may be asked; each request counts itself."""

    url: str

    async def submit(self, attempt: Attempt) -> str:
        """Start one run of the attempt's inputs, and return the run's id.

        Raises `NotAccepted` when there is provably no run, `InputsRejected` when these inputs never
        will be one, and `SubmitInDoubt` for the rest.
        """

    async def find_runs(self, attempt: Attempt, *, since: float, until: float) -> list[Row]:
        """The runs that may be this attempt's, begun between two unix times, an id once.

        Whoever takes an id of ours with a submit has the very one; else they are those of exactly
        its inputs. Raises `ProviderUnavailable`; an incomplete reading is never returned.
        """

    async def rows(self, since: float, until: float) -> list[Row]:
        """All runs begun between two unix times; the rest is as with `find_runs`."""

    async def history_row(self, request_id: str) -> Row | None:
        """What is known for good of one run; `None` when nothing is (yet).

        Raises `ProviderUnavailable`.
        """

    async def status(self, request_id: str) -> Status:
        """How a run goes. Raises `RequestUnknown` or `ProviderUnavailable`."""

    async def result(self, request_id: str) -> Result:
        """How a run has ended. Raises `RequestUnknown` or `ProviderUnavailable`."""

    async def upload(self, path: Path, content_type: str) -> str:
        """Hand over a file, and return the link by which its runs find it.

        Raises `InputsRejected`, `ProviderUnavailable`, and `OSError` for a file that is not there.
        """


class Looker(Protocol):
    """Whoever looks at files for nothing, before anything is paid."""

    async def look(self, picture_url: str, motion_url: str) -> tuple[bool, bool]:
        """Whether somebody is in the picture, and in the motion. Raises `ProviderUnavailable`."""


class Providers:
    """Everybody that this operator has an account with, by the names that `MODELS` has.

    `looker` is who looks at files beforehand, where the operator has that.
    """

    def __init__(self, each: Mapping[str, Provider], looker: Looker | None = None) -> None:
        self._each = each
        self.looker = looker

    def of(self, model: str) -> Provider:
        """Whoever runs a model."""
        return self._each[MODELS[model].provider]

    async def rows(self, since: float, until: float) -> list[Row]:
        """The runs of all that are paid, begun between two unix times. Raises `ProviderError`."""
        paid = {model.provider for model in MODELS.values() if not model.is_free}
        found = [await one.rows(since, until) for name, one in self._each.items() if name in paid]
        return [row for rows in found for row in rows]
