"""The provider's client as this operator has set it up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from bot.clock import Clock
from bot.provider.client import RequestObserver, Segmind
from bot.settings import Settings


@asynccontextmanager
async def provider(
    settings: Settings, clock: Clock, observer: RequestObserver | None = None
) -> AsyncIterator[Segmind]:
    """The provider's client, with this operator's key and addresses."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Segmind(
            session,
            api_key=settings.segmind_api_key.get_secret_value(),
            api_url=str(settings.segmind_api_url),
            history_url=str(settings.segmind_history_url),
            upload_url=str(settings.segmind_upload_url),
            credits_url=str(settings.segmind_credits_url),
            observer=observer,
            models=settings.models,
            now=clock.time,
            proxy_for=settings.proxies().for_url,
        )
