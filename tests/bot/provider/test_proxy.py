"""The provider behind a proxy."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.core.proxies import Proxies
from bot.errors import NotAccepted, ProviderUnavailable
from bot.provider.limiter import RateLimiter
from bot.provider.segmind.client import Segmind
from tests.bot import tls
from tests.bot.forward_proxy import ForwardProxy
from tests.bot.local_server import serve
from tests.bot.provider.segmind_server import ID, KEY, Answer, SegmindServer, attempt
from tests.bot.stopped_clock import StoppedClock

HOST = "api.segmind.com"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> SegmindServer:
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", tls.of_a_client())
    return SegmindServer()


@pytest.fixture
async def proxy() -> AsyncIterator[ForwardProxy]:
    async with ForwardProxy({}) as running:
        yield running


def behind(session: aiohttp.ClientSession, proxy: ForwardProxy, base: str) -> Segmind:
    return Segmind(
        session,
        api_key=KEY,
        api_url=f"{base}/v2",
        history_url=f"{base}/history",
        upload_url=f"{base}/upload",
        credits_url=f"{base}/credits",
        limiter=RateLimiter(StoppedClock(), 10**6),
        proxy_for=Proxies(https=proxy.url, http=proxy.url).for_url,
    )


@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_every_request_goes_through_the_proxy(
    session: aiohttp.ClientSession, server: SegmindServer, scheme: str
) -> None:
    server.say(Answer(body={"request_id": ID}), Answer(body={"credits": 3.5}))
    context = tls.of_a_server() if scheme == "https" else None
    async with (
        serve(server.handle, context) as url,
        ForwardProxy({HOST: int(url.rpartition(":")[2])}) as proxy,
    ):
        segmind = behind(session, proxy, f"{scheme}://{HOST}")
        assert await segmind.submit(attempt()) == ID
        assert await segmind.credits() == 3.5
        assert {asked.authorization for asked in proxy.asked} == {"Basic YWRhOnNlIGNyZXQ="}
        methods = {asked.method for asked in proxy.asked}
        assert methods == ({"CONNECT"} if scheme == "https" else {"GET", "POST"})
    assert [seen.path for seen in server.asked] == ["/v2/pixverse-mimic", "/credits"]
    assert not any("Proxy-Authorization" in seen.headers for seen in server.asked)


@pytest.mark.parametrize("status", [403, 407, 502, 503])
async def test_a_way_that_was_not_opened_has_bought_nothing(
    session: aiohttp.ClientSession, proxy: ForwardProxy, status: int
) -> None:
    """So nothing is in doubt, and the submit may be sent again."""
    proxy.refusal = status
    segmind = behind(session, proxy, f"https://{HOST}")
    with pytest.raises(NotAccepted) as caught:
        await segmind.submit(attempt())
    assert "cret" not in str(caught.value)
    with pytest.raises(ProviderUnavailable):
        await segmind.credits()
