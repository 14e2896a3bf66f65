"""Plain messages: a picture and a video are a request too.

In direct messages whatever is sent; in a server only what mentions the bot: that alone Discord
hands over with its files.
"""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Protocol

import discord
import structlog
from discord.ext import commands

from bot.accounts.languages import Languages
from bot.accounts.wallets import Place
from bot.cards import job as job_cards
from bot.cards import parts
from bot.cards.languages.speech import speak, speaking, spoken
from bot.cards.offers.offer import explanation
from bot.core.people.languages import Language
from bot.errors import CannotSave, Problem, Refused
from bot.services.crowd import Crowd
from bot.services.given import GivenFile, refuse_at_sight
from bot.services.requests import RequestService
from bot.services.small_talk import SmallTalk
from cogs.shared.access import roles_in, timeout_of
from cogs.shared.interactions import given

log = structlog.get_logger()

PERSONAL = frozenset(
    {Problem.BLOCKED, Problem.BLOCKED_FOR_GOOD, Problem.NOTHING_LEFT, Problem.NO_ALLOWANCE}
)
"""What nobody else in a channel needs to read."""

Draw = Callable[[], discord.ui.LayoutView]
"""Makes a card in the language that is spoken."""

GIVE_WAY_S = 4.0
"""So long another bot may take to answer; what comes later is not shown beside its answer."""


class Doors(Protocol):
    """What is remembered of where Discord does not let the bot in."""

    def refused(self, error: BaseException, *ids: int) -> None:
        """A channel, or a person's direct messages, took no message."""

    def are_closed(self, *ids: int) -> bool:
        """Whether each of these has taken no message lately."""

    @property
    def are_many_closed(self) -> bool:
        """Whether so much was refused lately that strangers are not answered."""


class Messages(commands.Cog):
    """Listens to direct messages, and to mentions of the bot in servers."""

    def __init__(
        self,
        client: discord.Client,
        *,
        requests: RequestService,
        crowd: Crowd,
        small_talk: SmallTalk,
        doors: Doors,
        languages: Languages,
    ) -> None:
        self._client = client
        self._requests = requests
        self._crowd = crowd
        self._small_talk = small_talk
        self._doors = doors
        self._languages = languages

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Take a request, or tell how to make one; whoever goes on without one is told to stop."""
        if isinstance(message.channel, discord.DMChannel):
            take = self._take
        elif message.guild is not None and self._client.user in message.mentions:
            take = self._take_mention
        else:
            return  # nearly all messages of a busy server
        if message.author.bot or message.webhook_id is not None or self._is_in_vain(message):
            return
        speak(self._language_for(message))
        try:
            with self._crowd.work():
                async with self._crowd.turn_of(message.author.id):
                    await take(message)
        except Refused as refused:
            await self._refuse(message, refused)
        except CannotSave:
            await self._refuse(message, Refused(Problem.CANNOT_SAVE))

    def _language_for(self, message: discord.Message) -> Language:
        """What is spoken where the answer to a message stands."""
        if message.guild is not None:
            return self._languages.of_server(message.guild.id)
        return self._languages.of_person(message.author.id)

    def _is_in_vain(self, message: discord.Message) -> bool:
        """Whether no answer would reach who writes to the bot, or there were too many of these."""
        ways = [message.author.id, *([message.channel.id] if message.guild else [])]
        return self._doors.are_closed(*ways) or self._doors.are_many_closed

    async def _take(self, message: discord.Message) -> None:
        place = self._place_of(message)
        files = _files_of(message)
        try:
            _refuse_useless(files)
        except Refused:
            if self._small_talk.deserves_answer(place.person_id):
                raise
            return
        if files:
            await self._offer(message, place, files)
        elif await self._deserves_answer(place):
            is_new = await self._requests.explain_once(place)
            explain = partial(explanation, self._requests.prices())
            await self._answer(message, explain if is_new else job_cards.reminder)

    async def _deserves_answer(self, place: Place) -> bool:
        """As small talk does; of a picture that waits it is told instead. Raises `Refused`."""
        try:
            is_first = self._small_talk.deserves_answer(place.person_id)
        except Refused:
            await self._requests.refuse_while_half(place.person_id)
            raise
        if is_first:
            await self._requests.refuse_while_half(place.person_id)
        return is_first

    async def _take_mention(self, message: discord.Message) -> None:
        """A reply mentions whom it answers: by itself it asks for nothing.

        Unless it brings what the card that it answers is waiting for.
        """
        files = _files_of(message)
        assert self._client.user is not None
        if self._client.user.id not in message.raw_mentions:
            answered = message.reference and message.reference.message_id
            if not (files and answered):
                return
            if not await self._requests.is_card_of_offer(message.author.id, answered):
                return
        place = self._place_of(message)
        if files:
            _refuse_useless(files)
            await self._offer(message, place, files)
            return
        self._requests.wallets.refuse_closed(place.server_id)
        if self._small_talk.is_news(place.person_id, "hint"):
            await self._answer(message, job_cards.hint)

    async def _offer(self, message: discord.Message, place: Place, files: list[GivenFile]) -> None:
        image, video, left_out = _sort(files)
        self._small_talk.refuse_many(place.person_id, place.server_id)
        await self._requests.offer(place, message.id, image, video)
        if left_out and (place.is_direct or self._small_talk.is_news(place.person_id, "left_out")):
            draw = partial(job_cards.left_out, [file.upload.name for file in left_out])
            await self._answer(message, draw, f"left-{message.id}")

    async def _refuse(self, message: discord.Message, refused: Refused) -> None:
        """Where others read along, the same reason is not given again and again."""
        is_personal = message.guild is not None and refused.problem in PERSONAL
        draw = partial(parts.refusal, refused.problem, refused.facts)
        if refused.problem is Problem.TWIN:
            await self._crowd.clock.sleep(GIVE_WAY_S)
        is_told_each_time = message.guild is None and refused.problem is not Problem.TOO_OFTEN
        if is_told_each_time or self._small_talk.is_news(message.author.id, refused.problem):
            await (self._tell if is_personal else self._answer)(message, draw)

    def _place_of(self, message: discord.Message) -> Place:
        """Where a plain message was written."""
        guild, channel = message.guild, message.channel
        default = discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
        return Place(
            server_id=guild.id if guild else 0,
            channel_id=channel.id,
            person_id=message.author.id,
            upload_limit_bytes=guild.filesize_limit if guild else default,
            is_direct=guild is None,
            roles=roles_in(message.author),
            timed_out_until=timeout_of(message.author),
            above_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
            language=self._languages.of_person(message.author.id, spoken()),
        )

    async def _answer(self, message: discord.Message, draw: Draw, nonce: str | None = None) -> None:
        """Where the message was written, in a server as a reply; where that is closed, directly."""
        guild, channel = message.guild, message.channel
        if guild is None or self._doors.are_closed(channel.id):
            await self._tell(message, draw, nonce)
            return
        view, nonce = draw(), nonce or job_cards.answer_to(message.id)
        try:
            if channel.permissions_for(guild.me).read_message_history:
                reply_to = message.to_reference(fail_if_not_exists=False)
                await channel.send(view=view, reference=reply_to, nonce=nonce)
            else:
                await channel.send(view=view, nonce=nonce)
        except discord.Forbidden as error:
            self._doors.refused(error, channel.id)
            await self._tell(message, draw, nonce)

    async def _tell(self, message: discord.Message, draw: Draw, nonce: str | None = None) -> None:
        """By direct message alone, so in their own language."""
        author = message.author
        if self._doors.are_closed(author.id):
            return
        with speaking(self._languages.of_person(author.id, spoken())):
            view = draw()
        try:
            where = author if message.guild else message.channel
            await where.send(view=view, nonce=nonce or job_cards.answer_to(message.id))
        except discord.Forbidden as error:
            self._doors.refused(error, author.id)
            log.info("somebody takes no direct messages", person=author.id, reason=str(error))


def _files_of(message: discord.Message) -> list[GivenFile]:
    """What is attached, and what is forwarded."""
    forwarded = (shown.attachments for shown in message.message_snapshots)
    attached = [*message.attachments, *itertools.chain.from_iterable(forwarded)]
    return [given(attachment) for attachment in attached]


def _sort(
    files: list[GivenFile],
) -> tuple[GivenFile | None, GivenFile | None, list[GivenFile]]:
    """The picture, the video, and the rest; what has no known kind may be what is missing."""
    unknown = iter([file for file in files if file.family is None])
    image = next((file for file in files if file.family == "image"), None) or next(unknown, None)
    video = next((file for file in files if file.family == "video"), None) or next(unknown, None)
    return image, video, [file for file in files if file not in (image, video)]


def _refuse_useless(files: list[GivenFile]) -> None:
    """Raises `Refused` for files of which nothing can be made."""
    image, video, left_out = _sort(files)
    if left_out and not (image or video):
        raise Refused(Problem.NEITHER, name=left_out[0].upload.name)
    refuse_at_sight(image, video)
