"""Plain direct messages: a picture and a video are a request too."""

import itertools

import discord
import structlog
from discord.ext import commands

from bot.accounts.wallets import Place
from bot.cards import job as job_cards
from bot.cards import parts
from bot.errors import CannotSave, Problem, Refused
from bot.services.crowd import Crowd
from bot.services.requests import GivenFile, RequestService, refuse_at_sight
from bot.services.small_talk import SmallTalk
from cogs.shared.interactions import given

log = structlog.get_logger()


class Messages(commands.Cog):
    """Listens to direct messages only."""

    def __init__(self, requests: RequestService, crowd: Crowd, small_talk: SmallTalk) -> None:
        self._requests = requests
        self._crowd = crowd
        self._small_talk = small_talk

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Take a request, or tell how to make one; whoever goes on without one is told to stop."""
        if message.guild is not None or message.author.bot:
            return
        try:
            async with self._crowd.turn_of(message.author.id):
                await self._take(message)
        except Refused as refused:
            await _answer(message, parts.refusal(refused.problem, refused.facts))
        except CannotSave:
            await _answer(message, parts.refusal(Problem.CANNOT_SAVE, {}))

    async def _take(self, message: discord.Message) -> None:
        place = Place(
            server_id=0,
            channel_id=message.channel.id,
            person_id=message.author.id,
            upload_limit_bytes=discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES,
            is_direct=True,
        )
        image, video, left_out = _sort([given(attachment) for attachment in _files_of(message)])
        try:
            _refuse_useless(image, video, left_out)
        except Refused:
            if self._small_talk.deserves_answer(place.person_id):
                raise
            return
        if image or video:
            await self._requests.offer(place, message.id, image, video)
            if left_out:
                await _answer(message, job_cards.left_out([file.upload.name for file in left_out]))
        elif self._small_talk.deserves_answer(place.person_id):
            is_new = await self._requests.explain_once(place)
            prices = self._requests.prices()
            await _answer(
                message, job_cards.explanation(prices) if is_new else job_cards.reminder()
            )


def _files_of(message: discord.Message) -> list[discord.Attachment]:
    """What is attached, and what is forwarded."""
    forwarded = (shown.attachments for shown in message.message_snapshots)
    return [*message.attachments, *itertools.chain.from_iterable(forwarded)]


def _sort(
    files: list[GivenFile],
) -> tuple[GivenFile | None, GivenFile | None, list[GivenFile]]:
    """The picture, the video, and the rest; what has no known kind may be what is missing."""
    unknown = iter([file for file in files if file.family is None])
    image = next((file for file in files if file.family == "image"), None) or next(unknown, None)
    video = next((file for file in files if file.family == "video"), None) or next(unknown, None)
    return image, video, [file for file in files if file not in (image, video)]


def _refuse_useless(
    image: GivenFile | None, video: GivenFile | None, left_out: list[GivenFile]
) -> None:
    """Raises `Refused` for files of which nothing can be made."""
    if left_out and not (image or video):
        raise Refused(Problem.NEITHER, name=left_out[0].upload.name)
    refuse_at_sight(image, video)


async def _answer(message: discord.Message, view: discord.ui.LayoutView) -> None:
    try:
        await message.channel.send(view=view)
    except discord.Forbidden as error:
        log.info("somebody takes no direct messages", person=message.author.id, reason=str(error))
