"""Whether what the provider was given is what we have: by its bytes, since links tell too little.

The same file has another link each time that it is uploaded.
"""

import asyncio
import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.errors import DownloadRefused
from bot.media.downloads import Downloads
from bot.media.turns import Turns

COMPARED_WITHIN_S = 300.0
COMPARED_AT_ONCE = 4


class Sameness:
    """Compares links with files; what a link leads to is fetched once, and not kept."""

    def __init__(self, downloads: Downloads, clock: Clock) -> None:
        self._downloads = downloads
        self._turns = Turns(COMPARED_AT_ONCE, clock)
        self._digests: dict[str | Path, str] = {}
        self._longer_than: dict[str, int] = {}

    async def is_same(self, url: str, path: Path, person_id: int, supplier: str) -> bool:
        """Whether a link of this `supplier`'s leads to the very bytes of this person's file.

        Raises `DownloadError`, `OSError`.
        """
        size_bytes = (await asyncio.to_thread(path.stat)).st_size
        if not self._is_known(url, size_bytes):
            async with self._turns.turn(person_id):
                if not self._is_known(url, size_bytes):  # somebody else may have fetched it
                    await self._fetch(url, path, size_bytes, supplier)
        if url not in self._digests:
            return False
        if path not in self._digests:
            self._digests[path] = await asyncio.to_thread(_digest, path)
        return self._digests[url] == self._digests[path]

    def _is_known(self, url: str, size_bytes: int) -> bool:
        """Whether it needs no fetching to say if a link leads to a file of this size."""
        return url in self._digests or self._longer_than.get(url, -1) >= size_bytes

    async def _fetch(self, url: str, path: Path, size_bytes: int, supplier: str) -> None:
        compared = path.with_name("compared")
        try:
            await self._downloads.save(
                url,
                compared,
                limit_bytes=size_bytes,
                timeout_s=COMPARED_WITHIN_S,
                supplier=supplier,
            )
            self._digests[url] = await asyncio.to_thread(_digest, compared)
        except DownloadRefused as error:  # too long, or from where we never put anything
            self._longer_than[url] = size_bytes if error.too_large else 2**63
        finally:
            compared.unlink(missing_ok=True)


def is_same_link(url: str, link: str) -> bool:
    """Whether two links lead to one file, however they are signed."""
    return _place(url) == _place(link)


def is_beside(url: str, link: str) -> bool:
    """Whether two links lead to the same host."""
    return _place(url)[0] == _place(link)[0]


def _place(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # no address at all
        return "", url
    return parts.netloc, parts.path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
