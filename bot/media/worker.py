"""The process in which strangers' files are decoded: one file, one line of JSON, and it ends.

Decoders meet hostile files, so this runs apart from the bot, without its secrets and within bounds
of memory, time and disk. What kills it is an answer too: `inspect` calls the file too hard.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from bot.errors import Fact, Problem, Refused
from bot.media.image import inspect_image
from bot.media.shrink import fit
from bot.media.video import inspect_result, inspect_video

MEMORY_LIMIT_BYTES = 1_500_000_000
"""Address space, not resident: a picture of the most pixels needs about half of it."""

_OPEN_FILES = 64


def main(task: str, source: str, cpu_s: int, write_bytes: int, target: str = "") -> None:
    """Do one task within the bounds and print what came of it.

    `task` is image, video, result or fit; only fit has a `target`. It may write `write_bytes`.
    """
    _bind(cpu_s, write_bytes)
    tasks: Mapping[str, Callable[[], Mapping[str, Fact]]] = {
        "image": lambda: asdict(inspect_image(Path(source))),
        "video": lambda: asdict(inspect_video(Path(source))),
        "result": lambda: asdict(inspect_result(Path(source))),
        "fit": lambda: {"fits": fit(Path(source), Path(target), write_bytes)},
    }
    try:
        answer: dict[str, object] = {"facts": tasks[task]()}
    except Refused as refused:
        answer = {"problem": refused.problem, "facts": refused.facts}
    except MemoryError:
        answer = {"problem": Problem.TOO_HARD_TO_READ, "facts": {}}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _bind(cpu_s: int, write_bytes: int) -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_LIMIT_BYTES),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, write_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(5)
    # Should the bot be killed, nobody is left to end this.
    signal.alarm(10 * cpu_s)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:])
