"""Who is in the two files that a draft would be made of: a program that tells it in seconds."""

import sys
from argparse import Namespace

from engine.media import SHORT_SIDE_PIXELS, RenderError, frames_of, open_motion, open_subject
from engine.worker import look

LARGEST_SIDE_PIXELS = 2560  # as in a render, whose eye this is


def _look(given: Namespace) -> dict[str, object]:
    """A plain one only sees whether both files can be read. Raises `RenderError`."""
    image = open_subject(given.subject, LARGEST_SIDE_PIXELS)
    if given.plain:
        with open_motion(given.motion) as (source, video):
            if next(frames_of(source, video), None) is None:
                raise RenderError("video_url holds no picture that can be decoded")
        return {}
    # these need the extra [engine]
    from engine.seeing.arrays import fit  # noqa: PLC0415
    from engine.seeing.glance import who_moves, who_stands  # noqa: PLC0415
    from engine.seeing.pose import PoseModel  # noqa: PLC0415
    from engine.seeing.weights import DEFAULT_FOLDER, WeightsError, ready  # noqa: PLC0415

    try:
        model = PoseModel(ready(given.weights or DEFAULT_FOLDER))
    except WeightsError as error:
        raise RenderError(str(error)) from None
    picture = fit(image, SHORT_SIDE_PIXELS["360p"])
    return {"subject": who_stands(picture, model), "motion": who_moves(given.motion, model)}


if __name__ == "__main__":
    sys.exit(look(_look))
