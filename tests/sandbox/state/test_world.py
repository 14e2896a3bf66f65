"""The world's own rules: clock, ids, rights, reads over REST."""

import asyncio

import pytest

from sandbox.clock import MovableClock
from sandbox.discord.state.model import Overwrite
from sandbox.discord.state.permissions import ALL, Permission, in_channel
from sandbox.discord.state.snowflake import Snowflakes, at
from sandbox.discord.state.world import World
from tests.sandbox.raw import Rest


async def test_clock_wakes_sleepers_when_it_jumps() -> None:
    clock = MovableClock()
    sleeper = asyncio.create_task(clock.sleep(60))
    await asyncio.sleep(0)
    clock.advance(30)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(31)
    await asyncio.wait_for(sleeper, 20)
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance(-1)


def test_snowflakes_grow_and_tell_their_time() -> None:
    ids = Snowflakes(lambda: 1_800_000_000.0)
    first, second = ids.next(), ids.next()
    assert second == first + 1
    assert first >> 22 == at(1_800_000_000.0) >> 22


def test_rights_follow_roles_and_overwrites(world: World) -> None:
    studio, general = world.guilds["studio"], world.channels["general"]
    ada, dana = (studio.members[world.users[name].id] for name in ("ada", "dana"))
    assert in_channel(studio, general, ada) == ALL
    general.overwrites = [
        Overwrite(studio.id, 0, deny=int(Permission.SEND_MESSAGES)),
        Overwrite(dana.role_ids[0], 0, allow=int(Permission.SEND_MESSAGES)),
    ]
    assert in_channel(studio, general, dana) & Permission.SEND_MESSAGES
    ben = studio.members[world.users["ben"].id]
    assert not in_channel(studio, general, ben) & Permission.SEND_MESSAGES
    general.overwrites.append(Overwrite(ben.user_id, 1, deny=int(Permission.VIEW_CHANNEL)))
    assert in_channel(studio, general, ben) == 0


async def test_what_can_be_looked_up(rest: Rest, world: World) -> None:
    studio, ada = world.guilds["studio"].id, world.users["ada"].id
    paths = {
        "/gateway": "url",
        "/gateway/bot": "session_start_limit",
        "/users/@me": "bot",
        "/users/@me/guilds": None,
        f"/users/{ada}": "global_name",
        "/applications/@me": "verify_key",
        "/oauth2/applications/@me": "bot_public",
        f"/guilds/{studio}?with_counts=true": "approximate_member_count",
        f"/guilds/{studio}/channels": None,
        f"/guilds/{studio}/roles": None,
        f"/guilds/{studio}/roles/{studio}": "permissions",
        f"/guilds/{studio}/members/{ada}": "roles",
        f"/channels/{world.channels['general'].id}": "permission_overwrites",
    }
    for path, field in paths.items():
        reply = await rest("GET", path)
        assert reply.status == 200, path
        assert field is None or field in reply.body, path
    assert (await rest("GET", f"/guilds/{studio}/members")).code == 50001
    world.privileged_intents = 1 << 1
    assert len((await rest("GET", f"/guilds/{studio}/members?limit=1000")).body) == 6
    garden = world.guilds["garden"].id
    assert (await rest("GET", f"/guilds/{garden}/members/{world.users['ben'].id}")).code == 10007
