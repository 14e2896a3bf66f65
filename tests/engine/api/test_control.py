"""The controls: for this machine's programs, not for web pages."""

import aiohttp
import pytest
from yarl import URL

from engine.api.server import ProviderServer
from tests.engine.customer import Customer

WHAT = ("clock", "accepted", "pause", "resume", "credits", "mode", "faults", "lost-submit")


@pytest.mark.parametrize("what", WHAT)
async def test_a_web_page_may_not_control(customer: Customer, what: str) -> None:
    url = f"{customer.server.control_url}/{what}"
    for origin in ("http://evil.example", "null", str(URL(url).origin())):
        for method in ("GET", "POST"):
            answer = await customer.call(method, url, key=None, headers={"Origin": origin})
            assert answer.status == 403
            assert answer.json == {"error": "A web page may not control this server"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("192.168.1.5", 403),
        ("0.0.0.0", 403),
        ("[::1", 403),
        ("", 403),
        ("localhost", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
    ],
)
async def test_it_is_controlled_by_its_own_name_alone(
    customer: Customer, host: str, status: int
) -> None:
    url = f"{customer.server.control_url}/mode"
    answer = await customer.get(url, key=None, headers={"Host": host})
    assert answer.status == status
    if status == 403:
        assert answer.json == {
            "error": "This server is controlled from its own machine, at 127.0.0.1"
        }


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:80", 200), ("192.168.1.5", 200), ("localhost", 200), ("evil.example", 403)],
)
async def test_the_api_answers_under_no_name_that_a_site_could_choose(
    customer: Customer, host: str, status: int
) -> None:
    for url in (customer.server.credits_url, customer.image_url, customer.server.history_url):
        assert (await customer.get(url, headers={"Host": host})).status == status


async def test_it_answers_to_the_names_that_it_is_told() -> None:
    async with ProviderServer(names=["engine"]) as server, aiohttp.ClientSession() as session:
        headers = {"Host": "engine:8090", "x-api-key": server.api_key}
        assert server.files_url.startswith("http://engine:"), (
            "its links are for who knows that name"
        )
        here = URL(server.credits_url).with_host("127.0.0.1")
        async with session.get(here, headers=headers) as answer:
            assert answer.status == 200


async def test_each_server_makes_its_own_key() -> None:
    assert ProviderServer().api_key != ProviderServer().api_key


async def test_the_balance_is_shown_as_it_is_set(customer: Customer) -> None:
    url = f"{customer.server.control_url}/credits"
    assert (await customer.get(url, key=None)).json == {"credits": 100}
    assert (await customer.control("credits", credits=2.5)).json == {"credits": 2.5}
    assert (await customer.get(url, key=None)).json == {"credits": 2.5}


async def test_only_this_machines_programs_control_whatever_name_they_use(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiohttp.web.BaseRequest.remote", "192.0.2.2")
    answer = await customer.get(f"{customer.server.control_url}/accepted", key=None)
    assert answer.status == 403
