"""What a model is sent, and what a video costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.refusals import sentence
from bot.core.jobs import Quality, RunInputs
from bot.core.models import MODELS, Choice, Model, Rates, instead_of, price, prices
from bot.errors import Refused

USUAL: dict[Quality, float] = {"360p": 0.9, "540p": 1.0, "720p": 1.2}
RATES = Rates({"pixverse-mimic": USUAL})


def test_the_usual_model_is_sent_its_three_fields() -> None:
    inputs = RunInputs("pixverse-mimic", "https://i/1", "https://v/1", "360p")
    sent = {"video_url": "https://v/1", "image_url": "https://i/1", "quality": "360p"}
    assert MODELS["pixverse-mimic"].fields(inputs) == sent


@given(
    *(st.builds(str, st.uuids()) for _ in range(2)),
    st.sampled_from([(one.slug, made) for one in MODELS.values() for made in one.qualities]),
)
def test_what_was_sent_tells_what_it_was_of(
    image_url: str, video_url: str, choice: tuple[str, Quality]
) -> None:
    slug, quality = choice
    inputs = RunInputs(slug, image_url, video_url, quality)
    assert MODELS[slug].inputs_in(MODELS[slug].fields(inputs)) == inputs


def test_a_run_may_name_no_quality_or_be_of_something_else() -> None:
    plain = Model("plain", "Plain", "any", "reference", "dance", "720p", {"720p": 0.1}, 60.0)
    inputs = RunInputs("plain", "https://i/1", "https://v/1", "720p")
    assert plain.fields(inputs) == {"reference": "https://i/1", "dance": "https://v/1"}
    assert plain.inputs_in(plain.fields(inputs)) == inputs
    assert plain.inputs_in({"reference": 7}) == RunInputs("plain", "", "", "720p")


PAYABLE = {
    Choice("pixverse-mimic", "540p"): 10,
    Choice("pixverse-mimic", "360p"): 9,
    Choice("p-video-animate", "1080p"): 6,
    Choice("p-video-animate", "720p"): 3,
    Choice("draft", "360p"): 0,
}


@pytest.mark.parametrize(
    ("wanted", "prompt", "ways"),
    [
        (Choice("pixverse-mimic", "720p"), "", [3, 9, 0]),
        (Choice("p-video-animate", "1080p"), "", [3, 6, 0]),
        (Choice("p-video-animate", "1080p"), "Dance!", [3, 6, 0]),
        (Choice("scail", "720p"), "", [3, 9, 0]),
        (Choice("scail", "720p"), "Dance!", [3, 0]),
    ],
)
def test_instead_there_is_the_cheapest_of_each_and_more_of_the_same(
    wanted: Choice, prompt: str, ways: list[int]
) -> None:
    assert list(instead_of(wanted, PAYABLE, prompt).values()) == ways
    without = {choice: cost for choice, cost in PAYABLE.items() if cost}
    if wanted.model == "pixverse-mimic":
        assert list(instead_of(wanted, without, prompt).values()) == [3, 9, 10]


@pytest.mark.parametrize(
    ("quality", "duration_s", "credits"),
    [
        ("540p", 10.0, 10),
        ("540p", 10.01, 11),
        ("360p", 10.0, 9),
        ("720p", 10.0, 12),
        ("720p", 5.0, 6),
        ("360p", 30.0, 27),
        ("540p", 0.04, 1),
        ("540p", 0.0, 1),
    ],
)
def test_prices(quality: Quality, duration_s: float, credits: int) -> None:
    assert price(usual(quality), duration_s, RATES) == credits


@given(st.floats(0, 30))
def test_a_better_quality_never_costs_less(duration_s: float) -> None:
    costs = prices(duration_s, RATES)
    assert costs[usual("360p")] <= costs[usual("540p")] <= costs[usual("720p")]


@given(st.integers(1, 300), st.sampled_from(sorted(USUAL)))
def test_float_dust_costs_nothing(tenths: int, quality: Quality) -> None:
    exact = -(-tenths * round(USUAL[quality] * 10) // 100)
    assert price(usual(quality), tenths / 10, RATES) == max(1, exact)


def test_the_first_that_is_offered_and_its_own_quality_are_the_usual_ones() -> None:
    both = Rates({"p-video-animate": {"1080p": 0.6}, "pixverse-mimic": USUAL})
    assert both.choice() == ("p-video-animate", "1080p")
    assert both.choice("pixverse-mimic") == ("pixverse-mimic", "540p")
    assert both.choice("pixverse-mimic", "720p") == ("pixverse-mimic", "720p")


@pytest.mark.parametrize(
    ("model", "quality", "said"),
    [
        ("pixverse-mimic", "1080p", "PixVerse Mimic does not make 1080p: choose 360p or 540p"),
        ("scail", None, "SCAIL is not offered: choose PixVerse Mimic."),
        ("nobody", "540p", "nobody is not offered: choose PixVerse Mimic."),
    ],
)
def test_what_is_not_offered_is_named_with_what_is(
    model: str, quality: str | None, said: str
) -> None:
    with pytest.raises(Refused) as refused:
        RATES.choice(model, quality)
    assert sentence(refused.value.problem, refused.value.facts).startswith(said)


def test_a_prompt_has_an_end_and_blanks_on_its_way_change_nothing() -> None:
    scail = MODELS["scail"]
    with pytest.raises(Refused):
        scail.told("a" * 501)
    inputs = RunInputs("scail", "https://i/1", "https://v/1", "480p", scail.told(" Wave \n now. "))
    sent = scail.fields(inputs)
    assert scail.inputs_in(sent | {"prompt": f" {sent['prompt']}\n"}) == inputs
    usual_one = scail.fields(RunInputs("scail", "https://i/1", "https://v/1", "480p"))
    assert scail.inputs_in(usual_one | {"prompt": f"{usual_one['prompt']} "}).prompt == ""


def usual(quality: Quality) -> Choice:
    return Choice("pixverse-mimic", quality)
