"""A network of which only some outputs are wanted."""

from itertools import combinations
from pathlib import Path

import numpy as np

from engine.seeing.network import Network
from engine.seeing.pose import LANDMARK_PIXELS, LANDMARKER_NAME


def test_what_is_left_says_the_same_to_the_last_bit(weights: Path) -> None:
    image = np.random.default_rng(1).random((LANDMARK_PIXELS, LANDMARK_PIXELS, 3), np.float32)
    path, everything = weights / LANDMARKER_NAME, (0, 1, 2, 3, 4)
    whole = Network(path, 1, everything).run(image)
    assert not any(a.shape == b.shape for a, b in combinations(whole, 2))
    for wanted in ((0, 1, 3), (2,), (3, 0)):
        told = Network(path, 1, wanted).run(image)
        assert len(told) == len(wanted)
        assert all(np.array_equal(whole[w], each) for w, each in zip(wanted, told, strict=True))
