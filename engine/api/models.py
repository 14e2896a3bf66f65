"""The models that this server stands in for: each has fields, qualities and refusals of its own.

A field that a model does not know is refused by all but the first, so that a wrong name is found by
a test and not by a bill. Prices are dollars a second of motion: of one run's average, where no
other is known, as if it had lasted ten seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Choices = tuple[str, ...]
Kind = type | Choices
"""What a field takes: any text, truth or whole number, or one of these words."""


@dataclass(frozen=True, slots=True)
class Model:
    """What one model takes.

    `subject` and `motion` are the fields of their URLs, `inline_subject` that of the picture in
    base64; `short_sides` are the pixels of each quality, and `quality` is their field, `None` where
    there is no choice. `others` are further fields, of which `required` must be there. A draft
    costs nothing, its video says what it is, and its result in which way it was made.
    """

    slug: str
    subject: str
    motion: str
    short_sides: Mapping[str, int]
    default_quality: str
    dollars_per_s: Mapping[str, float]
    quality: str | None = None
    inline_subject: str | None = None
    others: Mapping[str, Kind] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    least_s: float = 0.0
    longest_s: float = 30.0
    longest_by: tuple[str, Mapping[str, float]] | None = None
    is_strict: bool = True
    is_draft: bool = False

    def bounds_s(self, sent: Mapping[str, object]) -> tuple[float, float]:
        """The shortest and the longest motion for a submit of these fields."""
        if self.longest_by is None:
            return self.least_s, self.longest_s
        name, lengths = self.longest_by
        return self.least_s, lengths.get(str(sent.get(name)), self.longest_s)

    def worded(self, complaint: str) -> str:
        """What a program says of the two files, by the names that this model has for them."""
        return complaint.replace("image_url", self.subject).replace("video_url", self.motion)


def _kling(slug: str, dollars_per_s: float) -> Model:
    return Model(
        slug=slug,
        subject="image_url",
        motion="video_url",
        short_sides={"720p": 720},
        default_quality="720p",
        dollars_per_s={"720p": dollars_per_s},
        others={
            "prompt": str,
            "keep_original_sound": bool,
            "character_orientation": ("video", "image"),
        },
        required=frozenset({"prompt"}),
        least_s=3.0,
        longest_by=("character_orientation", {"image": 10.0}),
    )


def _with_reference(slug: str, dollars_per_s: float, *qualities: str, **others: Kind) -> Model:
    """Two models have the same names for the same things."""
    return Model(
        slug=slug,
        subject="reference_image",
        motion="input_video",
        quality="resolution",
        short_sides={quality: int(quality[:-1]) for quality in qualities},
        default_quality=qualities[0],
        dollars_per_s=dict.fromkeys(qualities, dollars_per_s),
        others={"prompt": str, "seed": int, "base64": bool} | others,
        required=frozenset({"prompt"}),
    )


DRAFT = Model(
    slug="draft",
    subject="subject_url",
    motion="motion_url",
    short_sides={"360p": 360},
    default_quality="360p",
    dollars_per_s={"360p": 0.0},
    is_draft=True,
)
MODELS: Mapping[str, Model] = {
    model.slug: model
    for model in (
        DRAFT,
        Model(
            slug="pixverse-mimic",
            subject="image_url",
            inline_subject="image",
            motion="video_url",
            quality="quality",
            short_sides={"360p": 360, "540p": 540, "720p": 720},
            default_quality="540p",
            dollars_per_s={"360p": 0.09, "540p": 0.10, "720p": 0.12},
            is_strict=False,
        ),
        Model(
            slug="p-video-animate",
            subject="image",
            motion="video",
            quality="resolution",
            short_sides={"720p": 720, "1080p": 1080},
            default_quality="720p",
            dollars_per_s={"720p": 0.03, "1080p": 0.06},
            others={
                **dict.fromkeys(("turbo", "save_audio", "ignore_audio"), bool),
                **dict.fromkeys(("target_fps", "instruction_prompt"), str),
                "seed": int,
                "disable_safety_checker": bool,
            },
        ),
        _kling("kling-2.6-standard-motion-control", 0.094),
        _kling("kling-2.6-pro-motion-control", 0.172),
        _with_reference("wan-animate", 0.157, "480p", "720p", mode=("replace", "animation")),
        _with_reference("scail", 0.193, "480p", "576p", "720p"),
    )
}
