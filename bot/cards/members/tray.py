"""The tray: what somebody has taken from the chat, what is missing, and which file is meant."""

from collections.abc import Sequence

import discord
from babel.numbers import format_decimal
from discord import ui

from bot.cards.languages.speech import mark, spoken, tr
from bot.cards.members.motions import KEEP
from bot.cards.offers.motions import motion_select
from bot.cards.parts import view, words
from bot.cards.refusals import sentence
from bot.cards.wording import clean, seconds_text
from bot.core.library.motions import Motion
from bot.core.uploads import Choices, Tray, Upload
from bot.errors import Refused

EMPTY = "marionette-tray:empty"
CHOOSE = "marionette-tray:choose"
FILL = "marionette-tray:motion"
MAKE_THIS_MOVE, USE_AS_MOTION = mark("Make this move"), mark("Use as motion")
MOST_CHOICES = 25
"""Discord's limit."""

_MEGABYTE = 1_000_000


def tray(
    held: Tray,
    motions: Sequence[Motion],
    refused: Refused | None = None,
    *,
    may_keep: bool = False,
) -> ui.LayoutView:
    """Both places, filled or not; of a full one, why nothing can be made of it here.

    A missing motion may be one of `motions`, as many as Discord takes. Who `may_keep` what is there
    in the server's library has a button for that.
    """
    items: list[ui.Item[ui.LayoutView]] = [words(tr("### Your tray"))]
    items.append(_slot(tr("Picture"), held.subject) or _subject_missing())
    if motion := _slot(tr("Motion"), held.motion):
        items.append(motion)
    else:
        items.append(_motion_missing())
        items.append(ui.ActionRow(motion_select(FILL, motions[:MOST_CHOICES])))
    if refused is not None:
        items.append(words(sentence(refused.problem, refused.facts)))
    if held.files:
        row = ui.ActionRow[ui.LayoutView](ui.Button(label=tr("Empty it"), custom_id=EMPTY))
        if may_keep and held.motion is not None and not held.motion.motion_ref:
            row.add_item(ui.Button(label=tr("Add to library…"), custom_id=KEEP))
        items.append(row)
    items.append(words(tr("-# I keep it for an hour, wherever you go: `/tray` shows it there.")))
    return view(*items)


def which(choices: Choices) -> ui.LayoutView:
    """A message has several files: one is to be chosen."""
    if choices.is_motion:
        asks, choose = tr("### Which one is the motion?"), tr("Choose the motion")
    else:
        asks, choose = tr("### Which one is the picture?"), tr("Choose the picture")
    options = [
        discord.SelectOption(
            label=clean(file.name, 95, "plain") or tr("file"),
            value=str(number),
            description=_kind_text(file, number),
        )
        for number, file in enumerate(choices.files)
    ]
    select: ui.Select[ui.LayoutView] = ui.Select(
        custom_id=f"{CHOOSE}:{choices.message_id}",
        placeholder=choose,
        options=options,
    )
    return view(
        words(asks, tr("That message has several.")),
        ui.ActionRow(select),
    )


def _slot(place: str, file: Upload | None) -> ui.Item[ui.LayoutView] | None:
    """A file, shown where Discord itself has it: what is elsewhere may be something else by now."""
    if file is None:
        return None
    said = words(f"**{place}** · {clean(file.name, 80)}", _from(file))
    if not (file.is_attached and _is_drawn(file)):
        return said
    thumbnail: ui.Thumbnail[ui.LayoutView] = ui.Thumbnail(
        file.url, description=clean(file.name, 200, "plain"), spoiler=file.is_spoiler
    )
    return ui.Section(said, accessory=thumbnail)


def _subject_missing() -> ui.Item[ui.LayoutView]:
    return words(
        tr(
            "Still missing: **a picture** that should move. Right-click or long-press a message, "
            "then **Apps** → **{command}**.",
            command=tr(MAKE_THIS_MOVE),
        )
    )


def _motion_missing() -> ui.Item[ui.LayoutView]:
    return words(
        tr(
            "Still missing: **the motion**. Choose one below, or right-click or long-press a "
            "message with a video or GIF, then **Apps** → **{command}**.",
            command=tr(USE_AS_MOTION),
        )
    )


def _from(file: Upload) -> str | None:
    if file.motion_ref:
        return tr("-# of the library · {length}", length=seconds_text(file.lasts_s))
    if file.origin is None or not file.origin.author_id:
        return None
    return tr("-# from a message of <@{author}>", author=file.origin.author_id)


def _is_drawn(file: Upload) -> bool:
    """Discord draws pictures as thumbnails, but no videos."""
    return file.name.lower().endswith((".png", ".jpg", ".jpeg", ".webp", ".gif"))


def _kind_text(file: Upload, number: int) -> str:
    ending = file.name.rpartition(".")[2].upper()
    is_kind = ending.isalnum() and len(ending) <= 5 and "." in file.name
    parts = [tr("Number {number}", number=number + 1), ending if is_kind else tr("file")]
    if file.size_bytes:
        size = max(0.1, file.size_bytes / _MEGABYTE)
        parts.append(tr("{size} MB", size=format_decimal(size, "0.0", locale=spoken())))
    return " · ".join(parts)
