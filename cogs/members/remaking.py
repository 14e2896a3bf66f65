"""What follows a finished video: its buttons, the card of *More…*, and that card's forms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import discord
import structlog
from discord import ui

from bot.accounts.messages import UNTOLD
from bot.cards import job as job_cards
from bot.cards.job import Button
from bot.cards.languages.speech import tr
from bot.cards.offers.motions import motion_select
from bot.cards.posts import more as more_cards
from bot.cards.posts.more import Possible
from bot.core.jobs import Job
from bot.core.library.motions import Motion
from bot.core.models import Choice
from bot.errors import Problem, Refused
from bot.services.given import GivenFile
from bot.services.motions.library import Library
from bot.services.remakes import Press, Wish
from cogs.members.part_form import FORM_LIFE_S
from cogs.members.removals import may_delete
from cogs.shared.access import is_moderator
from cogs.shared.answers import Late, answering, defer, open_form, show_privately
from cogs.shared.interactions import Interaction, given, place_of
from cogs.shared.motion_choices import MOST_CHOICES
from cogs.shared.requesting import take_request

log = structlog.get_logger()

ANSWERED = {
    Button.MORE: Late.THINKING,
    Button.SEND: Late.THINKING,
    Button.PICTURE: Late.BUSY,  # a form opens as the first answer or not at all
    Button.MOTION: Late.BUSY,
    Button.DESCRIBE: Late.BUSY,
}
"""The buttons of here that are no requests, and what is said meanwhile."""


def press_of(interaction: Interaction) -> Press:
    """What was pressed where; a card of somebody's own is nowhere for others."""
    message = interaction.message
    is_own = message is None or message.flags.ephemeral
    return Press(
        place=place_of(interaction),
        message_id=None if message is None or is_own else message.id,
        interaction_id=interaction.id,
        token=interaction.token,
    )


async def make(interaction: Interaction, job_id: str, wish_of: Callable[[], Wish]) -> None:
    """A request like any other, with a reply of its own; what is wished for may be refused."""

    async def save() -> Job | None:
        client, wish = interaction.client, wish_of()
        if wish.motion:  # it may have been taken out of the library since it was offered
            await client.library.refuse_unusable(interaction.guild_id or 0, wish.motion.upload)
        return await client.remakes.make(job_id, press_of(interaction), wish)

    await take_request(interaction, save)


async def answer(
    interaction: Interaction, button: Button, job_id: str, choice: Choice | None, cost: int | None
) -> None:
    """Show the card, open a form, or send the video. Raises `Refused`."""
    match button:
        case Button.MORE:
            await _show_more(interaction, job_id)
        case Button.SEND:
            await _send(interaction, job_id)
        case Button.PICTURE if choice and cost is not None:
            await _look(interaction, job_id)
            await open_form(interaction, PictureForm(job_id, choice, cost))
        case Button.MOTION:
            await _ask_for_motion(interaction, job_id)
        case Button.DESCRIBE:
            await _ask_to_describe(interaction, job_id)
        case _:
            raise Refused(Problem.CONTROL_UNKNOWN)


async def _show_more(interaction: Interaction, job_id: str) -> None:
    remakes = interaction.client.remakes
    job = await remakes.seen(job_id, press_of(interaction))
    possible = Possible(
        again=remakes.again(job),
        files_until=await remakes.kept_until(job),
        is_own=job.person_id == interaction.user.id,
        may_describe=_may_describe(interaction, job),
        may_delete=may_delete(interaction, job),
        may_report=interaction.guild_id is not None and job.person_id != interaction.user.id,
    )
    await show_privately(interaction, more_cards.more(job, possible))


def _may_describe(interaction: Interaction, job: Job) -> bool:
    return job.person_id == interaction.user.id or _looks_after(interaction, job)


def _looks_after(interaction: Interaction, job: Job) -> bool:
    is_here = not job.is_direct and job.server_id == interaction.guild_id
    return is_here and is_moderator(interaction)


async def _look(interaction: Interaction, job_id: str) -> Job:
    """The job of a form that is to be opened; when it comes back, more is asked."""

    async def look() -> Job:
        remakes = interaction.client.remakes
        return await remakes.seen(job_id, press_of(interaction), is_looked_up=False)

    return await interaction.client.crowd.in_time(interaction.user.id, look)


async def _ask_for_motion(interaction: Interaction, job_id: str) -> None:
    library: Library = interaction.client.library

    async def look() -> list[Motion]:
        return await library.motions(interaction.guild_id or 0)

    job = await _look(interaction, job_id)
    motions = await interaction.client.crowd.in_time(interaction.user.id, look)
    await open_form(interaction, MotionForm(job, interaction.client.requests.prices(), motions))


class PictureForm(ui.Modal):
    """Which picture is to move instead?"""

    def __init__(self, job_id: str, choice: Choice, credits: int) -> None:
        super().__init__(title=tr("Another picture"), timeout=FORM_LIFE_S)
        self._job_id = job_id
        self._wish = Wish(choice, credits)
        self._file: ui.FileUpload[Any] = ui.FileUpload(custom_id="file")
        self.add_item(
            ui.Label(
                text=tr("The picture that should move"),
                description=more_cards.picture_costs(credits),
                component=self._file,
            )
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Make it."""
        await make(
            interaction,
            self._job_id,
            lambda: replace(self._wish, picture=_only(self._file)),
        )


class MotionForm(ui.Modal):
    """Which motion is the picture to follow instead: one by name, or a file?"""

    def __init__(
        self, job: Job, ten_s_cost: Mapping[Choice, int], motions: Sequence[Motion]
    ) -> None:
        super().__init__(title=tr("Another motion"), timeout=FORM_LIFE_S)
        self._job_id = job.id
        cost = next(
            (cost for each, cost in ten_s_cost.items() if each == (job.model, job.quality)), None
        )
        self._motions = {motion.id: motion for motion in motions[:MOST_CHOICES]}
        self._name: ui.Select[Any] = motion_select("name", [*self._motions.values()])
        self._name.required, self._name.min_values = False, 0
        self._file: ui.FileUpload[Any] = ui.FileUpload(
            custom_id="file", required=False, min_values=0
        )
        costs = more_cards.motion_costs(cost)
        self.add_item(
            ui.Label(text=tr("One of my motions"), description=costs, component=self._name)
        )
        self.add_item(ui.Label(text=tr("Or a video or GIF of yours"), component=self._file))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Make it."""
        await make(interaction, self._job_id, partial(self._wish, interaction))

    def _wish(self, interaction: Interaction) -> Wish:
        library: Library = interaction.client.library
        chosen = filter(None, map(self._motions.get, self._name.values))
        named = [library.as_given(motion) for motion in chosen]
        files = [given(file) for file in self._file.values]
        if len([*named, *files]) != 1:
            raise Refused(Problem.ONE_MOTION)
        return Wish(motion=[*named, *files][0])


def _only(field: ui.FileUpload[Any]) -> GivenFile:
    """What was put into a form's field. Raises `Refused`."""
    if not field.values:
        raise Refused(Problem.CONTROL_UNKNOWN)
    return given(field.values[0])


async def _ask_to_describe(interaction: Interaction, job_id: str) -> None:
    job = await _look(interaction, job_id)
    if not _may_describe(interaction, job):
        raise Refused(Problem.NOT_YOUR_JOB)
    await open_form(interaction, DescribeForm(job))


class DescribeForm(ui.Modal):
    """For who cannot see it."""

    def __init__(self, job: Job) -> None:
        super().__init__(title=tr("What does the video show?"), timeout=FORM_LIFE_S)
        self._job_id = job.id
        told = job_cards.alt_text(job)
        self._of_mine = None if job.description else told
        self._text: ui.TextInput[Any] = ui.TextInput(
            custom_id="description",
            style=discord.TextStyle.paragraph,
            default=told,
            required=False,
            max_length=job_cards.MOST_DESCRIPTION_CHARS,
        )
        self.add_item(
            ui.Label(
                text=tr("In a sentence or two"),
                description=tr(
                    "Screen readers read this aloud. Leave it empty to use the file names."
                ),
                component=self._text,
            )
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Save it, and change the post; what I say myself is said in each reader's language."""
        said = self._text.value
        async with answering(interaction):
            await defer(interaction)
            remakes = interaction.client.remakes
            job = await remakes.seen(self._job_id, press_of(interaction))
            if not _may_describe(interaction, job):
                raise Refused(Problem.NOT_YOUR_JOB)
            job, is_shown = await remakes.describe(
                job,
                interaction.user.id,
                "" if said == self._of_mine else said,
                as_moderator=_looks_after(interaction, job),
            )
            await show_privately(interaction, more_cards.described(job, is_shown=is_shown))


async def _send(interaction: Interaction, job_id: str) -> None:
    """The video to whoever pressed, in their direct messages. Raises `Refused`."""
    await defer(interaction)
    client, person = interaction.client, interaction.user
    job = await client.remakes.seen(job_id, press_of(interaction))
    async with client.copies.turn(job.id, person.id):
        try:
            await _send_to(person, job, interaction)
        except discord.Forbidden as error:
            raise Refused(Problem.DIRECT_MESSAGES_CLOSED) from error
        except UNTOLD as error:
            log.info("a copy was not sent", job=job.id, reason=str(error))
            raise Refused(Problem.LOST_ON_THE_WAY) from error
    await show_privately(interaction, more_cards.copy_sent())


async def _send_to(
    person: discord.User | discord.Member, job: Job, interaction: Interaction
) -> None:
    requests, nonce = interaction.client.requests, f"copy-{job.id}"

    async def send(video: Path) -> None:
        file = discord.File(video, filename=job_cards.file_name(job))
        await person.send(view=more_cards.copied(job), file=file, nonce=nonce)

    limit_bytes = discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
    if await requests.send_video(job, limit_bytes, send):
        return
    link = requests.video_link(job, await requests.outlook(job))
    if link is None:
        raise Refused(Problem.NO_VIDEO_KEPT, job=job.id)
    await person.send(view=more_cards.copied(job, link=link), nonce=nonce)
