"""Who is a member is asked of Discord as seldom as can be, a few at a time, and never in vain."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.accounts import members as module
from bot.accounts.members import AT_ONCE, MOST_ASKED, TRUSTED_S, DiscordMembers
from bot.core.accounts import Member
from bot.errors import MembersUnknown
from bot.gateway.client import ShardedBot

SERVER, BEN = 1, 7
GONE = aiohttp.ServerDisconnectedError()


class Answer:
    """What stands for Discord's answer in its errors."""

    def __init__(self, status: int) -> None:
        self.status, self.reason = status, ""


@dataclass
class Told:
    """A member without roles, as Discord tells of one."""

    display_name: str
    roles: list[discord.Role] = field(default_factory=list)
    timed_out_until: None = None


class Servers:
    """A client that is in all servers; each answers when it may."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.under_way = self.most_under_way = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.without: set[int] = set()
        self.fails_with: Exception | None = None
        self.are_told = True

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Meanwhile none answers, and nobody waits long; else a busy machine may take its time."""
        waited_s = module.ASK_WITHIN_S
        self.answers.clear()
        module.ASK_WITHIN_S = 0.02
        try:
            yield
        finally:
            module.ASK_WITHIN_S = waited_s
            self.answers.set()

    def get_guild(self, server_id: int) -> "Server | None":
        """Any, once Discord has told which there are."""
        return Server(self, server_id) if self.are_told else None

    async def learn(self, _: int) -> bool:
        """Its own shards have told of all of them."""
        return False

    def knows(self, _: int) -> bool:
        """Whether it has."""
        return self.are_told


@dataclass
class Server:
    """One of them."""

    servers: Servers
    id: int

    async def fetch_member(self, person_id: int) -> Told:
        """Who has left is none of theirs."""
        discords = self.servers
        discords.asked.append((self.id, person_id))
        discords.under_way += 1
        discords.most_under_way = max(discords.most_under_way, discords.under_way)
        try:
            await asyncio.sleep(0)
            await discords.answers.wait()
        finally:
            discords.under_way -= 1
        if discords.fails_with is not None:
            raise discords.fails_with
        if person_id in discords.without:
            raise discord.NotFound(cast("Any", Answer(404)), "Unknown Member")
        return Told(f"person {person_id}")


class Hand:
    """A clock moved by hand."""

    now = 1000.0

    def monotonic(self) -> float:
        """Seconds that only go on."""
        return self.now


@pytest.fixture
def servers() -> Servers:
    return Servers()


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def members(servers: Servers, clock: Hand, monkeypatch: pytest.MonkeyPatch) -> DiscordMembers:
    monkeypatch.setattr(module, "ASK_WITHIN_S", 30.0)
    return DiscordMembers(cast("ShardedBot", servers), clock.monotonic)


async def test_who_ask_at_once_share_one_look_up(members: DiscordMembers, servers: Servers) -> None:
    asked = [members.member(BEN, SERVER) for _ in range(9)]
    assert await asyncio.gather(*asked) == [Member(frozenset())] * 9
    assert servers.asked == [(SERVER, BEN)]


Ask = Callable[[DiscordMembers], Coroutine[Any, Any, Any]]


@pytest.mark.parametrize(
    "ask",
    [
        lambda members: members.member_in(BEN, range(20)),
        lambda members: members.is_in_any(BEN, frozenset(range(20))),
        lambda members: members.names(range(20), SERVER),
    ],
    ids=["servers", "any server", "names"],
)
async def test_few_are_asked_about_at_a_time(
    members: DiscordMembers, servers: Servers, ask: Ask
) -> None:
    servers.without = {BEN}
    await ask(members)
    assert len(servers.asked) == 20
    assert servers.most_under_way == AT_ONCE


async def test_a_member_of_one_is_not_asked_after_in_all(
    members: DiscordMembers, servers: Servers, clock: Hand
) -> None:
    everywhere = frozenset(range(20))
    members.seen(BEN, 17, Member(frozenset()))
    clock.now += TRUSTED_S
    assert await members.is_in_any(BEN, everywhere)
    assert len(servers.asked) == AT_ONCE
    assert servers.asked[0] == (17, BEN)


async def test_what_is_not_told_in_time_is_not_asked_again_and_known_later(
    members: DiscordMembers, servers: Servers
) -> None:
    with servers.silent():
        with pytest.raises(MembersUnknown):
            await members.member(BEN, SERVER)
        with pytest.raises(MembersUnknown):
            await members.is_in_any(BEN, frozenset({SERVER}))
        assert await members.names([BEN], SERVER) == {BEN: str(BEN)}
        assert await members.member_in(BEN, [SERVER]) == {}
    assert await members.member(BEN, SERVER) == Member(frozenset())
    assert await members.names([BEN], SERVER) == {BEN: f"person {BEN}"}
    assert servers.asked == [(SERVER, BEN)]


async def test_a_discord_that_owes_many_answers_is_asked_no_more(
    members: DiscordMembers, servers: Servers
) -> None:
    with servers.silent():
        asked = [members.member(person, SERVER) for person in range(MOST_ASKED + 9)]
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(answer, MembersUnknown) for answer in told)
        assert len(servers.asked) == MOST_ASKED
    await asyncio.gather(members.member(0, SERVER))
    assert await members.member(BEN + MOST_ASKED, SERVER) == Member(frozenset())


@pytest.mark.parametrize("error", [GONE, aiohttp.ClientPayloadError("half"), OSError(104, "reset")])
async def test_a_discord_that_hangs_up_has_not_told(
    members: DiscordMembers, servers: Servers, error: Exception
) -> None:
    servers.fails_with = error
    with pytest.raises(MembersUnknown):
        await members.member(BEN, SERVER)
    assert await members.names([BEN], SERVER) == {BEN: str(BEN)}
    servers.fails_with = None
    assert await members.member(BEN, SERVER) == Member(frozenset())


async def test_of_a_server_that_was_not_told_yet_nobody_is_said_to_be_no_member(
    members: DiscordMembers, servers: Servers
) -> None:
    servers.are_told = False
    with pytest.raises(MembersUnknown):
        await members.member(BEN, SERVER)
    servers.are_told = True
    assert await members.member(BEN, SERVER) == Member(frozenset())


async def test_who_has_left_is_not_asked_after_at_each_letter(
    members: DiscordMembers, servers: Servers, clock: Hand
) -> None:
    servers.without = {BEN}
    for _ in range(5):
        assert await members.names([BEN], SERVER) == {BEN: str(BEN)}
    assert len(servers.asked) == 1
    servers.without = set()
    clock.now += TRUSTED_S
    assert await members.names([BEN], SERVER) == {BEN: f"person {BEN}"}
