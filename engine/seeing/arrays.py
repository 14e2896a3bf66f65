"""What is passed around between the engine's parts."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

LONGEST_ASPECT = 3.0

Picture = NDArray[np.uint8]  # rows, columns, and red, green, blue
Floats = NDArray[Any]  # 32 or 64 bits: positions, angles, planes of a picture
Flags = NDArray[np.bool_]
Numbers = NDArray[Any]  # whole


def fit(picture: Image.Image, short_side: int) -> Picture:
    """The picture as an array whose shorter side is that long; sides are even."""
    width, height = picture.size
    share = min(short_side / min(width, height), LONGEST_ASPECT * short_side / max(width, height))
    size = tuple(max(16, 2 * round(side * share / 2)) for side in (width, height))
    image = np.asarray(picture)
    way = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=way))
