"""The cards of motions, whatever these are called."""

import re
from collections.abc import Iterator

import pytest
from discord import ui

from bot.cards.members import motions as cards
from bot.cards.offers.motions import motion_line
from bot.core.library.motions import STARTERS, Motion
from bot.core.models import MODELS, Choice
from bot.core.people.languages import Language
from tests.bot.cards.test_cards import said_in, text_of

NAME = "@everyone `x` **b** [a](http://e)<@1>||x"
MOTION = Motion("m" * 20, 5, NAME, 29.96, 9, 7, 1_795_000_000.0)
PRICES = {
    Choice(slug, quality): 10 + number
    for number, slug in enumerate(MODELS)
    for quality in MODELS[slug].qualities
}
LOOPS = {MOTION.id: b""}


def all_cards() -> Iterator[tuple[str, ui.LayoutView]]:
    many = [(MOTION, PRICES)] * cards.PER_PAGE
    for loops in (LOOPS, {}):
        yield "page", cards.page(many, 3, 9, loops=loops, may_add=True)
        yield "last page", cards.page(many[:1], 0, 1, loops=loops, may_add=False)
        yield "motion", cards.motion_card(MOTION, PRICES, loops)
        yield "unaffordable", cards.motion_card(MOTION, {}, loops)
        yield "added", cards.added(MOTION, PRICES, loops)
    yield "removed", cards.removed(MOTION)
    yield "renamed", cards.renamed(MOTION, NAME)


@pytest.mark.parametrize("language", Language)
async def test_discord_would_take_every_card_and_none_pings_anybody(language: Language) -> None:
    for name, card in said_in(language, all_cards()):
        assert card.is_finished(), f"discord.py would keep: {name}"
        assert card.total_children_count <= 40, name
        assert card.content_length() <= 4000, name
        text = re.sub("`[^`]*`", "", text_of(card))  # between backticks nothing is drawn
        assert not [each for each in ("@everyone", "<@1>", "](") if each in text], name
        for item in card.walk_children():
            if isinstance(item, ui.Button):
                assert len(item.custom_id or "") <= 100, name
                assert 1 <= len(item.label or "") <= 80, name
            if isinstance(item, ui.Select):
                assert all(len(option.label) <= 100 for option in item.options), name


def test_what_moves_is_described_for_who_cannot_see_it() -> None:
    card = cards.motion_card(MOTION, PRICES, LOOPS)
    [gallery] = [item for item in card.walk_children() if isinstance(item, ui.MediaGallery)]
    assert (gallery.items[0].description or "").startswith("A small moving picture")


def test_a_choice_tells_the_length() -> None:
    assert motion_line(STARTERS["bow"]) == "Bow · 4.8 s"
    assert len(motion_line(MOTION)) <= 100


def test_the_list_tells_of_the_prices_that_the_motions_card_shows() -> None:
    pixverse = {Choice("pixverse-mimic", "540p"): 4, Choice("pixverse-mimic", "720p"): 5}
    dear = {Choice("wan-animate", "480p"): 8, Choice("p-video-animate", "720p"): 2}
    for prices, told in (
        (pixverse | dear | {Choice("draft", "360p"): 0}, "Draft free, videos 2 to 5 credits"),
        (pixverse, "Videos 4 to 5 credits"),
        ({Choice("draft", "360p"): 0}, "Draft free"),
        ({}, "No model that is offered here takes a motion of this length."),
    ):
        card = cards.page([(MOTION, prices)], 0, 1, loops={}, may_add=False)
        assert f"-# {told}" in text_of(card)
        assert "8 credits" not in text_of(cards.motion_card(MOTION, prices, {}))
