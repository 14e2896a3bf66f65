"""The files that somebody gives, as Discord describes them, and the part of one that they name."""

from dataclasses import dataclass

from bot.core.uploads import Upload
from bot.errors import Problem, Refused
from bot.media.inspect import (
    IMAGE_LIMIT_BYTES,
    VIDEO_LIMIT_BYTES,
    VIDEO_LIMIT_S,
    WHOLE_LIMIT_S,
)

LATEST_START_S, SHORTEST_PART_S, LONGEST_PART_S = WHOLE_LIMIT_S, 1.0, VIDEO_LIMIT_S
"""Of a motion a part may be asked for within these bounds, whoever makes it."""

_OTHER_FAMILIES = frozenset({"text", "font", "message"})
_DOCUMENTS = (
    *("pdf", "zip", "rar", "7z", "x-tar", "gtar", "bzip", "json", "xml", "javascript"),
    *("msword", "officedocument", "opendocument", "ms-excel", "ms-powerpoint", "rtf", "epub"),
    *("executable", "msdownload", "msdos", "java-archive", "x-sh"),
)
"""Parts of the names of types that are archives, documents or programs, whatever is in them."""


@dataclass(frozen=True, slots=True)
class GivenFile:
    """An attachment as Discord describes it; `content_type` is Discord's guess, if it made one.

    Discord guesses by the name, so only the bytes tell what a file is.
    """

    upload: Upload
    content_type: str | None

    @property
    def family(self) -> str | None:
        """`image`, `video`, `other` for what is surely neither, or `None` for whatever else.

        A GIF may be either.
        """
        kind = (self.content_type or "").partition(";")[0].strip().lower()
        family, _, name = kind.partition("/")
        if family in {"image", "video"}:
            return None if name == "gif" else family
        is_other = family in _OTHER_FAMILIES or any(part in name for part in _DOCUMENTS)
        return "other" if is_other else None


def refuse_at_sight(image: GivenFile | None, video: GivenFile | None) -> None:
    """Say at once what the attachments' own descriptions surely give away. Raises `Refused`."""
    if image and image.family == "other":
        raise Refused(Problem.NOT_AN_IMAGE, name=image.upload.name)
    if video and video.family == "other":
        raise Refused(Problem.NOT_A_VIDEO, name=video.upload.name)
    if image and image.upload.is_empty:
        raise Refused(Problem.DAMAGED_IMAGE)
    if video and video.upload.is_empty:
        raise Refused(Problem.DAMAGED_VIDEO)
    if image and image.family and image.upload.size_bytes > IMAGE_LIMIT_BYTES:
        if video and image.family == "video" and video.family == "image":
            raise Refused(Problem.SWAPPED)
        raise Refused(
            Problem.IMAGE_TOO_LARGE,
            size_bytes=image.upload.size_bytes,
            limit_bytes=IMAGE_LIMIT_BYTES,
        )
    if video and video.upload.size_bytes > VIDEO_LIMIT_BYTES:
        raise Refused(
            Problem.VIDEO_TOO_LARGE,
            size_bytes=video.upload.size_bytes,
            limit_bytes=VIDEO_LIMIT_BYTES,
        )
