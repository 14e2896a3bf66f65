"""A bot behind a proxy, or a resolver with answers of its own; what the doctor says of it."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.console.doctor import doctor
from bot.console.usage import parser
from bot.errors import SettingsError
from bot.settings import Settings
from sandbox.clients.transcript import text_of
from sandbox.programs.processes import Program
from tests.bot.forward_proxy import ForwardProxy
from tests.bot.life.operator.test_start import LOG_IN, told
from tests.bot.life.world import Life
from tests.bot.media.test_downloads import Names
from tests.e2e.stage import says

DISCORD, PROVIDER = "discord.test", "provider.test"
REAL = {
    "discord_api_url": "https://discord.com/api/v10",
    "segmind_api_url": "https://api.segmind.com/v2",
}
PUBLIC = ["162.159.130.233"]


def elsewhere(url: str, host: str) -> str:
    """The same server under a name that only the proxy knows."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{host}:{parts.port}").geturl()


def settings_behind(life: Life, proxy: ForwardProxy) -> dict[str, object]:
    return {
        "http_proxy": SecretStr(proxy.url),
        "discord_api_url": elsewhere(life.discord.api_url, DISCORD),
        "discord_gateway_url": elsewhere(life.discord.gateway_url, DISCORD),
        "segmind_api_url": elsewhere(life.provider.api_url, PROVIDER),
        "segmind_history_url": elsewhere(life.provider.history_url, PROVIDER),
    }


async def test_discord_is_reached_through_the_proxy_with_all_that_is_said(life: Life) -> None:
    """Log-in, gateway, answers, and what is edited or told by an answer's token alone."""
    async with ForwardProxy({DISCORD: None, PROVIDER: None}) as proxy:
        await life.start(**settings_behind(life, proxy))
        ada = await life.person("ada")
        outcome = await ada.outcome(await ada.use(life.channel("general"), "credits"))
        assert "You can spend" in text_of(outcome["message"])
        await life.mimic(ada)  # its files are on this machine, which a far Discord's never are
        await ada.wait_for(says("Discord did not hand me the image"))
        assert any(asked.target.startswith("ws://") for asked in proxy.asked)
        assert len(proxy.asked) > len(life.discord.requests)
        assert None not in {asked.authorization for asked in proxy.asked}
        await life.stop()


async def test_a_proxy_that_is_away_is_waited_for_and_its_password_kept(life: Life) -> None:
    async with ForwardProxy({DISCORD: None, PROVIDER: None}) as proxy:
        proxy.refusal = 407
        with capture_logs() as logs:
            life.begin(**settings_behind(life, proxy))
            await life.until(lambda: len(proxy.asked) > 3, step_s=1.0)
            proxy.refusal = None
            await life.until(lambda: life.bot_is_online, step_s=1.0)
        assert len(told(logs, LOG_IN)) == 1
        assert "cret" not in str(logs)
        await life.stop()


@pytest.mark.slow
async def test_a_secure_way_that_is_not_opened_is_waited_for_until_sigterm(tmp_path: Path) -> None:
    """As a process of its own: what stands in its log is what the operator hands on."""
    async with ForwardProxy({}) as proxy:
        settings = {
            "DISCORD_TOKEN": "a.b.c",
            "SEGMIND_API_KEY": "SG_secret",
            "https_proxy": f'"{proxy.url}"',
            "LOG_LEVEL": "DEBUG",
        }
        bot = await Program.start("bot", "run", log_path=tmp_path / "log", env=settings)
        async with asyncio.timeout(30):
            while len(proxy.asked) < 3:  # noqa: ASYNC110 - a proxy announces nothing
                await asyncio.sleep(0.02)
        assert await bot.stop() == 0, "it is killed where it does not end in time"
    assert {asked[:2] for asked in proxy.asked} == {("CONNECT", "discord.com:443")}
    lines = [json.loads(line) for line in bot.log().splitlines()]
    assert [line["level"] for line in lines if line["event"] == LOG_IN][:2] == ["warning", "debug"]
    assert not [line for line in lines if line["event"].startswith("logging in")]
    assert "502" in str(lines)
    assert "cret" not in str(lines)


async def test_one_proxy_serves_both_of_discords_addresses(life: Life) -> None:
    life.begin(
        https_proxy=SecretStr("http://proxy:3128"),
        no_proxy="gateway.discord.gg",
        discord_api_url="https://discord.com/api/v10",
        discord_gateway_url="wss://gateway.discord.gg/",
    )
    with pytest.raises(SettingsError, match="NO_PROXY"):
        await life.until(lambda: False)
    life.forget()


async def examine(life: Life, answers: dict[str, list[str]], **changes: object) -> tuple[str, int]:
    """What the doctor says where a resolver answers so; the history is out of reach."""
    wanted = parser().parse_args(["doctor"])
    settings: Settings = life.settings(**{"segmind_api_key": SecretStr(""), **changes})
    return await doctor(wanted, settings, life.clock, Names(answers))


async def database(life: Life) -> None:
    await life.start()
    await life.stop()


CASES: dict[str, tuple[str, str]] = {
    "a fake-IP VPN": ("198.18.3.4", "put 198.18.0.0/15 into DOWNLOAD_RANGES"),
    "a carrier's": ("100.64.9.9", "put 100.64.0.0/10 into DOWNLOAD_RANGES"),
    "IPv6": ("fd12:3456::1", "put fd00::/8 into DOWNLOAD_RANGES"),
    "a container's": ("172.18.0.3", "put 172.16.0.0/12 into DOWNLOAD_RANGES"),
    "a filter": ("0.0.0.0", "keeps it away"),
    "another filter": ("::", "keeps it away"),
}


@pytest.mark.parametrize("case", CASES)
async def test_the_doctor_names_the_range_and_the_setting(life: Life, case: str) -> None:
    await database(life)
    address, words = CASES[case]
    answers = {"cdn.discordapp.com": PUBLIC, "images.segmind.com": [*PUBLIC, address]}
    said, code = await examine(life, answers, **REAL)
    assert f"images.segmind.com is {address} here" in said
    assert words in said
    assert "cdn.discordapp.com" not in said
    assert code == 1


async def test_the_doctor_is_content_once_the_range_is_named(life: Life) -> None:
    await database(life)
    answers = {"cdn.discordapp.com": ["198.18.3.4"], "images.segmind.com": PUBLIC}
    ranges = Settings(_env_file=None, download_ranges="198.18.0.0/15").download_ranges
    said, code = await examine(life, answers, **REAL, download_ranges=ranges)
    assert code == 0, said


async def test_the_doctor_says_what_it_could_not_resolve(life: Life) -> None:
    await database(life)
    said, code = await examine(life, {"cdn.discordapp.com": PUBLIC}, **REAL)
    assert "images.segmind.com could not be resolved" in said
    assert code == 0


async def test_the_doctor_says_which_proxy_is_used(life: Life) -> None:
    await database(life)
    said, code = await examine(
        life, {}, **REAL, https_proxy=SecretStr("http://ada:secret@proxy:3128")
    )
    assert "Discord is reached through the proxy http://proxy:3128." in said
    assert "The provider is reached through the proxy http://proxy:3128." in said
    assert "secret" not in said
    assert "could not be resolved" not in said
    assert code == 0


async def test_without_any_of_this_the_doctor_does_not_speak_of_it(life: Life) -> None:
    await database(life)
    said, _ = await examine(life, {})
    assert "proxy" not in said
    assert "resolved" not in said
