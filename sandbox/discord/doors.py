"""Who may come in to the page and to people's routes: this machine's own page and programs.

A browser lets every site that somebody visits send requests to 127.0.0.1, and under a name of its
own if that name's address is changed meanwhile (DNS rebinding). So the name that was asked for and
the page that asks are looked at first. Bots come by any name and bring a token instead.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.discord.wire import answer

GATEWAY_PATH = "/gateway"
FILES_PATHS = ("/attachments/", "/ephemeral-attachments/")
BOTS_PATHS = ("/api/", GATEWAY_PATH, *FILES_PATHS)
PAGE_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with a sentence and 403 who may not come in; give every page its headers."""
    if (sentence := _why_not(request)) is not None:
        response: web.StreamResponse = answer({"message": sentence}, 403)
    else:
        response = await handler(request)
    if not request.path.startswith(BOTS_PATHS) and not response.prepared:
        response.headers.update(PAGE_HEADERS)
    return response


def _why_not(request: web.Request) -> str | None:
    elsewhere = "This comes from another site's page: open the sandbox's own page yourself."
    if request.path.startswith(BOTS_PATHS):
        is_gateway = request.path.startswith(GATEWAY_PATH)
        return elsewhere if is_gateway and _is_from_elsewhere(request) else None
    port = request.get_extra_info("sockname")[1]
    hosts = request.headers.getall("Host", [])
    if len(hosts) != 1 or hosts[0].lower() not in {f"127.0.0.1:{port}", f"localhost:{port}"}:
        return f"The sandbox is only to be found at http://127.0.0.1:{port}."
    if _is_a_followed_link(request):
        return None
    return elsewhere if _is_from_elsewhere(request) else None


def _is_a_followed_link(request: web.Request) -> bool:
    """Somebody goes from another site's page to ours, which that page can neither see nor frame."""
    return (
        request.path == "/"
        and request.headers.get("Sec-Fetch-Dest") == "document"
        and "Origin" not in request.headers
    )


def _is_from_elsewhere(request: web.Request) -> bool:
    own = f"http://{request.headers.get('Host', '')}".lower()
    origins = request.headers.getall("Origin", [])
    sites = request.headers.getall("Sec-Fetch-Site", [])
    return not ({origin.lower() for origin in origins} <= {own} and {*sites} <= _OWN_SITES)


_OWN_SITES = {"same-origin", "none"}
