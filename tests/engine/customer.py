"""A customer of the stand-in provider: a key, two files, and plain HTTP."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from engine.api.jobs import Job
from engine.api.server import ProviderServer


def data_url(path: Path, content_type: str) -> str:
    """The file as one `data:` URL."""
    return f"data:{content_type};base64,{base64.b64encode(path.read_bytes()).decode()}"


@dataclass(frozen=True)
class Answer:
    """One reply, read to its end."""

    status: int
    content_type: str
    content: bytes
    json: Any


class Customer:
    """Speaks to one server with its key; `image_url` and `video_url` are uploaded files."""

    def __init__(self, session: aiohttp.ClientSession, server: ProviderServer) -> None:
        self._session, self.server = session, server
        self.image_url = self.video_url = ""

    async def call(self, method: str, url: str, *, key: str | None = "", **options: Any) -> Answer:
        """Any request; `key` empty is the server's own, None is none."""
        headers = dict(options.pop("headers", {}))
        if key is not None:
            headers["x-api-key"] = key or self.server.api_key
        async with self._session.request(method, url, headers=headers, **options) as reply:
            content = await reply.read()
            is_json = reply.content_type == "application/json"
            body = await reply.json() if is_json else None
            return Answer(reply.status, reply.content_type, content, body)

    async def get(self, url: str, **options: Any) -> Answer:
        """GET with the key."""
        return await self.call("GET", url, **options)

    async def control(self, what: str, **body: object) -> Answer:
        """POST to a control route, which needs no key."""
        return await self.call("POST", f"{self.server.control_url}/{what}", key=None, json=body)

    async def upload(self, path: Path, content_type: str) -> str:
        """Hand a file to the provider; its URL comes back."""
        body = {"data_urls": [data_url(path, content_type)]}
        answer = await self.call("POST", self.server.upload_url, json=body)
        assert answer.status == 200, answer
        return str(answer.json["file_urls"][0])

    async def submit(self, **changes: object) -> Answer:
        """POST the two files at 360p, changed as said; a field that is None is left out."""
        body = {"image_url": self.image_url, "video_url": self.video_url, "quality": "360p"}
        return await self.submit_to("pixverse-mimic", **(body | changes))

    async def submit_to(self, slug: str, **fields: object) -> Answer:
        """POST these fields to a model; one that is None is left out."""
        kept = {name: value for name, value in fields.items() if value is not None}
        return await self.call("POST", f"{self.server.api_url}/{slug}", json=kept)

    async def begin(self, **changes: object) -> Job:
        """Submit, and the job that was accepted."""
        answer = await self.submit(**changes)
        assert answer.status == 200, answer
        return self.server.accepted[-1]

    async def finish(self, **changes: object) -> Job:
        """Submit, and the job once it ended; for a server whose jobs need no time."""
        job = await self.begin(**changes)
        await job.ended.wait()
        return job

    async def status(self, job: Job) -> Answer:
        """Poll once."""
        return await self.get(f"{self.server.api_url}/requests/{job.request_id}/status")

    async def result(self, job: Job) -> Answer:
        """Ask for the result."""
        return await self.get(f"{self.server.api_url}/requests/{job.request_id}")


@asynccontextmanager
async def customer_of(
    server: ProviderServer, subject: Path, motion: Path
) -> AsyncIterator[Customer]:
    """The customer of a server that is not yet started, with both files uploaded."""
    async with server, aiohttp.ClientSession() as session:
        customer = Customer(session, server)
        customer.image_url = await customer.upload(subject, "image/jpeg")
        customer.video_url = await customer.upload(motion, "video/mp4")
        yield customer
