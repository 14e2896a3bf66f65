"""Which addresses are on the open internet, and what else Discord's and the provider's may be."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DOMAINS = ("discordapp.com", "discordapp.net", "segmind.com")
"""Where Discord and the provider keep files."""

_IPV6_IN_USE = IPv6Network("2000::/3")
_IPV6_FOR_BOOKS = IPv6Network("3fff::/20")  # RFC 9637; not yet known to every Python
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Suppliers:
    """Discord's and the provider's hosts by name, and the `ranges` that they may be in besides.

    `hosts` are those that the operator has named beside their usual ones.
    """

    hosts: Collection[str] = ()
    ranges: Collection[Network] = ()

    def include(self, host: str) -> bool:
        """Whether a host is one of theirs, or below it."""
        name = f".{host.lower().rstrip('.')}"
        return any(name.endswith(f".{known}") for known in (*DOMAINS, *self.hosts))

    def may_have(self, address: Address) -> bool:
        """Whether it is in one of the operator's ranges."""
        plain = getattr(address, "ipv4_mapped", None) or address
        return any(plain in network for network in self.ranges)

    def odd(self, addresses: Iterable[Address]) -> list[Address]:
        """Those that none of theirs can have, as far as anybody has said."""
        return [one for one in addresses if not is_public(one) and not self.may_have(one)]


def is_public(address: Address) -> bool:
    """Whether an address belongs to a host on the open internet, also where it embeds another."""
    if isinstance(address, IPv4Address):
        special = address.is_multicast or address.is_reserved
        return address.is_global and not special
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.sixtofour is not None:
        return is_public(address.sixtofour)
    used = address in _IPV6_IN_USE and address not in _IPV6_FOR_BOOKS
    return used and address.is_global and not address.is_multicast


def is_loopback(address: Address) -> bool:
    """Whether it is plainly this machine; newer Pythons also count what embeds such an address."""
    is_embedded = isinstance(address, IPv6Address) and address.ipv4_mapped is not None
    return address.is_loopback and not is_embedded
