"""Every sentence says why something was not done, and what to do; strangers' facts are harmless."""

import re
from collections.abc import Iterator

import pytest

from bot.cards.refusals import SENTENCES, sentence
from bot.cards.sentences.variants import Variants
from bot.errors import Problem
from tests.bot.cards.facts import FACTS, HOSTILE, OF_THE_PROVIDER


def test_every_problem_has_a_sentence_that_ends() -> None:
    assert set(SENTENCES) == set(Problem)
    for problem in Problem:
        for facts in _each_variant(problem):
            text = sentence(problem, facts)
            assert text
            assert text.endswith((".", "…")), text
            assert "{" not in text


def _each_variant(problem: Problem) -> Iterator[dict[str, object]]:
    facts: dict[str, object] = {**FACTS.get(problem, {})}
    yield facts
    if isinstance(said := SENTENCES[problem], Variants):
        yield from ({**facts, said.of: value} for value in said.said)


@pytest.mark.parametrize(
    "variants", [said for said in SENTENCES.values() if isinstance(said, Variants)]
)
def test_each_variant_of_a_sentence_is_another_one(variants: Variants) -> None:
    said = [variants.chosen({variants.of: value}) for value in (*variants.said, "otherwise")]
    assert len(set(said)) == len(said) == len(variants.said) + 1


@pytest.mark.parametrize("problem", [p for p in Problem if HOSTILE in FACTS.get(p, {}).values()])
def test_what_strangers_write_is_harmless(problem: Problem) -> None:
    text = sentence(problem, FACTS[problem])
    assert "@everyone" not in text
    assert "<@1>" not in text
    assert "](" not in re.sub("`[^`]*`", "", text), "between backticks nothing is a link"
    assert "\u202e" not in text
    assert "\n" not in text
    assert len(text) < 700


def test_no_link_that_a_stranger_has_chosen() -> None:
    assert "://" not in sentence(Problem.BLOCKED_FOR_GOOD, {"reason": "see https://evil.example/x"})


def test_each_class_of_failure_has_a_sentence_of_its_own() -> None:
    assert len({sentence(problem, {}) for problem in OF_THE_PROVIDER}) == len(OF_THE_PROVIDER)


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (Problem.IMAGE_TOO_MANY_PIXELS, "12000 × 9000 pixels, 108 million"),
        (Problem.IMAGE_TOO_MANY_PIXELS, "it may have 50 million"),
        (Problem.VIDEO_TOO_MANY_PIXELS, "10001 × 5000 pixels, 50.1 million"),
        (Problem.VIDEO_TOO_MANY_PIXELS, "it may have 50 million"),
        (Problem.IMAGE_TOO_LARGE, "21 MB and may have 20 MB"),
        (Problem.VIDEO_TOO_LONG, "31 seconds long and may be 30"),
        (Problem.NOTHING_LEFT, "Your allowance, 30 credits, renews"),
        (Problem.BUDGET_SPENT, "budget for everybody, 500 credits, is spent"),
        (Problem.SERVER_BUDGET_SPENT, "budget for videos, 40 credits, is spent"),
    ],
)
def test_a_limit_is_named_where_it_is_broken(problem: Problem, told: str) -> None:
    assert told in sentence(problem, FACTS[problem])


@pytest.mark.parametrize(("server_id", "giver"), [(7, "A moderator"), (0, "My operator")])
def test_only_who_gives_credits_there_is_named(server_id: int, giver: str) -> None:
    facts = FACTS[Problem.NO_CREDITS] | {"server_id": server_id}
    some = sentence(Problem.NO_CREDITS, facts)
    assert some.endswith(f":R>. A shorter video costs less. {giver} can give you more.")
    none = sentence(Problem.NO_CREDITS, {**facts, "left": 0})
    assert none.startswith("This costs 5 credits and you have none. Your allowance renews")
    assert none.endswith(f":R>. {giver} can give you more."), "nothing costs less than that"


@pytest.mark.parametrize(
    "problem", [Problem.NOTHING_LEFT, Problem.BUDGET_SPENT, Problem.SERVER_BUDGET_SPENT]
)
def test_what_was_kept_before_limits_were_is_told_without_them(problem: Problem) -> None:
    assert "{" not in sentence(problem, {"renews_at": 2e9})


def test_names_and_reasons_keep_their_letters() -> None:
    assert "`IMG_1234.HEIC`" in sentence(Problem.NOT_AN_IMAGE, {"name": "IMG_1234.HEIC"})
    assert "`****.png`" in sentence(Problem.NEITHER, {"name": "****.png"})
    assert "`–`" in sentence(Problem.NEITHER, {"name": "\u200b"})
    told = sentence(Problem.BLOCKED_FOR_GOOD, {"reason": "image_url: 404"})
    assert told.endswith(r"image\_url: 404.")
