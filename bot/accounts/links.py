"""Links that people give in a file's place: what kind of link one is, and what its file is called.

Nothing is asked of anybody here.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from yarl import URL

from bot.core.uploads import Upload
from bot.errors import Problem, Refused

MOST_CHARS = 2_000
MOST_NAME_CHARS = 60
_MESSAGE = re.compile(
    r"https://(?:(?:ptb|canary|www)\.)?discord(?:app)?\.com"
    r"/channels/(@me|[0-9]{1,20})/([0-9]{1,20})/([0-9]{1,20})/?(?:[?#].*)?",
    re.IGNORECASE,
)
_ATTACHMENT_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_COMMANDS_PATH = "/ephemeral-attachments/"
_ATTACHMENT_PATHS = ("/attachments/", _COMMANDS_PATH)
_SPOILER = "SPOILER_"


@dataclass(frozen=True, slots=True)
class MessageLink:
    """Where a message stands; `server_id` is 0 in direct messages."""

    server_id: int
    channel_id: int
    message_id: int


def given_link(text: str, what: str) -> Upload:
    """What somebody has typed in a file's place, to be followed later.

    `what` is what they mean by it, "picture" or "video". Raises `Refused` for what is no link.
    """
    link = text.strip().removeprefix("<").removesuffix(">")
    try:
        url = URL(link)
        is_link = url.scheme in {"http", "https"} and bool(url.host)
    except ValueError:
        is_link = False
    if not is_link or len(link) > MOST_CHARS or not link.isprintable():
        raise Refused(Problem.LINK_UNCLEAR, what=what)
    name = name_in(link)
    return Upload(link, name, 0, is_spoiler=name.startswith(_SPOILER), is_link=True)


def name_in(link: str) -> str:
    """What the file behind a link is called: by the end of its path, or else by its host."""
    url = URL(link)
    name = " ".join("".join(filter(str.isprintable, url.name)).split()) or url.host or "file"
    if len(name) <= MOST_NAME_CHARS:
        return name
    stem, dot, kind = name.rpartition(".")
    end = f"…{dot}{kind}" if stem and len(kind) <= 5 else "…"
    return name[: MOST_NAME_CHARS - len(end)] + end


def message_behind(link: str) -> MessageLink | None:
    """The message of Discord's that a link leads to, if it leads to one."""
    found = _MESSAGE.fullmatch(link)
    if found is None:
        return None
    server, channel, message = found.groups()
    return MessageLink(0 if server == "@me" else int(server), int(channel), int(message))


def is_attachment(link: str, api_url: str) -> bool:
    """Whether a link leads to a file that Discord keeps, which is the same each time it is asked.

    `api_url` is where Discord's API is; what stands in for Discord keeps its files beside it.
    """
    try:
        url, api = URL(link), URL(api_url)
        is_theirs = url.scheme == "https" and url.host in _ATTACHMENT_HOSTS and url.port == 443
        is_beside = url.origin() == api.origin()
        is_plain = url.user is None and url.password is None and "ex" in url.query
    except ValueError:
        return False
    return (is_theirs or is_beside) and is_plain and url.path.startswith(_ATTACHMENT_PATHS)


def is_given_once(upload: Upload) -> bool:
    """Whether surely nothing else is given by the same link: it came with a command or a form.

    What stands in a message others may forward, link to, or take from there, and so may its author.
    """
    is_given = not (upload.is_link or upload.origin)
    return is_given and urlsplit(upload.url).path.startswith(_COMMANDS_PATH)
