"""The reply to a job's interaction, for as long as its token reaches it."""

import discord
import structlog
from discord import ui

from bot.accounts.languages import Languages
from bot.cards import job as job_cards
from bot.cards import parts
from bot.cards.languages.speech import speaking, tr
from bot.cards.offers.cheaper import refusal
from bot.clock import Clock
from bot.core.jobs import Job
from bot.delivery.discord_errors import LOST, is_refusal
from bot.delivery.searches import jobs_named
from bot.delivery.twins import Twins
from bot.errors import DeliveryError, Refused
from bot.gateway.client import ShardedBot
from bot.jobs.intake import Reply

log = structlog.get_logger()

SPARE_S = 5.0
"""A token that ends so soon is not used any more."""


class Replies:
    """Finds replies, fills them, and reaches them by their tokens."""

    def __init__(
        self, client: ShardedBot, languages: Languages, twins: Twins, clock: Clock
    ) -> None:
        self._client = client
        self._languages = languages
        self.twins = twins
        self._clock = clock

    async def find_reply(self, job: Job) -> Reply | None:
        """The reply to the job's interaction, if there is one.

        The job's own says "thinking" until its id is saved. Whatever says something else is a word
        that the request was not taken, or another bot's.
        """
        if not self.token_lives(job):
            return None
        await self._client.wait_until_knows_place_of(job)
        try:
            # The route takes this name in place of an id; discord.py's annotation does not say so.
            reply = await self.webhook(job).fetch_message("@original")  # type: ignore[arg-type]
        except LOST as error:
            if is_refusal(error):
                return None
            raise DeliveryError(str(error)) from error
        await self.twins.wrote(job, reply)
        if reply.flags.loading:
            return Reply(reply.id, is_ours=None)
        return Reply(reply.id, is_ours=job.id in jobs_named(reply))

    async def dismiss(self, job: Job) -> None:
        """Delete a reply whose job another interaction has taken over, where it can be reached."""
        if not self.can_reply(job):
            return
        assert job.card.message_id is not None
        try:
            await self.webhook(job).delete_message(job.card.message_id)
        except LOST as error:
            log.info("an offer stays beside its job", job=job.id, reason=str(error))

    async def refuse(self, job: Job, refused: Refused) -> None:
        """Delete the public reply and tell its requester alone; each way out has a next one.

        What can be paid instead is told where that wallet pays. Raises `DeliveryError`.
        """
        with speaking(self._languages.of_requester(job)):
            told = refusal(refused)
            alone = told if job.is_direct else parts.refusal(refused.problem, refused.facts)
        try:
            if self.token_lives(job) and job.card.message_id is not None:
                webhook = self.webhook(job)
                try:
                    await webhook.delete_message(job.card.message_id)
                except discord.NotFound:
                    pass
                except discord.HTTPException:
                    with speaking(self._languages.of_card(job)):
                        neutral = parts.say(tr("This request could not be taken."), parts.GREY)
                    await webhook.edit_message(job.card.message_id, view=neutral)
                await webhook.send(view=told, ephemeral=True, wait=True)
                return
        except LOST as error:
            if not is_refusal(error):
                raise DeliveryError(str(error)) from error
        try:
            person = await self._client.fetch_user(job.person_id)
            await person.send(view=alone)
        except LOST as error:
            if not is_refusal(error):
                raise DeliveryError(str(error)) from error
            log.info("a refusal could not be told", job=job.id, reason=str(error))

    def can_reply(self, job: Job) -> bool:
        """Whether the reply to the job's interaction can still be edited by its token."""
        return self.token_lives(job) and job.card.message_id is not None

    async def reply_with_video(self, job: Job, path: str, view: ui.LayoutView) -> None:
        """Put the finished video into the reply, as this card, where that can be done."""
        assert job.card.message_id is not None
        file = discord.File(path, filename=job_cards.file_name(job))
        await self.webhook(job).edit_message(job.card.message_id, view=view, attachments=[file])

    def token_lives(self, job: Job) -> bool:
        """Whether there is a token that can be used."""
        return bool(job.card.token) and self._clock.time() < job.card.token_expires_at - SPARE_S

    def webhook(self, job: Job) -> discord.Webhook:
        """What its token edits, deletes and sends by."""
        assert job.card.token is not None
        assert self._client.application_id is not None
        webhook = discord.Webhook.partial(
            self._client.application_id, job.card.token, client=self._client
        )
        webhook.type = discord.WebhookType.application  # only these may send ephemeral messages
        webhook.proxy = self._client.http.proxy  # which a partial one does not take from its client
        return webhook
