"""The buttons of every card. They live in their `custom_id`, so a restart does not silence them."""

import re
from typing import Any, Self

import discord
from discord import ui

from bot.cards import job as job_cards
from bot.cards.job import Button
from bot.core.jobs import DEFAULT_MODEL, QUALITIES, Job, Source
from bot.core.models import Choice
from bot.errors import Problem, Refused
from bot.services.requests import RequestService
from cogs.members.jobs import show_job
from cogs.members.part_form import ask_for_part
from cogs.shared.answers import Late, answering, defer, show_in_place
from cogs.shared.confirm_buttons import ask_to_confirm
from cogs.shared.interactions import Interaction, place_of
from cogs.shared.requesting import take_request


class CardButton(
    ui.DynamicItem[ui.Item[Any]],
    template=(
        rf"marionette:(?P<button>{'|'.join(Button)}):(?P<job>[a-z0-9]{{1,20}})"
        rf"(?::(?P<quality>{'|'.join(QUALITIES)})(?::(?P<model>[a-z0-9.-]{{1,64}}))?)?"
        r"(?::(?P<first_s>[0-9]{1,3}))?"
    ),
):
    """Any button of any card; made anew for each press, from its id alone."""

    def __init__(
        self,
        item: ui.Item[Any],
        button: Button,
        job_id: str,
        choice: Choice | None,
        first_s: float,
    ) -> None:
        super().__init__(item)
        self._button = button
        self._job_id = job_id
        self._choice = choice
        self._first_s = first_s

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What was pressed."""
        quality = next((known for known in QUALITIES if known == match["quality"]), None)
        choice = Choice(match["model"] or DEFAULT_MODEL, quality) if quality else None
        first_s = float(match["first_s"] or 0)
        return cls(item, Button(match["button"]), match["job"], choice, first_s)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it, or say why not."""
        if self._button in {Button.MAKE, Button.START_TRAY}:
            is_tray = self._button is Button.START_TRAY
            await (self._start_tray(interaction) if is_tray else self._make(interaction))
            return
        requests: RequestService = interaction.client.requests
        is_private = self._button in {Button.DETAILS, Button.GIVE_UP}
        late = Late.THINKING if is_private else Late.IN_PLACE
        if self._button is Button.NAME_PART:
            late = Late.BUSY  # a form opens as the first answer or not at all
        async with answering(interaction, late):
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
                    job = await requests.start(self._job_id, place_of(interaction), self._choice)
                    await _acknowledge(interaction, job)
                case Button.TAKE_FIRST if self._choice and self._first_s:
                    place = place_of(interaction)
                    job = await requests.take_first(
                        self._job_id, place, self._choice, self._first_s
                    )
                    await _acknowledge(interaction, job)
                case Button.NAME_PART:
                    await ask_for_part(interaction, requests, self._job_id)
                case _:
                    raise Refused(Problem.CONTROL_UNKNOWN)

    async def _make(self, interaction: Interaction) -> None:
        """A draft becomes a video: a request like any other, with a reply of its own."""

        async def save() -> Job | None:
            if self._choice is None:
                raise Refused(Problem.CONTROL_UNKNOWN)
            return await interaction.client.drafts.make(
                self._job_id,
                place_of(interaction),
                self._choice,
                interaction_id=interaction.id,
                token=interaction.token,
            )

        await take_request(interaction, save)

    async def _start_tray(self, interaction: Interaction) -> None:
        """A priced tray becomes a request like any other, with a reply that everybody sees."""
        trays, offers = interaction.client.trays, list[Job]()

        async def save() -> Job | None:
            if self._choice is None:
                raise Refused(Problem.CONTROL_UNKNOWN)
            offer, job = await trays.start(
                self._job_id,
                place_of(interaction),
                self._choice,
                self._first_s or None,
                interaction_id=interaction.id,
                token=interaction.token,
            )
            offers.append(offer)
            return job

        await take_request(interaction, save)
        for offer in offers:
            await trays.put_away(offer)


async def _ask_give_up(interaction: Interaction, requests: RequestService, job_id: str) -> None:
    """What it means comes first. Raises `Refused`."""
    person_id = interaction.user.id
    doubted = await requests.doubted(job_id, person_id)

    async def act() -> ui.LayoutView:
        return job_cards.given_up(await requests.give_up(doubted.id, person_id))

    await ask_to_confirm(interaction, job_cards.asks_give_up(doubted), act)


async def _acknowledge(interaction: Interaction, job: Job) -> None:
    """The job's own card is kept up to date anyway; any other that was pressed is edited here."""
    if interaction.message is not None and interaction.message.id != job.card.message_id:
        await show_in_place(interaction, job_cards.status(job))
    else:
        await defer(interaction, Late.IN_PLACE)
