"""The motions that can be chosen by name: page by page, and each with its loop and its prices."""

from collections.abc import Collection, Mapping, Sequence
from io import BytesIO

import discord
from discord import ui

from bot.cards.offers.choices import name_of, paid, shown
from bot.cards.offers.motions import GIVE
from bot.cards.parts import GREEN, Asked, view, words
from bot.cards.wording import clean, cost_text, credits_text, seconds_text
from bot.core.library.motions import STARTER, Motion
from bot.core.models import Choice

PER_PAGE = 6
BACK, NEXT, PICK, USE, TAKE = "back", "next", "pick", "use", "take"
PATTERN = (
    rf"marionette-motions:(?P<what>{BACK}|{NEXT}|{PICK}|{USE}|{TAKE}|{GIVE}):"
    r"(?P<which>[a-z0-9]{1,20})"
)
"""What is pressed: the number of a page, or the id of a motion or of an offer, follows."""

KEEP = "marionette-library:keep"
"""Adds what is taken from the chat as motion."""

NO_MODEL = "No model that is offered here takes a motion of this length."

Prices = Mapping[Choice, int]
Loops = Mapping[str, bytes]
"""Small moving pictures (WebP), by the ids of their motions."""


def pages(count: int) -> int:
    """How many pages so many motions fill."""
    return max(1, -(-count // PER_PAGE))


def files_of(loops: Loops) -> list[discord.File]:
    """The loops that a card shows, to be attached."""
    return [
        discord.File(BytesIO(content), f"{motion_id}.webp") for motion_id, content in loops.items()
    ]


def _loop_url(motion: Motion) -> str:
    return f"attachment://{motion.id}.webp"


def page(
    motions: Sequence[tuple[Motion, Prices]],
    number: int,
    of: int,
    *,
    loops: Loops,
    may_add: bool,
) -> ui.LayoutView:
    """One page of all that can be chosen here."""
    count = f" · page {number + 1} of {of}" if of > 1 else ""
    items: list[ui.Item[ui.LayoutView]] = [
        words(
            f"### Motions{count}",
            "Pick one below, or name it in `/mimic` as `motion`.",
        )
    ]
    for motion, prices in motions:
        told = (
            words(f"**{clean(motion.name)}** · {seconds_text(motion.length_s)}", _from(motion)),
            words(f"-# {_costs(prices)}"),
        )
        items += _beside_loop(motion, loops, *told)
    options = [
        discord.SelectOption(
            label=clean(motion.name, 100, "plain"),
            value=motion.id,
            description=seconds_text(motion.length_s),
        )
        for motion, _ in motions
    ]
    select: ui.Select[ui.LayoutView] = ui.Select(
        custom_id=f"marionette-motions:{PICK}:{number}",
        options=options,
        placeholder="Choose a motion…",
    )
    items.append(ui.ActionRow(select))
    if of > 1:
        back, following = f"{BACK}:{max(0, number - 1)}", f"{NEXT}:{number + 1}"
        items.append(
            ui.ActionRow(
                _turn("‹", back, disabled=number == 0),
                _turn("›", following, disabled=number + 1 >= of),
            )
        )
    if may_add:
        items.append(words("-# You can add more with `/library add`."))
    return view(*items)


def _turn(label: str, to: str, *, disabled: bool) -> ui.Button[ui.LayoutView]:
    return ui.Button(label=label, custom_id=f"marionette-motions:{to}", disabled=disabled)


def _beside_loop(
    motion: Motion, loops: Loops, *told: ui.TextDisplay[ui.LayoutView]
) -> list[ui.Item[ui.LayoutView]]:
    if motion.id not in loops:
        return [*told]
    loop = ui.Thumbnail[ui.LayoutView](_loop_url(motion), description=_alt(motion))
    return [ui.Section(*told, accessory=loop)]


def motion_card(
    motion: Motion, prices: Prices, loops: Loops, *, picture_waits: bool = False
) -> ui.LayoutView:
    """One motion: its loop, what it costs, and how it is used; perhaps with the tray's picture."""
    name = clean(motion.name)
    costs = [
        f"{name_of(choice, prices)}: **{cost_text(prices[choice])}**" for choice in shown(prices)
    ]
    use: ui.Button[ui.LayoutView] = ui.Button(
        label="Use with my picture…",
        style=discord.ButtonStyle.primary,
        custom_id=f"marionette-motions:{USE}:{motion.id}",
        disabled=not prices,
    )
    row = ui.ActionRow[ui.LayoutView](use)
    if picture_waits:
        take_id = f"marionette-motions:{TAKE}:{motion.id}"
        row.add_item(ui.Button(label="Use the picture in my tray", custom_id=take_id))
    row.add_item(_turn("‹ All motions", f"{BACK}:0", disabled=False))
    items: list[ui.Item[ui.LayoutView]] = [
        words(f"### {name}", f"{seconds_text(motion.length_s)}{_by(motion)}")
    ]
    if motion.id in loops:
        loop = discord.MediaGalleryItem(_loop_url(motion), description=_alt(motion))
        items.append(ui.MediaGallery(loop))
    return view(
        *items,
        words(" · ".join(costs) or NO_MODEL),
        row,
        words(f"-# Or: `/mimic`, with your picture as `image` and `{_typed(motion)}` as `motion`."),
    )


def added(motion: Motion, prices: Prices, loops: Loops) -> ui.LayoutView:
    """It is in the library from now on."""
    return view(
        *_beside_loop(
            motion,
            loops,
            words(
                f"### {clean(motion.name)} is in the library",
                f"{seconds_text(motion.length_s)} · {_costs(prices)}",
            ),
            words("-# Everybody here can use it: `/mimic` with `motion`, or `/motions list`."),
        ),
        colour=GREEN,
    )


def removed(motion: Motion) -> ui.LayoutView:
    """It can be chosen no more."""
    return view(
        words(
            f"**{clean(motion.name)}** is no longer in the library.",
            "-# Videos that are being made of it go on.",
        )
    )


def asks_remove(motion: Motion) -> Asked:
    """What will happen."""
    name = clean(motion.name)
    return Asked(
        f"Remove **{name}** ({seconds_text(motion.length_s)}) from this server's motions? Videos "
        "that are being made of it go on. Nobody can bring it back.",
        "Remove it",
    )


def renamed(before: Motion, name: str) -> ui.LayoutView:
    """It is called otherwise."""
    return view(words(f"**{clean(before.name)}** is called **{clean(name)}** from now on."))


def _from(motion: Motion) -> str | None:
    return None if motion.server_id == STARTER else f"-# added by <@{motion.added_by}>"


def _costs(prices: Prices) -> str:
    """Of what its own card shows, from the least to the most, in a few words."""
    costs = {choice: prices[choice] for choice in shown(prices)}
    videos = [*paid(costs).values()]
    draft = "draft free" if len(videos) < len(costs) else ""
    told = ", ".join(filter(None, (draft, f"videos {_from_to(videos)}" if videos else "")))
    return f"{told[0].upper()}{told[1:]}" if told else NO_MODEL


def _from_to(costs: Collection[int]) -> str:
    least, most = min(costs), max(costs)
    return credits_text(most) if least == most else f"{least} to {credits_text(most)}"


def _by(motion: Motion) -> str:
    if motion.server_id == STARTER:
        return " · comes with the bot"
    return f" · added by <@{motion.added_by}> <t:{motion.added_at:.0f}:R>"


def _typed(motion: Motion) -> str:
    return clean(motion.name, 80, "code")


def _alt(motion: Motion) -> str:
    return f"A small moving picture of the motion {clean(motion.name, 60, 'plain')}"
