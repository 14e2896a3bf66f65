"""The buttons of every card. They live in their `custom_id`, so a restart does not silence them."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.cards import job as job_cards
from bot.cards.job import Button
from bot.cards.languages.speech import speak
from bot.core.jobs import DEFAULT_MODEL, QUALITIES, Job, Source
from bot.core.models import Choice
from bot.errors import Problem, Refused
from bot.services.remakes import Wish
from bot.services.requests import RequestService
from cogs.members.jobs import show_job
from cogs.members.part_form import ask_for_part
from cogs.members.remaking import ANSWERED, answer, make
from cogs.members.removals import ask_delete, ask_report
from cogs.members.trays import start_tray
from cogs.shared.answers import Late, answering, defer, show_in_place
from cogs.shared.confirm_buttons import ask_to_confirm
from cogs.shared.interactions import Interaction, place_of


class CardButton(
    ui.DynamicItem[ui.Item[Any]],
    template=(
        rf"marionette:(?P<button>{'|'.join(Button)}):(?P<job>[a-z0-9]{{1,20}})"
        rf"(?::(?P<quality>{'|'.join(QUALITIES)})(?::(?P<model>[a-z0-9.-]{{1,64}}))?)?"
        r"(?::(?P<number>[0-9]{1,7}))?(?::c(?P<at_most>[0-9]{1,7}))?"
    ),
):
    """Any button of any card; made anew for each press, from its id alone."""

    def __init__(
        self,
        item: ui.Item[Any],
        button: Button,
        job_id: str,
        choice: Choice | None,
        *,
        number: int | None,
        at_most: int | None,
    ) -> None:
        super().__init__(item)
        self._button = button
        self._job_id = job_id
        self._choice = choice
        self._number = number
        self._at_most = at_most

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed."""
        quality = next((known for known in QUALITIES if known == match["quality"]), None)
        choice = Choice(match["model"] or DEFAULT_MODEL, quality) if quality else None
        number, at_most = (int(match[of]) if match[of] else None for of in ("number", "at_most"))
        return cls(
            item, Button(match["button"]), match["job"], choice, number=number, at_most=at_most
        )

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it, or say why not."""
        if self._button is Button.MAKE:
            await make(interaction, self._job_id, lambda: Wish(self._choice, self._number))
            return
        if self._button is Button.START_TRAY:
            asked = self._job_id, self._choice, self._number, self._at_most
            await start_tray(interaction, *asked)
            return
        if self._button in ANSWERED:
            async with answering(interaction, ANSWERED[self._button]):
                await answer(interaction, self._button, self._job_id, self._choice, self._number)
            return
        is_private = self._button in {Button.DETAILS, Button.GIVE_UP}
        late = Late.THINKING if is_private else Late.IN_PLACE
        if self._button in {Button.NAME_PART, Button.DELETE, Button.REPORT}:
            late = Late.BUSY  # a form opens as the first answer or not at all
        async with answering(interaction, late):
            await self._act(interaction, interaction.client.requests)

    async def _act(self, interaction: Interaction, requests: RequestService) -> None:
        match self._button:
            case Button.DETAILS:
                await show_job(interaction, requests, self._job_id)
            case Button.CANCEL:
                job = await requests.cancel(self._job_id, interaction.user.id)
                if job.source is Source.TRAY and job.promised is None:  # not started yet
                    await interaction.client.trays.empty(interaction.user.id)
                await _acknowledge(interaction, job)
            case Button.GIVE_UP:
                await _ask_give_up(interaction, requests, self._job_id)
            case Button.START if self._choice:
                place = place_of(interaction)
                job = await requests.start(self._job_id, place, self._choice, self._at_most, None)
                await _acknowledge(interaction, job)
            case Button.TAKE_FIRST if self._choice and self._number:
                asked = self._choice, self._at_most, float(self._number)
                job = await requests.start(self._job_id, place_of(interaction), *asked)
                await _acknowledge(interaction, job)
            case Button.NAME_PART:
                await ask_for_part(interaction, requests, self._job_id)
            case Button.DELETE:
                await ask_delete(interaction, self._job_id)
            case Button.REPORT:
                await ask_report(interaction, self._job_id)
            case _:
                raise Refused(Problem.CONTROL_UNKNOWN)


async def _ask_give_up(interaction: Interaction, requests: RequestService, job_id: str) -> None:
    """What it means comes first. Raises `Refused`."""
    person_id = interaction.user.id
    doubted = await requests.doubted(job_id, person_id)

    async def act() -> ui.LayoutView:
        return job_cards.given_up(await requests.give_up(doubted.id, person_id))

    await ask_to_confirm(interaction, job_cards.asks_give_up(doubted), act)


async def _acknowledge(interaction: Interaction, job: Job) -> None:
    """The job's own card is kept up to date anyway; any other that was pressed is edited here.

    Others may read that, unless it is an answer to whoever pressed.
    """
    pressed = interaction.message
    if pressed is None or pressed.id == job.card.message_id:
        await defer(interaction, Late.IN_PLACE)
        return
    if not pressed.flags.ephemeral:
        speak(interaction.client.languages.of_card(job))
    await show_in_place(interaction, job_cards.status(job))
