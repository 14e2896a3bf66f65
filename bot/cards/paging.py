"""Cards that are read page by page: everything that a page is lives in its buttons' `custom_id`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import discord
from discord import ui

from bot.cards.languages.speech import tr


class PagedList(StrEnum):
    """What has pages."""

    PAST = "past"
    JOBS = "jobs"


class Turn(StrEnum):
    """What a control of a page does."""

    BACK = "back"
    HERE = "here"
    NEXT = "next"
    PICK = "pick"
    CSV = "csv"


ID_PATTERN = (
    rf"marionette-(?P<book>{'|'.join(PagedList)}):(?P<turn>{'|'.join(Turn)})"
    r":(?P<server>\d{1,20}):(?P<actor>\d{1,20}):(?P<person>\d{1,20})"
    r":(?P<filter>[a-z]{1,9}):(?P<number>\d{1,5})"
)
LAST_NUMBER = 99_999
LARGEST_ID = 2**63 - 1
"""Discord's are not half as large, and the database takes no larger ones."""


@dataclass(frozen=True, slots=True)
class PageRef:
    """One page: whose it is to turn, what it shows (`person_id` 0: everybody), which from 0."""

    list_kind: PagedList
    server_id: int
    actor_id: int
    person_id: int
    filter: str
    number: int = 0

    @classmethod
    def of(cls, match: re.Match[str]) -> Self:
        """The page that a `custom_id` leads to."""
        return cls(
            PagedList(match["book"]),
            int(match["server"]),
            int(match["actor"]),
            min(int(match["person"]), LARGEST_ID),
            match["filter"],
            int(match["number"]),
        )

    def custom_id(self, turn: Turn) -> str:
        """The id of a control that leads to this page; at most 100 characters."""
        whose = f"{self.server_id}:{self.actor_id}:{self.person_id}"
        return f"marionette-{self.list_kind}:{turn}:{whose}:{self.filter}:{self.number}"


def controls(
    page_ref: PageRef, filters: Mapping[str, str], *, has_next: bool, with_csv: bool = False
) -> list[ui.Item[ui.LayoutView]]:
    """The select of what is shown (`filters` are labels by name), and the buttons to turn."""
    options = [
        discord.SelectOption(label=label, value=name, default=name == page_ref.filter)
        for name, label in filters.items()
    ]
    select: ui.Select[ui.LayoutView] = ui.Select(
        custom_id=page_ref.custom_id(Turn.PICK), options=options, placeholder=tr("What to show")
    )
    back = replace(page_ref, number=max(0, page_ref.number - 1))
    following = replace(page_ref, number=min(LAST_NUMBER, page_ref.number + 1))
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow(
        _button("‹", back, Turn.BACK, disabled=page_ref.number == 0),
        _button("›", following, Turn.NEXT, disabled=not has_next),
        _button(tr("Refresh"), page_ref, Turn.HERE),
    )
    if with_csv:
        row.add_item(_button(tr("As CSV"), page_ref, Turn.CSV))
    return [ui.ActionRow(select), row]


def _button(
    label: str, page_ref: PageRef, turn: Turn, *, disabled: bool = False
) -> ui.Button[ui.LayoutView]:
    return ui.Button(label=label, custom_id=page_ref.custom_id(turn), disabled=disabled)
