"""The person cut out of the picture: how much of each pixel is theirs, and of what colour."""

import cv2
import numpy as np

from engine.seeing.arrays import Flags, Floats, Picture
from engine.seeing.pose import Pose, PoseModel
from engine.seeing.skeleton import LIMB_BONES, torso_length

CUT_PIXELS = 300
SURELY_IN, SURELY_OUT = 0.9, 0.08
ROUNDS = 3
NARROW, SURELY_A_PERSON = 0.15, 0.95
# how much a pixel's step counts against colours, and how much nearer than the other is sure
PLACE_WEIGHT, SURELY_NEARER = 0.35, 0.7
MOST_SAMPLES = 800
SOFT_PIXELS = 2.0  # so far from the cut, in the small picture, a pixel may be half theirs


def person_matte(picture: Picture, pose: Pose) -> Floats:
    """From 0 to 1, how far each pixel of the RGB picture is the person's."""
    height, width = picture.shape[:2]
    soft = unfold(pose, width, height)
    return refine(picture, soft, _bones(pose, width, height))


def refine(picture: Picture, soft: Floats, surely: Flags | None = None) -> Floats:
    """A rough idea of what is in front, brought to the edges that the picture shows."""
    height, width = picture.shape[:2]
    share = min(1.0, CUT_PIXELS / min(height, width))
    size = max(8, round(width * share)), max(8, round(height * share))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    guess = cv2.resize(soft, size, interpolation=cv2.INTER_AREA)
    reach = max(2, round(min(size) * 0.014))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    core = cv2.erode((guess > SURELY_IN).astype(np.uint8), kernel)
    far = cv2.dilate((guess > SURELY_OUT).astype(np.uint8), kernel)
    labels = np.where(guess > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[far == 0] = cv2.GC_BGD
    labels[core == 1] = cv2.GC_FGD
    if surely is not None:
        thin = cv2.resize(surely.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        labels[thin == 1] = cv2.GC_FGD
        _settle_by_neighbours(small, labels, guess)
    cut = _grab(small, labels, guess)
    alpha = guided(small, cut, radius=max(2, round(min(size) * 0.01)))
    if size != (width, height):
        alpha = _sharpen_up(picture, small, cut, alpha)
    # only near the cut it may be in between: what is coloured alike beyond is another thing
    inner, outer = (
        cv2.resize(np.clip(SOFT_PIXELS - away, 0, 1).astype(np.float32), (width, height))
        for away in (_away_from(1 - cut), _away_from(cut))
    )
    alpha = np.clip(np.clip((alpha - 0.2) / 0.68, 0, 1), 1 - inner, outer)
    return np.asarray(alpha, np.float32)


def _away_from(cut: Floats) -> Floats:
    return np.asarray(cv2.distanceTransform((cut < 0.5).astype(np.uint8), cv2.DIST_L2, 5))


def _settle_by_neighbours(small: Picture, labels: Picture, guess: Floats) -> None:
    """Mark what the network guessed and is coloured like what is surely so not far from there.

    The cut that follows knows colours but not places: what is like the hair is the person's to it,
    even between arm and body.
    """
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    y, x = np.mgrid[0 : lab.shape[0], 0 : lab.shape[1]].astype(np.float32)
    step = PLACE_WEIGHT * CUT_PIXELS / min(lab.shape[:2])
    features = np.concatenate([lab, step * x[..., None], step * y[..., None]], -1)
    unsure = (labels == cv2.GC_PR_FGD) | (labels == cv2.GC_PR_BGD)
    asked = features[unsure]
    around = cv2.dilate(unsure.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
    off = []
    for label in (cv2.GC_FGD, cv2.GC_BGD):
        samples = features[around & (labels == label)]
        if not len(samples):
            return
        samples = samples[:: max(1, len(samples) // MOST_SAMPLES)]
        square = np.square(samples).sum(1)
        nearest = [
            (square - 2 * part @ samples.T).min(1) + np.square(part).sum(1)
            for part in np.array_split(asked, 1 + len(asked) // 1000)
        ]
        off.append(np.sqrt(np.maximum(np.concatenate(nearest), 0)))
    told = labels[unsure]
    to_person, to_rest = off
    told[(to_person < SURELY_NEARER * to_rest) & (guess[unsure] > 0.5)] = cv2.GC_FGD
    told[(to_rest < SURELY_NEARER * to_person) & (guess[unsure] < 0.6)] = cv2.GC_BGD
    labels[unsure] = told


def _grab(small: Picture, labels: Picture, guess: Floats) -> Floats:
    """The cut along the edges, unless it goes far from what the network saw."""
    if not ((labels == cv2.GC_FGD).any() and (labels == cv2.GC_BGD).any()):
        return (guess > 0.5).astype(np.float32)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(1)
    cv2.grabCut(small, labels, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    cut = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    cut = _largest(cut)
    cut = cv2.morphologyEx(cut, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    seen = guess > 0.5
    agree = (cut.astype(bool) & seen).sum() / max(1, (cut.astype(bool) | seen).sum())
    return np.asarray(cut if agree > 0.6 else seen, np.float32)


def _largest(cut: Picture) -> Picture:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(cut)
    if count <= 2:
        return cut
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(areas > 0.03 * areas.max())
    return np.asarray(np.isin(parts, kept), np.uint8)


def _sharpen_up(picture: Picture, small: Picture, cut: Floats, alpha: Floats) -> Floats:
    """The small matte on the large picture, with edges where that has them."""
    height, width = picture.shape[:2]
    large = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_CUBIC)
    band = (large > 0.02) & (large < 0.98)
    if not band.any():
        return np.asarray(large)
    fine = guided(picture, np.clip(large, 0, 1), radius=max(2, round(width / small.shape[1] * 2)))
    return np.where(band, fine, large).astype(np.float32)


def guided(picture: Picture, alpha: Floats, radius: int, noise: float = 8e-4) -> Floats:
    """The matte as a local linear function of the picture's colours (a guided filter)."""
    image = picture.astype(np.float32) / 255
    box = (2 * radius + 1, 2 * radius + 1)

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values, box))

    mean_i, mean_a = mean(image), mean(alpha)
    cov = mean(image * alpha[..., None]) - mean_i * mean_a[..., None]
    r, g, b = (image[..., c] for c in range(3))
    mr, mg, mb = (mean_i[..., c] for c in range(3))
    rr, rg, rb = mean(r * r) - mr * mr + noise, mean(r * g) - mr * mg, mean(r * b) - mr * mb
    gg, gb, bb = mean(g * g) - mg * mg + noise, mean(g * b) - mg * mb, mean(b * b) - mb * mb + noise
    i_rr, i_rg, i_rb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    i_gg, i_gb, i_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    det = i_rr * rr + i_rg * rg + i_rb * rb
    cr, cg, cb = (cov[..., c] for c in range(3))
    slope = np.stack(
        [
            (i_rr * cr + i_rg * cg + i_rb * cb) / det,
            (i_rg * cr + i_gg * cg + i_gb * cb) / det,
            (i_rb * cr + i_gb * cg + i_bb * cb) / det,
        ],
        -1,
    )
    base = mean_a - (slope * mean_i).sum(-1)
    return np.asarray((mean(slope) * image).sum(-1) + mean(base), np.float32)


def own_colours(picture: Picture, alpha: Floats) -> Picture:
    """The person's own colour where an edge pixel shows some of the background too.

    Two rounds of the blurred mean of what is surely theirs and surely not (Forte 2021).
    """
    image = picture.astype(np.float32)
    front, back = image, image
    a = alpha[..., None]
    for reach in (max(4, round(min(alpha.shape) * 0.045)), max(2, round(min(alpha.shape) * 0.008))):
        box = (2 * reach + 1, 2 * reach + 1)
        weight_f, weight_b = cv2.blur(alpha, box)[..., None], cv2.blur(1 - alpha, box)[..., None]
        mean_f = cv2.blur(front * a, box) / (weight_f + 1e-4)
        mean_b = cv2.blur(back * (1 - a), box) / (weight_b + 1e-4)
        front = np.clip(mean_f + a * (image - a * mean_f - (1 - a) * mean_b), 0, 255)
        back = mean_b
    return front.astype(np.uint8)


def unfold(pose: Pose, width: int, height: int) -> Floats:
    """The network's own mask, back in the picture's place."""
    mask = pose.mask
    matrix = pose.region.to_picture(mask.shape[0])
    return np.asarray(
        cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR), np.float32
    )


def _bones(pose: Pose, width: int, height: int) -> Flags:
    """The middle of each limb that is surely seen: theirs, however thin."""
    canvas = np.zeros((height, width), np.uint8)
    thick = max(1, round(0.03 * float(torso_length(pose.points))))
    for a, b in LIMB_BONES:
        if min(pose.seen[a], pose.seen[b]) > 0.75:
            one, other = pose.points[a, :2], pose.points[b, :2]
            inner = one + (other - one) * 0.12, other - (other - one) * 0.08
            ends = [tuple(int(v) for v in point) for point in inner]
            cv2.line(canvas, ends[0], ends[1], 1, thick)
    return canvas.astype(bool)


def best_pose(model: PoseModel, picture: Picture) -> Pose | None:
    """The pose and mask of the largest person in a picture, looked at until it holds still."""
    for region in model.people(picture)[:4]:
        pose = model.pose(picture, region, masked=True)
        for _ in range(2):
            pose = model.pose(picture, pose.follow, masked=True) if pose else None
        if pose is not None and _is_a_body(pose):
            return pose
    return None


def _is_a_body(pose: Pose) -> bool:
    """Whether what was found can be a person: shoulders that are seen above hips that have room.

    Narrow ones are somebody from the side, if the model is sure, and otherwise perhaps a horse.
    """
    shoulders = float(np.hypot(*(pose.points[11, :2] - pose.points[12, :2])))
    torso = float(torso_length(pose.points))
    is_likely = shoulders / max(torso, 1e-6) > NARROW or pose.score > SURELY_A_PERSON
    return bool(
        pose.seen[[11, 12]].min() > 0.6 and torso > 12 and shoulders < 2.5 * torso and is_likely
    )
