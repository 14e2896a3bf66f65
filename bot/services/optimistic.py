"""Optimistic concurrency: deciding about a job that others may move on meanwhile."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.errors import StaleJob

T = TypeVar("T")


async def retry_when_stale(decide: Callable[[], Awaitable[T]]) -> T:
    """What `decide` made of a job that it reads itself; again, where somebody was faster."""
    while True:
        try:
            return await decide()
        except StaleJob:
            continue
