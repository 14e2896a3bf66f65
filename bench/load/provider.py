"""The provider's stand-in with canned videos: run times are drawn, and nothing is rendered.

`python -m bench.load.provider RESULT` is a process of its own; it announces its addresses as one
line of JSON. Under /control/load a run is planned, its gate opened, and its records are had.
"""

import argparse
import asyncio
import json
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from engine.api.faults import Faults
from engine.api.jobs import PLAIN, Job, State, Workshop
from engine.api.server import PUBLIC_PATHS, ProviderServer
from engine.api.storage import Storage

CONTROL = "/control/load"
VIDEO_PATH = "/generations/canned.mp4"
COST_CREDITS = 0.2
SEED = 20_240


@dataclass(slots=True)
class Record:
    """What a client asked about one run, in unix seconds.

    `seen_at` is the first poll that was answered COMPLETED, `polled_again_at` the first poll after
    the last mark.
    """

    image_url: str
    submitted_at: float
    ended_at: float | None = None
    seen_at: float | None = None
    polled_again_at: float | None = None
    polls: int = 0


class CannedWorkshop(Workshop):
    """Its runs take log-normal times, counted from their submit or, if later, from the gate's end.

    A closed gate lets all jobs be in flight at once, however long it takes to bring them in.
    """

    def __init__(self, server: "CannedProvider", storage: Storage, faults: Faults) -> None:
        super().__init__(
            server.clock,
            storage,
            faults,
            plan=PLAIN,
            run_time_s=0.0,
            credits=1e9,
            may_fetch_here=True,
        )
        self.records: dict[str, Record] = {}
        self._size_bytes = len(server.video)
        self.plan(median_s=1.0, sigma=0.0, held=False)

    def plan(self, *, median_s: float, sigma: float, held: bool) -> None:
        """How long the next runs take; with `held`, none of them ends before `open`."""
        self._median_s, self._sigma = median_s, sigma
        self._chance = random.Random(SEED)
        self._gate = asyncio.Event()
        self._opened_at = 0.0
        if not held:
            self._gate.set()

    def open(self) -> None:
        """Let the held runs go on."""
        self._opened_at = time.time()
        self._gate.set()

    def mark(self) -> None:
        """From here on, who is polled again."""
        for record in self.records.values():
            record.polled_again_at = None

    async def _work(self, job: Job) -> None:
        record = Record(job.inputs.image_url or "", job.submitted_at)
        self.records[job.request_id] = record
        run_s = self._median_s * math.exp(self._sigma * self._chance.gauss(0, 1))
        job.state, job.started_at = State.PROCESSING, job.submitted_at
        await self._gate.wait()
        await asyncio.sleep(max(job.submitted_at, self._opened_at) + run_s - time.time())
        job.size_bytes, job.video_path = self._size_bytes, VIDEO_PATH
        job.cost_credits = COST_CREDITS
        job.state, job.ended_at = State.COMPLETED, time.time()
        record.ended_at = job.ended_at
        job.ended.set()


class CannedProvider(ProviderServer):
    """Counts polls, and serves one video from memory."""

    workshop: CannedWorkshop

    def __init__(self, video: bytes, media_dir: Path) -> None:
        super().__init__(media_dir=media_dir)
        self.video = video

    def _application(self) -> web.Application:
        self.workshop = CannedWorkshop(self, self._storage, self.faults)
        app = super()._application()
        app.add_routes(
            [
                web.post(CONTROL, self._planned),
                web.get(CONTROL, self._records),
                web.post(f"{CONTROL}/open", self._open),
                web.post(f"{CONTROL}/mark", self._mark),
            ]
        )
        return app

    async def _status(self, request: web.Request) -> web.Response:
        answer = await super()._status(request)
        record = self.workshop.records[self._fresh(request).request_id]
        now = time.time()
        record.polls += record.seen_at is None
        record.polled_again_at = record.polled_again_at or now
        if record.ended_at is not None:
            record.seen_at = record.seen_at or now
        return answer

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=self.video, content_type="video/mp4")

    async def _planned(self, request: web.Request) -> web.Response:
        self.workshop.plan(**await request.json())
        return web.json_response({})

    async def _open(self, _request: web.Request) -> web.Response:
        self.workshop.open()
        return web.json_response({})

    async def _mark(self, _request: web.Request) -> web.Response:
        self.workshop.mark()
        return web.json_response({})

    async def _records(self, request: web.Request) -> web.Response:
        records = self.workshop.records.values()
        counts: dict[str, Any] = {
            "accepted": len(records),
            "requests": sum(not r.path.startswith(PUBLIC_PATHS) for r in self.requests),
            "polled_again": sum(record.polled_again_at is not None for record in records),
        }
        if "full" in request.query:
            names = Record.__slots__
            counts["records"] = [{n: getattr(record, n) for n in names} for record in records]
        return web.json_response(counts)


async def _serve(video: bytes, media_dir: Path) -> None:
    async with CannedProvider(video, media_dir) as server:
        print(json.dumps(server.urls()), flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m bench.load.provider", description=__doc__)
    parser.add_argument("result", type=Path, help="the mp4 that every run ends with")
    result: Path = parser.parse_args().result
    asyncio.run(_serve(result.read_bytes(), result.parent / "provider"))


if __name__ == "__main__":
    main()
