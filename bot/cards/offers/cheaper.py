"""A refusal, and below it what can be had in the place of what cannot be paid."""

from collections.abc import Iterator

import discord
from discord import ui

from bot.cards import parts
from bot.cards.job import Button, custom_id, rows_of
from bot.cards.languages.speech import tr
from bot.cards.offers.choices import name_of
from bot.cards.parts import AMBER, view, words
from bot.cards.refusals import sentence
from bot.cards.wording import cost_text
from bot.core.models import MODELS, Model
from bot.errors import PaidOtherwise, Problem, Refused


def refusal(refused: Refused) -> ui.LayoutView:
    """Why something was not done, and the ways that can be paid, each with its price."""
    if not isinstance(refused, PaidOtherwise):
        return parts.refusal(refused.problem, refused.facts)
    has_risen = refused.problem is Problem.PRICE_HAS_RISEN and refused.wanted in refused.ways
    others = dict.fromkeys(choice.model for choice in refused.ways)
    others.pop(refused.wanted.model, None)
    known = (_known(MODELS[slug]) for slug in others)
    ask = tr("At the new price?") if has_risen else tr("**You can have it like this:**")
    return view(
        words(sentence(refused.problem, refused.facts)),
        words(ask, *known),
        *rows_of(_buttons(refused)),
        words(tr("-# Nothing is spent until you press one.")),
        colour=AMBER,
    )


def _known(model: Model) -> str:
    return tr("**{model}**: {character}.", model=tr(model.name), character=tr(model.character))


def _buttons(refused: PaidOtherwise) -> Iterator[ui.Button[ui.LayoutView]]:
    among = {refused.wanted: 1, **refused.ways}
    for choice, cost in refused.ways.items():
        asks, most = Button(refused.asks), {"at_most": cost}
        number = refused.first_s
        if asks is Button.MAKE:
            number, most = cost, {}
        yield ui.Button(
            label=f"{name_of(choice, among)} · {cost_text(cost)}",
            style=discord.ButtonStyle.secondary,
            custom_id=custom_id(asks, refused.job_id, choice, number, **most),
        )
