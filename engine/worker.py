"""A program of the engine's in a process with bounds: decoders meet strangers' files."""

import argparse
import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from engine.media import SHORT_SIDE_PIXELS, RenderError

MEMORY_LIMIT_BYTES = 3 * 1024**3
RENDER_CPU_LIMIT_S, LOOK_CPU_LIMIT_S = 300, 30
NICENESS = 10  # whoever answers people on this machine comes first
PROGRESS_STEP = 0.02


# makes `out` of two files, tells how far it is, and says how it went; raises `RenderError`
Renderer = Callable[[argparse.Namespace, Callable[[float], None]], dict[str, object]]
# says what is in two files; raises `RenderError`
Looker = Callable[[argparse.Namespace], dict[str, object]]


def work(renderer: Renderer) -> int:
    """Render once within bounds; tell of it in lines of JSON, the last of which is the outcome."""
    parser = _parser("subject", "motion", "out")
    parser.add_argument("quality", choices=sorted(SHORT_SIDE_PIXELS))
    parser.add_argument("--no-mark", action="store_true")
    parser.add_argument("--draft", action="store_true")
    given = parser.parse_args()
    told = 0.0

    def progress(share: float) -> None:
        nonlocal told
        if share >= told + PROGRESS_STEP:
            told = share
            _tell({"progress": round(share, 3)})

    return _within_bounds(lambda: renderer(given, progress), RENDER_CPU_LIMIT_S)


def look(looker: Looker) -> int:
    """Look once within bounds; tell what is seen in a line of JSON."""
    parser = _parser("subject", "motion")
    parser.add_argument("--plain", action="store_true")
    given = parser.parse_args()
    return _within_bounds(lambda: looker(given), LOOK_CPU_LIMIT_S)


def _parser(*files: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    for name in files:
        parser.add_argument(name, type=Path)
    parser.add_argument("--weights", type=Path)
    return parser


def _within_bounds(act: Callable[[], dict[str, object]], cpu_limit_s: int) -> int:
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_limit_s, cpu_limit_s))
    try:
        _tell(act())
    except RenderError as error:
        _tell({"error": str(error)})
        return 1
    return 0


def _tell(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()
