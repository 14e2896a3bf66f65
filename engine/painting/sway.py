"""Where no person is in the picture: its subject leans, nods, bounces and stretches as a whole."""

import cv2
import numpy as np

from engine.painting.background import fill_hole
from engine.seeing.arrays import Floats, Picture
from engine.seeing.matte import own_colours, refine
from engine.seeing.motion import Moves
from engine.seeing.skeleton import wrap

STEP_PIXELS = 8
LEAN_SHARE, NOD_SHARE = 0.7, 0.5
MOST_LEAN, MOST_NOD = 0.4, 0.35
LEAST_AREA, MOST_AREA = 0.03, 0.8
LEAST_CONTRAST = 25.0  # in Lab, over most of the cut
BORDER_COLOURS = 5


class SwayStage:
    """Paints frames of a picture that sways; what stands in the middle, if it stands out."""

    def __init__(self, picture: Picture, moves: Moves) -> None:
        self._moves = moves
        alpha = _subject(picture)
        height, width = picture.shape[:2]
        if alpha is None:  # a close-up: all of it moves
            alpha = np.ones((height, width), np.float32)
            self._background = picture
            self._middle, self._base, self._tall = width / 2, float(height), float(height)
        else:
            rows, columns = np.nonzero(alpha.max(1) > 0.5)[0], np.nonzero(alpha.max(0) > 0.5)[0]
            self._middle = (columns[0] + columns[-1]) / 2
            self._base, self._tall = float(rows[-1]), float(max(8, rows[-1] - rows[0]))
            reach = 2 * max(3, round(0.02 * max(height, width))) + 1
            hole = cv2.dilate((alpha > 0.01).astype(np.uint8), np.ones((reach, reach), np.uint8))
            self._background = fill_hole(picture, hole > 0)
        colours = own_colours(picture, alpha) if alpha.min() < 1 else picture
        rgba = np.concatenate([colours * alpha[..., None], alpha[..., None] * 255], -1)
        self._layer = np.round(rgba).astype(np.uint8)
        self._lean, self._nod, self._stretch, self._shift = _drive(moves)

    def paint(self, index: int) -> Picture:
        """The RGB picture of that frame."""
        height, width = self._background.shape[:2]
        columns, rows = -(-width // STEP_PIXELS), -(-height // STEP_PIXELS)
        x = (np.arange(columns, dtype=np.float32) + 0.5) * STEP_PIXELS - 0.5
        y = (np.arange(rows, dtype=np.float32) + 0.5) * STEP_PIXELS - 0.5
        across, down = np.meshgrid(x, y)
        tall = np.float32(self._tall)
        up = np.clip((np.float32(self._base) - down) / tall, 0, 1.3)
        grown = np.float32(1 + self._stretch[index])
        # a bow from the base, and a turn of what is above the shoulders
        bow = self._lean[index] * up**1.4
        turn = self._nod[index] * _smooth((up - 0.45) / 0.4)
        neck = np.float32(self._base) - 0.55 * tall
        side = (
            across
            - np.float32(self._middle)
            - tall * bow
            - self._shift[index] * tall * np.minimum(1, up * 3)
        )
        above = np.minimum(down - neck, 0)
        from_x = np.float32(self._middle) + (side + above * np.sin(turn)) * np.sqrt(grown)
        from_y = np.float32(self._base) - (np.float32(self._base) - down) / grown
        from_y = from_y - side * np.sin(turn)
        maps = np.stack([from_x, from_y], -1).astype(np.float32)
        size = columns * STEP_PIXELS, rows * STEP_PIXELS
        maps = np.ascontiguousarray(cv2.resize(maps, size)[:height, :width])
        border = cv2.BORDER_REFLECT  # what comes in from beyond the edge shows no streaks
        pixels = cv2.remap(self._layer, maps, None, cv2.INTER_LINEAR, borderMode=border)
        keep = cv2.merge([255 - pixels[..., 3]] * 3)
        return np.asarray(
            cv2.add(cv2.multiply(self._background, keep, scale=1 / 255), pixels[..., :3])
        )


def _drive(moves: Moves) -> tuple[Floats, Floats, Floats, Floats]:
    there = moves.present
    lean = wrap(np.arctan2(moves.torso[:, 1], moves.torso[:, 0]) + np.pi / 2)
    bow = LEAN_SHARE * np.clip(lean, -MOST_LEAN, MOST_LEAN) * there
    nod = np.clip(moves.head_tilt - 0.5 * lean, -MOST_NOD, MOST_NOD) * NOD_SHARE * there
    arms = (moves.limbs[:, [0, 4], 1] * moves.sure[:, [0, 4]]).mean(1)
    lift = -np.clip(moves.travel[:, 1], -0.5, 0.5)
    stretch = np.clip(0.05 * (0.6 - arms) + 0.12 * lift, -0.12, 0.14) * there
    shift = np.clip(0.12 * moves.travel[:, 0], -0.12, 0.12) * there
    return tuple(np.asarray(each, np.float32) for each in (bow, nod, stretch, shift))  # type: ignore[return-value]


def _subject(picture: Picture) -> Floats | None:
    """What stands in the middle and unlike the border, or nothing if all is alike."""
    height, width = picture.shape[:2]
    share = min(1.0, 160 / max(height, width))
    size = max(8, round(width * share)), max(8, round(height * share))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    rim = max(1, round(min(size) * 0.05))
    border = np.concatenate(
        [lab[:rim].reshape(-1, 3), lab[:, :rim].reshape(-1, 3), lab[:, -rim:].reshape(-1, 3)]
    )
    until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1.0)
    cv2.setRNGSeed(1)
    count = min(BORDER_COLOURS, len(border))
    _, _, centres = cv2.kmeans(border, count, None, until, 1, cv2.KMEANS_PP_CENTERS)
    unlike = np.min([np.linalg.norm(lab - centre, axis=-1) for centre in centres], axis=0)
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    y, x = (y + 0.5) / size[1] - 0.55, (x + 0.5) / size[0] - 0.5
    central = np.exp(-(((x / 0.36) ** 2 + (y / 0.42) ** 2) ** 2))
    guess = np.clip(unlike / 40, 0, 1) * 0.6 + 0.5 * central - 0.2
    soft = cv2.resize(np.clip(guess * 1.25, 0, 1).astype(np.float32), (width, height))
    alpha = refine(picture, soft)
    area = float((alpha > 0.5).mean())
    on_rim = float((alpha[:, [0, -1]] > 0.5).mean() + (alpha[:1] > 0.5).mean()) / 2
    is_cut = LEAST_AREA < area < MOST_AREA and on_rim < 0.35
    return alpha if is_cut and _stands_out(lab, cv2.resize(alpha, size)) else None


def _stands_out(lab: Floats, alpha: Floats) -> bool:
    """Whether the two sides of the cut differ in colour: else it runs through the subject."""
    inside = (alpha > 0.5).astype(np.uint8)
    square, box = np.ones((3, 3), np.uint8), (9, 9)
    rim = cv2.dilate(inside, square) > cv2.erode(inside, square)
    sides = []
    for share in (inside.astype(np.float32), 1 - inside.astype(np.float32)):
        weight = cv2.blur(share, box)[..., None]
        sides.append(cv2.blur(lab * share[..., None], box) / np.maximum(weight, 1e-3))
    contrast = np.linalg.norm(sides[0] - sides[1], axis=-1)[rim]
    return bool(contrast.size and np.percentile(contrast, 35) > LEAST_CONTRAST)


def _smooth(share: Floats) -> Floats:
    share = np.clip(share, 0, 1)
    return np.asarray(share * share * (3 - 2 * share))
