"""The engine's API: the same as Segmind's, and a free look."""

import json
from pathlib import Path
from typing import NamedTuple

from bot.core.jobs import Attempt
from bot.errors import AccountRefused, ModelMissing, NotAccepted, ProviderUnavailable
from bot.provider.segmind.client import Lost, Segmind
from bot.provider.segmind.replies import Reply, as_dict

LOOK_TIMEOUT_S = 20.0


class Seen(NamedTuple):
    """Whether somebody is in the picture, and in the motion."""

    in_picture: bool
    in_motion: bool


class Engine(Segmind):
    """The client; a draft is a run like any other.

    Whatever the engine refuses is its own matter, and none of the account that pays.
    """

    async def submit(self, attempt: Attempt) -> str:
        """Start one draft, and return its run's id; raises as `Provider.submit` does."""
        try:
            return await super().submit(attempt)
        except (AccountRefused, ModelMissing) as error:
            raise NotAccepted(str(error), status=error.status) from None

    async def upload(self, path: Path, content_type: str) -> str:
        """Hand over a file, and return its link; raises as `Provider.upload` does."""
        try:
            return await super().upload(path, content_type)
        except AccountRefused as error:
            raise ProviderUnavailable(str(error), status=error.status) from None

    @staticmethod
    def _check(reply: Reply) -> None:
        try:
            Segmind._check(reply)
        except AccountRefused as error:
            raise ProviderUnavailable(str(error), status=error.status) from None

    async def look(self, picture_url: str, motion_url: str) -> Seen:
        """Who is in two files. Raises `ProviderUnavailable` where that cannot be said."""
        body = json.dumps({"subject_url": picture_url, "motion_url": motion_url}).encode()
        address = f"{self.url.removesuffix('/v2')}/look"
        reply = await self._send("POST", address, body=body, timeout_s=LOOK_TIMEOUT_S)
        if isinstance(reply, Lost) or not reply.ok:
            why = reply.why if isinstance(reply, Lost) else reply.describe()
            raise ProviderUnavailable(f"The engine did not look: {why}.")
        told = as_dict(reply.body)
        return Seen(*(told.get(name) != "nobody" for name in ("subject", "motion")))
