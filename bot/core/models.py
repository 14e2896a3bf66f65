"""The models that may make a video: what each is sent, what it takes, and what it costs.

One more of a provider that is known is one more entry in `MODELS`. Facts: `docs/models.md`.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bot.core.jobs import DEFAULT_MODEL, QUALITIES, Quality, RunInputs
from bot.core.people.languages import mark
from bot.core.polling import TYPICAL_RUN_S
from bot.core.uploads import Cut
from bot.errors import Problem, Refused

CREDITS_PER_DOLLAR = 10.0
"""One credit is about one second of the usual model's usual quality."""

MOST_PROMPT_CHARS = 500
FIRST_S = 10.0
"""What is offered first of a motion that is too long."""

TOLERANCE_S = 0.05
"""The length of a video is never exact."""

FLOAT_DUST = 1e-6
"""10 s × 0.9 must cost 9, however the product of the two is rounded."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a `provider`'s: by its `slug` there, by its `name` for people.

    `subject`, `motion` and `quality` are the names of the fields with the picture's link, the
    motion's, and the quality; without a `quality` field there is only one. `prompt` is that of what
    the model is told, if it listens: `usual_prompt`, unless somebody says it. `always` is sent with
    every run. `dollars_per_s` are what a second of motion costs the operator in each quality that
    it makes, of which it makes the `usual_quality` where none is named. `usual_run_s` is what is
    known of its run times to begin with; it takes motions of `shortest_s` to `longest_s`. Its
    `character` is what people may choose it by, beside its price and time: what the facts say, and
    no more. It is said in their language, as is a `name` that is a word of ours.
    """

    slug: str
    name: str
    character: str
    subject: str
    motion: str
    usual_quality: Quality
    dollars_per_s: Mapping[Quality, float]
    usual_run_s: float
    quality: str | None = None
    prompt: str | None = None
    usual_prompt: str = ""
    always: Mapping[str, object] = field(default_factory=dict)
    provider: str = "segmind"
    shortest_s: float = 0.0
    longest_s: float = 30.0

    @property
    def is_free(self) -> bool:
        """Whether it costs nobody anything: nothing is held for it, and nothing is owed."""
        return not any(self.dollars_per_s.values())

    @property
    def qualities(self) -> list[Quality]:
        """Those that it makes, from coarse to fine."""
        return [quality for quality in QUALITIES if quality in self.dollars_per_s]

    def takes(self, duration_s: float) -> bool:
        """Whether a motion of this length is none too short or too long for it."""
        return self.shortest_s <= duration_s <= self.longest_s + TOLERANCE_S

    def told(self, prompt: str) -> str:
        """What of a prompt it is told, on one line. Raises `Refused` where it does not listen."""
        flat = " ".join(prompt.split())
        if flat and not self.prompt:
            raise Refused(Problem.NO_PROMPT, model=self.name)
        if len(flat) > MOST_PROMPT_CHARS:
            raise Refused(Problem.PROMPT_TOO_LONG, most=MOST_PROMPT_CHARS)
        return flat

    def fields(self, inputs: RunInputs) -> dict[str, object]:
        """What is sent for a run of these inputs."""
        sent: dict[str, object] = {
            self.motion: inputs.video_url,
            self.subject: inputs.image_url,
            **self.always,
        }
        if self.quality:
            sent[self.quality] = inputs.quality
        if self.prompt and (told := inputs.prompt or self.usual_prompt):
            sent[self.prompt] = told
        return sent

    def inputs_in(self, sent: Mapping[str, object]) -> RunInputs:
        """What a run was made of for which this was sent; "" for what is no text."""
        quality = (sent.get(self.quality) if self.quality else None) or self.usual_quality
        told = sent.get(self.prompt) if self.prompt else ""
        told = " ".join(told.split()) if isinstance(told, str) else ""
        prompt = "" if told == self.usual_prompt else told
        found = (sent.get(self.subject), sent.get(self.motion), quality, prompt)
        return RunInputs(self.slug, *(one if isinstance(one, str) else "" for one in found))

    @property
    def usual_rates(self) -> dict[Quality, float]:
        """Credits a second of motion, where the operator names no others."""
        dollars = {quality: self.dollars_per_s[quality] for quality in self.qualities}
        return {quality: round(cost * CREDITS_PER_DOLLAR, 3) for quality, cost in dollars.items()}


_AS_IN_THE_VIDEO = "The person in the picture moves exactly as the person in the video does."


def _kling(slug: str, name: str, character: str, dollars_per_s: float, usual_run_s: float) -> Model:
    return Model(
        slug=slug,
        name=name,
        character=character,
        subject="image_url",
        motion="video_url",
        usual_quality="720p",
        dollars_per_s={"720p": dollars_per_s},
        usual_run_s=usual_run_s,
        prompt="prompt",
        usual_prompt=_AS_IN_THE_VIDEO,
        always={"keep_original_sound": True, "character_orientation": "video"},
        shortest_s=3.0,
    )


MODELS: Mapping[str, Model] = {
    model.slug: model
    for model in (
        Model(
            slug=DEFAULT_MODEL,
            name="PixVerse Mimic",
            character=mark("for people and animals alike"),
            subject="image_url",
            motion="video_url",
            quality="quality",
            usual_quality="540p",
            dollars_per_s={"360p": 0.09, "540p": 0.10, "720p": 0.12},
            usual_run_s=TYPICAL_RUN_S,
        ),
        Model(
            slug="p-video-animate",
            name="P-Video Animate",
            character=mark("quick, best with well-lit portraits"),
            subject="image",
            motion="video",
            quality="resolution",
            usual_quality="720p",
            dollars_per_s={"720p": 0.03, "1080p": 0.06},
            usual_run_s=60.0,
            prompt="instruction_prompt",
            always={"save_audio": True},
        ),
        _kling(
            "kling-2.6-standard-motion-control",
            "Kling 2.6",
            mark("keeps the video’s sound"),
            0.094,
            500.0,
        ),
        _kling(
            "kling-2.6-pro-motion-control",
            "Kling 2.6 Pro",
            mark("the pro version, keeps the video’s sound"),
            0.172,
            560.0,
        ),
        Model(
            slug="wan-animate",
            name="Wan Animate",
            character=mark("slow, for small screens"),
            subject="reference_image",
            motion="input_video",
            quality="resolution",
            usual_quality="480p",
            dollars_per_s={"480p": 0.157},
            usual_run_s=412.0,
            prompt="prompt",
            usual_prompt=_AS_IN_THE_VIDEO,
            always={"mode": "animation"},
        ),
        Model(
            slug="draft",
            name=mark("Draft"),
            character=mark("a rough puppet, to try the motion"),
            provider="engine",
            subject="subject_url",
            motion="motion_url",
            usual_quality="360p",
            dollars_per_s={"360p": 0.0},
            usual_run_s=40.0,
        ),
        Model(
            slug="scail",
            name="SCAIL",
            character=mark("slow, in three sizes"),
            subject="reference_image",
            motion="input_video",
            quality="resolution",
            usual_quality="480p",
            dollars_per_s={"480p": 0.193, "576p": 0.193, "720p": 0.193},
            usual_run_s=429.0,
            prompt="prompt",
            usual_prompt=_AS_IN_THE_VIDEO,
        ),
    )
}


def of_one_provider(model: str) -> list[str]:
    """This model, and those that its provider runs beside it."""
    provider = MODELS[model].provider
    return [slug for slug, known in MODELS.items() if known.provider == provider]


def made_by(models: Collection[str]) -> list[Quality]:
    """What any of these makes, from coarse to fine."""
    made = {quality for slug in models for quality in MODELS[slug].dollars_per_s}
    return [quality for quality in QUALITIES if quality in made]


class Choice(NamedTuple):
    """What somebody may have made: by which model, in which quality."""

    model: str
    quality: Quality


@dataclass(frozen=True, slots=True)
class Rates:
    """The models that the operator offers, the usual one first: credits a second of motion."""

    by_model: Mapping[str, Mapping[Quality, float]]

    def of(self, model: str) -> Mapping[Quality, float]:
        """What a model's qualities cost. Raises `Refused` for one that is not offered."""
        if model not in self.by_model:
            offered = [MODELS[slug].name for slug in self.by_model]
            name = MODELS[model].name if model in MODELS else model
            raise Refused(Problem.MODEL_NOT_OFFERED, model=name, offered=offered)
        return self.by_model[model]

    def choice(self, model: str | None = None, quality: str | None = None) -> Choice:
        """What is offered by these names, or made where none is named. Raises `Refused`."""
        slug = model or next(iter(self.by_model))
        rates, known = self.of(slug), MODELS[slug]
        if quality is None:
            return Choice(slug, min(rates, key=lambda one: one != known.usual_quality))
        for one in rates:
            if one == quality:
                return Choice(slug, one)
        raise Refused(Problem.QUALITY_UNKNOWN, model=known.name, quality=quality, makes=list(rates))

    @property
    def choices(self) -> Iterator[Choice]:
        """Everything that has a price."""
        for model, rates in self.by_model.items():
            yield from (Choice(model, quality) for quality in rates)


def better_than(choice: Choice, among: Collection[Choice], rates: Rates) -> Choice | None:
    """Its model's next quality among these, else the next dearer model, no coarser than it."""
    finer = [one for one in among if QUALITIES.index(one.quality) > QUALITIES.index(choice.quality)]
    of_model = [one for one in finer if one.model == choice.model]
    if of_model:
        return min(of_model, key=lambda one: QUALITIES.index(one.quality))

    def rate(one: Choice) -> float:
        return rates.by_model[one.model][one.quality]

    alike = [one for one in among if one.quality == choice.quality]
    dearer = [one for one in (*alike, *finer) if rate(one) > rate(choice)]
    return min(dearer, key=lambda one: (rate(one), QUALITIES.index(one.quality)), default=None)


MOST_WAYS = 3


def instead_of(wanted: Choice, payable: Mapping[Choice, int], prompt: str) -> dict[Choice, int]:
    """At most three of what can be paid in the place of a choice: of its own model each quality, of
    any other the cheapest, if it listens to the prompt; the cheapest first, and last what is free.
    """
    shown: dict[Choice, int] = {}
    by_price = sorted(payable.items(), key=lambda one: one[1])
    for choice, cost in by_price:
        is_heard = not prompt or MODELS[choice.model].prompt or not cost
        is_first = choice.model not in {one.model for one in shown}
        if is_heard and (is_first or choice.model == wanted.model):
            shown[choice] = cost
    free = {choice: 0 for choice, cost in shown.items() if not cost}
    priced = [(choice, cost) for choice, cost in shown.items() if cost]
    return dict(priced[: MOST_WAYS - len(free)]) | free


def price(choice: Choice, duration_s: float, rates: Rates, at_most: int | None = None) -> int:
    """`ceil(seconds × rate)`, at least 1 unless it is free.

    Raises `Refused` for what is not offered, for a motion that its model does not take, and for
    more than `at_most`, which a button has said.
    """
    model, quality = rates.choice(*choice)
    known = MODELS[model]
    if not known.takes(duration_s):
        bounds = {"least_s": known.shortest_s, "most_s": known.longest_s}
        raise Refused(Problem.MOTION_LENGTH, model=known.name, duration_s=duration_s, **bounds)
    rate = rates.by_model[model][quality]
    cost = max(1, math.ceil(duration_s * rate - FLOAT_DUST)) if rate else 0
    if at_most is not None and cost > at_most:
        raise Refused(Problem.PRICE_HAS_RISEN, price=cost)
    return cost


def cut_of(wanted: Cut | None, duration_s: float, models: Collection[Model]) -> Cut | None:
    """What is to be cut out of a motion for any of these models; `None` where all of it is sent.

    Raises `Refused` for a part that none takes, and for a motion that is too long where nobody has
    said which part of it is wanted.
    """
    most_s = max(model.longest_s for model in models)
    if wanted is None:
        if duration_s > most_s + TOLERANCE_S:
            raise Refused(Problem.MOTION_TOO_LONG, duration_s=duration_s, most_s=most_s)
        return None
    left_s = duration_s - wanted.start_s
    if left_s < TOLERANCE_S:
        raise Refused(Problem.CUT_BEYOND, start_s=wanted.start_s, duration_s=duration_s)
    length_s = left_s if wanted.length_s is None else min(wanted.length_s, left_s)
    if length_s > most_s + TOLERANCE_S:
        raise Refused(Problem.CUT_TOO_LONG, length_s=length_s, most_s=most_s)
    if length_s < (least_s := min(model.shortest_s for model in models)):
        raise Refused(Problem.CUT_TOO_SHORT, length_s=length_s, least_s=least_s)
    is_whole = not wanted.start_s and length_s > duration_s - TOLERANCE_S
    return None if is_whole else replace(wanted, length_s=length_s)


def firsts(model: Model, duration_s: float) -> list[float]:
    """So many seconds from the start (s) are offered of a motion that is too long for a model."""
    lengths = dict.fromkeys((FIRST_S, model.longest_s))
    return [each for each in lengths if each < duration_s and model.takes(each)]


def prices(duration_s: float, rates: Rates) -> dict[Choice, int]:
    """What each choice costs whose model takes so many seconds of motion."""
    return {
        choice: price(choice, duration_s, rates)
        for choice in rates.choices
        if MODELS[choice.model].takes(duration_s)
    }
