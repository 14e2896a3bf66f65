"""What an mp4 or mov claims to hold, counted before FFmpeg sets up all of it; nothing is decoded.

A table of a few bytes may claim millions of samples, and each would cost memory and time.
"""

from pathlib import Path
from typing import BinaryIO

from bot.errors import Problem, Refused

MOST_ENTRIES = 500_000
"""Of all tables together, with one for each atom: an hour of a phone's video has fewer."""

_DEEPEST = 8
_NEEDED = frozenset({b"moov", b"mdat", b"moof"})
_CONTAINERS = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"mvex", b"moof", b"traf"}
)
_COUNT_AT = dict.fromkeys((b"stts", b"ctts", b"stsc", b"stco", b"co64", b"stss", b"elst"), 4)
_COUNT_AT |= {b"trun": 4, b"stsz": 8, b"stz2": 8}
_HEAD_BYTES = 32
_WAVES_AT_ONCE = 1024
"""FFmpeg reads so many samples of uncompressed sound as one packet, at most."""


def check_atoms(path: Path) -> None:
    """Raises `Refused` for a file that ends early, or claims more than is looked at."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        _Index(file, size_bytes).read(0, size_bytes, 0)


class _Index:
    """Walks the atoms of one file."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._size_bytes = size_bytes
        self._entries = 0
        self._is_sound = self._is_uncompressed = False
        self._samples = 0

    def read(self, at: int, end: int, depth: int) -> None:
        """The atoms from here to there, and those inside them."""
        while at + 8 <= end:
            self._file.seek(at)
            head = self._file.read(_HEAD_BYTES)
            name, length, head_bytes = head[4:8], int.from_bytes(head[:4]), 8
            if length == 1:
                length, head_bytes = int.from_bytes(head[8:16]), 16
            if length < head_bytes:  # 0 means to the end of the file
                return
            if at + length > self._size_bytes and name in _NEEDED:
                raise Refused(Problem.DAMAGED_VIDEO)
            self._claim(1)
            if name in _CONTAINERS:
                if depth == _DEEPEST:
                    raise Refused(Problem.DAMAGED_VIDEO)
                self.read(at + head_bytes, min(at + length, end), depth + 1)
                if name == b"trak":
                    self._end_track()
            else:
                self._look_at(name, head[head_bytes:], length)
            at += length

    def _look_at(self, name: bytes, body: bytes, length: int) -> None:
        if name == b"cmov":  # a packed index hides what it claims
            raise Refused(Problem.VIDEO_WRONG_FORMAT)
        if name == b"hdlr":
            self._is_sound = body[8:12] == b"soun"
        if (at := _COUNT_AT.get(name)) is None:
            return
        count = int.from_bytes(body[at : at + 4])
        has_one_size_for_all = name == b"stsz" and any(body[4:8])
        if count > length and name != b"trun" and not has_one_size_for_all:
            raise Refused(Problem.DAMAGED_VIDEO)
        if name in {b"stsz", b"stz2"}:
            self._samples = count
        else:
            self._claim(count)
        if name == b"stts":
            self._is_uncompressed = count == 1 and int.from_bytes(body[12:16]) == 1

    def _end_track(self) -> None:
        share = _WAVES_AT_ONCE if self._is_sound and self._is_uncompressed else 1
        self._claim(self._samples // share)
        self._is_sound = self._is_uncompressed = False
        self._samples = 0

    def _claim(self, entries: int) -> None:
        self._entries += entries
        if self._entries > MOST_ENTRIES:
            raise Refused(Problem.TOO_HARD_TO_READ)
