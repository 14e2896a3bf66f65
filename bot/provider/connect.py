"""The providers as this operator has set them up; one more is one more entry in `PROVIDERS`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp

from bot.clock import Clock
from bot.core.models import MODELS
from bot.provider.engine.client import Engine
from bot.provider.limiter import RateLimiter
from bot.provider.peers import Peers
from bot.provider.providers import Provider, Providers
from bot.provider.segmind.client import Segmind
from bot.settings import Settings

ENGINE_TIMEOUT_S = 10.0
ENGINE_REQUESTS_PER_MINUTE = 600
"""Nobody sells these: only so much that a fault of ours does not keep it busy."""

Maker = Callable[[Settings, Clock, aiohttp.ClientSession, Peers | None], Provider]


def _segmind(
    settings: Settings, clock: Clock, session: aiohttp.ClientSession, peers: Peers | None
) -> Provider:
    return Segmind(
        session,
        api_key=settings.segmind_api_key.get_secret_value(),
        api_url=str(settings.segmind_api_url),
        history_url=str(settings.segmind_history_url),
        upload_url=str(settings.segmind_upload_url),
        credits_url=str(settings.segmind_credits_url),
        limiter=RateLimiter(clock, settings.segmind_requests_per_minute, "segmind", peers),
        models=_offered(settings, "segmind"),
        now=clock.time,
        proxy_for=settings.proxies().for_url,
    )


def _engine(
    settings: Settings, clock: Clock, session: aiohttp.ClientSession, peers: Peers | None
) -> Engine:
    url = str(settings.engine_url).rstrip("/")
    return Engine(
        session,
        key_name="ENGINE_KEY",
        api_key=settings.engine_key.get_secret_value(),
        api_url=f"{url}/v2",
        history_url=f"{url}/inference-request/request-history",
        upload_url=f"{url}/upload-asset",
        credits_url=f"{url}/v1/get-user-credits",
        limiter=RateLimiter(clock, ENGINE_REQUESTS_PER_MINUTE, "engine", peers),
        timeout_s=ENGINE_TIMEOUT_S,
        models=_offered(settings, "engine"),
        now=clock.time,
    )


PROVIDERS: dict[str, Maker] = {"segmind": _segmind, "engine": _engine}


def _offered(settings: Settings, provider: str) -> list[str]:
    return [slug for slug in settings.models if MODELS[slug].provider == provider]


@asynccontextmanager
async def providers(
    settings: Settings, clock: Clock, peers: Peers | None = None
) -> AsyncIterator[Providers]:
    """Each with this operator's key and addresses."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        each = {name: make(settings, clock, session, peers) for name, make in PROVIDERS.items()}
        is_run = bool(_offered(settings, "engine"))
        yield Providers(each, _engine(settings, clock, session, peers) if is_run else None)
