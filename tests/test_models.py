"""The bot's models beside those that the engine's server stands in for, and the page on them."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from bot.cards.languages.speech import speaking, tr
from bot.cards.offers.choices import model_line
from bot.cards.wording import seconds_text
from bot.core.jobs import Quality, RunInputs
from bot.core.models import MODELS, Model, Rates
from bot.core.people.languages import Language
from bot.settings import Settings
from engine.api.inputs import parse_inputs
from engine.api.models import MODELS as STAND_INS

PAGE = Path(__file__).parent.parent / "docs" / "models.md"


@pytest.mark.parametrize("slug", MODELS)
def test_the_stand_in_takes_what_the_bot_sends_and_knows_it_again(slug: str) -> None:
    model = MODELS[slug]
    for quality in model.qualities:
        inputs = RunInputs(slug, "https://files.example/i", "https://files.example/v", quality)
        taken = parse_inputs(STAND_INS[slug], model.fields(inputs))
        assert (taken.image_url, taken.video_url, taken.quality) == (
            inputs.image_url,
            inputs.video_url,
            quality,
        )
        wish = dataclasses.replace(inputs, prompt="Wave." if model.prompt else "")
        assert parse_inputs(STAND_INS[slug], model.fields(wish)).quality == quality
        assert model.inputs_in(model.fields(wish)) == wish
        assert taken.bounds_s == (model.shortest_s, model.longest_s)
        assert STAND_INS[slug].dollars_per_s[quality] == model.dollars_per_s[quality]
    assert STAND_INS[slug].default_quality == model.usual_quality


def row(model: Model) -> str:
    """A model in the page's first table."""
    qualities: list[Quality] = sorted(model.qualities, key=lambda one: one != model.usual_quality)
    each_s = 60 if model.usual_run_s >= 60 else 10
    cells = (
        f"`{model.slug}`",
        model.name,
        model.character,
        " · ".join(qualities),
        " · ".join(f"{model.usual_rates[quality]:g}" for quality in qualities),
        f"about {seconds_text(round(model.usual_run_s / each_s) * each_s)}",
        f"{model.shortest_s:g} to {model.longest_s:g} s",
    )
    return f"| {' | '.join(cells)} |"


def sent(model: Model) -> str:
    """A model in its second one."""
    fields = (model.subject, model.motion, model.quality, model.prompt)
    names = [f"`{name}`" if name else "–" for name in fields]
    needed = " *" if model.usual_prompt else ""
    always = ", ".join(f"`{name}` {json.dumps(value)}" for name, value in model.always.items())
    return f"| `{model.slug}` | {' | '.join(names)}{needed} | {always or '–'} |"


@pytest.mark.parametrize("slug", MODELS)
def test_the_page_tells_of_each(slug: str) -> None:
    lines = PAGE.read_text().splitlines()
    assert row(MODELS[slug]) in lines
    assert sent(MODELS[slug]) in lines


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("slug", MODELS)
def test_each_is_told_in_a_few_words_where_it_is_chosen(slug: str, language: Language) -> None:
    model = MODELS[slug]
    dear = Rates({slug: {quality: 0.123 + n * 99 for n, quality in enumerate(model.qualities)}})
    with speaking(language):
        for rates in (Rates({slug: model.usual_rates}), dear):
            line = model_line(slug, rates)
            assert line.startswith(tr(model.name))
            assert f": {tr(model.character)} · " in line
            assert re.search("(\\ss|\\smin|/s)$", line), "nothing is cut off in the middle"
            assert len(line) <= 100
        assert re.search("\\s(s|min)$", model_line(slug, Rates({slug: model.usual_rates})))


def test_what_costs_a_credit_costs_about_ten_cents(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that prices that nobody names follow the provider's."""
    monkeypatch.setenv("MODELS", ", ".join(MODELS))
    rates = Settings(_env_file=None).rates()
    for slug, model in MODELS.items():
        assert rates.by_model[slug] == pytest.approx(model.usual_rates)
