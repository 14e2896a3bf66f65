"""Pictures of people and clips of others who move, drawn: nobody's are needed."""

import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sandbox.drawing.backdrops import BACKDROPS
from sandbox.drawing.body import ANKLES, Build, Colour, Stance, Vector, draw_body, skeleton
from sandbox.drawing.motions import MOTIONS

SIZE = (360, 480)
FRAMES_PER_S = 24
TALL, FLOOR_DOWN = 0.76, 0.93  # of the picture's height
SOLE = 0.048  # below the ankle, of the body's height
SMOOTHING = 2  # drawn larger and scaled down, for smooth edges

BUILDS = {
    "ada": Build((238, 190, 156), (196, 60, 70), (50, 64, 108), (60, 40, 34), (74, 44, 28)),
    "ben": Build(
        (150, 102, 74), (58, 132, 112), (44, 44, 52), (230, 230, 226), (24, 20, 20),
        girth=1.25, shoulders=1.12, sleeve=1.9, stripe=(226, 220, 200),
    ),
    "cleo": Build(
        (196, 142, 106), (236, 196, 84), (120, 132, 150), (96, 40, 60), (50, 30, 24),
        girth=0.92, shoulders=0.92, sleeve=0.4, hem=0.42, long_hair=True,
    ),
    "dan": Build(
        (228, 180, 150), (70, 92, 150), (92, 84, 70), (40, 40, 44), (200, 168, 110),
        girth=1.5, shoulders=1.15, limbs=0.95, sleeve=0.7,
    ),
    "eve": Build(
        (112, 74, 54), (232, 232, 238), (150, 50, 90), (30, 30, 36), (20, 16, 16),
        girth=1.05, limbs=1.06, sleeve=2.0, stripe=(90, 110, 190),
    ),
}  # fmt: skip


def build_by_chance(chance: random.Random) -> Build:
    """A body that nobody chose: slim or heavy, tall or a child's, in any clothes."""

    def colour() -> Colour:
        return (chance.randrange(20, 240), chance.randrange(20, 240), chance.randrange(20, 240))

    light, child = chance.uniform(0.4, 1.0), chance.choice([0.0, 0.0, chance.uniform(0.5, 1.0)])
    return Build(
        (round(242 * light), round(196 * light), round(164 * light)),
        colour(),
        colour(),
        colour(),
        (chance.randrange(5, 80), chance.randrange(5, 80), chance.randrange(5, 80)),
        girth=chance.uniform(0.85, 1.8),
        shoulders=chance.uniform(0.85, 1.2) - 0.1 * child,
        limbs=chance.uniform(0.92, 1.1) - 0.12 * child,
        sleeve=chance.choice([0.3, 0.6, 1.0, 2.0]),
        hem=chance.choice([0.3, 0.6, 1.0, 1.0]),
        stripe=chance.choice([None, colour()]),
        long_hair=chance.random() < 0.4,
        head=1 + 0.4 * child,
        skirt=chance.choice([0.0, 0.0, 0.0, 0.35, 0.6]),
    )


class Scene:
    """Somebody before a backdrop; each picture comes with the exact joints, in its pixels."""

    def __init__(self, build: Build, backdrop: str, size: tuple[int, int] = SIZE) -> None:
        self.build, self.size = build, size
        self._large = (size[0] * SMOOTHING, size[1] * SMOOTHING)
        self._backdrop = BACKDROPS[backdrop](*self._large)
        whole = Image.fromarray(np.clip(self._backdrop, 0, 255).astype(np.uint8))
        self._still = np.asarray(whole.reduce(SMOOTHING))

    def backdrop(self) -> NDArray[np.uint8]:
        """The picture without anybody."""
        return self._still.copy()

    def draw(
        self, stance: Stance, *, tall: float = TALL, middle: float = 0.5
    ) -> tuple[NDArray[np.uint8], dict[int, Vector]]:
        """One RGB picture of somebody `tall` in shares of its height, with a foot on the floor."""
        width, height = self._large
        size = height * tall
        joints = skeleton(self.build, stance)
        lowest = max(joints[ankle][1] for ankle in ANKLES)
        floor = height * FLOOR_DOWN
        hips = (width * middle, floor - (lowest - stance.shift[1] + SOLE) * size)
        places = np.array([(hips[0] + x * size, hips[1] + y * size) for x, y, _ in joints.values()])
        places = np.concatenate([places, [(hips[0], floor)]])
        # only what is around the figure is drawn anew
        step = SMOOTHING
        low = np.maximum((places.min(0) - 0.22 * size) // step * step, 0).astype(int)
        high = np.minimum((places.max(0) + 0.22 * size) // step * step, self._large).astype(int)
        box = slice(low[1], high[1]), slice(low[0], high[0])
        image = self._backdrop[box].copy()
        place = (hips[0] - low[0], hips[1] - low[1])
        _draw_shadow(image, (place[0] + stance.shift[0] * size, floor - low[1]), size)
        drawn = draw_body(image, self.build, stance, place, size)
        small = Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).reduce(step)
        picture = self._still.copy()
        picture[low[1] // step : high[1] // step, low[0] // step : high[0] // step] = small
        corner = np.array([low[0], low[1], 0.0])
        return picture, {n: (point + corner) / step for n, point in drawn.items()}


def draw_subject(path: Path) -> None:
    """A JPEG of somebody who stands still."""
    picture, _ = Scene(BUILDS["ada"], "studio").draw(Stance())
    Image.fromarray(picture).save(path, quality=93)


def draw_dance(path: Path, duration_s: float = 3.0) -> None:
    """An mp4 (H.264) of somebody who dances."""
    film(path, Scene(BUILDS["ben"], "warm"), MOTIONS["dance"], duration_s)


def film(
    path: Path,
    scene: Scene,
    motion: Callable[[float], Stance],
    duration_s: float,
    *,
    tall: float = TALL,
    options: Mapping[str, str] = MappingProxyType({"crf": "20"}),
) -> list[dict[int, Vector]]:
    """Write an mp4 of that motion, with x264's `options`. Returns each frame's exact joints."""
    joints = []
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_S, options=dict(options))
        stream.width, stream.height = scene.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, FRAMES_PER_S)
        for number in range(round(duration_s * FRAMES_PER_S)):
            picture, found = scene.draw(motion(number / FRAMES_PER_S), tall=tall)
            joints.append(found)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return joints


def _draw_shadow(image: NDArray[np.float32], place: tuple[float, float], height: float) -> None:
    across, down = 0.2 * height, 0.035 * height
    top, bottom = max(0, int(place[1] - 2 * down)), int(place[1] + 2 * down)
    y, x = np.ogrid[top : min(image.shape[0], bottom), 0 : image.shape[1]]
    far = ((x - place[0]) / across) ** 2 + ((y - place[1]) / down) ** 2
    image[top:bottom] *= (1 - 0.34 * np.exp(-1.6 * far)).astype(np.float32)[..., None]
