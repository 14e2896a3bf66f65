"""A motion of a library: what it is called, how long it is, and how many there may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from unicodedata import category, normalize

from bot.core.uploads import Upload
from bot.errors import Problem, Refused

MOST_MOTIONS, MOST_BYTES = 50, 500_000_000
"""Of one server."""

MOST_NAME_CHARS = 40
STARTER = 0
"""In the place of a server's id: the set that ships with the bot."""

_EMOJI_JOINER = "\N{ZERO WIDTH JOINER}"


@dataclass(frozen=True, slots=True)
class Motion:
    """One motion, written as models take it; `added_at` in unix seconds, `added_by` 0 for ours."""

    id: str
    server_id: int
    name: str
    length_s: float
    size_bytes: int
    added_by: int = 0
    added_at: float = 0.0
    sha256: str = ""

    @property
    def ref(self) -> str:
        """Where it is kept below the libraries' folder, or the starter set's."""
        return ref_of(self.server_id, self.id)

    @property
    def key(self) -> str:
        """By what its name is found, however it is typed."""
        return key_of(self.name)

    @property
    def upload(self) -> Upload:
        """It in the place of a file that somebody gives."""
        return Upload(
            f"motion:{self.ref}",
            self.name,
            self.size_bytes,
            motion_ref=self.ref,
            lasts_s=self.length_s,
        )


def ref_of(server_id: int, motion_id: str) -> str:
    """As `Motion.ref`."""
    return f"{server_id or 'starter'}/{motion_id}"


def is_open_in(server_id: int, ref: str) -> bool:
    """Whether a motion can be used there; a server's in it alone, the starter set anywhere."""
    return ref.partition("/")[0] in {"starter", str(server_id)}


def name_in(text: str) -> str:
    """A name as it is kept: on one line, without what cannot be seen. Raises `Refused`."""
    seen = (letter if _is_seen(letter) else " " for letter in normalize("NFC", text))
    name = " ".join("".join(seen).split())
    if not 1 <= len(name) <= MOST_NAME_CHARS or not key_of(name).strip(_EMOJI_JOINER):
        raise Refused(Problem.MOTION_NAME_UNFIT, most=MOST_NAME_CHARS)
    return name


def key_of(name: str) -> str:
    """Names are one, however they are written: "wave" is "Wave"."""
    return " ".join(normalize("NFKC", name).casefold().split())


def _is_seen(letter: str) -> bool:
    return letter == _EMOJI_JOINER or category(letter)[0] not in "CZ"


STARTERS: Mapping[str, Motion] = {
    key_of(name): Motion(name.lower(), STARTER, name, length_s, 0)
    for name, length_s in (
        ("Wave", 4.0),
        ("Dance", 4.0),
        ("Disco", 5.0),
        ("Jump", 4.21),
        ("Spin", 4.42),
        ("Bow", 4.79),
        ("Walk", 4.17),
        ("Clap", 3.13),
        ("Kick", 4.21),
        ("Cheer", 4.0),
    )
}
"""By `key_of` their names, with lengths in s; drawn by `sandbox/programs/starter_motions`."""
