"""The bare bot with the provider's own SDK, which blocks: each job waits in a thread of its own.

`python -m bench.neighbours.sdk`; it polls every second, as the SDK does unless told otherwise.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import segmind

from bench.neighbours.bare import MODEL, QUALITY, BareBot, run

MOST_THREADS = 10_000
LONGEST_WAIT_S = 3600.0


class SdkBot(BareBot):
    """Differs in how a video is had."""

    def __init__(self) -> None:
        super().__init__()
        api_url = os.environ["SEGMIND_API_URL"].removesuffix("/v2") + "/v1"
        self._segmind = segmind.SegmindClient(os.environ["SEGMIND_API_KEY"], base_url=api_url)
        self._threads = ThreadPoolExecutor(MOST_THREADS)

    async def render(self, image_url: str, video_url: str) -> str:
        """Have one video made; the link to it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._wait, image_url, video_url)

    def _wait(self, image_url: str, video_url: str) -> str:
        job = self._segmind.submit_async(
            MODEL, image_url=image_url, video_url=video_url, quality=QUALITY
        )
        url: str = job.wait(timeout=LONGEST_WAIT_S)["video"]["url"]
        return url


if __name__ == "__main__":
    run(SdkBot())
