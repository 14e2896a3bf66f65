"""What an index claims is counted before anything is built of it."""

import struct
from pathlib import Path

import pytest

from bot.errors import Problem, Refused
from bot.media.claims.atoms import MOST_ENTRIES, check_atoms
from tests.media_samples import make_motion


def atom(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, name) + body


def words(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def track(handler: bytes, samples: int, *, size: int = 4, ticks: int = 512) -> bytes:
    """One whose table of a few bytes says that so many samples of one size follow each other."""
    table = atom(
        b"stbl",
        atom(b"stts", words(0, 1, samples, ticks)),
        atom(b"stsz", words(0, size, samples)),
    )
    told = atom(b"hdlr", words(0, 0), handler, words(0, 0, 0))
    return atom(b"trak", atom(b"mdia", told, atom(b"minf", table)))


def refusal(path: Path, *atoms: bytes) -> Problem | None:
    path.write_bytes(atom(b"ftyp", b"isom", words(0)) + b"".join(atoms) + atom(b"mdat", b"x"))
    try:
        check_atoms(path)
    except Refused as refused:
        return refused.problem
    return None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "motion.mp4"


TOO_HARD = [
    [track(b"vide", 5_000_000)],
    [track(b"soun", 5_000_000, ticks=1024)],
    [track(b"soun", 2**32 - 1, ticks=1)],
    [track(b"vide", MOST_ENTRIES // 100)] * 101,
    [atom(b"trak")] * (MOST_ENTRIES + 1),
]


@pytest.mark.parametrize("tracks", TOO_HARD, ids=len)
def test_more_than_is_looked_at_is_too_hard(path: Path, tracks: list[bytes]) -> None:
    assert refusal(path, atom(b"moov", *tracks)) is Problem.TOO_HARD_TO_READ


def test_fragments_count_too(path: Path) -> None:
    run = atom(b"moof", atom(b"traf", atom(b"trun", words(0, 5_000_000))))
    assert refusal(path, run) is Problem.TOO_HARD_TO_READ


def test_a_minute_of_plain_sound_is_no_trouble(path: Path) -> None:
    assert refusal(path, atom(b"moov", track(b"soun", 60 * 48_000, ticks=1))) is None


def test_a_packed_index_hides_what_it_claims(path: Path) -> None:
    assert refusal(path, atom(b"moov", atom(b"cmov", b"x" * 50))) is Problem.VIDEO_WRONG_FORMAT


def test_what_lies_too_deep_is_damage(path: Path) -> None:
    deep = atom(b"trak")
    for _ in range(2000):
        deep = atom(b"trak", deep)
    assert refusal(path, deep) is Problem.DAMAGED_VIDEO


def test_a_table_longer_than_its_own_atom_is_damage(path: Path) -> None:
    listed = track(b"vide", 1000, size=0)
    assert refusal(path, atom(b"moov", listed)) is Problem.DAMAGED_VIDEO


def test_a_good_motion_is_none_of_it(tmp_path: Path) -> None:
    for container in ("mp4", "mov"):
        check_atoms(make_motion(tmp_path / f"m.{container}", container=container, audio=True))
