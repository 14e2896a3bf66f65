"""Pieces of a picture copied into its hole, their colours evened out where they meet."""

import cv2
import numpy as np

from engine.seeing.arrays import Flags, Floats, Numbers, Picture

EDGE = 36.0  # a step of colour as large as that is an edge, and stays
CYCLES = 4
SWEEPS = 2
LAPLACE = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32)


def even_out(picture: Picture, hole: Flags, shifts: Numbers) -> Picture:
    """The hole of the RGB picture filled from the places its shifts lead to, without seams.

    Small steps of colour at the seams are spread over the pieces (Poisson blending).
    """
    ys, xs = np.nonzero(hole)
    height, width = hole.shape
    top, bottom = max(0, ys.min() - 2), min(height, ys.max() + 3)
    left, right = max(0, xs.min() - 2), min(width, xs.max() + 3)
    box = slice(top, bottom), slice(left, right)
    inside = hole[box]
    y, x = np.mgrid[top:bottom, left:right]
    moves = np.where(inside[..., None], shifts[box], 0)

    def fetched(rows: Numbers, columns: Numbers, moves: Numbers) -> Floats:
        row = np.clip(rows + moves[..., 0], 0, height - 1)
        column = np.clip(columns + moves[..., 1], 0, width - 1)
        return np.asarray(picture[row, column], np.float32)

    copied = fetched(y, x, moves)
    push = np.zeros_like(copied)
    for one, other in (
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
    ):
        seam = (moves[one] != moves[other]).any(-1)
        at = np.nonzero(seam)
        rows, columns = (y[one][at], y[other][at]), (x[one][at], x[other][at])
        steps = []
        for side, is_open in ((one, inside[one][at]), (other, inside[other][at])):
            along = moves[side][at]
            step = fetched(rows[0], columns[0], along) - fetched(rows[1], columns[1], along)
            steps.append((step, is_open[:, None].astype(np.float32)))
        # across the hole's rim the piece inside says how it goes on
        wanted = sum(step * share for step, share in steps) / sum(share for _, share in steps)
        change = wanted - (copied[one][at] - copied[other][at])
        worth = np.exp(-np.square(change).sum(-1, keepdims=True) / (2 * EDGE * EDGE))
        # what changes along the seam is texture; what goes on is light
        plane = np.zeros((*seam.shape, 4), np.float32)
        plane[at] = np.concatenate([change * worth, worth], -1)
        plane = cv2.GaussianBlur(plane, (0, 0), 0.012 * max(height, width))
        change = plane[at][:, :3] / np.maximum(plane[at][:, 3:], 1e-4) * worth
        push[one][at] += change
        push[other][at] -= change
    even = copied + _solved(push, inside)
    out = picture.copy()
    out[box][inside] = np.clip(even, 0, 255)[inside]
    return out


def _solved(push: Floats, inside: Flags) -> Floats:
    """The smooth field with that Laplacian inside, and zero outside (by multigrid)."""
    share = inside[..., None].astype(np.float32)
    field = np.zeros_like(push)
    for _ in range(CYCLES):
        field = _cycle(field, push, share)
    return field


def _cycle(field: Floats, push: Floats, inside: Floats) -> Floats:
    for _ in range(SWEEPS):
        field = field + 0.2 * _left(field, push, inside)
    height, width = field.shape[:2]
    if min(height, width) > 4:
        size = ((width + 1) // 2, (height + 1) // 2)
        left = _left(field, push, inside)
        rest = cv2.resize(left, size, interpolation=cv2.INTER_AREA)
        within = (cv2.resize(inside, size, interpolation=cv2.INTER_AREA) > 0.5)[..., None]
        start = np.zeros_like(rest)
        coarse = _cycle(start, 4 * rest, within.astype(np.float32))
        step = inside * cv2.resize(coarse, (width, height))
        bend = cv2.filter2D(step, -1, LAPLACE, borderType=cv2.BORDER_REPLICATE)
        # never further than what is best along that way: so it cannot run off
        best = (step * left).sum() / max(float((step * bend).sum()), 1e-6)
        field = field + np.float32(np.clip(best, 0, 2)) * step
    for _ in range(SWEEPS):
        field = field + 0.2 * _left(field, push, inside)
    return field


def _left(field: Floats, push: Floats, inside: Floats) -> Floats:
    """What of the push the field does not yet answer."""
    return np.asarray(
        inside * (push - cv2.filter2D(field, -1, LAPLACE, borderType=cv2.BORDER_REPLICATE))
    )
