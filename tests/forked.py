"""Our programs as processes that are forked, not started: all that they import is loaded once.

A parent, started with the first of them, has imported the program's modules and run none of it.
Each call is a process with its own arguments, environment, folder, outputs and exit code, as if
`python -m` had started it. That a fresh Python does just the same is shown by one test.
"""

import os
import runpy
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["bot.__main__", "tests.forked"])


class Ended(NamedTuple):
    """How a program has ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


def run(
    module: str, *arguments: str, cwd: Path, env: Mapping[str, str], timeout_s: float = 60.0
) -> Ended:
    """What `python -m module` does with these arguments, in this folder and environment alone."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _CONTEXT.Process(target=_be, args=(module, arguments, cwd, dict(env), out, err))
        process.start()
        process.join(timeout_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"{module} {arguments} did not end")
        return Ended(process.exitcode, out.read_text(), err.read_text())


def _be(
    module: str,
    arguments: tuple[str, ...],
    cwd: Path,
    env: dict[str, str],
    out: Path,
    err: Path,
) -> None:
    for stream, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(opened, stream)
        os.close(opened)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.modules.pop(f"{module}.__main__")  # it is to run, not only to be there
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
