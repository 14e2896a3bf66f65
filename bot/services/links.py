"""A file, or a link in its place: exactly one of them is a request's picture, or its video."""

from typing import Literal

from bot.accounts.links import given_link
from bot.errors import Problem, Refused
from bot.services.given import GivenFile

Meant = Literal["picture", "video"]
_MISSING = {"picture": Problem.IMAGE_MISSING, "video": Problem.VIDEO_MISSING}
_TWICE = {"picture": Problem.IMAGE_TWICE, "video": Problem.VIDEO_TWICE}


def one_of(meant: Meant, file: GivenFile | None, link: str | None) -> GivenFile:
    """What was given; a link is followed later. Raises `Refused` for neither and for both."""
    has_link = bool(link and link.strip())
    if file is not None and has_link:
        raise Refused(_TWICE[meant])
    if file is not None:
        return file
    if link is None or not has_link:
        raise Refused(_MISSING[meant])
    return GivenFile(given_link(link, meant), None)
