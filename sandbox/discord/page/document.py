"""The page on which a person uses this Discord: one document and the files that it is made of."""

import re
from pathlib import Path

from aiohttp import web

from sandbox.discord.state.cdn import Cdn

WEB = Path(__file__).resolve().parents[2] / "web"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
PLACE = re.compile(r'(?<=<meta name="people" content=")(?=">)')


class Pages:
    """Serves `sandbox/web`; the document is told where people's routes are (`people_path`)."""

    def __init__(self, cdn: Cdn, people_path: str) -> None:
        self._cdn = cdn
        self._people_path = people_path

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [web.get("/", self.document), web.get("/web/{name:.+}", self.file)]

    async def document(self, request: web.Request) -> web.Response:
        """The page itself, under the one name that the links to files have too."""
        if str(request.url.origin()) != self._cdn.base_url:
            return web.Response(status=307, headers={"Location": f"{self._cdn.base_url}/"})
        text = PLACE.sub(self._people_path, (WEB / "index.html").read_text())
        return web.Response(text=text, content_type="text/html", charset="utf-8")

    async def file(self, request: web.Request) -> web.Response:
        """A file that lies below the folder: it is looked up among those, so no path leads out."""
        found = {path.relative_to(WEB).as_posix(): path for path in WEB.rglob("*.*")}
        path = found.get(request.match_info["name"])
        if path is None or path.suffix not in TYPES:
            raise web.HTTPNotFound
        return web.Response(
            body=path.read_bytes(), content_type=TYPES[path.suffix], charset=_charset(path)
        )


def _charset(path: Path) -> str | None:
    return "utf-8" if TYPES[path.suffix].startswith("text/") else None
