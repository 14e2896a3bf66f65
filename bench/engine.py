"""How well and how fast the offline engine works: `python -m bench.engine [--pairs FOLDER]`.

Draws people and dancers, renders each pair, and looks at the output with the pose model: how far
are its limbs' angles from the dancer's true ones (of a drawn dancer) or from those seen (of a film
in a folder)? The still picture is the baseline. Then time and memory at each quality.

A folder of real pairs holds pictures and films that begin alike: ann.jpg, ann.mp4, ben.png, …;
with --all every picture is rendered with every film. `--random N --seed S` draws bodies and motions
by chance instead: what the engine was not made with.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from PIL import Image

from engine.render import render
from engine.seeing.agreement import Agreement, angles_of, compare, of_truth
from engine.seeing.pose import PoseModel
from engine.seeing.skeleton import LIMB_BONES
from engine.seeing.track import follow
from engine.seeing.weights import ready
from sandbox.drawing.backdrops import BACKDROPS
from sandbox.drawing.body import Stance
from sandbox.drawing.figures import BUILDS, FRAMES_PER_S, Scene, build_by_chance, film
from sandbox.drawing.motions import MOTIONS, by_chance

QUALITIES = ("360p", "540p", "720p")
ROOT = Path(__file__).resolve().parent.parent
PICTURES, FILMS = {".jpg", ".jpeg", ".png", ".webp"}, {".mp4", ".mov"}


def still(picture: Path, like: Path, out: Path) -> Path:
    """A film of the picture that does not move, as long as another."""
    with av.open(str(like)) as other:
        stream = other.streams.video[0]
        rate = stream.average_rate or 24
        count = max(2, round(float((stream.duration or 1) * (stream.time_base or 1)) * float(rate)))
    image = Image.open(picture).convert("RGB")
    share = 360 / min(image.size)
    image = image.resize((2 * round(image.width * share / 2), 2 * round(image.height * share / 2)))
    with av.open(str(out), "w", format="mp4") as container:
        written = container.add_stream("libx264", rate=round(rate))
        written.width, written.height = image.size
        written.pix_fmt = "yuv420p"
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
            frame.pts = index
            container.mux(written.encode(frame))
        container.mux(written.encode())
    return out


@dataclass(frozen=True)
class Pair:
    """Somebody drawn before one backdrop who does what a drawn dancer does before another."""

    name: str
    motion: Callable[[float], Stance]
    dancer: Scene
    subject: Scene


def known_pairs(only: str | None) -> Iterator[Pair]:
    """Every motion with two bodies, each body before another backdrop."""
    names, backdrops = list(BUILDS), list(BACKDROPS)
    for index, (motion, stance_at) in enumerate(MOTIONS.items()):
        if only and motion != only:
            continue
        dancer = Scene(BUILDS[names[(index + 1) % 5]], backdrops[(index + 2) % 5])
        for step in (0, 2):
            name, backdrop = names[(index + step) % 5], backdrops[(index + 2 * step) % 5]
            subject = Scene(BUILDS[name], backdrop)
            yield Pair(f"{name} ({backdrop}) {motion}", stance_at, dancer, subject)


def chance_pairs(count: int, seed: int) -> Iterator[Pair]:
    """Bodies and motions that nobody chose: what the engine was not made with."""
    for number in range(seed, seed + count):
        chance = random.Random(number)
        scenes = [
            Scene(build_by_chance(chance), chance.choice(list(BACKDROPS)), size)
            for size in ((480, 480), (360, 480))
        ]
        yield Pair(f"by chance {number}", by_chance(chance), *scenes)


def drawn_pairs(folder: Path, model: PoseModel, pairs: Iterable[Pair], seconds: float) -> None:
    """Each against the dancer's exact joints, and what all come to."""
    means = []
    for pair in pairs:
        dancer, subject, out = folder / "dancer.mp4", folder / "subject.png", folder / "out.mp4"
        joints = film(dancer, pair.dancer, pair.motion, seconds)
        truth = of_truth([as_array(each) for each in joints])
        moments = np.arange(len(joints)) / FRAMES_PER_S
        is_sure = is_flat(joints)
        Image.fromarray(pair.subject.draw(Stance())[0]).save(subject)
        render(subject, dancer, out, "360p")
        found = compare(truth, is_sure, follow(out, model, ignore), moments)
        base = follow(still(subject, dancer, folder / "still.mp4"), model, ignore)
        report(pair.name, found, compare(truth, is_sure, base, moments))
        means.append(found.mean_degrees)
    if means:
        print(f"{len(means)} pairs: {np.mean(means):.2f}° mean, {max(means):.2f}° at worst")


def real_pairs(folder: Path, model: PoseModel, *, is_all: bool) -> None:
    """Pictures and films of a folder: against what is seen in the film."""
    pictures = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    films = sorted(path for path in folder.iterdir() if path.suffix.lower() in FILMS)
    for picture in pictures:
        for reference in films:
            if not (is_all or reference.stem.split("-")[0] == picture.stem.split("-")[0]):
                continue
            with tempfile.TemporaryDirectory() as temporary:
                out = Path(temporary) / "out.mp4"
                outcome = render(picture, reference, out, "540p")
                seen = follow(reference, model, ignore)
                truth, is_sure = angles_of(seen, seen.times_s)
                name = f"{picture.stem} {reference.stem} [{outcome.subject}]"
                if outcome.subject == "nobody":
                    print(f"{name:44}")
                    continue
                found = compare(truth, is_sure, follow(out, model, ignore), seen.times_s)
                base = follow(still(picture, reference, Path(temporary) / "s.mp4"), model, ignore)
                report(name, found, compare(truth, is_sure, base, seen.times_s))


def report(name: str, found: Agreement, baseline: Agreement) -> None:
    """One line."""
    print(
        f"{name:44} {found.mean_degrees:5.2f}°  {found.close_share:6.1%} within 20°"
        f"   (still: {baseline.mean_degrees:5.1f}°)  of {found.count}",
        flush=True,
    )


def is_flat(joints: list[dict[int, np.ndarray]]) -> np.ndarray:
    """Which limbs lie near enough to the screen to have an angle there."""
    points = np.stack([as_array(each) for each in joints])
    bones = np.stack([points[:, b] - points[:, a] for a, b in LIMB_BONES], 1)
    flat = np.hypot(bones[..., 0], bones[..., 1])
    long_enough: np.ndarray = flat > 0.35 * np.linalg.norm(bones, axis=-1)
    return long_enough


def as_array(joints: dict[int, np.ndarray]) -> np.ndarray:
    """33 joints, those that are not drawn at zero."""
    return np.stack([joints.get(number, np.zeros(3)) for number in range(33)])


@dataclass(frozen=True)
class Cost:
    """What one render took: seconds in all and of CPU, each by a second of video, and memory."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    length_s: float

    def __str__(self) -> str:
        return (
            f"{self.wall_s:.2f} s wall, {self.cpu_s:.2f} s CPU per second of video,"
            f" peak {self.peak_mb:.0f} MB"
        )


def speed(folder: Path, seconds: float) -> None:
    """Wall and CPU seconds per second of video, and peak memory, each in a fresh process."""
    files = speed_files(folder, seconds)
    for quality in QUALITIES:
        cost = timed(ROOT, *files, folder / "out.mp4", quality)
        print(f"{quality}: {cost} ({cost.length_s:.0f} s of video, all included)", flush=True)


def beside(folder: Path, other: Path, seconds: float, rounds: int) -> None:
    """This tree and another by turns: what each takes, and whether they make the same pictures."""
    files = speed_files(folder, seconds)
    for quality in QUALITIES:
        walls: dict[str, list[float]] = {"other": [], "this": []}
        for _ in range(rounds):
            for name, tree in (("other", other), ("this", ROOT)):
                cost = timed(tree, *files, folder / f"{name}.mp4", quality)
                walls[name].append(cost.wall_s)
                print(f"{quality} {name:5} {cost}", flush=True)
        share = statistics.median(walls["this"]) / statistics.median(walls["other"])
        is_same = (folder / "this.mp4").read_bytes() == (folder / "other.mp4").read_bytes()
        told = "the same to the last bit" if is_same else "not the same"
        print(f"{quality} this takes {share:.2f} of the other's time; the videos are {told}")


def speed_files(folder: Path, seconds: float) -> tuple[Path, Path]:
    """The picture and the film that speed is measured with."""
    subject, dancer = folder / "ada-speed.png", folder / "speed.mp4"
    Image.fromarray(Scene(BUILDS["ada"], "bricks", (720, 960)).draw(Stance())[0]).save(subject)
    film(dancer, Scene(BUILDS["ben"], "garden"), MOTIONS["dance"], seconds)
    return subject, dancer


def timed(tree: Path, subject: Path, dancer: Path, out: Path, quality: str) -> Cost:
    """Render once, with the engine of a tree, in a fresh process."""
    code = (
        "import runpy, sys; sys.argv = sys.argv[1:]\n"
        "try: runpy.run_module('engine.render', run_name='__main__', alter_sys=True)\n"
        "finally: print(open('/proc/self/status').read(), file=sys.stderr)"
    )
    files = [str(path) for path in (subject, dancer, out)]
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", code, "engine.render", *files, quality, "--weights", str(ready())],
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    )
    wall_s, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak_mb = int(done.stderr.rsplit("VmHWM:", 1)[1].split()[0]) / 1024
    length_s = json.loads(done.stdout.splitlines()[-1])["duration_s"]
    return Cost(wall_s / length_s, cpu_s / length_s, peak_mb, length_s)


def ignore(share: float) -> None:
    """No progress is shown."""


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, help="a folder of real pictures and films")
    parser.add_argument("--all", action="store_true", help="each picture with each film")
    parser.add_argument("--motion", choices=sorted(MOTIONS), help="only this drawn motion")
    parser.add_argument("--random", type=int, default=0, help="so many pairs by chance instead")
    parser.add_argument("--seed", type=int, default=1, help="the first of those")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each drawn film")
    parser.add_argument("--speed", action="store_true", help="only time and memory")
    parser.add_argument("--beside", type=Path, metavar="TREE", help="time against another checkout")
    parser.add_argument("--rounds", type=int, default=3, help="of that comparison")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if given.pairs:
            real_pairs(given.pairs, PoseModel(ready()), is_all=given.all)
            return
        if given.beside:
            beside(folder, given.beside.resolve(), 8.0, given.rounds)
            return
        if not given.speed:
            by_name = known_pairs(given.motion)
            pairs = chance_pairs(given.random, given.seed) if given.random else by_name
            drawn_pairs(folder, PoseModel(ready()), pairs, given.seconds)
        if given.speed or not (given.motion or given.random):
            speed(folder, 8.0)


if __name__ == "__main__":
    main()
