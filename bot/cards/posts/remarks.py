"""What a video's maker says of it, below the video."""

from bot.cards.languages.speech import mark, tr
from bot.cards.wording import clean
from bot.core.jobs import Job

DRAFTS = frozenset(
    {
        mark("No person was found in the picture: it sways with the motion as a whole"),
        mark(
            "Somebody or something is too close to the person in the picture to be told apart: it "
            "sways with the motion as a whole"
        ),
        mark("The left arm stays still: the picture does not show it whole and apart"),
        mark("The right arm stays still: the picture does not show it whole and apart"),
        mark("Both arms stay still: the picture does not show them whole and apart"),
        mark("The legs stay still: the picture does not show them whole and apart"),
        mark(
            "The left arm and the legs stay still: the picture does not show them whole and apart"
        ),
        mark(
            "The right arm and the legs stay still: the picture does not show them whole and apart"
        ),
        mark("Both arms and the legs stay still: the picture does not show them whole and apart"),
    }
)
"""All that the engine says of a draft."""


def remark_of(job: Job) -> str:
    """As a sentence; whatever else a maker says stays in its own words."""
    said = tr(job.remark) if job.remark in DRAFTS else clean(job.remark, 200)
    return f"{said}."
