"""The card of `/preferences`: what somebody has chosen for themselves, each with how to change it.

Its `custom_id`s say what is to hold after a press, so that an old card, and a second press, do no
harm; whose card it is needs not be said, since everybody changes their own.
"""

from enum import StrEnum

import discord
from discord import ui

from bot.cards.languages.speech import OWN_NAMES, tr
from bot.cards.offers.choices import MOST_CHOICE_CHARS, Prices, usual
from bot.cards.parts import view, words
from bot.cards.wording import cost_text, credits_text, model_text
from bot.core.accounts import Preferences
from bot.core.models import MODELS, Choice
from bot.core.people.languages import Language

PREFERENCE = (
    r"marionette:preference:(?P<what>direct|private|ask|choice|language)(?::(?P<wanted>on|off))?"
)
"""The pattern of its `custom_id`s; `ask` opens a form, `choice` and `language` are the selects."""

USUAL, AS_DISCORD = "usual", "discord"
"""The choices of whoever leaves it to the bot, and a language to their Discord."""

MOST_CHOICES = 24


class What(StrEnum):
    """What of it is changed."""

    DIRECT = "direct"
    PRIVATE = "private"
    ASK = "ask"
    CHOICE = "choice"
    LANGUAGE = "language"


def preferences(has: Preferences, prices: Prices) -> ui.LayoutView:
    """All of it; `prices` are of whatever is offered, for ten seconds of motion."""
    return view(
        words(
            tr("### Your preferences"),
            tr("They go with you wherever you ask me for a video. A server's rules come first."),
        ),
        words(tr("**When you choose nothing**"), _gone(has, prices)),
        ui.ActionRow(_choices(has, prices)),
        words(tr("**Language**: what only you see, and direct messages")),
        ui.ActionRow(_languages(has)),
        words(tr("**Switches**: press one to turn it on or off")),
        ui.ActionRow(
            _toggle(
                tr("Tell me in a direct message when it is ready"),
                What.DIRECT,
                is_on=has.notify_directly,
            )
        ),
        ui.ActionRow(
            _toggle(
                tr("Keep others from using my pictures and videos"),
                What.PRIVATE,
                is_on=has.keep_private,
            )
        ),
        ui.ActionRow(
            _switch(_ask_above(has.ask_above), What.ASK.value, is_on=has.ask_above is not None)
        ),
        words(_small_print(has)),
    )


def _ask_above(credits: int | None) -> str:
    if credits is None:
        return tr("Ask me first above…")
    return tr("Ask me first above {credits}", credits=credits_text(credits))


def _small_print(has: Preferences) -> str:
    if has.notify_directly:
        return tr("-# The direct message has a link to your video, and the post mentions nobody.")
    return tr("-# For now, the post of your video mentions you.")


def _toggle(label: str, what: What, *, is_on: bool) -> ui.Button[ui.LayoutView]:
    return _switch(label, f"{what.value}:{'off' if is_on else 'on'}", is_on=is_on)


def _switch(label: str, ends: str, *, is_on: bool) -> ui.Button[ui.LayoutView]:
    return ui.Button(
        label=f"{'✓' if is_on else '○'} {label}",
        style=discord.ButtonStyle.success if is_on else discord.ButtonStyle.secondary,
        custom_id=f"marionette:preference:{ends}",
    )


def _choices(has: Preferences, prices: Prices) -> ui.Select[ui.LayoutView]:
    """What is offered at all; a server may open less."""
    nothing = discord.SelectOption(
        label=tr("The usual"),
        value=USUAL,
        description=tr("Now {choice}", choice=_name(usual(prices), prices)),
        default=has.choice is None,
    )
    options = [
        discord.SelectOption(
            label=_name(choice, prices),
            value=value_of(choice),
            description=_about(choice, cost),
            default=choice == has.choice,
        )
        for choice, cost in list(prices.items())[:MOST_CHOICES]
    ]
    return ui.Select(
        custom_id="marionette:preference:choice",
        placeholder=tr("Choose anew"),
        options=[nothing, *options],
    )


def _languages(has: Preferences) -> ui.Select[ui.LayoutView]:
    """Each called as whoever speaks it calls it."""
    discords = discord.SelectOption(
        label=tr("As my Discord"), value=AS_DISCORD, default=has.language is None
    )
    options = [
        discord.SelectOption(
            label=OWN_NAMES[language], value=language.value, default=language is has.language
        )
        for language in Language
    ]
    return ui.Select(
        custom_id="marionette:preference:language",
        placeholder=tr("Choose anew"),
        options=[discords, *options],
    )


def value_of(choice: Choice) -> str:
    """A choice as the select sends it."""
    return f"{choice.quality}:{choice.model}"


def _about(choice: Choice, cost: int) -> str:
    character = tr(MODELS[choice.model].character)
    told = tr("{cost} for ten seconds", cost=cost_text(cost)), character
    return " · ".join(told)[:MOST_CHOICE_CHARS]


def _name(choice: Choice, prices: Prices) -> str:
    if MODELS[choice.model].is_free:
        return model_text(choice.model)
    is_only = len({one.model for one in prices}) == 1
    return choice.quality if is_only else f"{model_text(choice.model)} {choice.quality}"


def _gone(has: Preferences, prices: Prices) -> str | None:
    if has.choice is None or has.choice in prices:
        return None
    model, quality = has.choice
    return tr(
        "{choice}, which you chose, is not offered any more: I make the usual.",
        choice=f"{model_text(model)} {quality}",
    )
