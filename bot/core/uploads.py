"""The files that people give, and what of them is wanted."""

from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Cut:
    """What of a motion is wanted: from `start_s` on, for `length_s` seconds, or to its end."""

    start_s: float = 0.0
    length_s: float | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The message in the chat that a file was taken from.

    `author_id` is whose message it is (0: nobody's who could be asked); what a bot has posted is
    its requester's. `server_id` is 0 in direct messages.
    """

    author_id: int
    server_id: int
    channel_id: int
    message_id: int
    is_age_restricted: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a person gave: where Discord has it, and what they called it.

    `sent_size` is width and height in pixels of what is sent in its place, if it was rewritten,
    `given_as` what it was, where that is worth telling ("GIF"), `sent_as` what a picture is now.
    `whole_s` is how long the motion was of which a part is sent, or may be. `replaces` is the one
    of an offer whose place it took, until it has been looked at itself.
    `is_link`: its person gave `url` in the file's place, and nobody knows yet what is there.
    `among`: it is the first of so many in the message whose link was given.
    `motion_ref`: it is a library's motion, kept there; that one `lasts_s` seconds, and was looked
    at before.
    `is_another`: it is given in the place of the one in the files of another job, which a job has
    otherwise.
    `origin` is the message that it was taken from, if nobody gave it. `given_in` is the finished
    job of somebody else that it came by: it is used no longer than that one's own files are kept.
    """

    url: str
    name: str
    size_bytes: int
    is_spoiler: bool = False
    sent_size: tuple[int, int] | None = None
    given_as: str = ""
    sent_as: str = ""
    whole_s: float | None = None
    replaces: "Upload | None" = None
    is_link: bool = False
    among: int = 0
    motion_ref: str = ""
    lasts_s: float = 0.0
    is_another: bool = False
    origin: Origin | None = None
    given_in: str = ""

    @property
    def is_attached(self) -> bool:
        """Whether Discord has it, and shows it by its link."""
        return not (self.is_link or self.motion_ref)

    @property
    def is_sent_whole(self) -> bool:
        """Whether it is sent as it was given."""
        return self.sent_size is None and self.whole_s is None

    @property
    def is_empty(self) -> bool:
        """Whether there is surely nothing in it."""
        return not (self.size_bytes or self.is_link or self.motion_ref)

    @property
    def link_ends_at(self) -> float:
        """Until when (unix s) whoever gets `url` sees the file, as Discord has signed it; 0 for
        what a person gave as a link, which may be meant for them alone."""
        if not self.is_link:
            with suppress(ValueError, KeyError):
                return float(int(parse_qs(urlsplit(self.url).query)["ex"][0], 16))
        return 0.0

    def in_place_of(self, earlier: "Upload | None") -> "Upload":
        """This one, until it is known to be good; if it is not, the last good one is back."""
        return replace(self, replaces=earlier and (earlier.replaces or earlier))


TRAY_LIFE_S = 3600.0
"""So long a tray is remembered after its last change."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The files of one message of which one is to be the picture, or (`is_motion`) the motion."""

    message_id: int
    is_motion: bool
    files: tuple[Upload, ...]


@dataclass(frozen=True, slots=True)
class Tray:
    """What one person has taken from the chat, and may yet choose, wherever they go."""

    subject: Upload | None = None
    motion: Upload | None = None
    choices: Choices | None = None

    @property
    def files(self) -> list[Upload]:
        """What lies in it."""
        return [file for file in (self.subject, self.motion) if file is not None]

    @property
    def is_full(self) -> bool:
        """Whether a video could be made of it."""
        return self.subject is not None and self.motion is not None
