"""Tells each server's audit channel of what is decided there.

An action is told at least once, in order. A nonce of its own makes a repeat the same message, so
that a kill between the post and the note of it does not show it twice. A channel that refuses
(gone, or closed to the bot) misses what it refuses; nothing is tried there again for ever.
"""

import asyncio

import discord
import structlog

from bot.accounts.languages import Languages
from bot.cards import audit as audit_cards
from bot.cards.languages.speech import speaking
from bot.clock import Clock, wait_for_event
from bot.core.actions import Action
from bot.delivery.discord_errors import LOST, is_refusal
from bot.errors import CannotSave
from bot.gateway.client import ShardedBot
from bot.store.group_commit import background
from bot.store.store import Store

log = structlog.get_logger()

LOOK_EVERY_S = 30.0
"""The command line's actions come from another process, which cannot wake this one."""

AT_ONCE = 50
CLOSED_S, LONGEST_CLOSED_S = 60.0, 600.0
"""After a refusal nothing is posted to a channel for so long, and twice as long after each next
one: strangers choose the channels, and Discord counts every refusal."""


class AuditChannels:
    """`wake` when something was decided. A channel that takes long keeps no other waiting."""

    def __init__(
        self, *, client: ShardedBot, store: Store, languages: Languages, clock: Clock
    ) -> None:
        self._client = client
        self._languages = languages
        self._store = store
        self._clock = clock
        self._woken = asyncio.Event()
        self._refusals: dict[int, int] = {}
        self._closed_until: dict[int, float] = {}
        self._telling: set[int] = set()

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    async def run(self) -> None:
        """Tell what there is to tell until cancelled."""
        await self._client.wait_until_ready()
        with background():
            async with asyncio.TaskGroup() as group:
                while True:
                    self._woken.clear()
                    for server in await self._audience():
                        self._telling.add(server[0])
                        group.create_task(self._tell(*server))
                    await wait_for_event(self._woken, self._clock, LOOK_EVERY_S)

    async def _audience(self) -> list[tuple[int, int | None, int]]:
        """Whom to tell now; what is decided while a channel is closed is told afterwards."""
        try:
            audience = await self._store.rulebook.audience()
        except CannotSave as error:
            log.debug("audit channels could not be read", reason=str(error))
            return []
        except Exception:  # whatever it is, the videos go on
            log.exception("audit channels could not be read and are looked for again")
            return []
        now = self._clock.monotonic()
        return [
            server
            for server in audience
            if server[0] not in self._telling and self._closed_until.get(server[1] or 0, now) <= now
        ]

    async def _tell(self, server_id: int, channel_id: int | None, told_to: int) -> None:
        """Bring one server up to date, as far as it goes this time."""
        try:
            await self._client.learn(server_id)
            if channel_id is None:
                await self._say_the_last(server_id, told_to)
            else:
                await self._catch_up(server_id, channel_id, told_to)
        except CannotSave as error:
            log.debug("audit posts could not be noted", reason=str(error))
        except LOST as error:
            log.info("audit channel is out of reach", channel=channel_id, reason=str(error))
        except Exception:
            log.exception("an audit post failed and is tried again", server=server_id)
        finally:
            self._telling.discard(server_id)

    async def _catch_up(self, server_id: int, channel_id: int, told_to: int) -> None:
        while news := await self._news(server_id, told_to):
            for number, action in news:
                if (left := _left_by(action)) is not None:  # it reads that another takes its place
                    await self._post(server_id, left, number, action)
                taken = await self._post(server_id, channel_id, number, action)
                told_to = number if taken else news[-1][0]
                await self._store.rulebook.audited(server_id, channel_id, told_to)
                if not taken:
                    break

    async def _say_the_last(self, server_id: int, told_to: int) -> None:
        """Tell a channel that none follows of everything up to its own end."""
        news = await self._news(server_id, told_to)
        ends = [(number, left) for number, action in news if (left := _left_by(action))]
        if ends:
            end, channel_id = ends[-1]
            for number, action in news:
                if number > end or not await self._post(server_id, channel_id, number, action):
                    break
        await self._store.rulebook.audited(server_id, None, 0)

    async def _news(self, server_id: int, told_to: int) -> list[tuple[int, Action]]:
        return await self._store.audit_log.actions_after(server_id, told_to, AT_ONCE)

    async def _post(self, server_id: int, channel_id: int, number: int, action: Action) -> bool:
        """Whether the channel took it."""
        channel = self._client.get_partial_messageable(channel_id)
        with speaking(self._languages.of_server(server_id)):
            view = audit_cards.action(number, action)
        try:
            await channel.send(
                view=view,
                nonce=f"audit-{number}",
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except discord.HTTPException as error:
            if not is_refusal(error):
                raise
            before = self._refusals.get(channel_id, 0)
            self._refusals[channel_id] = before + 1
            closed_s = min(CLOSED_S * 2 ** min(before, 10), LONGEST_CLOSED_S)
            self._closed_until[channel_id] = self._clock.monotonic() + closed_s
            (log.debug if before else log.warning)(
                "an audit channel takes no posts, and misses what is decided meanwhile",
                server=server_id,
                channel=channel_id,
                reason=str(error),
            )
            return False
        self._refusals.pop(channel_id, None)
        self._closed_until.pop(channel_id, None)
        return True


def _left_by(action: Action) -> int | None:
    """The audit channel that an action has put out of use."""
    was, now = ((seen or {}).get("audit_channel_id") for seen in (action.before, action.after))
    return was if isinstance(was, int) and was != now else None
