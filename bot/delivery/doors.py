"""Where Discord does not let the bot in, and how often it has said so.

Who makes 10,000 requests in ten minutes that are answered with 401, 403 or 429 is shut out by their
address (Discord's documentation, Rate Limits). Strangers choose where the bot is to answer them, so
what was refused is not asked again for a while, and far below that number it asks for less.
"""

from collections import deque
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp
import discord

from bot.alarms import Alarm, Alarms
from bot.clock import Clock, Stillness
from bot.core.jobs import Job, Source
from bot.store.sharing.news import News

CLOSED_S = 600.0
MOST_CLOSED = 10_000
WINDOW_S = 600.0
TOLD_EVERY_S = 1.0
MANY, MOST = 1_500, 5_000
"""From the first on, plain messages are left unanswered; from the second on, all but commands."""

MOST_LIMITED_S = 3600.0
REFUSALS = frozenset({401, 403, 429})
ANSWERS = ("/interactions/", "/webhooks/")
"""What somebody waits for; these are not counted against who is answered."""


class TooManyRefusedError(aiohttp.ClientError):
    """This request would be one too many: it is lost, as on a bad line, and may be tried later."""


class StoodStillError(aiohttp.ClientError):
    """This request was decided before the process stood still: it is lost, as on a bad line."""


class Doors:
    """Remembered in memory alone; ids of channels and of people are never the same."""

    def __init__(self, clock: Clock, alarms: Alarms) -> None:
        self._clock = clock
        self._alarms = alarms
        self._closed: dict[int, float] = {}  # in the order in which they open again
        self._refused_at: deque[float] = deque(maxlen=MOST)
        self._news: News | None = None
        self._stillness: Stillness | None = None
        self._untold, self._told_at = 0, clock.monotonic()
        self.on_limited: list[Callable[[float], None]] = []
        """Told for how long (s) Discord takes no requests of the bot's at all."""

        self.on_forbidden: list[Callable[[int, str], None]] = []
        """Told the channel's id and the method of each request about one that is forbidden."""

    def share(self, news: News, stillness: Stillness) -> None:
        """Count what other processes of the bot are refused, and tell them what this one is.

        What this one was about to do when it stood still, it does not: a card would be drawn over
        what another one has put in its place.
        """
        self._news, self._stillness = news, stillness
        news.hear("refused", lambda _, facts: self._note(facts["count"]))
        news.hear("limited", lambda _, facts: self._limit(facts["seconds"]))

    def refused(self, error: BaseException, *ids: int) -> None:
        """A channel, or a person (in their direct messages), took no message."""
        if not isinstance(error, discord.Forbidden):
            return
        for one in ids:
            self._closed.pop(one, None)
            self._closed[one] = self._clock.monotonic() + CLOSED_S
        while len(self._closed) > MOST_CLOSED:
            del self._closed[next(iter(self._closed))]

    def are_closed(self, *ids: int) -> bool:
        """Whether each of these has taken no message lately."""
        now = self._clock.monotonic()
        return all(self._closed.get(one, now) > now for one in ids)

    def bar(self, job: Job) -> bool:
        """Whether a plain message's card never stood anywhere, and can stand nowhere now."""
        ways = [] if job.is_shown_directly else [job.channel_id]
        if job.is_shown_directly or job.is_offer:
            ways.append(job.person_id)
        is_unseen = job.source is Source.MESSAGE and job.card.message_id is None
        return is_unseen and self.are_closed(*ways)

    @property
    def are_many_closed(self) -> bool:
        """Whether so much was refused lately that strangers are not answered."""
        return self._count() >= MANY

    def trace(self) -> aiohttp.TraceConfig:
        """To be told of each request by; those that would be too many it does not let out."""
        told = aiohttp.TraceConfig()
        told.on_request_start.append(self._begins)
        told.on_request_end.append(self._is_answered)
        return told

    async def _begins(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, asked: aiohttp.TraceRequestStartParams
    ) -> None:
        if self._stillness is not None and self._stillness.has_been:
            raise StoodStillError("This process stood still")
        url = str(asked.url)
        if not url.startswith(discord.http.Route.BASE) or any(one in url for one in ANSWERS):
            return  # the gateway, too, goes on
        if self._count() >= MOST:
            raise TooManyRefusedError("Discord has refused too much of late")

    async def _is_answered(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, told: aiohttp.TraceRequestEndParams
    ) -> None:
        answer = told.response
        if "X-RateLimit-Global" in answer.headers:
            self._be_limited(answer.headers.get("Retry-After", ""))
        channel_id = _channel_in(told.url.path) if answer.status == 403 else None
        if channel_id is not None:
            for told_of in self.on_forbidden:
                told_of(channel_id, told.method)
        is_shared = answer.headers.get("X-RateLimit-Scope") == "shared"  # which does not count
        if answer.status in REFUSALS and not is_shared:
            self._note(1)
            self._tell_others()
        elif self._count() < MANY / 2:
            self._alarms.clear(Alarm.REFUSED, "requests")

    def _note(self, count: int) -> None:
        """So many more were refused, here or in another process."""
        self._refused_at.extend([self._clock.monotonic()] * min(count, MOST))
        if self.are_many_closed:
            self._alarms.raise_(Alarm.REFUSED, "requests")

    def _tell_others(self) -> None:
        self._untold += 1
        now = self._clock.monotonic()
        if self._news is not None and now - self._told_at >= TOLD_EVERY_S:
            self._news.tell("refused", count=self._untold)
            self._untold, self._told_at = 0, now

    def _be_limited(self, retry_after: str) -> None:
        try:
            seconds = min(max(float(retry_after), 0.0), MOST_LIMITED_S)
        except ValueError:
            return
        self._limit(seconds)
        if self._news is not None:
            self._news.tell("limited", seconds=seconds)

    def _limit(self, seconds: float) -> None:
        for told in self.on_limited:
            told(seconds)

    def _count(self) -> int:
        while self._refused_at and self._refused_at[0] <= self._clock.monotonic() - WINDOW_S:
            self._refused_at.popleft()
        return len(self._refused_at)


def _channel_in(path: str) -> int | None:
    """The channel that a request is about."""
    _, _, rest = path.partition("/channels/")
    channel_id = rest.partition("/")[0]
    return int(channel_id) if channel_id.isdecimal() else None
