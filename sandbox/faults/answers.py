"""Answers that stand in for the right ones: pages, errors, too many requests, and rubbish."""

import json
import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from aiohttp import web

from sandbox.faults.injector import Fault, answers

UPSTREAM = "upstream connect error or disconnect/reset before headers"
Scope = Literal["user", "global", "shared"]


def text(status: int, *, after: bool = False) -> Fault:
    """What stands before a service says so in plain text."""
    return answers(str(status), lambda: web.Response(status=status, text=UPSTREAM), after=after)


def page(status: int, *, after: bool = False, headers: Mapping[str, str] | None = None) -> Fault:
    """A gateway's own page in HTML."""
    html = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"

    def answer() -> web.Response:
        return web.Response(status=status, text=html, content_type="text/html", headers=headers)

    return answers(f"{status} page", answer, after=after)


def error(
    status: int,
    body: object,
    *,
    after: bool = False,
    headers: Mapping[str, str] | None = None,
    name: str | None = None,
) -> Fault:
    """The service's own error in JSON."""

    def answer() -> web.Response:
        # Discord's clients compare the whole content type: it has no charset.
        return web.Response(
            status=status,
            body=json.dumps(body).encode(),
            content_type="application/json",
            headers=headers,
        )

    return answers(name or str(status), answer, after=after)


def garbage(*, after: bool = False) -> Fault:
    """200, said to be JSON, and is noise."""
    noise = random.Random(7).randbytes(256)  # noqa: S311 - it is only to be no JSON

    def answer() -> web.Response:
        return web.Response(body=noise, content_type="application/json")

    return answers("garbage", answer, after=after)


def rate_limited(scope: Scope, retry_after_s: float) -> Fault:
    """Discord's 429 as its documentation has it; a global one names no bucket."""
    everywhere = scope == "global"
    headers = {
        "Via": "1.1 sandbox",
        "Retry-After": str(math.ceil(retry_after_s)),
        "X-RateLimit-Scope": scope,
    }
    if everywhere:
        headers["X-RateLimit-Global"] = "true"
    else:
        headers |= {
            "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": f"{datetime.now(UTC).timestamp() + retry_after_s:.3f}",
            "X-RateLimit-Reset-After": f"{retry_after_s:.3f}",
            "X-RateLimit-Bucket": "80c17d2f203122d936070c88c8d10f33",
        }
    body = {
        "message": "You are being rate limited.",
        "retry_after": retry_after_s,
        "global": everywhere,
    }
    return error(429, body, headers=headers, name=f"429 {scope}")


def busy(
    resets_at: float | None = None, *, retry_after_s: int | None = None, as_iso: bool = True
) -> Fault:
    """The provider's 429: with the header it documents (unix s; as text of either kind), with the
    usual one, or with neither.
    """
    headers = {}
    if resets_at is not None:
        shown = datetime.fromtimestamp(resets_at, UTC).isoformat() if as_iso else f"{resets_at:.0f}"
        headers["x-rate-limit-reset-at-utc"] = shown
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    return error(429, {"error": "Rate limit exceeded"}, headers=headers)
