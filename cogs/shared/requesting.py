"""How a request for a video is answered: saved first, then replied to, then the runner's affair."""

from collections.abc import Awaitable, Callable

import discord
import structlog

from bot.cards import parts
from bot.core.jobs import Job
from bot.errors import Problem, Refused
from cogs.shared.answers import (
    ALREADY_ACKNOWLEDGED,
    Late,
    answering,
    defer_publicly,
    show_privately,
)
from cogs.shared.interactions import Interaction

log = structlog.get_logger()


async def take_request(interaction: Interaction, save: Callable[[], Awaitable[Job | None]]) -> None:
    """Save the request, reply, and leave the rest to the runner."""
    async with answering(interaction, Late.BUSY):
        try:
            job = await interaction.client.crowd.in_time(interaction.user.id, save)
        except Refused as refused:
            if refused.problem is not Problem.BUSY:
                raise
            await _turn_away(interaction)
            return
        if job is not None:
            await _reply(interaction, job)


async def _turn_away(interaction: Interaction) -> None:
    """Told first, while there is time; what may have been saved is ended by the next write."""
    try:
        await show_privately(interaction, parts.refusal(Problem.BUSY, {}))
    finally:
        await interaction.client.requests.abandon(interaction.id)


async def _reply(interaction: Interaction, job: Job) -> None:
    requests = interaction.client.requests
    try:
        message_id = await defer_publicly(interaction)
    except Exception as error:  # noqa: BLE001  # it is logged, and the job must go on or end
        log.warning("the first reply was not taken", job=job.id, reason=str(error))
        if _is_refusal(error):
            await requests.unanswered(job)
        else:  # perhaps it was taken: whether there is a reply is looked up
            await requests.replied(job.id, None)
        return
    await requests.replied(job.id, message_id)


def _is_refusal(error: Exception) -> bool:
    """Whether there is certainly no reply: "already acknowledged" says that there is one."""
    if not isinstance(error, discord.HTTPException):
        return False
    return error.status < 500 and error.code != ALREADY_ACKNOWLEDGED
