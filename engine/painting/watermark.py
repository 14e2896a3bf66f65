"""A word at the picture's edge that says what the video is: a draft."""

import cv2
import numpy as np

from engine.seeing.arrays import Floats, Picture

ALONG_AN_EDGE = (1.0, 0.0, 0.75, 0.25, 0.5)  # where to look for room, corners first


class Mark:
    """The word, light with a dark rim, so that it is read on any picture."""

    def __init__(self, word: str, shape: tuple[int, ...], size: float, bold: float) -> None:
        font, thick = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(1.6 * bold * size))
        (wide, tall), low = cv2.getTextSize(word, font, size, thick)
        pad = thick + 2
        light = np.zeros((tall + low + 2 * pad, wide + 2 * pad), np.uint8)
        rim = light.copy()
        place = (pad, pad + tall)
        cv2.putText(light, word, place, font, size, 255, thick, cv2.LINE_AA)
        cv2.putText(rim, word, place, font, size, 255, thick + round(2 * bold), cv2.LINE_AA)
        strength = min(1.0, 0.62 * bold)
        self._light = light[..., None].astype(np.float32) / 255 * strength
        self._rim = rim[..., None].astype(np.float32) / 255 * strength * 0.6
        self._shape = shape
        self._move_to(1.0, 1.0)

    @classmethod
    def small(cls, word: str, shape: tuple[int, ...]) -> "Mark":
        """One that disturbs little, in the lower right corner."""
        return cls(word, shape, max(0.3, 0.0011 * min(shape[:2])), 1.0)

    @classmethod
    def plain(
        cls, word: str, shape: tuple[int, ...], figure: tuple[Floats, float] | None
    ) -> "Mark":
        """One that nobody overlooks, where at the edge the figure is least.

        A figure is points of somebody in each frame (frames, points, x and y), and the reach
        around them, in pixels.
        """
        mark = cls(word, shape, max(0.3, 0.0026 * min(shape[:2])), 1.6)
        if figure is not None:
            points, reach = figure
            places = [(x, y) for x in ALONG_AN_EDGE for y in ALONG_AN_EDGE if {x, y} & {0.0, 1.0}]
            places.sort(key=lambda place: len({*place} - {0.0, 1.0}))
            mark._move_to(*min(places, key=lambda place: mark._crossed(place, points, reach)))
        return mark

    def _crossed(self, place: tuple[float, float], points: Floats, reach: float) -> float:
        """The share of frames in which the figure is at that place."""
        self._move_to(*place)
        x, y = points[..., 0], points[..., 1]
        across = (x > self._columns.start - reach) & (x < self._columns.stop + reach)
        down = (y > self._rows.start - reach) & (y < self._rows.stop + reach)
        return float((across & down).any(1).mean())

    def _move_to(self, right: float, low: float) -> None:
        """How far to the right and down, from 0 to 1."""
        height, width = self._shape[:2]
        tall, wide = self._light.shape[:2]
        margin = round(0.02 * min(height, width))
        bottom = margin + tall + round(low * (height - tall - 2 * margin))
        side = margin + wide + round(right * (width - wide - 2 * margin))
        self._rows = slice(max(0, bottom - tall), bottom)
        self._columns = slice(max(0, side - wide), side)

    def put(self, picture: Picture) -> None:
        """Draw it."""
        part = picture[self._rows, self._columns]
        rows, columns = part.shape[:2]
        light, rim = self._light[-rows:, -columns:], self._rim[-rows:, -columns:]
        dark = part * (1 - rim) + 20 * rim
        part[:] = (dark * (1 - light) + 250 * light).astype(np.uint8)
