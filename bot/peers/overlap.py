"""Several processes with the same shards, as while one takes the place of another: Discord hands
each event to all of them, and one does something about it.

Whoever comes tells the others which shards it will have, before it connects. From then on each
event that something is done about is taken in the database first: at once by whoever was there
before, since its memory has what questions and forms are about, and a moment later by a newcomer.
While nobody else has a shard, nothing is asked of the database.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from bot.clock import Clock, wait_for_event
from bot.errors import StoreError
from bot.gateway.shares import Share
from bot.peers.presence import Presence
from bot.store.sharing.news import News

log = structlog.get_logger()

HEARD_WITHIN_S = 1.5
GIVE_WAY_S = 0.3
"""Of the three seconds in which Discord wants an answer."""

SUCCEEDED_WITHIN_S = 30.0
SILENT_S = 900.0
"""Who stood still for long may hear of what was meanwhile, and must find it taken."""

MIXED = "another process of the bot counts with another number of shards"
MIXED_ADVICE = (
    "Some servers may be heard by nobody: start all `run` processes with the same number behind "
    "the / of --shards. While you replace them by others, this passes."
)

LOOK_S = 0.1
STEPS_TO_WORK = 5
"""discord.py takes some turns of the loop to begin what somebody has asked for."""


class Events(Protocol):
    """What all processes hear of, and one takes."""

    async def take(self, event_id: int, at: float) -> bool:
        """Whether nobody had taken it. Raises `StoreError`."""


@dataclass(slots=True)
class _Peer:
    """Another process, and what it has or will have."""

    share: Share
    is_ready: bool
    was_first: bool
    """It had its share before this process had one."""

    silent_since: float | None = None
    """It is gone, or stands still (monotonic s)."""


class Overlap:
    """`join` before the first session begins, and `leave` before the last one ends."""

    def __init__(self, news: News, presence: Presence, events: Events, clock: Clock) -> None:
        self._news = news
        self._presence = presence
        self._events = events
        self._clock = clock
        self._share: Share | None = None
        self._is_ready = False
        self._has_left = False
        self._peers: dict[str, _Peer] = {}
        self._present = set[str]()
        self._heard_by = set[str]()
        self._told = asyncio.Event()
        self._taking = set[asyncio.Task[None]]()
        news.hear("shards", self._hear)
        news.hear("shards heard", self._is_heard)
        news.hear("shards left", lambda process, _: self._forget(process))
        news.on_missed.append(lambda: self._tell(asks=True))
        presence.on_change.append(self._look_who_is_there)

    async def join(self, share: Share) -> None:
        """Have these shards; come back once all other processes know, or do not answer."""
        self._share, self._is_ready = share, False
        for peer in self._peers.values():
            self._compare(peer.share)
        self._presence.shards = share.first, share.last, share.total
        self._presence.say()
        self._heard_by.clear()
        self._tell(asks=True)
        until = self._clock.monotonic() + HEARD_WITHIN_S
        while not self._all_have_heard() and (left_s := until - self._clock.monotonic()) > 0:
            self._told.clear()
            await wait_for_event(self._told, self._clock, left_s)

    def _all_have_heard(self) -> bool:
        others = {peer.process for peer in self._presence.peers}
        if not others:  # which is known once it is known who is the elder
            return self._news.was_alone or self._presence.is_elder
        return others <= self._heard_by

    def be_ready(self) -> None:
        """All of them are connected: who is to be replaced may leave."""
        self._is_ready = True
        self._tell()

    async def leave(self) -> None:
        """Take nothing any more, once those that hear the same are ready."""
        until = self._clock.monotonic() + SUCCEEDED_WITHIN_S
        while self._is_to_be_waited_for() and self._clock.monotonic() < until:
            await self._clock.sleep(LOOK_S)
        self._has_left = True
        self._news.tell("shards left")
        if self._taking:
            await asyncio.wait(self._taking)
        for _ in range(STEPS_TO_WORK):
            await asyncio.sleep(0)

    def admit(self, event_id: int, server_id: int, act: Callable[[], None]) -> None:
        """Act on an event, now or a moment later, unless another process does."""
        if self._has_left:
            return
        peers = [peer for peer in self._peers.values() if peer.share.covers(server_id)]
        if not any(map(self._may_hear, peers)):
            act()
            return
        gives_way = any(peer.was_first and peer.silent_since is None for peer in peers)
        taking = asyncio.create_task(self._take(event_id, act, gives_way=gives_way))
        self._taking.add(taking)
        taking.add_done_callback(self._taking.discard)

    async def _take(self, event_id: int, act: Callable[[], None], *, gives_way: bool) -> None:
        if gives_way:
            await self._clock.sleep(GIVE_WAY_S)
        try:
            is_ours = await self._events.take(event_id, self._clock.time())
        except StoreError as error:  # it says so to whoever waits; nobody else might
            log.debug("an event could not be taken", reason=str(error))
            is_ours = True
        if is_ours:
            act()

    def _forget(self, process: str) -> None:
        self._peers.pop(process, None)

    def _look_who_is_there(self) -> None:
        """Of the newest nothing may be known yet."""
        there, now = {peer.process for peer in self._presence.peers}, self._clock.monotonic()
        for process, peer in [*self._peers.items()]:
            if process in there:
                peer.silent_since = None
            elif process in self._present and peer.silent_since is None:
                peer.silent_since = now
            elif not self._may_hear(peer):
                self._forget(process)
        self._present = there

    def _may_hear(self, peer: _Peer) -> bool:
        since = peer.silent_since
        return since is None or self._clock.monotonic() - since < SILENT_S

    def _is_to_be_waited_for(self) -> bool:
        ours = self._share
        peers = self._peers.values()
        coming = [peer for peer in peers if not (peer.is_ready or peer.was_first)]
        return ours is not None and any(
            peer.silent_since is None and peer.share.meets(ours) for peer in coming
        )

    def _tell(self, *, asks: bool = False) -> None:
        if self._share is not None and not self._has_left:
            self._news.tell("shards", asks=asks, **self._facts())

    def _facts(self) -> dict[str, Any]:
        share = self._share if not self._has_left else None
        return {"share": str(share) if share else None, "is_ready": self._is_ready}

    def _hear(self, process: str, facts: Mapping[str, Any]) -> None:
        """Another one has shards, or will have them."""
        self._note(process, facts, was_first=False)
        if facts["asks"]:
            self._news.tell("shards heard", by=process, **self._facts())

    def _is_heard(self, process: str, facts: Mapping[str, Any]) -> None:
        if facts["by"] == self._news.process:
            self._note(process, facts, was_first=True)
            self._heard_by.add(process)
            self._told.set()

    def _note(self, process: str, facts: Mapping[str, Any], *, was_first: bool) -> None:
        if facts["share"] is None:
            self._forget(process)
            return
        known = self._peers.get(process)
        was_first = was_first or (known is not None and known.was_first)
        share = Share.parse(facts["share"])
        if known is None:
            self._compare(share)
        self._peers[process] = _Peer(share, facts["is_ready"], was_first)

    def _compare(self, theirs: Share) -> None:
        """Warn of what leaves servers out."""
        if self._share is not None and theirs.total != self._share.total:
            ours = str(self._share)
            log.warning(MIXED, theirs=str(theirs), ours=ours, advice=MIXED_ADVICE)
