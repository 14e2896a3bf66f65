"""The files that people give, and what of them is wanted."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Cut:
    """What of a motion is wanted: from `start_s` on, for `length_s` seconds, or to its end."""

    start_s: float = 0.0
    length_s: float | None = None


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

    def in_place_of(self, earlier: "Upload | None") -> "Upload":
        """This one, until it is known to be good; if it is not, the last good one is back."""
        return replace(self, replaces=earlier and (earlier.replaces or earlier))
