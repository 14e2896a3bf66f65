"""A render in a process of its own: decoders meet strangers' files, and a process has bounds."""

import argparse
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from engine.media import SHORT_SIDE_PIXELS, RenderError

MEMORY_LIMIT_BYTES = 3 * 1024**3
CPU_LIMIT_S = 300
PROGRESS_STEP = 0.02


# makes `out` of two files, tells how far it is, and says how it went; raises `RenderError`
Renderer = Callable[[argparse.Namespace, Callable[[float], None]], dict[str, object]]


def work(renderer: Renderer) -> int:
    """Render once within bounds; tell of it in lines of JSON, the last of which is the outcome."""
    parser = argparse.ArgumentParser()
    for name in ("subject", "motion", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("quality", choices=sorted(SHORT_SIDE_PIXELS))
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--no-mark", action="store_true")
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))
    told = 0.0

    def progress(share: float) -> None:
        nonlocal told
        if share >= told + PROGRESS_STEP:
            told = share
            _tell({"progress": round(share, 3)})

    try:
        _tell(renderer(given, progress))
    except RenderError as error:
        _tell({"error": str(error)})
        return 1
    return 0


def _tell(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()
