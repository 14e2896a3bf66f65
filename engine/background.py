"""What is behind the person: the picture with the hole filled from what stands around it."""

import cv2
import numpy as np

from engine.arrays import Flags, Floats, Numbers, Picture

SEARCH_PIXELS = 168
COARSEST_PIXELS = 36
REACH = 3
ROUNDS = 4
SQUEEZE = 6
CLIMB_COST = 60_000.0  # of a patch from elsewhere by the picture's height: floors stay below


def fill_hole(picture: Picture, hole: Flags, usable: Flags | None = None) -> Picture:
    """The RGB picture with the hole filled by patches of the rest that fit their surroundings.

    Only what is `usable` is copied from.

    Works on small copies, from coarse to fine, and takes the full picture's pixels by the places
    that were found there (image completion after Wexler, by PatchMatch).
    """
    if not hole.any() or hole.mean() > 0.96:
        return picture
    height, width = hole.shape
    share = min(1.0, SEARCH_PIXELS / max(height, width))
    sizes = []
    while True:
        sizes.append((max(8, round(width * share)), max(8, round(height * share))))
        if max(sizes[-1]) <= COARSEST_PIXELS:
            break
        share /= 2
    chance = np.random.default_rng(1)
    image: Floats | None = None
    offsets: Numbers | None = None
    for size in reversed(sizes):
        level = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        gap = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.02
        if image is None:
            image = _from_the_sides(level, gap)
        else:
            image = np.where(gap[..., None], cv2.resize(image, size), level)
        offsets = _grown(offsets, size)
        source = ~gap
        if usable is not None:
            share_usable = cv2.resize(usable.astype(np.float32), size, interpolation=cv2.INTER_AREA)
            source &= share_usable > 0.98
        image, offsets = _settle(image, gap, source, offsets, chance)
    assert image is not None
    assert offsets is not None
    return _at_full_size(picture, hole, image, offsets)


def _from_the_sides(image: Floats, gap: Flags) -> Floats:
    """Filled from the left and right before above and below, as floors and walls lie."""
    height, width = gap.shape
    narrow = max(2, width // SQUEEZE), height
    weight = cv2.resize((~gap).astype(np.float32), narrow, interpolation=cv2.INTER_AREA)
    known = cv2.resize(image * ~gap[..., None], narrow, interpolation=cv2.INTER_AREA)
    filled = cv2.resize(_pull_push(known, weight), (width, height))
    return np.where(gap[..., None], filled, image)


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


def _grown(offsets: Numbers | None, size: tuple[int, int]) -> Numbers | None:
    if offsets is None:
        return None
    scale = np.array([size[1] / offsets.shape[0], size[0] / offsets.shape[1]])
    wide = cv2.resize(offsets.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(np.round(wide * scale), np.int32)


def _settle(
    image: Floats,
    gap: Flags,
    source: Flags,
    offsets: Numbers | None,
    chance: np.random.Generator,
) -> tuple[Floats, Numbers]:
    """Search and vote until the fill agrees with itself; offsets lead to where a patch is from."""
    height, width = gap.shape
    reach = REACH if max(gap.shape) > 2 * COARSEST_PIXELS else REACH - 1
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    near = cv2.dilate(gap.astype(np.uint8), kernel).astype(bool)
    source = ~cv2.dilate((~source).astype(np.uint8), kernel).astype(bool)
    if source.sum() < 16:
        return image, np.zeros((height, width, 2), np.int32)
    rows, columns = np.nonzero(near)
    targets = np.stack([rows, columns], 1).astype(np.int32)
    wells = np.stack(np.nonzero(source), 1).astype(np.int32)
    field = np.zeros((height, width, 2), np.int32)
    start = wells[chance.integers(0, len(wells), len(targets))] - targets
    if offsets is not None:
        kept = offsets[rows, columns]
        lands = targets + kept
        inside = _inside(lands, source)
        start[inside] = kept[inside]
    field[rows, columns] = start
    # where nothing about as high can be copied, the smooth fill stays until a finer level
    rows_with = np.asarray(source.any(1, keepdims=True), np.uint8)
    has_like = cv2.dilate(rows_with, np.ones((3, 1), np.uint8)) > 0
    gap = gap & has_like
    for _ in range(ROUNDS):
        padded = cv2.copyMakeBorder(image, *(reach,) * 4, cv2.BORDER_REFLECT)
        cost = _search(padded, field, targets, source, chance=chance, rim=reach)
        image = _vote(image, gap, field, targets, cost=cost, rim=reach)
    return image, field


def _inside(places: Numbers, source: Flags) -> Flags:
    height, width = source.shape
    fits = (places >= 0).all(1) & (places[:, 0] < height) & (places[:, 1] < width)
    fits[fits] = source[places[fits, 0], places[fits, 1]]
    return np.asarray(fits)


def _search(
    padded: Floats,
    field: Numbers,
    targets: Numbers,
    source: Flags,
    *,
    chance: np.random.Generator,
    rim: int,
) -> Floats:
    """Better places from the neighbours' and from chance; the cost of each target's best."""
    height, width = source.shape
    wells = np.stack(np.nonzero(source), 1).astype(np.int32)
    flat = np.ascontiguousarray(padded.reshape(-1, 3))
    stride = padded.shape[1]
    span = np.arange(0, 2 * rim + 1, 2)  # every other pixel of a patch is enough to compare
    patch = (span[:, None] * stride + span[None]).ravel()
    own = flat[(targets[:, 0] * stride + targets[:, 1])[:, None] + patch]

    def cost_of(places: Numbers, which: Numbers) -> Floats:
        there = flat[(places[:, 0] * stride + places[:, 1])[:, None] + patch]
        there -= own[which]
        climb = np.abs(places[:, 0] - targets[which, 0]) * (CLIMB_COST / height)
        return np.asarray(np.einsum("nkc,nkc->n", there, there) + climb, np.float32)

    everyone = np.arange(len(targets))
    best = field[targets[:, 0], targets[:, 1]]
    cost = cost_of(targets + best, everyone)

    def consider(offers: Numbers) -> None:
        places = targets + offers
        which = np.flatnonzero(_inside(places, source) & (offers != best).any(1))
        found = cost_of(places[which], which)
        better = found < cost[which]
        best[which[better]] = offers[which[better]]
        cost[which[better]] = found[better]

    for step in (1, 4):
        for down, right in ((0, step), (0, -step), (step, 0), (-step, 0)):
            beside = np.clip(targets + np.array([down, right]), 0, (height - 1, width - 1))
            field[targets[:, 0], targets[:, 1]] = best
            consider(field[beside[:, 0], beside[:, 1]].copy())
    reach = max(height, width) // 2
    while reach >= 1:
        consider(best + chance.integers(-reach, reach + 1, best.shape).astype(np.int32))
        reach //= 3
    for _ in range(2):  # anywhere in about the same row
        level = np.clip(targets[:, 0] + chance.integers(-1, 2, len(targets)), 0, height - 1)
        anywhere = chance.integers(0, width, len(targets))
        consider(np.stack([level, anywhere], 1).astype(np.int32) - targets)
    consider(wells[chance.integers(0, len(wells), len(targets))] - targets)
    field[targets[:, 0], targets[:, 1]] = best
    return cost


def _trust(gap: Flags) -> Floats:
    """Patches near the rim are worth more: what they show is known."""
    distance = cv2.distanceTransform(gap.astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(1.3 ** -np.minimum(distance, 40), np.float32)


def _vote(
    image: Floats,
    gap: Flags,
    field: Numbers,
    targets: Numbers,
    *,
    cost: Floats,
    rim: int,
) -> Floats:
    """Each pixel of the gap as the patches over it would have it."""
    height, width = gap.shape
    spread = max(float(np.percentile(cost, 60)), 1.0)
    trust = _trust(gap)
    worth = trust[targets[:, 0], targets[:, 1]] * np.exp(-cost / (2 * spread))
    weights = np.zeros((height, width), np.float32)
    weights[targets[:, 0], targets[:, 1]] = worth + 1e-6
    total = np.zeros_like(image)
    sum_weights = np.zeros((height, width), np.float32)
    rows, columns = np.nonzero(gap)
    for down in range(-rim, rim + 1):
        for right in range(-rim, rim + 1):
            row, column = rows - down, columns - right
            fits = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            row, column = row[fits], column[fits]
            offset = field[row, column]
            weight = weights[row, column]
            y = np.clip(row + offset[:, 0] + down, 0, height - 1)
            x = np.clip(column + offset[:, 1] + right, 0, width - 1)
            total[rows[fits], columns[fits]] += image[y, x] * weight[:, None]
            sum_weights[rows[fits], columns[fits]] += weight
    filled = image.copy()
    filled[gap] = total[gap] / np.maximum(sum_weights[gap], 1e-12)[:, None]
    return filled


def _at_full_size(picture: Picture, hole: Flags, image: Floats, field: Numbers) -> Picture:
    """The low-resolution fill, with the detail of the places that its patches are from."""
    height, width = hole.shape
    rows, columns = field.shape[:2]
    up = np.array([height / rows, width / columns])
    smooth = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    blurred = cv2.resize(
        cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    fine = picture.astype(np.float32) - blurred
    y, x = np.nonzero(hole)
    detail = np.zeros((len(y), 3), np.float32)
    total = np.zeros(len(y), np.float32)
    # the four nearest of the small picture's pixels, each bringing its own place's detail
    low_y, low_x = (y + 0.5) / up[0] - 0.5, (x + 0.5) / up[1] - 0.5
    for down in (0, 1):
        for right in (0, 1):
            near_y = np.clip(np.floor(low_y).astype(int) + down, 0, rows - 1)
            near_x = np.clip(np.floor(low_x).astype(int) + right, 0, columns - 1)
            weight = (1 - np.abs(low_y - near_y)).clip(0.01) * (1 - np.abs(low_x - near_x)).clip(
                0.01
            )
            weight = (weight**2).astype(np.float32)
            offset = field[near_y, near_x]
            from_y = np.clip(y + np.round(offset[:, 0] * up[0]).astype(int), 0, height - 1)
            from_x = np.clip(x + np.round(offset[:, 1] * up[1]).astype(int), 0, width - 1)
            usable = weight * ~hole[from_y, from_x]
            detail += fine[from_y, from_x] * usable[:, None]
            total += usable
    result = picture.copy()
    result[y, x] = np.clip(smooth[y, x] + detail / np.maximum(total, 1e-6)[:, None], 0, 255)
    return result
