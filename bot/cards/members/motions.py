"""The motions that can be chosen by name: page by page, and each with its loop and its prices."""

from collections.abc import Mapping, Sequence
from io import BytesIO

import discord
from discord import ui

from bot.cards.languages.speech import mark, tr
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

NO_MODEL = mark("No model that is offered here takes a motion of this length.")

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
    title = [tr("### Motions")]
    if of > 1:
        title.append(tr("page {number} of {pages}", number=number + 1, pages=of))
    pick = tr("Pick one below, or name it in `/mimic` as `motion`.")
    items: list[ui.Item[ui.LayoutView]] = [words(" · ".join(title), pick)]
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
        placeholder=tr("Choose a motion…"),
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
        items.append(words(tr("-# You can add more with `/library add`.")))
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
        label=tr("Use with my picture…"),
        style=discord.ButtonStyle.primary,
        custom_id=f"marionette-motions:{USE}:{motion.id}",
        disabled=not prices,
    )
    row = ui.ActionRow[ui.LayoutView](use)
    if picture_waits:
        take_id = f"marionette-motions:{TAKE}:{motion.id}"
        row.add_item(ui.Button(label=tr("Use the picture in my tray"), custom_id=take_id))
    row.add_item(_turn(tr("‹ All motions"), f"{BACK}:0", disabled=False))
    items: list[ui.Item[ui.LayoutView]] = [
        words(f"### {name}", f"{seconds_text(motion.length_s)} · {_by(motion)}")
    ]
    if motion.id in loops:
        loop = discord.MediaGalleryItem(_loop_url(motion), description=_alt(motion))
        items.append(ui.MediaGallery(loop))
    return view(
        *items,
        words(" · ".join(costs) or tr(NO_MODEL)),
        row,
        words(
            tr(
                "-# Or: `/mimic`, with your picture as `image` and `{motion}` as `motion`.",
                motion=clean(motion.name, 80, "code"),
            )
        ),
    )


def added(motion: Motion, prices: Prices, loops: Loops) -> ui.LayoutView:
    """It is in the library from now on."""
    return view(
        *_beside_loop(
            motion,
            loops,
            words(
                tr("### {motion} is in the library", motion=clean(motion.name)),
                f"{seconds_text(motion.length_s)} · {_costs(prices)}",
            ),
            words(tr("-# Everybody here can use it: `/mimic` with `motion`, or `/motions list`.")),
        ),
        colour=GREEN,
    )


def removed(motion: Motion) -> ui.LayoutView:
    """It can be chosen no more."""
    return view(
        words(
            tr("**{motion}** is no longer in the library.", motion=clean(motion.name)),
            tr("-# Videos that are being made of it go on."),
        )
    )


def asks_remove(motion: Motion) -> Asked:
    """What will happen."""
    return Asked(
        tr(
            "Remove **{motion}** ({length}) from this server's motions? Videos that are being made "
            "of it go on. Nobody can bring it back.",
            motion=clean(motion.name),
            length=seconds_text(motion.length_s),
        ),
        tr("Remove it"),
    )


def renamed(before: Motion, name: str) -> ui.LayoutView:
    """It is called otherwise."""
    return view(
        words(
            tr(
                "**{before}** is called **{now}** from now on.",
                before=clean(before.name),
                now=clean(name),
            )
        )
    )


def _from(motion: Motion) -> str | None:
    if motion.server_id == STARTER:
        return None
    return tr("-# added by <@{person}>", person=motion.added_by)


def _costs(prices: Prices) -> str:
    """Of what its own card shows, from the least to the most, in a few words."""
    costs = {choice: prices[choice] for choice in shown(prices)}
    videos = [*paid(costs).values()]
    is_drafted = len(videos) < len(costs)
    if not videos:
        return tr("Draft free") if is_drafted else tr(NO_MODEL)
    least, most = min(videos), max(videos)
    if least == most:
        credits = credits_text(most)
        if is_drafted:
            return tr("Draft free, videos {credits}", credits=credits)
        return tr("Videos {credits}", credits=credits)
    if is_drafted:
        return tr("Draft free, videos {least} to {most} credits", least=least, most=most)
    return tr("Videos {least} to {most} credits", least=least, most=most)


def _by(motion: Motion) -> str:
    if motion.server_id == STARTER:
        return tr("comes with the bot")
    return tr("added by <@{person}> <t:{at:.0f}:R>", person=motion.added_by, at=motion.added_at)


def _alt(motion: Motion) -> str:
    name = clean(motion.name, 60, "plain")
    return tr("A small moving picture of the motion {name}", name=name)
