"""The provider's file host: finished videos for a week, uploaded files for good."""

import asyncio
import base64
import binascii
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from engine.api.clock import MovableClock

GENERATION_KEPT_S = 7 * 24 * 3600.0
UPLOAD_KEPT_S = 24 * 3600.0
MOST_UPLOADED_BYTES = 1_000_000_000
"""An upload is for the run that follows it; whoever comes back later uploads again."""

SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
}


class UploadError(Exception):
    """What was uploaded is not a list of base64 data URLs."""


@dataclass(frozen=True)
class StoredFile:
    """A file that is served, and until when in unix seconds."""

    path: Path
    content_type: str
    ends_at: float
    size_bytes: int


class Storage:
    """Files under one folder, reachable by the paths that were handed out and by no others.

    `base_url` is where these are served, once that is known.
    """

    def __init__(self, folder: Path, clock: MovableClock) -> None:
        self._folder, self._clock = folder, clock
        self._files: dict[str, StoredFile] = {}
        self.base_url = ""
        for name in ("generations", "assets", "work"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def work_folder(self) -> tempfile.TemporaryDirectory[str]:
        """A folder for one job's inputs, gone when its `with` ends."""
        return tempfile.TemporaryDirectory(dir=self._folder / "work", ignore_cleanup_errors=True)

    def keep_video(self, path: Path) -> str:
        """Take over a finished video. Returns its path on the host."""
        url_path = f"/generations/{uuid.uuid4().hex}.mp4"
        kept = path.rename(self._folder / url_path[1:])
        ends_at = self._clock.time() + GENERATION_KEPT_S
        self._files[url_path] = StoredFile(kept, "video/mp4", ends_at, kept.stat().st_size)
        self._forget_old()
        return url_path

    def _forget_old(self) -> None:
        """Delete what is served no more, and of what was uploaded the oldest where that is much."""
        now = self._clock.time()
        gone = [path for path, file in self._files.items() if file.ends_at <= now]
        uploads = [path for path in self._files if path.startswith("/assets/")]
        much_bytes = sum(self._files[path].size_bytes for path in uploads) - MOST_UPLOADED_BYTES
        for path in uploads:  # in the order in which they came
            if much_bytes > 0:
                much_bytes -= self._files[path].size_bytes
                gone.append(path)
        for path in dict.fromkeys(gone):
            self._files.pop(path).path.unlink(missing_ok=True)

    async def keep_upload(self, data_url: object) -> str:
        """Store one `data:<type>;base64,…`. Returns its path on the host. Raises `UploadError`."""
        head, comma, text = data_url.partition(",") if isinstance(data_url, str) else ("", "", "")
        content_type = head.removeprefix("data:").removesuffix(";base64")
        if not comma or head != f"data:{content_type};base64":
            raise UploadError("data_urls must hold base64 data URLs")
        try:
            content = await asyncio.to_thread(base64.b64decode, text, validate=True)
        except (binascii.Error, ValueError):
            raise UploadError("data_urls holds text that is not base64") from None
        suffix = SUFFIXES.get(content_type, "")
        url_path = f"/assets/{uuid.uuid4()}{suffix}"
        path = self._folder / url_path[1:]
        await asyncio.to_thread(path.write_bytes, content)
        served_as = content_type if content_type in SUFFIXES else "application/octet-stream"
        ends_at = self._clock.time() + UPLOAD_KEPT_S
        kept = StoredFile(path, served_as, ends_at, len(content))  # never as a page
        self._files[url_path] = kept
        self._forget_old()
        return url_path

    def own(self, url: str) -> Path | None:
        """What one of our own links leads to now, if it is one."""
        is_here = bool(self.base_url) and url.startswith(f"{self.base_url}/")
        found = self.find(url.removeprefix(self.base_url)) if is_here else None
        return found.path if found else None

    def find(self, url_path: str) -> StoredFile | None:
        """What is served under that path now, if anything."""
        file = self._files.get(url_path)
        if file and self._clock.time() >= file.ends_at:
            return None
        return file
