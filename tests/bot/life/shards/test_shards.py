"""A bot in more servers than one connection may have: of four shards, the first has the direct
messages, and the others the studio, the garden and the attic."""

import gc

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm
from bot.connection import FEW
from bot.errors import MarionetteError, SettingsError
from bot.gateway.shares import Share
from sandbox.clients.person import PersonClient
from sandbox.clients.transcript import text_of
from sandbox.discord.gateway.sockets import Close
from tests.bot.databases import only_sqlite
from tests.bot.life.operator.test_alarms import errors, metrics, over
from tests.bot.life.operator.test_looking_after import free_port, reports
from tests.bot.life.operator.test_start import GATEWAY, asked, told
from tests.bot.life.world import Life
from tests.e2e.stage import is_video, says

COUNT = 4
STUDIO = 1
LACKS = "SELECT * FROM missing_permissions"


async def start(life: Life, shards: int = COUNT, step_s: float = 0.0, **changes: object) -> None:
    """Start the bot, and wait until all its shards are there."""
    life.world.session_starts.shards = shards
    life.begin(**changes)
    await are_there(life, shards, step_s)
    await life.until(lambda: bool(life.world.commands))


async def are_there(life: Life, shards: int, step_s: float = 1.0) -> None:
    await life.until(lambda: life.discord.gateway.connected == shards, step_s=step_s)


async def credits_in(person: PersonClient, channel: int) -> str:
    """What `/credits` tells somebody there."""
    outcome = await person.outcome(await person.use(channel, "credits"))
    return text_of(outcome["message"])


async def test_every_place_is_answered_on_its_shard(life: Life) -> None:
    port = free_port()
    await start(life, step_s=1.0, http_port=port)
    ada, finn = await life.person("ada"), await life.person("finn")
    places = {life.channel("general"): ada, life.channel("lawn"): ada, life.channel("den"): finn}
    for channel, person in (places | {await ada.open_dm(): ada}).items():
        assert "You can spend" in await credits_in(person, channel)
    assert len(asked(life, "PUT", "/commands")) == 1
    assert 'marionette_shards{state="connected"} 4.0' in await metrics(port)
    async with aiohttp.ClientSession() as session:
        await reports(session, f"http://127.0.0.1:{port}/healthz", 200)


@pytest.mark.parametrize("is_resumed", [True, False])
async def test_a_lost_shard_keeps_neither_others_nor_its_own_jobs_back(
    life: Life, is_resumed: bool
) -> None:
    port, gateway = free_port(), life.discord.gateway
    await start(life, step_s=1.0, http_port=port)
    ada, cleo = await life.person("ada"), await life.person("cleo")
    life.provider.workshop.pause()
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    gateway.shut_out.add(STUDIO)
    gateway.drop(STUDIO)
    life.provider.workshop.resume()
    await life.reaches("delivered", step_s=1.0)
    await ada.wait_for(is_video)
    for channel in (life.channel("lawn"), await cleo.open_dm()):
        assert "You can spend" in await credits_in(cleo, channel)
    lines = await metrics(port)
    assert 'marionette_shards{state="connected"} 3.0' in lines
    assert 'marionette_shards{state="away"} 1.0' in lines
    async with aiohttp.ClientSession() as session:
        await reports(session, f"http://127.0.0.1:{port}/healthz", 503)
    gateway.shut_out.clear()
    gateway.refuse_resumes(0 if is_resumed else 1)
    begun = life.world.session_starts.remaining
    await are_there(life, COUNT)
    assert begun - life.world.session_starts.remaining == (0 if is_resumed else 1)
    assert "You can spend" in await credits_in(ada, life.channel("general"))


async def test_a_shard_that_is_not_let_in_holds_up_its_own_posts_alone(life: Life) -> None:
    """Where its servers are not known yet, nothing is done by halves."""
    await start(life, step_s=1.0)
    ada, cleo = await life.person("ada"), await life.person("cleo")
    life.provider.workshop.pause()
    await life.mimic(ada)
    await life.reaches("rendering", step_s=1.0)
    await life.mimic(cleo, "lawn")
    await life.reaches("rendering", "rendering", step_s=1.0)
    await life.stop()
    studio, general = life.world.guilds["studio"].id, life.channel("general")
    lack = (studio, general, "Attach Files", life.clock.time())
    await life.alter("INSERT INTO missing_permissions VALUES (?, ?, ?, ?, NULL)", *lack)
    life.world.emojis.clear()
    life.provider.workshop.resume()
    life.discord.gateway.shut_out.add(STUDIO)
    life.begin()
    await life.reaches("delivering", "delivered", step_s=1.0)
    await cleo.wait_for(is_video)
    await life.until(lambda: bool(life.world.emojis), step_s=1.0)
    assert life.states() == ["delivering", "delivered"]
    assert len(life.rows(LACKS)) == 1, "what is not known is not mended"
    life.discord.gateway.shut_out.clear()
    await life.reaches("delivered", "delivered", step_s=5.0)
    await ada.wait_for(is_video)
    await life.until(lambda: not life.rows(LACKS), step_s=20.0)
    assert life.money() == ["hold", "hold", "capture", "capture"]


async def test_another_number_of_shards_loses_no_job(life: Life) -> None:
    """Begun at once after the other program has, whose session it leaves its five seconds."""
    life.world.session_starts.is_paced = True
    await start(life, 1)
    ada = await life.person("ada")
    life.provider.workshop.pause()
    await life.mimic(ada)
    await life.reaches("rendering")
    await life.stop()
    life.provider.workshop.resume()
    await start(life, COUNT, step_s=1.0)
    assert life.world.session_starts.too_soon == 0
    await life.reaches("delivered", step_s=1.0)
    await ada.wait_for(is_video)
    assert life.money() == ["hold", "capture"]


async def test_more_shards_are_taken_when_discord_asks_for_them(life: Life) -> None:
    """It does where a session begins in too many servers; nobody has to start the bot anew."""
    await start(life, 1)
    starts = life.world.session_starts
    starts.shards = starts.least_shards = 2
    with capture_logs() as logs:
        life.discord.gateway.invalidate_all()
        await are_there(life, 2)
    reasons = [entry["reason"] for entry in told(logs, GATEWAY)]
    assert reasons == ["1 shards are too few for Discord"]
    ada = await life.person("ada")
    for channel in (life.channel("general"), life.channel("lawn"), await ada.open_dm()):
        assert "You can spend" in await credits_in(ada, channel)


async def test_a_number_of_shards_that_the_operator_has_fixed_is_only_told_to_be_too_small(
    life: Life,
) -> None:
    """Each further try would be one of the sessions that it may begin in a day."""
    starts, life.share = life.world.session_starts, Share.parse("0-3/4")
    with capture_logs() as logs:
        await start(life, 4, step_s=1.0)
        assert not told(logs, FEW)
        await life.stop()
        starts.shards = 8
        life.begin()
        await are_there(life, 4)
        assert len(told(logs, FEW)) == 1
        starts.least_shards, left = 8, starts.remaining
        life.discord.gateway.drop(STUDIO)
        life.discord.gateway.refuse_resumes(1)
        await life.until(lambda: bool(errors(logs)), step_s=1.0)
        asked = refused(life)
        life.advance(1800)
        await life.clock.until_quiet()
        assert (refused(life), starts.remaining) == (asked, left)
        ada, cleo = await life.person("ada"), await life.person("cleo")
        assert "You can spend" in await credits_in(cleo, life.channel("lawn"))
        starts.least_shards = 1
        await are_there(life, 4, step_s=600.0)
        assert "You can spend" in await credits_in(ada, life.channel("general"))
        await life.until(lambda: bool(over(logs)), step_s=1.0)
    assert errors(logs) == [Alarm.SHARDS]
    assert Alarm.SHARDS in over(logs)


def refused(life: Life) -> int:
    """How often somebody was turned away since their shards are too few."""
    entries = life.discord.traffic.entries
    return sum(entry["title"] == "CLOSE SHARDING_REQUIRED" for entry in entries)


@only_sqlite
async def test_a_file_cannot_be_shared_with_other_processes(life: Life) -> None:
    life.share = Share.parse("0/2")
    life.begin()
    with pytest.raises(SettingsError, match=r"--shards 0/2 leaves shards .* take 0-1/2"):
        await life.until(lambda: False)
    life.forget()


@pytest.mark.parametrize(("at_once", "steps"), [(1, 16), (16, 1)])
async def test_sixteen_begin_as_soon_after_one_another_as_discord_lets_them(
    life: Life, at_once: int, steps: int
) -> None:
    starts = life.world.session_starts
    starts.shards, starts.max_concurrency, starts.is_paced = 16, at_once, True
    life.begin()
    began = life.clock.monotonic()
    await are_there(life, 16, step_s=2.45)
    assert starts.too_soon == 0
    assert life.clock.monotonic() - began < 3 * 2.5 * steps + 5


async def test_a_bot_that_has_connected_too_often_waits(life: Life) -> None:
    """One more try would cost it its token."""
    port, token = free_port(), life.world.token
    life.world.session_starts.run_out(7200)
    with capture_logs() as logs:
        life.begin(http_port=port)
        await life.until(lambda: bool(errors(logs)))
        assert 'marionette_alarm{cause="sessions"} 1.0' in await metrics(port)
        assert not life.bot_is_online
        began = life.clock.time()
        await life.until(lambda: life.bot_is_online, step_s=600.0)
        await life.until(lambda: bool(over(logs)))
    assert errors(logs) == over(logs) == [Alarm.SESSIONS]
    [entry] = told(logs, Alarm.SESSIONS)
    assert entry["until"].endswith(" UTC")
    assert 6000 < life.clock.time() - began < 8400
    assert life.world.token == token


async def test_all_shards_that_are_closed_for_good_end_the_program_with_one_sentence(
    life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    await start(life, step_s=1.0)
    life.discord.gateway.drop_all(Close.AUTHENTICATION_FAILED)
    with pytest.raises(ExceptionGroup) as ended:
        await life.until(lambda: False)
    life.forget()
    assert ended.group_contains(MarionetteError, match="Discord closed the connection for good")
    del ended
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_a_host_that_is_gone_for_good_is_not_asked_for_ever(life: Life) -> None:
    """Discord names one for the session; if it goes away, the usual one is there."""
    life.discord.gateway.url = "ws://127.0.0.1:1"
    await start(life, 1)
    left = life.world.session_starts.remaining
    life.discord.gateway.drop_all()
    await life.until(lambda: not life.bot_is_online)
    await are_there(life, 1)
    assert life.world.session_starts.remaining == left, "the session has gone on"
