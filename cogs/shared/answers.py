"""How every command, press and form is answered: in time, once, and never with silence."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import Any

import discord
import structlog
from discord import ui
from discord.utils import MISSING

from bot.accounts.messages import UNTOLD
from bot.cards import parts
from bot.cards.languages.speech import speak, tr
from bot.cards.offers.cheaper import refusal
from bot.errors import CannotSave, Problem, Refused
from bot.services.crowd import ANSWER_WITHIN_S
from cogs.shared.interactions import Interaction, language_of

log = structlog.get_logger()

UNKNOWN_INTERACTION = 10062
"""Discord's word for an answer that comes after its three seconds."""


ALREADY_ACKNOWLEDGED = 40060
"""Its word for a second answer: our own lost one sent again, or one beside another bot's."""

LOST = (*UNTOLD, RuntimeError)
"""Whatever an answer may raise on its way; the last where the bot's own line is closed."""

GIVE_WAY_S = 1.0
"""So long a refusal waits where another bot with this token may have the right answer."""

UNKNOWN_MESSAGE = 10008
"""Its word for a message that somebody has deleted."""


Attached = Callable[[], list[discord.File]]
"""Opens a card's files: each time that it is sent, since a file is sent once."""


class Late(Enum):
    """What is said meanwhile where an answer takes long."""

    THINKING = auto()
    """That one is on its way, which is the person's alone and becomes the answer."""

    IN_PLACE = auto()
    """Nothing; the card that was pressed changes when there is an answer."""

    BUSY = auto()
    """Whoever answers sees to it, with `Crowd.in_time`."""


@asynccontextmanager
async def answering(interaction: Interaction, late: Late = Late.THINKING) -> AsyncIterator[None]:
    """Answer in here, with the functions below.

    A refusal, or that something broke, is shown to the person alone instead of being raised.
    """
    speak(language_of(interaction))
    crowd = interaction.client.crowd
    _look_after(interaction)
    crowd.begin()
    meanwhile = asyncio.create_task(_say_meanwhile(interaction, late))
    try:
        with crowd.work():
            if late is Late.BUSY:
                yield
            else:
                async with crowd.turn_of(interaction.user.id):
                    yield
    except Refused as refused:
        if _is_perhaps_anothers(interaction, refused):
            await crowd.clock.sleep(GIVE_WAY_S)
        await _show_at_last(interaction, refusal(refused))
    except Exception as error:  # noqa: BLE001  # it is logged; whoever pressed waits for an answer
        await show_error(interaction, error)
    finally:
        meanwhile.cancel()
        _end(interaction, missed=not interaction.response.is_done())


async def show_privately(
    interaction: Interaction, view: ui.LayoutView, files: Attached = list
) -> int | None:
    """Answer so that only the person sees it; the message's id, if Discord tells it.

    `files` opens those that the card shows.
    """
    async with _one_answer(interaction):
        if not interaction.response.is_done():
            response = await interaction.response.send_message(
                view=view, files=files(), ephemeral=True
            )
            return response.message_id
    sent = await interaction.followup.send(view=view, files=files(), ephemeral=True, wait=True)
    return sent.id


async def show_in_place(
    interaction: Interaction, view: ui.LayoutView, files: Attached = list
) -> None:
    """Put this in the place of the card that was pressed; where that is gone, it stands alone."""
    if interaction.message is None:
        await show_privately(interaction, view, files)
        return
    try:
        async with _one_answer(interaction):
            if not interaction.response.is_done():
                await interaction.response.edit_message(view=view, attachments=files() or MISSING)
                return
        await interaction.edit_original_response(view=view, attachments=files() or MISSING)
    except discord.NotFound as error:
        if error.code != UNKNOWN_MESSAGE:
            raise
        await show_privately(interaction, view, files)


async def open_form(interaction: Interaction, form: ui.Modal) -> None:
    """Ask for more. Nothing may have been said before."""
    async with _one_answer(interaction):
        await interaction.response.send_modal(form)


async def defer(interaction: Interaction, late: Late = Late.THINKING) -> None:
    """Say now that an answer will come, where nothing was said yet."""
    async with _one_answer(interaction):
        if interaction.response.is_done():
            return
        if late is not Late.THINKING and interaction.message is not None:
            try:
                await interaction.response.defer()
            except discord.NotFound as error:
                if error.code != UNKNOWN_MESSAGE:
                    raise
            else:
                return
        await interaction.response.defer(ephemeral=True, thinking=True)


async def defer_publicly(interaction: Interaction) -> int | None:
    """Begin the answer that everybody sees; its message id, if Discord tells it."""
    async with _one_answer(interaction):
        response = await interaction.response.defer(thinking=True)
    return response.message_id if response else None


async def show_error(interaction: Interaction, error: Exception) -> None:
    """The last resort for what a command did not expect."""
    if is_missed(error) or _is_answered(error) or _is_cut_off(interaction, error):
        log.warning("an answer came too late", reason=str(error))
        return
    if isinstance(error, CannotSave):
        card = parts.refusal(Problem.CANNOT_SAVE, {})
    else:
        command = interaction.command.qualified_name if interaction.command else None
        log.error("a command failed", command=command, exc_info=error)
        card = parts.say(tr("Something went wrong. Please try again."))
    await _show_at_last(interaction, card)


def is_missed(error: BaseException) -> bool:
    """Whether Discord has told the person already that nobody answered."""
    return isinstance(error, discord.NotFound) and error.code == UNKNOWN_INTERACTION


def _is_cut_off(interaction: Interaction, error: BaseException) -> bool:
    """Whether the bot stops, and has closed the line that the answer was to go by."""
    return interaction.client.is_closed() and isinstance(error, LOST)


def _is_answered(error: BaseException) -> bool:
    """Whether an answer stands already."""
    return isinstance(error, discord.HTTPException) and error.code == ALREADY_ACKNOWLEDGED


def _is_perhaps_anothers(interaction: Interaction, refused: Refused) -> bool:
    """Whether ours has stopped for another bot, or knows nothing of a card that was pressed."""
    is_pressed = interaction.type is discord.InteractionType.component
    return refused.problem is Problem.TWIN or (
        is_pressed and refused.problem in {Problem.UNKNOWN_JOB, Problem.NO_REPORT_HERE}
    )


async def _show_at_last(interaction: Interaction, card: ui.LayoutView) -> None:
    try:
        await show_privately(interaction, card)
    except LOST as unanswered:
        level = logging.DEBUG if _is_answered(unanswered) else logging.WARNING
        log.log(level, "an answer could not be shown", reason=str(unanswered))


async def _say_meanwhile(interaction: Interaction, late: Late) -> None:
    if late is Late.BUSY:
        return
    await interaction.client.crowd.clock.sleep(ANSWER_WITHIN_S)
    try:
        await defer(interaction, late)
    except LOST as error:
        log.warning("an answer came too late", reason=str(error))


@asynccontextmanager
async def _one_answer(interaction: Interaction) -> AsyncIterator[None]:
    """Discord takes one first answer: who comes second sees that, and goes on from there."""
    async with _look_after(interaction):
        yield
        if interaction.response.is_done():
            _end(interaction, missed=False)


def is_looked_after(interaction: Interaction) -> bool:
    """Whether somebody has begun to answer."""
    return "answer" in interaction.extras


def _look_after(interaction: Interaction) -> asyncio.Lock:
    lock: asyncio.Lock = interaction.extras.setdefault("answer", asyncio.Lock())
    return lock


def _end(interaction: Interaction, *, missed: bool) -> None:
    extras: dict[Any, Any] = interaction.extras
    if not extras.setdefault("has_ended", False):
        extras["has_ended"] = True
        interaction.client.crowd.end(missed=missed)
