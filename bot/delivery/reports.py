"""Tells a server's moderators what was reported: one card for each message, kept up to date.

It stands in the audit channel. Where everybody can see that one, the card says no more than that
there is something. Where there is none, or it takes no posts, such a card stands where the message
does; of these there is one at a time in a channel. It is posted once: a try is saved before it is
made, and a repeat carries the same nonce, or looks for the card first.
"""

import asyncio
from datetime import UTC, datetime

import discord
import structlog

from bot.accounts.languages import Languages
from bot.accounts.sight import is_public
from bot.cards.languages.speech import speaking
from bot.cards.posts import reports as report_cards
from bot.clock import Clock, wait_for_event
from bot.core.people.reports import Case
from bot.delivery.discord_errors import EDITED_TOO_OFTEN, LOST, is_refusal
from bot.delivery.routes import CLOCK_SKEW_S, NONCE_WINDOW_S
from bot.delivery.searches import marks
from bot.errors import CannotSave
from bot.gateway.client import ShardedBot
from bot.store.group_commit import background
from bot.store.people.reports import Reports
from bot.store.store import Store

log = structlog.get_logger()

LOOK_EVERY_S = 30.0
SPACING_S = 3.0
"""Many may report one message at once: its card is edited so often at most."""

PUT_OFF_S = 600.0
"""A card that no channel takes, or that was edited too often, is tried again after so long."""

SEARCHED_MESSAGES = 100
AN_HOUR_S, A_WEEK_S = 3600.0, 7 * 24 * 3600.0
FORGOTTEN_AT_ONCE = 100


class ReportCards:
    """`wake` when something was reported or settled."""

    def __init__(
        self,
        *,
        client: ShardedBot,
        store: Store,
        reports: Reports,
        languages: Languages,
        clock: Clock,
        keep_days: float,
    ) -> None:
        self._client = client
        self._store = store
        self._reports = reports
        self._languages = languages
        self._clock = clock
        self._keep_s = max(keep_days * 24 * 3600, A_WEEK_S)
        self._woken = asyncio.Event()
        self._busy: set[int] = set()
        self._tried: dict[int, float] = {}
        """By case: when it was last tried (monotonic s), or before when it is not to be."""

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    async def run(self) -> None:
        """Keep the cards until cancelled, and forget what is over."""
        await self._client.wait_until_ready()
        tidied_at = -AN_HOUR_S
        with background():
            async with asyncio.TaskGroup() as group:
                while True:
                    self._woken.clear()
                    if self._clock.monotonic() - tidied_at >= AN_HOUR_S:
                        tidied_at = self._clock.monotonic()
                        await self._tidy()
                    for server_id, cases in (await self._untold()).items():
                        self._busy.add(server_id)
                        group.create_task(self._tell(server_id, cases))
                    await wait_for_event(self._woken, self._clock, LOOK_EVERY_S)

    async def _untold(self) -> dict[int, list[Case]]:
        """What is to be told, by server; what takes long, or fails, keeps nothing else waiting."""
        found: dict[int, list[Case]] = {}
        now = self._clock.monotonic()
        try:
            cases = await self._reports.untold()
            tried = {case.id: self._tried[case.id] for case in cases if case.id in self._tried}
            self._tried = tried
            for case in sorted(cases, key=lambda case: tried.get(case.id, 0.0)):
                server_id = case.reported.server_id
                if server_id not in self._busy and tried.get(case.id, now) <= now:
                    found.setdefault(server_id, []).append(case)
        except CannotSave as error:
            log.debug("reports could not be read", reason=str(error))
        except Exception:  # whatever it is, the videos go on
            log.exception("reports could not be read and are looked for again")
        return found

    async def _tell(self, server_id: int, cases: list[Case]) -> None:
        try:
            await self._client.learn(server_id)
            for case in cases:
                self._tried[case.id] = self._clock.monotonic()
                await self._show(case)
            await self._clock.sleep(SPACING_S)
        except CannotSave as error:
            log.debug("a report could not be noted", reason=str(error))
        except LOST as error:
            log.info("a report is told later", server=server_id, reason=str(error))
        except Exception:
            log.exception("a report could not be told and is tried again", server=server_id)
        else:
            self._woken.set()  # something may have come meanwhile
        finally:
            self._busy.discard(server_id)

    async def _show(self, case: Case) -> None:
        """Bring a case's card to what is known of it."""
        if case.card_message_id is None and case.card_channel_id is not None:
            message_id = await self._find(case)
        else:
            message_id = case.card_message_id
        if message_id is None:
            if case.settled is None:
                await self._post(case)
            else:
                await self._reports.card_shows(case, None)
            return
        assert case.card_channel_id is not None
        channel = self._client.get_partial_messageable(case.card_channel_id)
        message = channel.get_partial_message(message_id)
        is_discreet = case.is_discreet or self._is_public(case.card_channel_id)
        try:
            if is_discreet and case.settled is not None:
                await message.delete()
                message_id = None
            elif not case.is_discreet:
                view = await self._card(case, case.card_channel_id, is_discreet=is_discreet)
                await message.edit(view=view, allowed_mentions=discord.AllowedMentions.none())
        except discord.HTTPException as error:
            if error.code == EDITED_TOO_OFTEN:
                self._put_off(case)
                return
            if not is_refusal(error):
                raise
            log.info("a report's card is out of reach", case=case.id, reason=str(error))
            message_id = None
        await self._reports.card_shows(case, message_id)

    async def _find(self, case: Case) -> int | None:
        """The card, of which it is not saved whether it was posted."""
        assert case.card_channel_id is not None
        assert case.card_tried_at is not None
        age_s = self._clock.time() - case.card_tried_at
        if 0 <= age_s <= NONCE_WINDOW_S and case.settled is None:
            return None  # posting it again makes the same message
        deed = "look" if case.is_discreet else "dismiss"
        mark = report_cards.custom_id(deed, case)
        channel = self._client.get_partial_messageable(case.card_channel_id)
        since = datetime.fromtimestamp(case.card_tried_at - CLOCK_SKEW_S, UTC)
        try:
            async for message in channel.history(limit=SEARCHED_MESSAGES, after=since):
                if mark in marks(message):
                    return message.id
        except discord.HTTPException as error:
            if not is_refusal(error):
                raise
            log.info("a report's card cannot be looked for", case=case.id, reason=str(error))
        return None

    async def _post(self, case: Case) -> None:
        """In the audit channel, else where the message stands."""
        server_id, channel_id = case.reported.server_id, case.reported.channel_id
        audit_id = (await self._store.rulebook.of(server_id)).audit_channel_id
        if audit_id is not None:
            is_discreet = self._is_public(audit_id)
            if await self._post_in(case, audit_id, is_discreet=is_discreet):
                return
        if await self._reports.is_told_of(channel_id):  # its turn comes when that one goes
            await self._reports.card_shows(case, None)
            return
        if not await self._post_in(case, channel_id, is_discreet=True):
            self._put_off(case)
            log.warning("no channel takes a report", server=server_id, channel=channel_id)

    def _put_off(self, case: Case) -> None:
        self._tried[case.id] = self._clock.monotonic() + PUT_OFF_S

    async def _post_in(self, case: Case, channel_id: int, *, is_discreet: bool) -> bool:
        """Whether the channel took the card."""
        now = self._clock.time()
        is_begun = (case.card_channel_id, case.is_discreet) == (channel_id, is_discreet)
        if not is_begun or not self._is_in_window(case, now):
            await self._reports.card_begins(case, channel_id, now, is_discreet=is_discreet)
        view = await self._card(case, channel_id, is_discreet=is_discreet)
        try:
            message = await self._client.get_partial_messageable(channel_id).send(
                view=view,
                nonce=f"case-{case.reported.message_id}",
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except discord.HTTPException as error:
            if not is_refusal(error):
                raise
            log.info("a channel takes no report", channel=channel_id, reason=str(error))
            return False
        await self._reports.card_shows(case, message.id)
        return True

    def _is_in_window(self, case: Case, now: float) -> bool:
        return case.card_tried_at is not None and 0 <= now - case.card_tried_at <= NONCE_WINDOW_S

    def _is_public(self, channel_id: int) -> bool:
        return is_public(self._client.get_channel(channel_id))

    async def _card(
        self, case: Case, channel_id: int, *, is_discreet: bool
    ) -> discord.ui.LayoutView:
        language = self._languages.of_server(case.reported.server_id)
        if is_discreet:
            with speaking(language):
                return report_cards.discreet(case, channel_id)
        newest = await self._reports.newest_of(case.id, report_cards.SHOWN)
        with speaking(language):
            return report_cards.card(case, newest)

    async def _tidy(self) -> None:
        """What nobody has decided for long is over, and what is over is forgotten after a while."""
        now = self._clock.time()
        try:
            await self._reports.expire(now - self._keep_s, now)
            while await self._reports.forget(now - A_WEEK_S, FORGOTTEN_AT_ONCE):
                pass
        except CannotSave as error:
            log.debug("old reports could not be forgotten", reason=str(error))
        except Exception:
            log.exception("old reports could not be forgotten and are looked at again")
