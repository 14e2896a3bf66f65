"""How Discord and the provider are reached from here: through which proxies, at which addresses."""

import asyncio
import socket
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver

from bot.core.books import Difference
from bot.core.proxies import is_this_machine, without_password
from bot.media.addresses import Address
from bot.settings import NEVER, Settings

RESOLVE_TIMEOUT_S = 10.0
USUAL = [
    ip_network(range_)
    for range_ in (
        *("198.18.0.0/15", "100.64.0.0/10", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        *("fd00::/8", "fc00::/7"),
    )
]
"""What VPNs, containers and filters answer with."""


async def look_around(
    settings: Settings, names: AbstractResolver
) -> tuple[list[Difference], list[str]]:
    """Hosts whose files downloads refuse; then what uses a proxy, and what could not be found out.

    `names` resolves as the bot does.
    """
    proxies, suppliers = settings.proxies(), settings.suppliers()
    differences, notes = [], []
    for who, api_url, host in (
        ("Discord", str(settings.discord_api_url), "cdn.discordapp.com"),
        ("The provider", str(settings.segmind_api_url), "images.segmind.com"),
    ):
        if proxy := proxies.for_url(api_url):
            notes.append(f"{who} is reached through the proxy {without_password(proxy)}.")
        is_stand_in = is_this_machine(urlsplit(api_url).hostname or "")
        if is_stand_in or proxies.for_url(f"https://{host}/"):  # which resolves the name itself
            continue
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT_S):
                answers = await names.resolve(host, 443, socket.AF_UNSPEC)
        except OSError as error:
            notes.append(f"{host} could not be resolved: {str(error) or 'no answer'}.")
            continue
        odd = suppliers.odd(ip_address(answer["host"]) for answer in answers)
        differences += [Difference(_told(host, address)) for address in odd[:1]]
    return differences, notes


def _told(host: str, address: Address) -> str:
    said = f"{host} is {address} here, which is not on the open internet: its files are refused."
    if any(address in never for never in NEVER):
        return f"{said} Something on your network keeps it away, such as a filter."
    range_ = next((usual for usual in USUAL if address in usual), ip_network(address))
    advice = f"If your VPN, container or filter answers so, put {range_} into DOWNLOAD_RANGES."
    return f"{said} {advice}"
