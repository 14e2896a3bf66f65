"""Downloads from Discord's and the provider's own hosts: further addresses, and proxies."""

from collections.abc import AsyncIterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.alarms import ADVICE, Alarm, Alarms
from bot.core.proxies import Proxies
from bot.errors import DownloadError, DownloadRefused
from bot.media.addresses import Suppliers
from bot.media.downloads import Downloads
from tests.bot import tls
from tests.bot.forward_proxy import ForwardProxy
from tests.bot.local_server import serve
from tests.bot.media.test_downloads import BODY, PUBLIC_API, Names, Save, Site

HERE = ["127.0.0.1"]
CDN, ELSEWHERE = "cdn.discordapp.com", "elsewhere.example"
LOOPBACK = Suppliers(ranges=[ip_network("127.0.0.0/8")])
VPN = Suppliers(ranges=[ip_network("198.18.0.0/15"), ip_network("fd00::/8")])


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def port(site: Site, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Where the site is, which shows a certificate for all of these names, and it is trusted."""
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", tls.of_a_client())
    async with serve(site.handle, tls.of_a_server()) as url:
        yield int(url.rpartition(":")[2])


@pytest.mark.parametrize(
    ("host", "is_theirs"),
    [
        ("cdn.discordapp.com", True),
        ("media.discordapp.net", True),
        ("images.segmind.com", True),
        ("CDN.DiscordApp.com.", True),
        ("files.example.org", True),
        ("deep.files.example.org", True),
        ("example.org", False),
        ("notdiscordapp.com", False),
        ("discordapp.com.evil.example", False),
        ("discordapp.com-evil.example", False),
        ("198.18.0.1", False),
        ("", False),
    ],
)
def test_who_supplies_files(host: str, is_theirs: bool) -> None:
    assert Suppliers({"files.example.org"}).include(host) is is_theirs


@pytest.mark.parametrize(
    ("address", "is_odd"),
    [
        ("198.18.0.1", False),
        ("198.20.0.1", False),
        ("::ffff:198.18.0.1", False),
        ("fd12::1", False),
        ("100.64.0.1", True),
        ("fc00::1", True),
        ("127.0.0.1", True),
        ("93.184.215.14", False),
    ],
)
def test_what_is_odd(address: str, is_odd: bool) -> None:
    assert bool(VPN.odd([ip_address(address)])) is is_odd


async def test_a_range_holds_for_their_hosts_alone(port: int, site: Site, tmp_path: Path) -> None:
    names = Names({CDN: HERE, ELSEWHERE: HERE})
    async with Downloads(names, suppliers=LOOPBACK) as downloads:
        save = Save(downloads, tmp_path, PUBLIC_API)
        assert await save(f"https://{CDN}:{port}/whole") == len(BODY)
        refused = [
            f"https://{ELSEWHERE}:{port}/whole",
            f"https://127.0.0.1:{port}/whole",
            f"https://{CDN}:{port}/to?url=https://{ELSEWHERE}:{port}/whole",
            f"https://{CDN}:{port}/to?url=https://127.0.0.1:{port}/whole",
            f"http://{CDN}:{port}/whole",
        ]
        asked = len(site.asked)
        for url in refused:
            with pytest.raises(DownloadRefused):
                await save(url)
    assert [seen.path for seen in site.asked[asked:]] == ["/to", "/to"]


async def test_an_answer_in_another_range_is_told_with_the_setting_until_it_is_over(
    tmp_path: Path,
) -> None:
    known = {CDN: ["127.0.0.1", "100.64.0.9"]}
    with capture_logs() as logs:
        async with Downloads(Names(known), suppliers=LOOPBACK, alarms=Alarms()) as downloads:
            save = Save(downloads, tmp_path, PUBLIC_API)
            for _ in range(3):
                with pytest.raises(DownloadRefused):
                    await save(f"https://{CDN}/x")
            [told] = [entry for entry in logs if entry["log_level"] == "error"]
            assert told["event"] == Alarm.ADDRESSES
            assert (told["host"], told["address"]) == (CDN, "100.64.0.9")
            assert "DOWNLOAD_RANGES" in ADVICE[Alarm.ADDRESSES]
            known[CDN] = HERE
            with pytest.raises(DownloadError, match="broke off"):
                await save(f"https://{CDN}:9/x")
    assert logs[-1]["event"] == "a trouble is over"


async def test_of_other_hosts_nobody_is_told(tmp_path: Path) -> None:
    """Anybody could ring the bell with a link."""
    with capture_logs() as logs:
        async with Downloads(Names({ELSEWHERE: ["198.18.0.5"]}), suppliers=VPN) as downloads:
            with pytest.raises(DownloadRefused):
                await Save(downloads, tmp_path, PUBLIC_API)(f"https://{ELSEWHERE}/x")
    assert not logs


async def test_behind_a_proxy_their_hosts_are_reached_through_it_and_no_others(
    port: int, site: Site, tmp_path: Path
) -> None:
    async with (
        ForwardProxy({CDN: port, ELSEWHERE: port}) as proxy,
        Downloads(Names({}), proxy_for=Proxies(https=proxy.url).for_url) as downloads,
    ):
        save = Save(downloads, tmp_path, PUBLIC_API)
        assert await save(f"https://{CDN}/whole") == len(BODY)
        assert await save(f"https://{CDN}/to?url=https://{CDN}/whole") == len(BODY)
        assert await downloads.answers(f"https://{CDN}/whole", timeout_s=5.0, supplier=PUBLIC_API)
        for url in (f"https://{ELSEWHERE}/x", f"https://{CDN}/to?url=https://{ELSEWHERE}/x"):
            with pytest.raises(DownloadError):
                await save(url)
        assert {asked[:2] for asked in proxy.asked} == {("CONNECT", f"{CDN}:443")}
        assert {asked.authorization for asked in proxy.asked} == {"Basic YWRhOnNlIGNyZXQ="}
    assert not any("Proxy-Authorization" in seen.headers for seen in site.asked)


@pytest.mark.parametrize("status", [403, 407, 502])
async def test_a_proxy_that_refuses_is_an_error_without_its_password(
    tmp_path: Path, status: int
) -> None:
    async with (
        ForwardProxy({}) as proxy,
        Downloads(Names({}), proxy_for=Proxies(https=proxy.url).for_url) as downloads,
    ):
        proxy.refusal = status
        save = Save(downloads, tmp_path, PUBLIC_API)
        with pytest.raises(DownloadError) as caught:
            await save(f"https://{CDN}/x")
    assert type(caught.value) is DownloadError
    assert "cret" not in str(caught.value)
    assert save.left() == []


@pytest.mark.parametrize("through_proxy", [False, True])
async def test_no_password_of_the_operators_is_handed_out(
    port: int, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, through_proxy: bool
) -> None:
    """aiohttp's own way to honour proxies also reads .netrc."""
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {CDN} login ada password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    folder = tmp_path / "files"
    folder.mkdir()
    async with (
        ForwardProxy({CDN: port}) as proxy,
        Downloads(
            Names({CDN: HERE}),
            suppliers=LOOPBACK,
            proxy_for=Proxies(https=proxy.url if through_proxy else "").for_url,
        ) as downloads,
    ):
        await Save(downloads, folder, PUBLIC_API)(f"https://{CDN}:{port}/whole")
        assert bool(proxy.asked) is through_proxy
    [seen] = site.asked
    assert isinstance(seen, web.Request)
    assert "Authorization" not in seen.headers
