"""What kind of link somebody gives, and what its file is called."""

import pytest

from bot.accounts.links import (
    MOST_CHARS,
    MOST_NAME_CHARS,
    MessageLink,
    given_link,
    is_attachment,
    message_behind,
)
from bot.core.uploads import Upload
from bot.errors import Problem, Refused

API, LOCAL = "https://discord.com/api/v10", "http://127.0.0.1:8000/api/v10"
FILE = "attachments/1/2/a.png?ex=68&is=67&hm=0&"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("https://example.com/cats/tabby.jpg?w=3#x", "tabby.jpg"),
        (" <https://example.com/tabby.jpg> ", "tabby.jpg"),
        ("https://example.com/%F0%9F%90%88%20on%0Aa.jpg", "🐈 ona.jpg"),
        ("https://example.com/", "example.com"),
        ("https://example.com", "example.com"),
        (f"https://example.com/{'a' * 90}.webp", f"{'a' * 54}….webp"),
        (f"https://example.com/{'a' * 90}", f"{'a' * 59}…"),
    ],
)
def test_a_link_has_a_name_that_is_recognised(typed: str, name: str) -> None:
    upload = given_link(typed, "picture")
    assert upload == Upload(typed.strip(" <>"), name, 0, is_link=True)
    assert len(upload.name) <= MOST_NAME_CHARS


@pytest.mark.parametrize(
    "typed",
    [
        *("tabby.jpg", "example.com/tabby.jpg", "ftp://example.com/a", "file:///etc/passwd"),
        *("https://", "https:///a", "https://[::1/a", "javascript:alert(1)", "data:,a", "<>"),
        *("https://example.com/a\nb", f"https://example.com/{'a' * MOST_CHARS}"),
    ],
)
def test_what_is_no_link_is_said_at_once(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        given_link(typed, "picture")
    assert caught.value.problem is Problem.LINK_UNCLEAR


def test_a_spoilers_link_is_one() -> None:
    assert given_link(
        f"https://cdn.discordapp.com/{FILE.replace('a.', 'SPOILER_a.')}", ""
    ).is_spoiler


@pytest.mark.parametrize("host", ["discord.com", "ptb.discord.com", "canary.discord.com",
                                  "discordapp.com", "www.discord.com"])  # fmt: skip
def test_a_messages_link(host: str) -> None:
    base = f"https://{host}/channels"
    assert message_behind(f"{base}/1/2/3") == MessageLink(1, 2, 3)
    assert message_behind(f"{base}/@me/2/3/") == MessageLink(0, 2, 3)


@pytest.mark.parametrize(
    "link",
    [
        *("https://discord.com/channels/1/2", "https://discord.com/channels/1/2/3/4"),
        *("https://discord.com.evil.example/channels/1/2/3", "http://discord.com/channels/1/2/3"),
        *("https://evil.example/https://discord.com/channels/1/2/3", "https://discord.gg/abc"),
        *("https://discord.com/channels/me/2/3", f"https://discord.com/channels/1/2/{'3' * 21}"),
        *("https://discord.com@evil.example/channels/1/2/3", "https://discord.com/channels/٣/2/3"),
    ],
)
def test_no_messages_link(link: str) -> None:
    assert message_behind(link) is None


@pytest.mark.parametrize(
    ("link", "api", "is_theirs"),
    [
        (f"https://cdn.discordapp.com/{FILE}", API, True),
        (f"https://CDN.discordapp.com:443/{FILE}", API, True),
        (f"https://media.discordapp.net/{FILE}format=webp", API, True),
        (f"https://cdn.discordapp.com/ephemeral-{FILE}", API, True),
        (f"http://127.0.0.1:8000/{FILE}", LOCAL, True),
        (f"http://127.0.0.1:8001/{FILE}", LOCAL, False),
        (f"http://127.0.0.1:8000/{FILE}", API, False),
        ("https://cdn.discordapp.com/attachments/1/2/a.png", API, False),
        ("https://cdn.discordapp.com/avatars/1/2.png?ex=68", API, False),
        ("https://cdn.discordapp.com/attachments/../avatars/1/2.png?ex=68", API, False),
        (f"http://cdn.discordapp.com/{FILE}", API, False),
        (f"https://cdn.discordapp.com:8443/{FILE}", API, False),
        (f"https://me@cdn.discordapp.com/{FILE}", API, False),
        (f"https://cdn.discordapp.com.evil.example/{FILE}", API, False),
        (f"https://evil.discordapp.net/{FILE}", API, False),
        (f"https://images-ext-1.discordapp.net/{FILE}", API, False),
        (f"https://evil.example/{FILE}", API, False),
        (f"https://evil.example\\@cdn.discordapp.com/{FILE}", API, False),
        ("https://[::1/", API, False),
        ("", API, False),
    ],
)
def test_whose_files_are_the_same_each_time(link: str, api: str, *, is_theirs: bool) -> None:
    assert is_attachment(link, api) is is_theirs
