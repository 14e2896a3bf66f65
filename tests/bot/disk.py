"""A disk that takes no more, for as long as a test wants it to."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def files_may_have(size_bytes: int) -> Iterator[None]:
    """A real limit of the system on this process's files: writing beyond it fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def without_override() -> list[str]:
    """What to begin a command with: root may write what nobody may, unless it is kept from it."""
    return [] if os.getuid() else ["setpriv", "--bounding-set=-dac_override", "--"]
