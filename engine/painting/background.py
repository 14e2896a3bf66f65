"""What is behind the person: the picture with the hole filled from what stands around it."""

import cv2
import numpy as np

from engine.painting.blending import even_out
from engine.painting.inpainting import inpaint
from engine.seeing.arrays import Flags, Floats, Picture

SEARCH_PIXELS = 320  # of the longer side of the small picture that pieces are sought in
MOST_GAP_PIXELS = 24_000  # of the hole there: it bounds time and memory


def fill_hole(picture: Picture, hole: Flags, usable: Flags | None = None) -> Picture:
    """The RGB picture with the hole filled by pieces of the rest that fit their surroundings.

    Only what is `usable` is copied from.
    """
    if not hole.any() or hole.mean() > 0.96:
        return picture
    height, width = hole.shape
    share = min(1.0, SEARCH_PIXELS / max(height, width), (MOST_GAP_PIXELS / hole.sum()) ** 0.5)
    size = max(8, round(width * share)), max(8, round(height * share))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    gap = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.02
    known = ~gap
    if usable is not None:
        known &= cv2.resize(usable.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.98
    shifts = inpaint(small, gap, known, pull_push(small, ~known))
    if shifts is None:
        smooth = pull_push(picture.astype(np.float32), hole)
        return np.where(hole[..., None], smooth, picture).astype(np.uint8)
    scale = np.array([height / size[1], width / size[0]])
    wide = cv2.resize(shifts, (width, height), interpolation=cv2.INTER_NEAREST)
    moves = np.round(wide * scale).astype(np.int32)
    return even_out(picture, hole | moves.any(-1), moves)


def pull_push(image: Floats, gap: Flags) -> Floats:
    """The gap filled smoothly, from the means of ever larger surroundings."""
    weight = (~gap).astype(np.float32)
    if not weight.any():
        return image
    return _pull_push(image * weight[..., None], weight)


def _pull_push(weighted: Floats, weight: Floats) -> Floats:
    height, width = weight.shape
    own = weighted / np.maximum(weight, 1e-6)[..., None]
    if weight.min() > 0 or min(height, width) <= 2:
        return np.asarray(own)
    size = ((width + 1) // 2, (height + 1) // 2)
    less = cv2.resize(weighted, size, interpolation=cv2.INTER_AREA)
    less_weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    coarse = _pull_push(less, less_weight)
    wide = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    share = np.clip(8 * weight, 0, 1)[..., None]
    return np.asarray(own * share + wide * (1 - share))
