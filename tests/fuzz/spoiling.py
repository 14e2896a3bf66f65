"""Ways to spoil the bytes of a file; each step is drawn from one source of chance."""

import random
from collections.abc import Callable, Sequence

from tests.fuzz.layouts import Layout, layout_of, with_checksums

STEPS = (1, 1, 1, 2, 2, 4)
LONGEST_RUN_BYTES = 4096
MOST_BYTES = 2_000_000
MAGICS = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF87a", b"GIF89a", b"RIFF\0\0\0\0WEBP"),
    *(b"\0\0\0\x18ftypmp42", b"\0\0\0\x14ftypqt  ", b"\0\0\0\x08moov", b"\0\0\0\0mdat"),
    *(b"\0\0\0\x18ftypavif", b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0AVI ", b"BM", b"II*\0", b"<svg"),
)
NAMES = (
    *(b"moov", b"trak", b"mdia", b"stbl", b"stsd", b"stts", b"stsc", b"stsz", b"stz2", b"stco"),
    *(b"co64", b"ctts", b"stss", b"elst", b"mvex", b"moof", b"traf", b"trun", b"tfhd", b"sidx"),
    *(b"cmov", b"dref", b"alis", b"url ", b"avc1", b"hvc1", b"av01", b"mp4v", b"mp4a", b"tmcd"),
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT", b"tRNS", b"eXIf", b"zTXt"),
    *(b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"EXIF", b"free", b"\0\0\0\0"),
)

Spoil = Callable[[random.Random, bytes, Layout], bytes]


class Spoiler:
    """Spoils one file after the other; `others` are what pieces of other files are taken from."""

    def __init__(self, chance: random.Random, others: Sequence[bytes]) -> None:
        self._chance = chance
        self._others = others

    def spoil(self, content: bytes) -> bytes:
        """The file after one to four steps; what is no longer a file of its kind is one, too."""
        chance = self._chance
        for _ in range(chance.choice(STEPS)):
            layout = layout_of(content)
            by_layout = layout.numbers and chance.random() < 0.6
            step = chance.choice(BY_LAYOUT if by_layout else BY_BYTES)
            content = step(chance, content, layout)[:MOST_BYTES]
        if chance.random() < 0.1:
            content = _splice(chance, content, chance.choice(self._others))
        return with_checksums(content) if chance.random() < 0.7 else content


def odd_number(chance: random.Random, bits: int, now: int = 0) -> int:
    """At an edge, near what was there, or anywhere."""
    top = 1 << bits
    kinds = (
        chance.choice([0, 1, 2, top - 1, top - 2, top >> 1, (top >> 1) - 1]),
        now + chance.choice([-2, -1, 1, 2, 8, -8]),
        now * chance.choice([2, 3, 16]),
        1 << chance.randrange(bits),
        chance.randrange(top),
    )
    return chance.choice(kinds) % top


def _flip_bits(chance: random.Random, content: bytes, _: Layout) -> bytes:
    spoiled = bytearray(content)
    for _bit in range(chance.choice([1, 1, 2, 8, 64])):
        if spoiled:
            spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
    return bytes(spoiled)


def _fill_run(chance: random.Random, content: bytes, _: Layout) -> bytes:
    at, length = _run(chance, content)
    return content[:at] + chance.choice([b"\0", b"\xff", b"A"]) * length + content[at + length :]


def _noise_run(chance: random.Random, content: bytes, _: Layout) -> bytes:
    at, length = _run(chance, content)
    return content[:at] + chance.randbytes(length) + content[at + length :]


def _cut_end(chance: random.Random, content: bytes, _: Layout) -> bytes:
    return content[: chance.randint(0, len(content))]


def _cut_out(chance: random.Random, content: bytes, _: Layout) -> bytes:
    at, length = _run(chance, content)
    return content[:at] + content[at + length :]


def _put_in(chance: random.Random, content: bytes, _: Layout) -> bytes:
    at, length = _run(chance, content)
    return content[:at] + chance.choice([bytes(length), chance.randbytes(length)]) + content[at:]


def _repeat(chance: random.Random, content: bytes, _: Layout) -> bytes:
    at, length = _run(chance, content)
    return content[:at] + content[at : at + length] * chance.choice([2, 3, 50]) + content[at:]


def _other_magic(chance: random.Random, content: bytes, _: Layout) -> bytes:
    magic = chance.choice(MAGICS)
    return magic + content[len(magic) :] if chance.random() < 0.7 else magic + content


def _splice(chance: random.Random, content: bytes, other: bytes) -> bytes:
    return content[: chance.randint(0, len(content))] + other[chance.randint(0, len(other)) :]


def _set_number(chance: random.Random, content: bytes, layout: Layout) -> bytes:
    spoiled = bytearray(content)
    for _number in range(chance.choice([1, 1, 1, 2, 5])):
        at, size_bytes, order = chance.choice(layout.numbers)
        now = int.from_bytes(content[at : at + size_bytes], order)
        new = odd_number(chance, 8 * size_bytes, now)
        spoiled[at : at + size_bytes] = new.to_bytes(size_bytes, order)
    return bytes(spoiled)


def _drop_piece(chance: random.Random, content: bytes, layout: Layout) -> bytes:
    if not layout.pieces:
        return content
    piece = chance.choice(layout.pieces)
    return content[: piece.start] + content[piece.end :]


def _move_piece(chance: random.Random, content: bytes, layout: Layout) -> bytes:
    """A copy, or the piece itself, before another one: perhaps inside itself."""
    if not layout.pieces:
        return content
    piece, before = chance.choice(layout.pieces), chance.choice(layout.pieces)
    copy = content[piece.start : piece.end] * chance.choice([1, 1, 2, 40])
    moved = content[: before.start] + copy + content[before.start :]
    if chance.random() < 0.5 and piece.start >= before.start:
        start = piece.start + len(copy)
        moved = moved[:start] + moved[start + piece.end - piece.start :]
    return moved


def _rename_piece(chance: random.Random, content: bytes, layout: Layout) -> bytes:
    named = [piece for piece in layout.pieces if piece.name_at >= 0]
    if not named:
        return content
    at = chance.choice(named).name_at
    return content[:at] + chance.choice(NAMES) + content[at + 4 :]


def _run(chance: random.Random, content: bytes) -> tuple[int, int]:
    at = chance.randint(0, len(content))
    longest = min(LONGEST_RUN_BYTES, len(content) - at)
    return at, chance.randint(0, chance.choice([4, 64, longest]) if longest > 64 else longest)


BY_BYTES: Sequence[Spoil] = (
    *(_flip_bits, _flip_bits, _fill_run, _noise_run, _cut_end, _cut_out, _put_in, _repeat),
    _other_magic,
)
BY_LAYOUT: Sequence[Spoil] = (
    *(_set_number, _set_number, _set_number, _drop_piece, _move_piece, _rename_piece),
)
