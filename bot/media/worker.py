"""One task on one stranger's file, in a process of its own that ends with it.

Decoders meet hostile files, so this runs apart from the bot, without its secrets and within bounds
of memory, time and disk. What kills it is an answer too: `inspect` calls the file too hard.
"""

import os
import resource
import signal
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from bot.errors import Fact, Problem, Refused
from bot.media.facts import Request
from bot.media.image import inspect_image
from bot.media.rewriting import fit, rewrite
from bot.media.video import inspect_result, inspect_video

NICE = 10
"""The bot's own work goes first, whatever decoders and encoders do."""

_OPEN_FILES = 64
_LATE_S = 1.0


def run(request: Request) -> Mapping[str, object]:
    """Do it within the bounds, which stay; the facts, or the problem with the facts of it."""
    _bind(request)
    source = Path(request.source)
    targets: Mapping[str, Callable[[], Mapping[str, Fact]]] = {
        "image": lambda: asdict(inspect_image(source)),
        "video": lambda: asdict(inspect_video(source)),
        "result": lambda: asdict(inspect_result(source)),
        "fit": lambda: {"fits": fit(source, Path(request.output), request.write_bytes)},
        "rewrite": lambda: asdict(rewrite(source, Path(request.output))),
    }
    try:
        return {"facts": targets[request.target]()}
    except Refused as refused:
        return {"problem": refused.problem, "facts": refused.facts}
    except MemoryError:
        return {"problem": Problem.TOO_HARD_TO_READ, "facts": {}}


def _bind(request: Request) -> None:
    for what, most in (
        (resource.RLIMIT_AS, request.memory_bytes),
        (resource.RLIMIT_CPU, request.cpu_s),
        (resource.RLIMIT_FSIZE, request.write_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(NICE)
    # The bot ends what takes too long, if it is not itself too busy.
    signal.setitimer(signal.ITIMER_REAL, request.wall_s + _LATE_S)
