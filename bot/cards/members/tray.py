"""The tray: what somebody has taken from the chat, what is missing, and which file is meant."""

import discord
from discord import ui

from bot.cards.members.motions import KEEP
from bot.cards.parts import view, words
from bot.cards.refusals import sentence
from bot.cards.wording import clean
from bot.core.uploads import Choices, Tray, Upload
from bot.errors import Refused

EMPTY = "marionette-tray:empty"
CHOOSE = "marionette-tray:choose"
MAKE_THIS_MOVE, USE_AS_MOTION = "Make this move", "Use as motion"
MOST_CHOICES = 25
"""Discord's limit."""

_HOW = "Right-click or long-press a message, then **Apps** → **{command}**."
_MEGABYTE = 1_000_000


def tray(held: Tray, refused: Refused | None = None, *, may_keep: bool = False) -> ui.LayoutView:
    """Both places, filled or not; of a full one, why nothing can be made of it here.

    Who `may_keep` its motion in the server's library has a button for that.
    """
    items: list[ui.Item[ui.LayoutView]] = [words("### Your tray")]
    items.append(
        _slot("Picture", held.subject) or _missing("a picture", "that should move", MAKE_THIS_MOVE)
    )
    items.append(
        _slot("Motion", held.motion)
        or _missing("a video or GIF", "whose moves it should follow", USE_AS_MOTION)
    )
    if refused is not None:
        items.append(words(sentence(refused.problem, refused.facts)))
    if held.files:
        row = ui.ActionRow[ui.LayoutView](ui.Button(label="Empty it", custom_id=EMPTY))
        if may_keep and held.motion is not None:
            row.add_item(ui.Button(label="Add to library…", custom_id=KEEP))
        items.append(row)
    items.append(words("-# I keep it for an hour, wherever you go: `/tray` shows it there."))
    return view(*items)


def which(choices: Choices) -> ui.LayoutView:
    """A message has several files: one is to be chosen."""
    wanted = "motion" if choices.is_motion else "picture"
    options = [
        discord.SelectOption(
            label=clean(file.name, 95, "plain") or "file",
            value=str(number),
            description=_kind_text(file, number),
        )
        for number, file in enumerate(choices.files)
    ]
    select: ui.Select[ui.LayoutView] = ui.Select(
        custom_id=f"{CHOOSE}:{choices.message_id}",
        placeholder=f"Choose the {wanted}",
        options=options,
    )
    return view(
        words(f"### Which one is the {wanted}?", "That message has several."),
        ui.ActionRow(select),
    )


def _slot(place: str, file: Upload | None) -> ui.Item[ui.LayoutView] | None:
    """A file, shown where Discord itself has it: what is elsewhere may be something else by now."""
    if file is None:
        return None
    said = words(f"**{place}** · {clean(file.name, 80)}", _from(file))
    if file.is_link or not _is_drawn(file):
        return said
    thumbnail: ui.Thumbnail[ui.LayoutView] = ui.Thumbnail(
        file.url, description=clean(file.name, 200, "plain"), spoiler=file.is_spoiler
    )
    return ui.Section(said, accessory=thumbnail)


def _missing(what: str, for_what: str, command: str) -> ui.Item[ui.LayoutView]:
    return words(f"Still missing: **{what}** {for_what}. {_HOW.format(command=command)}")


def _from(file: Upload) -> str | None:
    if file.origin is None or not file.origin.author_id:
        return None
    return f"-# from a message of <@{file.origin.author_id}>"


def _is_drawn(file: Upload) -> bool:
    """Discord draws pictures as thumbnails, but no videos."""
    return file.name.lower().endswith((".png", ".jpg", ".jpeg", ".webp", ".gif"))


def _kind_text(file: Upload, number: int) -> str:
    ending = file.name.rpartition(".")[2].upper()
    kind = ending if ending.isalnum() and len(ending) <= 5 and "." in file.name else "file"
    size = f" · {max(0.1, file.size_bytes / _MEGABYTE):.1f} MB" if file.size_bytes else ""
    return f"Number {number + 1} · {kind}{size}"
