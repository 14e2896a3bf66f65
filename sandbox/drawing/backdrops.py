"""What drawn people stand before: plain rooms, and busy ones that are hard to fill in."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
FLOOR = 0.83


def studio(width: int, height: int) -> Image:
    """A pale wall that darkens gently, and a floor."""
    y, x = _grid(width, height)
    image = _mix((234, 237, 240), (206, 212, 220), np.clip(y / FLOOR, 0, 1) * 0.6 + 0.3 * x)
    return _with_floor(image, (198, 200, 204), (176, 178, 184))


def warm(width: int, height: int) -> Image:
    """A cream wall and a wooden floor."""
    y, x = _grid(width, height)
    image = _mix((250, 240, 220), (236, 218, 188), 0.7 * y + 0.2 * (1 - x))
    planks = np.where(np.sin(x * 80 / np.maximum(y, 0.3)) > 0.92, np.float32(12), np.float32(0))
    image = _with_floor(image, (204, 168, 124), (176, 138, 96))
    image[y > FLOOR] -= planks[y > FLOOR][:, None]
    return image


def bricks(width: int, height: int) -> Image:
    """A brick wall with uneven bricks, a pavement of slabs before it."""
    y, x = _grid(width, height)
    x = np.asarray(x * (width / height), np.float32)
    row = np.floor(y * 26)
    shifted = x * 10 + 0.5 * (row % 2)
    column = np.floor(shifted)
    tone = _noise(row, column)
    image = _mix((150, 74, 56), (190, 110, 84), tone)
    mortar = (y * 26 - row < 0.12) | (shifted - column < 0.06)
    image[mortar] = (196, 186, 172)
    image = _with_floor(image, (150, 150, 148), (126, 126, 126))
    seams = (y > FLOOR) & (np.abs(np.sin((x - 0.5 * width / height) / (y - 0.5) * 9)) < 0.06)
    image[seams] -= 28
    return image


def garden(width: int, height: int) -> Image:
    """Leaves of many greens over a lawn, and a fence."""
    chance = np.random.default_rng(11)
    y, x = _grid(width, height)
    image = _mix((186, 214, 236), (120, 168, 110), np.clip(y * 1.6, 0, 1))
    wide = width / height
    for _ in range(420):
        cx, cy, size = (
            chance.random() * wide,
            chance.random() * FLOOR,
            0.01 + 0.03 * chance.random(),
        )
        turn, flat = chance.random() * np.pi, 0.35 + 0.4 * chance.random()
        shade = 0.5 + 0.6 * chance.random()
        top, left = (max(0, int((at - size) * height)) for at in (cy, cx))
        bottom, right = (int((at + size) * height) + 2 for at in (cy, cx))
        box = slice(top, bottom), slice(left, right)
        across, down = x[box] * wide - cx, y[box] - cy
        u = across * np.cos(turn) + down * np.sin(turn)
        v = -across * np.sin(turn) + down * np.cos(turn)
        leaf = (u / size) ** 2 + (v / size / flat) ** 2 < 1
        image[box][leaf] = np.array([70, 130, 56]) * shade
    image = _with_floor(image, (112, 150, 72), (84, 118, 52))
    grain = chance.normal(0, 9, (height, width)).astype(np.float32)
    image[y > FLOOR] += grain[y > FLOOR][:, None]
    slats = (np.abs(np.sin(x * wide * 34)) < 0.55) & (y > 0.6) & (y < FLOOR)
    image[slats] = (214, 206, 190)
    return image


def shelves(width: int, height: int) -> Image:
    """Book shelves full of coloured spines above a carpet with a pattern."""
    chance = np.random.default_rng(5)
    y, x = _grid(width, height)
    wide = width / height
    image = np.empty((height, width, 3), np.float32)
    image[:] = (92, 66, 46)
    for shelf in range(6):
        top, bottom = shelf * FLOOR / 6 + 0.02, (shelf + 1) * FLOOR / 6 - 0.015
        left = 0.0
        while left < wide:
            thick, tall = 0.012 + 0.02 * chance.random(), 0.6 + 0.4 * chance.random()
            book = (x * wide > left) & (x * wide < left + thick - 0.002)
            book &= (y > bottom - (bottom - top) * tall) & (y < bottom)
            image[book] = chance.integers(40, 220, 3)
            left += thick
    image = _with_floor(image, (140, 60, 64), (110, 44, 50))
    figure = np.sin(x * wide * 60) * np.sin(y * 90) > 0.6
    image[(y > FLOOR) & figure] = (196, 160, 100)
    return image


BACKDROPS: dict[str, Callable[[int, int], Image]] = {
    each.__name__: each for each in (studio, warm, bricks, garden, shelves)
}


def _grid(width: int, height: int) -> tuple[Image, Image]:
    """Down and right, from 0 to 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return (y + 0.5) / height, (x + 0.5) / width


def _mix(one: tuple[int, int, int], other: tuple[int, int, int], share: Image) -> Image:
    ends = np.array(one, np.float32), np.array(other, np.float32)
    return ends[0] + (ends[1] - ends[0]) * share[..., None]


def _with_floor(image: Image, far: tuple[int, int, int], near: tuple[int, int, int]) -> Image:
    y, _ = _grid(image.shape[1], image.shape[0])
    floor = _mix(far, near, np.clip((y - FLOOR) / (1 - FLOOR), 0, 1))
    return np.where((y > FLOOR)[..., None], floor, image)


def _noise(row: Image, column: Image) -> Image:
    """The same random number from 0 to 1 for the same cell."""
    mixed = np.sin(row * 12.9898 + column * 78.233) * 43758.5453
    return np.asarray(mixed - np.floor(mixed), np.float32)
