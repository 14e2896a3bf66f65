"""Which proxy is used for what."""

import pytest

from bot.core.proxies import Proxies, without_password

HTTPS, HTTP = "http://ada:secret@proxy:3128", "http://other:8080"
BOTH = Proxies(https=HTTPS, http=HTTP)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://discord.com/api/v10", HTTPS),
        ("wss://gateway.discord.gg/", HTTPS),
        ("http://discord.test/api", HTTP),
        ("ws://discord.test/gateway", HTTP),
        ("http://localhost:8080/api", None),
        ("http://LOCALHOST/api", None),
        ("https://127.0.0.2/api", None),
        ("ws://[::1]:9/gateway", None),
        ("https://10.0.0.1/api", HTTPS),
    ],
)
def test_the_scheme_chooses_and_this_machine_needs_none(url: str, proxy: str | None) -> None:
    assert BOTH.for_url(url) == proxy
    assert Proxies().for_url(url) is None


def test_one_alone_is_for_its_scheme_alone() -> None:
    assert Proxies(https=HTTPS).for_url("http://discord.test/") is None
    assert Proxies(http=HTTP).for_url("https://discord.com/") is None


@pytest.mark.parametrize(
    ("exempt", "host", "is_exempt"),
    [
        ("discord.com", "discord.com", True),
        ("discord.com", "DISCORD.com", True),
        ("Discord.Com", "cdn.discord.com", True),
        (".discord.com", "discord.com", True),
        ("*.discord.com", "cdn.discord.com", True),
        ("discord.com", "notdiscord.com", False),
        ("cdn.discord.com", "discord.com", False),
        ("a.example, discord.com", "discord.com", True),
        ("a.example discord.com", "discord.com", True),
        ("discord.com:8443", "discord.com:8443", True),
        ("discord.com:8443", "discord.com", False),
        ("*", "anything", True),
        ("", "anything", False),
        (",,", "anything", False),
        ("10.0.0.1", "10.0.0.1", True),
    ],
)
def test_what_is_exempt_is_asked_directly(exempt: str, host: str, is_exempt: bool) -> None:
    found = Proxies(https=HTTPS, exempt=exempt).for_url(f"https://{host}/x")
    assert (found is None) is is_exempt


def test_a_password_is_not_shown() -> None:
    assert without_password(HTTPS) == "http://proxy:3128"
    assert "secret" not in repr(BOTH)
