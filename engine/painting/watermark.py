"""A small word in the corner that says what the video is: a draft."""

import cv2
import numpy as np

from engine.seeing.arrays import Picture

STRENGTH = 0.62


class Mark:
    """The word, light with a dark rim, so that it is read on any picture."""

    def __init__(self, word: str, shape: tuple[int, ...]) -> None:
        height, width = shape[:2]
        size = max(0.3, 0.0011 * min(height, width))
        font, thick = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(1.6 * size))
        (wide, tall), low = cv2.getTextSize(word, font, size, thick)
        pad = thick + 2
        light = np.zeros((tall + low + 2 * pad, wide + 2 * pad), np.uint8)
        rim = light.copy()
        place = (pad, pad + tall)
        cv2.putText(light, word, place, font, size, 255, thick, cv2.LINE_AA)
        cv2.putText(rim, word, place, font, size, 255, thick + 2, cv2.LINE_AA)
        self._light = light[..., None].astype(np.float32) / 255 * STRENGTH
        self._rim = rim[..., None].astype(np.float32) / 255 * STRENGTH * 0.6
        margin = round(0.02 * min(height, width))
        bottom, right = height - margin, width - margin
        self._rows = slice(max(0, bottom - light.shape[0]), bottom)
        self._columns = slice(max(0, right - light.shape[1]), right)

    def put(self, picture: Picture) -> None:
        """Draw it into the lower right corner."""
        part = picture[self._rows, self._columns]
        rows, columns = part.shape[:2]
        light, rim = self._light[-rows:, -columns:], self._rim[-rows:, -columns:]
        dark = part * (1 - rim) + 20 * rim
        part[:] = (dark * (1 - light) + 250 * light).astype(np.uint8)
