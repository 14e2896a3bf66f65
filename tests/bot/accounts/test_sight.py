"""Who can read a channel, as discord.py works it out for members that it knows whole."""

import random
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.accounts.sight import ReadableChannel, is_age_restricted, may_both_read, rights

SERVER, BOT, OWNER, BEN = 100, 1, 2, 3
HALLS, VOICE, OPEN_THREAD, CLOSED_THREAD = 10, 11, 20, 21
ROLES = [SERVER, 201, 202, 203]
READ = discord.Permissions(view_channel=True, read_message_history=True).value
CONNECT = discord.Permissions(connect=True).value
MANAGE_THREADS = discord.Permissions(manage_threads=True).value

Json = dict[str, Any]


def member(id_: int, roles: list[int]) -> Json:
    user = {"id": str(id_), "username": "u", "discriminator": "0", "avatar": None}
    return {"user": user, "roles": list(map(str, roles)), "flags": 0, "joined_at": None}


def role(id_: int, bits: int) -> Json:
    colours = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
    body: Json = {"id": str(id_), "name": "r", "permissions": str(bits), "colors": colours}
    flags = dict.fromkeys(("hoist", "managed", "mentionable"), False)
    return body | flags | {"color": 0, "position": id_ - SERVER, "flags": 0}


def channel(id_: int, type_: int, exceptions: dict[int, tuple[int, int]], **more: Any) -> Json:
    overwrites = [
        {"id": str(of), "type": int(of not in ROLES), "allow": str(allow), "deny": str(deny)}
        for of, (allow, deny) in exceptions.items()
    ]
    body: Json = {"id": str(id_), "type": type_, "name": "c", "position": 0, "bitrate": 64000}
    return body | {"user_limit": 0, "permission_overwrites": overwrites} | more


def thread(id_: int, type_: int, *, has_bot: bool = False) -> Json:
    times = {"archive_timestamp": "2026-01-01T00:00:00+00:00", "auto_archive_duration": 60}
    body: Json = {"id": str(id_), "type": type_, "name": "t", "parent_id": str(HALLS)}
    body |= {"guild_id": str(SERVER), "owner_id": str(OWNER), "message_count": 0}
    body |= {"member_count": 1, "thread_metadata": times | {"archived": False, "locked": False}}
    joined = {"id": str(id_), "user_id": str(BOT), "join_timestamp": "2026-01-01", "flags": 0}
    return body | ({"member": joined} if has_bot else {})


def server(roles: dict[int, int], channels: list[Json], threads: list[Json] | None = None,
           **more: Any) -> discord.Guild:  # fmt: skip
    """What the bot knows of a server where it has no roles."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    state = client._connection
    state.user = discord.ClientUser(state=state, data=cast("Any", member(BOT, [])["user"]))
    body: Json = {"id": str(SERVER), "name": "s", "owner_id": str(OWNER), "channels": channels}
    body |= {"roles": [role(*each) for each in roles.items()], "threads": threads or []}
    body |= {"members": [member(BOT, [])]}
    return discord.Guild(data=cast("Any", body | more), state=state)


def place(of: discord.Guild, id_: int = HALLS) -> ReadableChannel:
    found = of.get_channel_or_thread(id_)
    assert isinstance(found, ReadableChannel)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_rights_are_as_discord_has_them(seed: int) -> None:
    chance = random.Random(seed)

    def bits(density: float) -> int:
        return sum(1 << at for at in range(40) if chance.random() < density) & ~(1 << 3)

    roles = {id_: bits(0.3) for id_ in ROLES}
    if chance.random() < 0.1:
        roles[202] |= 1 << 3  # an administrator
    people = (BEN, OWNER, *ROLES)
    denied = {of: bits(0.3) for of in people if chance.random() < 0.7}
    exceptions = {of: (bits(0.3) & ~denies, denies) for of, denies in denied.items()}
    is_voice = seed % 2
    known = server(roles, [channel(HALLS, 2 * is_voice, exceptions)])
    names = ["view_channel", "read_message_history", "manage_threads", "connect"][: 3 + is_voice]
    held = chance.sample(ROLES[1:], chance.randrange(4))
    for id_ in (BEN, OWNER):
        whole = discord.Member(data=cast("Any", member(id_, held)), guild=known, state=known._state)
        hall = known.get_channel(HALLS)
        assert hall is not None
        expected = hall.permissions_for(whole)
        found = rights(hall, id_, held)
        for name in names:
            if expected.view_channel or name == "view_channel":
                assert getattr(found, name) is getattr(expected, name), name


async def readable(of: discord.Guild, id_: int = HALLS, roles: tuple[int, ...] = ()) -> bool:
    return await may_both_read(place(of, id_), BEN, roles)


async def test_both_must_see_the_channel_and_its_past() -> None:
    everyone = {SERVER: READ, 201: 0}
    assert await readable(server(everyone, [channel(HALLS, 0, {})]))
    for of in (BEN, BOT, SERVER):
        for bit in (1 << 10, 1 << 16):
            assert not await readable(server(everyone, [channel(HALLS, 0, {of: (0, bit)})]))
    for_some = [channel(HALLS, 0, {SERVER: (0, READ), 201: (READ, 0), BOT: (READ, 0)})]
    assert not await readable(server(everyone, for_some))
    assert await readable(server(everyone, for_some), roles=(201,))


async def test_a_voice_channels_messages_are_for_who_may_enter() -> None:
    for bits, may in ((READ, False), (READ | CONNECT, True)):
        assert await readable(server({SERVER: bits}, [channel(VOICE, 2, {})]), VOICE) is may


async def test_a_private_thread_is_for_its_members(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def is_in(self: discord.Thread, person_id: int) -> object:
        asked.append(person_id)
        if len(asked) > 1:
            raise discord.NotFound(cast("Any", SimpleNamespace(status=404, reason="")), "unknown")
        return person_id

    monkeypatch.setattr(discord.Thread, "fetch_member", is_in)
    hall, everyone = [channel(HALLS, 0, {})], {SERVER: READ}
    threads = [thread(OPEN_THREAD, 11), thread(CLOSED_THREAD, 12)]
    assert await readable(server(everyone, hall, threads), OPEN_THREAD)
    assert not await readable(server(everyone, hall, threads), CLOSED_THREAD)
    assert asked == []  # the bot is not in it
    threads[1] = thread(CLOSED_THREAD, 12, has_bot=True)
    assert await readable(server(everyone, hall, threads), CLOSED_THREAD)
    assert not await readable(server(everyone, hall, threads), CLOSED_THREAD)
    assert asked == [BEN, BEN]
    moderators = {SERVER: READ | MANAGE_THREADS}
    assert await readable(server(moderators, hall, threads), CLOSED_THREAD)
    hall = [channel(HALLS, 0, {BEN: (0, READ)})]
    for id_ in (OPEN_THREAD, CLOSED_THREAD):
        assert not await readable(server(everyone, hall, threads), id_)
    assert asked == [BEN, BEN]


def test_where_discord_asks_for_ones_age() -> None:
    everyone, threads = {SERVER: READ}, [thread(OPEN_THREAD, 11)]
    plain = server(everyone, [channel(HALLS, 0, {})], threads)
    channel_of_age = server(everyone, [channel(HALLS, 0, {}, nsfw=True)], threads)
    server_of_age = server(everyone, [channel(HALLS, 0, {})], threads, nsfw_level=3)
    for id_ in (HALLS, OPEN_THREAD):
        assert not is_age_restricted(place(plain, id_))
        assert is_age_restricted(place(channel_of_age, id_))
        assert is_age_restricted(place(server_of_age, id_))
    assert not is_age_restricted(None)
