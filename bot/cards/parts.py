"""What every card is made of: its frame, its lines, its colours; and the card of one sentence.

A card is a `discord.ui.LayoutView` (Components V2). It is stopped before it is returned, so that
discord.py does not keep it and the registered dynamic items in `cogs` answer its buttons.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import NamedTuple

from discord import ui

from bot.cards.refusals import sentence
from bot.errors import Problem

BLURPLE, GREEN, RED, AMBER, GREY = 0x5865F2, 0x3BA55D, 0xED4245, 0xFAA61A, 0x80848E


COMMANDS: ContextVar[dict[str, int]] = ContextVar("commands")
"""The ids of this bot's commands by their whole names, as soon as Discord has told them."""

_COMMAND = re.compile(r"`/([a-z-]+(?: [a-z-]+){0,2})`")


class Asked(NamedTuple):
    """What somebody is asked before something is done, and what the button says that does it."""

    text: str
    yes: str


def view(*items: ui.Item[ui.LayoutView], colour: int = BLURPLE) -> ui.LayoutView:
    """A card of these parts."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*items, accent_colour=colour))
    view.stop()
    return view


def plain(*lines: str) -> ui.LayoutView:
    """A card that is a line or two, without a frame."""
    view = ui.LayoutView(timeout=None)
    for line in lines:
        view.add_item(words(line))
    view.stop()
    return view


def words(*lines: str | None) -> ui.TextDisplay[ui.LayoutView]:
    """These lines, without those that are `None`; commands in them can be clicked."""
    return ui.TextDisplay(_COMMAND.sub(_clickable, "\n".join(line for line in lines if line)))


def _clickable(named: re.Match[str]) -> str:
    number = COMMANDS.get({}).get(named[1])
    return f"</{named[1]}:{number}>" if number else named[0]


def say(text: str, colour: int = BLURPLE) -> ui.LayoutView:
    """One sentence on a card."""
    return view(words(text), colour=colour)


def refusal(problem: Problem, facts: Mapping[str, object]) -> ui.LayoutView:
    """Why something was not done, and what to do."""
    return say(sentence(problem, facts), AMBER)
