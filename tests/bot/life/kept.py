"""What every life needs and is always the same: made once by this process, and then lent or copied.

All of it is real. To make it anew for each of some hundred lives would cost more than they do.
"""

import atexit
import hashlib
import shutil
import tempfile
from copy import deepcopy
from pathlib import Path
from types import TracebackType

from bot.clock import Clock
from bot.media.decoders import Decoders
from bot.media.facts import Request
from bot.media.inspect import Media
from engine.api.jobs import RenderPlan
from tests.media_samples import make_motion, make_picture

_KEPT = tempfile.TemporaryDirectory(prefix="kept-")
_RENDER_AND_KEEP = """
    out=$1 kept=$2; shift 2
    told=$("$@") || exit
    if cp "$out" "$kept.part$$"; then
        echo "$told" > "$kept.told"
        mv "$kept.part$$" "$kept"
    fi
    echo "$told"
"""
_TAKE_KEPT = 'cp "$2" "$1" && cat "$2.told"'


class RenderOnce(RenderPlan):
    """The plain renderer, whose videos are kept."""

    def command(self, subject: Path, motion: Path, out: Path, quality: str) -> list[str]:
        """What makes the video, or copies one of the same inputs."""
        inputs = subject.read_bytes() + motion.read_bytes() + quality.encode()
        kept = Path(_KEPT.name) / hashlib.sha256(inputs).hexdigest()
        script = _TAKE_KEPT if kept.exists() else _RENDER_AND_KEEP
        shell = ["/bin/sh", "-c", script, "sh", str(out), str(kept)]
        return shell + super().command(subject, motion, out, quality)


class LookOnce(Decoders):
    """The real decoders, whose answers about small files are kept: the same bytes are the same."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[tuple[str, bytes], dict[str, object]] = {}

    async def run(self, request: Request) -> dict[str, object]:
        """A child's answer, now or of an earlier life."""
        looked_at = _what_is_looked_at(request)
        if looked_at is None:
            return await super().run(request)
        if looked_at not in self._answers:
            self._answers[looked_at] = await super().run(request)
        return deepcopy(self._answers[looked_at])


def _what_is_looked_at(request: Request) -> tuple[str, bytes] | None:
    source = Path(request.source)
    if request.output or source.stat().st_size > 1_000_000:
        return None
    return request.target, hashlib.sha256(source.read_bytes()).digest()


_DECODERS = LookOnce()
atexit.register(_DECODERS.close)


class LentMedia(Media):
    """Looks at files with decoders whose parent goes on when the bot ends."""

    def __init__(self, *, clock: Clock) -> None:
        super().__init__(_DECODERS, clock=clock)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The next bot has them."""


def samples(folder: Path) -> tuple[Path, Path]:
    """The usual subject and motion, in a folder of one's own."""
    subject, motion = Path(_KEPT.name, "subject.jpg"), Path(_KEPT.name, "motion.mp4")
    if not motion.exists():
        make_picture(subject)
        make_motion(motion)
    for kept in (subject, motion):
        shutil.copy(kept, folder)
    return folder / subject.name, folder / motion.name
