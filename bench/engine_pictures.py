"""The pictures of docs/engine.md, drawn anew: `python -m bench.engine_pictures`."""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from engine.painting.puppet import Layer, take_apart
from engine.painting.retarget import Rig
from engine.painting.staging import clear
from engine.render import render
from engine.seeing.arrays import Picture, fit
from engine.seeing.matte import best_pose, person_matte
from engine.seeing.pose import PoseModel
from engine.seeing.skeleton import HIPS, LIMB_BONES, SHOULDERS
from engine.seeing.weights import ready
from sandbox.drawing.body import Stance
from sandbox.drawing.contact_sheet import draw_contact_sheet
from sandbox.drawing.figures import BUILDS, Scene, film
from sandbox.drawing.motions import MOTIONS

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
GREY = (206, 210, 216)
PAIRS = (("ada", "studio", "dance"), ("cleo", "shelves", "kick"), ("ben", "bricks", "jacks"))


def steps(model: PoseModel) -> Image.Image:
    """One subject on its way: joints, cut-out, layers, background."""
    subject = Image.fromarray(Scene(BUILDS["ben"], "bricks", (720, 960)).draw(Stance())[0])
    picture = fit(subject, 540)
    pose = best_pose(model, picture)
    assert pose is not None
    alpha = person_matte(picture, pose)
    rig = Rig.of(pose, (picture.shape[1], picture.shape[0]))
    puppet = take_apart(picture, alpha, rig)
    background, _ = clear(picture, alpha, rig, np.ones(alpha.shape, bool))
    joints = Image.fromarray(picture)
    pen = ImageDraw.Draw(joints)
    for a, b in (*LIMB_BONES, SHOULDERS, HIPS):
        pen.line([tuple(rig.points[a, :2]), tuple(rig.points[b, :2])], (255, 230, 60), 6)
    cut = (picture * alpha[..., None] + np.array(GREY) * (1 - alpha[..., None])).astype(np.uint8)
    apart = np.full_like(picture, GREY[0])
    apart[:] = GREY
    layers = (puppet.body, *puppet.arms, *puppet.legs)
    for layer, shift in zip(
        layers, ((0, -21), (51, -9), (-51, -9), (24, 33), (-24, 33)), strict=True
    ):
        if layer is not None:
            lay(apart, layer, shift)
    cells = [np.asarray(joints), cut, apart, background]
    return Image.fromarray(np.concatenate(cells, 1)).resize((1440, 480))


def lay(canvas: Picture, layer: Layer, shift: tuple[int, int]) -> None:
    """Put a layer down beside its place."""
    height, width = layer.pixels.shape[:2]
    left, top = layer.origin[0] + shift[0], layer.origin[1] + shift[1]
    part = canvas[max(0, top) : top + height, max(0, left) : left + width]
    pixels = layer.pixels[max(0, -top) :, max(0, -left) :][: part.shape[0], : part.shape[1]]
    part[:] = part * (1 - pixels[..., 3:] / 255) + pixels[..., :3]


def small(picture: Image.Image) -> Image.Image:
    """With few colours, scattered where they do not fit: smaller, and shadows stay grey."""
    palette = picture.convert("RGB").quantize(240, kmeans=1)
    return picture.convert("RGB").quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def main() -> None:
    """Save them all."""
    model = PoseModel(ready())
    small(steps(model)).save(FOLDER / "engine-steps.png", optimize=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for who, where, motion in PAIRS:
            subject, dancer, out = (folder / name for name in ("s.png", "d.mp4", "o.mp4"))
            Image.fromarray(Scene(BUILDS[who], where, (720, 960)).draw(Stance())[0]).save(subject)
            film(dancer, Scene(BUILDS["eve"], "warm"), MOTIONS[motion], 2.0)
            render(subject, dancer, out, "360p")
            sheet = folder / "sheet.png"
            draw_contact_sheet(sheet, subject, dancer, [out])
            whole = Image.open(sheet)
            shown = whole.resize((whole.width * 9 // 10, whole.height * 9 // 10))
            small(shown).save(FOLDER / f"engine-{motion}.png", optimize=True)


if __name__ == "__main__":
    main()
