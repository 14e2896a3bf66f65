"""A hole in a picture laid out with pieces of the rest, each moved there by one shift.

Few shifts that bring like surroundings together are found first; then each cell of the hole takes
one of them, so that neighbours fit (after Pritch 2009, He & Sun 2012). Repeated structures, such
as bricks, come out whole, since they are copied and not mixed.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from engine.seeing.arrays import Flags, Floats, Numbers

Shift = tuple[int, int]  # down, right
CELL = 4
MARGIN = 12  # so far around the gap seams may lie
WINDOW = 26  # the side of what is sought again elsewhere
MOST_SHIFTS, COMMON_SHIFTS, SPARE_SHIFTS = 40, 14, 6
ROUNDS = 4
NO_WAY = 1e6  # the cost of a shift that leads to where nothing may be copied
UNSEEN, WORST = 60.0, 150.0  # the difference to what cannot be compared, and the most there is
CLIMB, FAR = 2500.0, 50.0  # of a cell from elsewhere by the picture's height, or width
LEVEL = 0.05  # what is as high as that, in shares of the picture


def inpaint(image: Floats, gap: Flags, known: Flags, smooth: Floats) -> Floats | None:
    """For each pixel the shift (down, right) to where its piece is from; None if there is none.

    Only what is `known` is copied; `smooth` is the image with the rest filled somehow.
    """
    found = _covering(_shifts(smooth, gap, known), gap, known)
    if not found:
        return None
    shifts = np.array([(0, 0), *found], np.int32)
    # around the gap a piece may go on, so that seams can lie where they are not seen
    kernel = np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8)
    free = gap | (cv2.dilate(gap.astype(np.uint8), kernel).astype(bool) & known)
    chosen = _choose(image, free, known, shifts)
    chosen = _refined(image, free, known, shifts, chosen)
    return np.asarray(shifts[chosen] * free[..., None], np.float32)


def _shifts(smooth: Floats, gap: Flags, known: Flags) -> list[Shift]:
    """Shifts by which the surroundings of the gap are found again elsewhere, the best first.

    Those that fit in many places come before those that fit best in one.
    """
    height, width = gap.shape
    side = min(WINDOW, height // 2, width // 2) // 2 * 2
    alien = cv2.blur((~known).astype(np.float32), (side, side), borderType=cv2.BORDER_REFLECT)
    votes = np.zeros((2 * height, 2 * width), np.float32)
    found: list[Shift] = []
    for top, left in _windows(gap, known, side):
        box = slice(top, top + side), slice(left, left + side)
        mask = known[box].astype(np.float32)
        cost = cv2.matchTemplate(smooth, smooth[box], cv2.TM_SQDIFF, mask=cv2.merge([mask] * 3))
        cost = np.sqrt(np.maximum(cost, 0) / mask.sum())
        rows, columns = cost.shape
        down = np.abs(np.arange(rows)[:, None] - top) / height
        cost += 40 * down + 4 * np.abs(np.arange(columns)[None] - left) / width
        strange = alien[side // 2 : side // 2 + rows, side // 2 : side // 2 + columns]
        helps = strange < 0.7 * strange[top, left]
        for is_asked, count in ((strange < 0.02, 3), (helps & (strange >= 0.02), 1)):
            places = _lowest(np.where(is_asked, cost, np.inf), count)
            found += [(row - top, column - left) for row, column in places]
        usual = float(np.median(cost))
        good = np.maximum(usual - cost - float(cost.std()), 0) / (usual + 1) * helps
        votes[height - top : height - top + rows, width - left : width - left + columns] += good
    common = _lowest(np.where(votes > 0, -votes, np.inf), COMMON_SHIFTS)
    return [(row - height, column - width) for row, column in common] + found


def _windows(gap: Flags, known: Flags, side: int) -> Iterator[tuple[int, int]]:
    """Corners (top, left) of windows along the gap's rim that show enough of what is known."""
    height, width = gap.shape
    half = side // 2
    rim = cv2.dilate(gap.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~gap
    for row, column in zip(*np.nonzero(rim), strict=True):
        if rim[row, column]:
            rim[max(0, row - half) : row + half, max(0, column - half) : column + half] = False
            top = int(np.clip(row - half, 0, height - side))
            left = int(np.clip(column - half, 0, width - side))
            if known[top : top + side, left : left + side].mean() > 0.15:
                yield top, left


def _lowest(surface: Floats, count: int) -> list[tuple[int, int]]:
    """The places of the lowest values, none close to another."""
    found = []
    surface = surface.copy()
    for _ in range(count):
        row, column = (int(v) for v in np.unravel_index(int(surface.argmin()), surface.shape))
        if not np.isfinite(surface[row, column]):
            break
        found.append((row, column))
        surface[max(0, row - 3) : row + 4, max(0, column - 3) : column + 4] = np.inf
    return found


def _covering(found: list[Shift], gap: Flags, known: Flags) -> list[Shift]:
    """Those without doubles, and more until each pixel of the gap has somewhere to be from."""
    height, width = gap.shape
    kept: list[Shift] = []
    bare = gap.copy()
    spread = np.fft.rfft2(known, (2 * height, 2 * width))

    def keep(shift: Shift) -> None:
        kept.append(shift)
        if abs(shift[0]) <= 2:
            bare[np.asarray(_moved(known, shift), bool)] = False

    for shift in found:
        if len(kept) < MOST_SHIFTS - SPARE_SHIFTS and all(
            max(abs(shift[0] - k[0]), abs(shift[1] - k[1])) > 1 for k in kept
        ):
            keep(shift)
    while bare.sum() > 0 and len(kept) < MOST_SHIFTS:
        spectrum = spread * np.conj(np.fft.rfft2(bare, (2 * height, 2 * width)))
        covered = np.fft.irfft2(spectrum, (2 * height, 2 * width))
        down = np.fft.fftfreq(2 * height, 1 / (2 * height))[:, None]
        right = np.fft.fftfreq(2 * width, 1 / (2 * width))[None]
        worth = covered * (1 - np.abs(down) / (LEVEL * height)) * (1.5 - np.abs(right) / width)
        at = np.unravel_index(int(worth.argmax()), worth.shape)
        if worth[at] < 0.5:
            break
        keep((int(down[at[0], 0]), int(right[0, at[1]])))
    return kept


def _moved(values: Floats | Flags, shift: Shift) -> Floats | Flags:
    """At each place what is that far from it; nothing beyond the rim."""
    out = np.zeros_like(values)
    down, right = int(shift[0]), int(shift[1])
    height, width = values.shape[:2]
    to_y, to_x = max(0, -down), max(0, -right)
    rows, columns = height - abs(down), width - abs(right)
    if rows > 0 and columns > 0:
        from_y, from_x = max(0, down), max(0, right)
        out[to_y : to_y + rows, to_x : to_x + columns] = values[
            from_y : from_y + rows, from_x : from_x + columns
        ]
    return out


def _choose(small: Floats, gap: Flags, known: Flags, shifts: Numbers) -> Numbers:
    """The shift's number for each cell."""
    height, width = gap.shape
    rows, columns = -(-height // CELL), -(-width // CELL)
    pad = ((0, rows * CELL - height), (0, columns * CELL - width))
    image = np.pad(small, (*pad, (0, 0)), mode="edge")
    gap, known = np.pad(gap, pad), np.pad(known, pad)
    cells = cv2.resize(gap.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA) > 0
    ys, xs = np.nonzero(cells)
    top, bottom, left, right = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
    box = slice(top, bottom), slice(left, right)
    cells = cells[box]
    unary = np.zeros((*cells.shape, len(shifts)), np.float32)
    for label, shift in enumerate(shifts):
        lands = np.asarray(_moved(known, shift))
        off = np.minimum(np.sqrt(np.square(_moved(image, shift) - image).sum(-1)), WORST)
        near = _per_cell(np.where(lands, off, UNSEEN) * (known & ~gap))
        near = 0.5 * (near + cv2.boxFilter(near, -1, (3, 3), normalize=False))
        wrong = _per_cell((gap & ~lands).astype(np.float32)) > 0
        climb = CLIMB * abs(shift[0]) / height + FAR * abs(shift[1]) / width
        unary[..., label] = (near + climb + NO_WAY * wrong)[box]

    def seams(axis: int, joined: Flags) -> Floats:
        strips = np.stack([_strips(_moved(image, shift), axis)[box] for shift in shifts], -2)
        return _seam_costs(strips[: joined.shape[0], : joined.shape[1]], joined)

    beside = seams(1, cells[:, :-1] & cells[:, 1:])
    below = seams(0, cells[:-1] & cells[1:])
    best = _agree(unary, beside, below)
    chosen = np.zeros((rows, columns), np.uint8)
    chosen[box] = best
    return chosen


def _per_cell(values: Floats) -> Floats:
    height, width = values.shape
    blocks = values.reshape(height // CELL, CELL, width // CELL, CELL)
    return np.asarray(blocks.sum((1, 3)))


def _strips(image: Floats, axis: int) -> Floats:
    """For each cell the pixels on both sides of its border to the next one on that axis."""
    half = np.roll(image, -(CELL // 2), axis)
    height, width = image.shape[:2]
    blocks = half.reshape(height // CELL, CELL, width // CELL, CELL, 3)
    return np.asarray(blocks.transpose(0, 2, 1, 3, 4).reshape(height // CELL, width // CELL, -1))


def _seam_costs(strips: Floats, joined: Flags) -> Floats:
    """How badly each two shifts fit together at each border: rows, columns, one, other."""
    count = strips.shape[-2]
    cost = np.empty((*joined.shape, count, count), np.float32)
    for row, each in enumerate(strips):  # all at once would take a lot of memory
        square = np.square(each).sum(-1)
        off = square[..., :, None] + square[..., None, :] - 2 * (each @ each.swapaxes(-1, -2))
        cost[row] = np.sqrt(np.maximum(off, 0) * (CELL * CELL)) * joined[row, :, None, None]
    return cost


def _agree(unary: Floats, beside: Floats, below: Floats) -> Numbers:
    """The cheapest choice for all cells together, by messages that sweep to and fro."""
    rows, columns, _ = unary.shape
    from_left, from_right, from_above, from_below = (np.zeros_like(unary) for _ in range(4))

    def sent(all_but: Floats, cost: Floats) -> Floats:
        message = (all_but[..., :, None] + cost).min(-2)
        return np.asarray(message - message.min(-1, keepdims=True))

    for _ in range(ROUNDS):
        for c in range(1, columns):
            all_but = (
                unary[:, c - 1]
                + from_left[:, c - 1]
                + (from_above[:, c - 1] + from_below[:, c - 1])
            )
            from_left[:, c] = sent(all_but, beside[:, c - 1])
        for c in range(columns - 2, -1, -1):
            all_but = (unary[:, c + 1] + from_right[:, c + 1]) + (
                from_above[:, c + 1] + from_below[:, c + 1]
            )
            from_right[:, c] = sent(all_but, beside[:, c].swapaxes(-1, -2))
        for r in range(1, rows):
            all_but = unary[r - 1] + from_above[r - 1] + from_left[r - 1] + from_right[r - 1]
            from_above[r] = sent(all_but, below[r - 1])
        for r in range(rows - 2, -1, -1):
            all_but = unary[r + 1] + from_below[r + 1] + from_left[r + 1] + from_right[r + 1]
            from_below[r] = sent(all_but, below[r].swapaxes(-1, -2))
    total = unary + from_left + from_right + from_above + from_below
    return np.asarray(total.argmin(-1), np.uint8)


def _refined(image: Floats, gap: Flags, known: Flags, shifts: Numbers, chosen: Numbers) -> Numbers:
    """The same for each pixel, which may also take what a cell beside its own has."""
    height, width = gap.shape
    out = cv2.resize(
        chosen, (chosen.shape[1] * CELL, chosen.shape[0] * CELL), interpolation=cv2.INTER_NEAREST
    )[:height, :width]
    ys, xs = np.nonzero(gap)
    top, bottom, left, right = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
    y, x = np.mgrid[top:bottom, left:right]
    within = gap[top:bottom, left:right]
    labels = []
    for down in (0, 1):
        for aside in (0, 1):
            row = np.clip(y // CELL + down * np.where(y % CELL < CELL // 2, -1, 1), 0, None)
            column = np.clip(x // CELL + aside * np.where(x % CELL < CELL // 2, -1, 1), 0, None)
            row = np.minimum(row, chosen.shape[0] - 1)
            column = np.minimum(column, chosen.shape[1] - 1)
            labels.append(chosen[row, column])
    options = np.stack(labels, -1)
    moves = shifts[options]

    def seen(y: Numbers, x: Numbers, moves: Numbers) -> tuple[Floats, Flags]:
        row, column = y[..., None] + moves[..., 0], x[..., None] + moves[..., 1]
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        row, column = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
        return np.asarray(image[row, column]), np.asarray(inside & known[row, column])

    own, lands = seen(y, x, moves)
    outside = known & ~gap
    unary = NO_WAY * ~lands.astype(bool) + 0.0
    for down, aside in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        row, column = np.clip(y + down, 0, height - 1), np.clip(x + aside, 0, width - 1)
        there, fits = seen(row, column, moves)
        off = np.sqrt(np.square(there - image[row, column][..., None, :]).sum(-1))
        unary += np.where(fits, np.minimum(off, WORST), UNSEEN) * outside[row, column][..., None]

    def seam(one: tuple[slice, slice], other: tuple[slice, slice]) -> Floats:
        across, _ = seen(y[one], x[one], moves[other])
        back, _ = seen(y[other], x[other], moves[one])
        first, second = (
            sum(
                np.square(here[..., :, None, channel] - there[..., None, :, channel])
                for channel in range(3)
            )
            for here, there in ((own[one], across), (back, own[other]))
        )
        cost = np.sqrt(first) + np.sqrt(second)
        return np.asarray(cost * (within[one] & within[other])[..., None, None], np.float32)

    everything = slice(None)
    beside = seam((everything, slice(None, -1)), (everything, slice(1, None)))
    below = seam((slice(None, -1), everything), (slice(1, None), everything))
    best = _agree(unary.astype(np.float32), beside, below)
    picked = np.take_along_axis(options, best[..., None].astype(np.int64), -1)[..., 0]
    out[top:bottom, left:right] = picked
    return np.asarray(out)
