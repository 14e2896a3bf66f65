"""Which proxy an address is reached through, by the three settings that programs share."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies' URLs, by what is asked for; "" is none. They may hold a password.

    `exempt` is as in NO_PROXY: names, each with all that is below it and perhaps with a port,
    separated by commas; `*` is everything.
    """

    https: str = field(default="", repr=False)
    http: str = field(default="", repr=False)
    exempt: str = ""

    def for_url(self, url: str) -> str | None:
        """The proxy for an http(s) or ws(s) URL; there is none to this machine itself."""
        asked = urlsplit(url)
        host = asked.hostname or ""
        proxy = self.https if asked.scheme in {"https", "wss"} else self.http
        is_direct = is_this_machine(host) or self._exempts(host, asked.port)
        return None if is_direct else proxy or None

    def _exempts(self, host: str, port: int | None) -> bool:
        for name in self.exempt.lower().replace(" ", ",").split(","):
            bare = name.removeprefix("*").removeprefix(".").removesuffix(f":{port}")
            if name == "*" or (bare and f".{host}".endswith(f".{bare}")):
                return True
        return False


def is_this_machine(host: str) -> bool:
    """Whether a host, a name or an address, is on loopback by what it is called."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def without_password(url: str) -> str:
    """A proxy's URL as it may be shown."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
