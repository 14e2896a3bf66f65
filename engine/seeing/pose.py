"""Where a person's joints are in a picture: BlazePose's detector and landmark model, on the CPU."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from engine.seeing.arrays import Floats, Picture
from engine.seeing.network import Network

DETECTOR_NAME, LANDMARKER_NAME = "pose_detection.tflite", "pose_landmark_full.tflite"
BOXES_AND_SCORES, POINTS_SCORE_AND_HEAT, WITH_MASK = (0, 1), (0, 1, 3), (0, 1, 3, 2)
"""Which of their outputs are used, in this order."""
DETECTOR_PIXELS, LANDMARK_PIXELS = 224, 256
SURE_DETECTION, SURE_POSE = 0.5, 0.5
SAME_PERSON_OVERLAP = 0.3
REGION_MARGIN = 1.25
JOINTS = 33
HEATMAP_REACH = 3


@dataclass(frozen=True)
class Region:
    """A turned square in a picture, in pixels; turned by `angle` radians, clockwise on screen."""

    x: float
    y: float
    side: float
    angle: float
    score: float = 1.0

    @classmethod
    def around(cls, hips: Floats, rim: Floats, score: float = 1.0) -> "Region":
        """The region of a person by the mid-hip point and one on the circle around the body."""
        across, down = float(rim[0] - hips[0]), float(rim[1] - hips[1])
        side = 2 * REGION_MARGIN * float(np.hypot(across, down))
        angle = float(np.arctan2(down, across)) + np.pi / 2
        return cls(float(hips[0]), float(hips[1]), side, angle, score)

    def scaled(self, share: float) -> "Region":
        """The same place, larger or smaller."""
        return replace(self, side=self.side * share)

    def to_picture(self, pixels: int) -> Floats:
        """The 2×3 matrix from a square of that many pixels to the picture."""
        scale = self.side / pixels
        cos, sin = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        middle = pixels / 2
        return np.array(
            [
                [cos, -sin, self.x - (cos - sin) * middle],
                [sin, cos, self.y - (sin + cos) * middle],
            ]
        )


@dataclass(frozen=True)
class Pose:
    """One person in one picture.

    `points` are 33 joints in pixels with a depth in the same unit (nearer is less), in BlazePose's
    order; `seen` says of each from 0 to 1 how surely it is seen. `logits` are of the `mask`, empty
    unless it was asked for.
    """

    points: Floats
    seen: Floats
    score: float
    region: Region
    follow: Region
    logits: Floats

    @property
    def mask(self) -> Floats:
        """Where in `region` the person is, from 0 to 1."""
        return _sigmoid(self.logits)

    @property
    def size(self) -> float:
        """How large the person stands in the picture, in pixels."""
        return self.follow.side


class PoseModel:
    """Both networks, loaded; not for two callers at once."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._threads = folder, 0
        self._anchors = _anchors()
        self.spread(1)

    def spread(self, threads: int) -> None:
        """From now on work in so many threads; what is seen is the same to the last bit."""
        if threads != self._threads:
            self._threads = threads
            self._networks: dict[Sequence[int], Network] = {}

    def _network(self, name: str, wanted: Sequence[int]) -> Network:
        if wanted not in self._networks:
            self._networks[wanted] = Network(self._folder / name, self._threads, wanted)
        return self._networks[wanted]

    def people(self, picture: Picture) -> list[Region]:
        """Where people are in an RGB picture: large and surely seen ones first."""
        height, width = picture.shape[:2]
        scale = DETECTOR_PIXELS / max(height, width)
        small = cv2.resize(
            picture,
            (max(1, round(width * scale)), max(1, round(height * scale))),
            interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
        )
        square = np.zeros((DETECTOR_PIXELS, DETECTOR_PIXELS, 3), np.float32)
        left, top = ((DETECTOR_PIXELS - side) // 2 for side in (small.shape[1], small.shape[0]))
        square[top : top + small.shape[0], left : left + small.shape[1]] = small
        detector = self._network(DETECTOR_NAME, BOXES_AND_SCORES)
        boxes, logits = detector.run(square / 127.5 - 1)
        scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -80, 80)))
        best = np.flatnonzero(scores > SURE_DETECTION)
        if not best.size:
            return []
        found = boxes[0, best].reshape(-1, 6, 2)
        centres = self._anchors[best][:, None] * DETECTOR_PIXELS
        found[:, [0, 2, 3, 4, 5]] += centres
        found[:, [0, 2, 3, 4, 5]] -= (left, top)
        found /= scale
        regions = [
            Region.around(group[2], group[3], score) for group, score in _merge(found, scores[best])
        ]
        return sorted(regions, key=lambda region: -region.side * region.score)

    def pose(self, picture: Picture, region: Region, *, masked: bool = False) -> Pose | None:
        """The pose of the person in that region of an RGB picture, if there is one.

        With a mask it takes nearly twice as long.
        """
        matrix = region.to_picture(LANDMARK_PIXELS)
        shrink = region.side / LANDMARK_PIXELS
        if shrink > 2:  # a picture much larger than the network's eye would flicker
            half = 2.0 ** int(np.log2(shrink))
            size = (max(1, round(picture.shape[1] / half)), max(1, round(picture.shape[0] / half)))
            source = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            to_source = np.diag([size[0] / picture.shape[1], size[1] / picture.shape[0]]) @ matrix
        else:
            source, to_source = picture, matrix
        square = cv2.warpAffine(
            source,
            to_source,
            (LANDMARK_PIXELS, LANDMARK_PIXELS),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
        )
        landmarker = self._network(LANDMARKER_NAME, WITH_MASK if masked else POINTS_SCORE_AND_HEAT)
        raw, flag, heat, *mask = landmarker.run(square.astype(np.float32) / 255)
        score = float(flag[0, 0])
        if score < SURE_POSE:
            return None
        marks = raw[0].reshape(-1, 5)
        points = marks[:, :3].copy()
        points[:, :2] = _refine(points[:, :2], heat[0])
        moved = points.copy()
        moved[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        moved[:, 2] *= region.side / LANDMARK_PIXELS
        seen = _sigmoid(np.minimum(marks[:, 3], marks[:, 4]))
        follow = Region.around(moved[JOINTS], moved[JOINTS + 1])
        logits = mask[0][0, :, :, 0] if mask else np.empty((0, 0), np.float32)
        return Pose(moved[:JOINTS], seen[:JOINTS], score, region, follow, logits)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -80, 80))), np.float32)


def _anchors() -> Floats:
    """The centres that the detector's boxes are relative to, from 0 to 1."""
    points: list[tuple[float, float]] = []
    for stride, copies in ((8, 2), (16, 2), (32, 6)):
        count = DETECTOR_PIXELS // stride
        for row in range(count):
            for column in range(count):
                points += [((column + 0.5) / count, (row + 0.5) / count)] * copies
    return np.array(points, np.float32)


def _merge(found: Floats, scores: Floats) -> list[tuple[Floats, float]]:
    """Boxes that overlap are one person, placed at their mean by score."""
    corners = np.concatenate([found[:, 0] - found[:, 1] / 2, found[:, 0] + found[:, 1] / 2], axis=1)
    merged = []
    left = np.argsort(-scores)
    while left.size:
        first = corners[left[0]]
        low = np.maximum(corners[left, :2], first[:2])
        high = np.minimum(corners[left, 2:], first[2:])
        inner = np.prod(np.clip(high - low, 0, None), axis=1)
        areas = np.prod(corners[left, 2:] - corners[left, :2], axis=1)
        same = inner / np.maximum(areas + areas[0] - inner, 1e-6) > SAME_PERSON_OVERLAP
        same[0] = True
        group = left[same]
        weights = scores[group] / scores[group].sum()
        merged.append((np.tensordot(weights, found[group], 1), float(scores[left[0]])))
        left = left[~same]
    return merged


def _refine(points: Floats, heat: Floats) -> Floats:
    """Joints (x, y) pulled to the centre of what the heat map shows around them, each in its own
    layer."""
    size = heat.shape[0]
    scale = LANDMARK_PIXELS / size
    cells = np.trunc(points / scale).astype(int)
    around = cells[:, :, None] + np.arange(-HEATMAP_REACH, HEATMAP_REACH + 1)
    columns, rows = around[:, 0], around[:, 1]
    is_there = (around >= 0) & (around < size)
    shown = _sigmoid(
        heat[
            rows.clip(0, size - 1)[:, :, None],
            columns.clip(0, size - 1)[:, None, :],
            np.arange(len(points))[:, None, None],
        ]
    )
    shown *= is_there[:, 1, :, None] & is_there[:, 0, None, :]
    is_sure = ((cells >= 0) & (cells < size)).all(1) & (shown.max((1, 2)) >= 0.5)
    shown, columns, rows = shown[is_sure], columns[is_sure], rows[is_sure]
    refined = points.copy()
    centres = np.stack([(shown.sum(1) * columns).sum(1), (shown.sum(2) * rows).sum(1)], axis=1)
    refined[is_sure] = centres / shown.sum((1, 2))[:, None] * scale
    return refined
