"""The subject, the reference's frames and the output's below them, on one picture."""

from collections.abc import Sequence
from pathlib import Path

import av
from PIL import Image

COLUMNS = 6
TALL, GAP = 300, 6


def draw_contact_sheet(path: Path, subject: Path, reference: Path, outputs: Sequence[Path]) -> None:
    """Save it: a row for the reference and one for each output, at the same moments."""
    with Image.open(subject) as still:
        first = _scaled(still.convert("RGB"))
    rows = [_moments(film) for film in (reference, *outputs)]
    wide = max(picture.width for row in rows for picture in row) + GAP
    left = first.width + GAP
    sheet = Image.new("RGB", (left + wide * COLUMNS, len(rows) * (TALL + GAP)), "white")
    sheet.paste(first, (0, 0))
    for number, row in enumerate(rows):
        for column, picture in enumerate(row):
            sheet.paste(picture, (left + column * wide, number * (TALL + GAP)))
    sheet.save(path)


def _moments(film: Path) -> list[Image.Image]:
    with av.open(str(film)) as container:
        # PyAV's stubs leave to_image bare
        pictures = [
            _scaled(frame.to_image())  # type: ignore[no-untyped-call]
            for frame in container.decode(container.streams.video[0])
        ]
    last = len(pictures) - 1
    return [pictures[round(last * (column + 0.5) / COLUMNS)] for column in range(COLUMNS)]


def _scaled(picture: Image.Image) -> Image.Image:
    return picture.resize((round(picture.width * TALL / picture.height), TALL))
