"""Who may come in to the page and to people's routes: this machine's own page and programs.

A browser lets every site that somebody visits send requests to 127.0.0.1, and under a name of its
own if that name's address is changed meanwhile (DNS rebinding). So the name that was asked for and
the page that asks are looked at first. Bots come by any name and bring a token instead.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.discord.wire import answer

GATEWAY_PATH = "/gateway"
FILES_PATHS = ("/attachments/", "/ephemeral-attachments/", "/emojis/")
BOTS_PATHS = ("/api/", GATEWAY_PATH, *FILES_PATHS)
PAGE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

# What people upload has the same address as the page: only the page's own folder may act in it.
POLICY = (
    "default-src 'none'",
    "script-src {own}/web/js/",
    "style-src {own}/web/css/",
    "worker-src 'none'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with a sentence and 403 who may not come in; give every page its headers."""
    if (sentence := _why_not(request)) is not None:
        response: web.StreamResponse = answer({"message": sentence}, 403)
    else:
        response = await handler(request)
    if not request.path.startswith(BOTS_PATHS) and not response.prepared:
        own = f"http://127.0.0.1:{_port(request)}"
        policy = "; ".join(POLICY).format(own=own)
        response.headers.update(PAGE_HEADERS | {"Content-Security-Policy": policy})
    return response


def _why_not(request: web.Request) -> str | None:
    elsewhere = "This comes from another site's page: open the sandbox's own page yourself."
    if request.path.startswith(BOTS_PATHS):
        is_file = request.path.startswith(FILES_PATHS)
        return None if is_file or not _is_from_elsewhere(request) else elsewhere
    port = _port(request)
    hosts = request.headers.getall("Host", [])
    own = {name if port == 80 else f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
    if len(hosts) != 1 or hosts[0].lower() not in own:
        return f"The sandbox is only to be found at http://127.0.0.1:{port}."
    if _is_a_followed_link(request):
        return None
    return elsewhere if _is_from_elsewhere(request) else None


def _port(request: web.Request) -> int:
    port: int = request.get_extra_info("sockname")[1]
    return port


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
