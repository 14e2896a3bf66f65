"""What every life needs and is always the same: made once by this process, and then lent or copied.

All of it is real. To make it anew for each of some hundred lives would cost more than they do.
"""

import atexit
import hashlib
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from bot.clock import Clock
from bot.media.decoders import Decoders
from bot.media.inspect import Media
from engine.api.jobs import RenderPlan
from tests.media_samples import make_motion, make_picture

_KEPT = tempfile.TemporaryDirectory(prefix="kept-")
_DECODERS = Decoders()
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

atexit.register(_DECODERS.close)


class RenderOnce(RenderPlan):
    """The plain renderer, whose videos are kept."""

    def command(self, subject: Path, motion: Path, out: Path, quality: str) -> list[str]:
        """What makes the video, or copies one of the same inputs."""
        inputs = subject.read_bytes() + motion.read_bytes() + quality.encode()
        kept = Path(_KEPT.name) / hashlib.sha256(inputs).hexdigest()
        script = _TAKE_KEPT if kept.exists() else _RENDER_AND_KEEP
        shell = ["/bin/sh", "-c", script, "sh", str(out), str(kept)]
        return shell + super().command(subject, motion, out, quality)


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
