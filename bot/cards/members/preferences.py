"""The card of `/preferences`: what somebody has chosen for themselves, each with how to change it.

Its `custom_id`s say what is to hold after a press, so that an old card, and a second press, do no
harm; whose card it is needs not be said, since everybody changes their own.
"""

from enum import StrEnum

import discord
from discord import ui

from bot.cards.offers.choices import MOST_CHOICE_CHARS, Prices, usual
from bot.cards.parts import view, words
from bot.cards.wording import cost_text, credits_text
from bot.core.accounts import Preferences
from bot.core.models import MODELS, Choice

PREFERENCE = r"marionette:preference:(?P<what>direct|private|ask|choice)(?::(?P<wanted>on|off))?"
"""The pattern of its `custom_id`s; `ask` opens a form, `choice` is the select."""

USUAL = "usual"
"""The choice of whoever leaves it to the bot."""

MOST_CHOICES = 24


class What(StrEnum):
    """What of it is changed."""

    DIRECT = "direct"
    PRIVATE = "private"
    ASK = "ask"
    CHOICE = "choice"


def preferences(has: Preferences, prices: Prices) -> ui.LayoutView:
    """All of it; `prices` are of whatever is offered, for ten seconds of motion."""
    above = f" {credits_text(has.ask_above)}" if has.ask_above is not None else "…"
    return view(
        words(
            "### Your preferences",
            "They go with you wherever you ask me for a video. A server's rules come first.",
        ),
        words("**When you choose nothing**", _gone(has, prices)),
        ui.ActionRow(_choices(has, prices)),
        words("**Switches**: press one to turn it on or off"),
        ui.ActionRow(
            _toggle(
                "Tell me in a direct message when it is ready", What.DIRECT, has.notify_directly
            )
        ),
        ui.ActionRow(
            _toggle("Keep others from using my pictures and videos", What.PRIVATE, has.keep_private)
        ),
        ui.ActionRow(
            _switch(f"Ask me first above{above}", What.ASK.value, has.ask_above is not None)
        ),
        words(_small_print(has)),
    )


def _small_print(has: Preferences) -> str:
    if has.notify_directly:
        return "-# The direct message has a link to your video, and the post mentions nobody."
    return "-# For now, the post of your video mentions you."


def _toggle(label: str, what: What, is_on: bool) -> ui.Button[ui.LayoutView]:
    return _switch(label, f"{what.value}:{'off' if is_on else 'on'}", is_on)


def _switch(label: str, ends: str, is_on: bool) -> ui.Button[ui.LayoutView]:
    return ui.Button(
        label=f"{'✓' if is_on else '○'} {label}",
        style=discord.ButtonStyle.success if is_on else discord.ButtonStyle.secondary,
        custom_id=f"marionette:preference:{ends}",
    )


def _choices(has: Preferences, prices: Prices) -> ui.Select[ui.LayoutView]:
    """What is offered at all; a server may open less."""
    nothing = discord.SelectOption(
        label="The usual",
        value=USUAL,
        description=f"Now {_name(usual(prices), prices)}",
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
        placeholder="Choose anew",
        options=[nothing, *options],
    )


def value_of(choice: Choice) -> str:
    """A choice as the select sends it."""
    return f"{choice.quality}:{choice.model}"


def _about(choice: Choice, cost: int) -> str:
    return f"{cost_text(cost)} for ten seconds · {MODELS[choice.model].character}"[
        :MOST_CHOICE_CHARS
    ]


def _name(choice: Choice, prices: Prices) -> str:
    model = MODELS[choice.model]
    if model.is_free:
        return model.name
    is_only = len({one.model for one in prices}) == 1
    return choice.quality if is_only else f"{model.name} {choice.quality}"


def _gone(has: Preferences, prices: Prices) -> str | None:
    if has.choice is None or has.choice in prices:
        return None
    model, quality = has.choice
    name = MODELS[model].name if model in MODELS else model
    return f"{name} {quality}, which you chose, is not offered any more: I make the usual."
