"""The parent of decoders whose children try what a hostile file would have them do.

`python -m tests.bot.media.hostile` in place of `bot.media.forkserver`; with `OPEN` in the source's
name nothing is given up first, to see that what fails else does so for that reason.
"""

import ctypes
import errno
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from bot.media import forkserver, isolation, warmup
from bot.media.facts import Request

_libc = ctypes.CDLL(None, use_errno=True)
_PTRACE_SEIZE = 0x4206
_CALLS = {"x86_64": (101, 310, 425, 302), "aarch64": (117, 270, 425, 261)}
_PTRACE, _READ_MEMORY, _IO_URING, _PRLIMIT = _CALLS.get(os.uname().machine, (0, 0, 0, 0))


def attempts(request: Request) -> dict[str, Callable[[], object]]:
    """What is tried, by name; whatever raises no error was done."""
    source = Path(request.source)
    beside = source.with_name("bot.db")
    bot = int(source.with_name("bot.pid").read_text())
    port = int(source.with_name("port").read_text())
    line = socket.socket()
    key_at = int(source.with_name("key").read_text())
    scratch = ctypes.create_string_buffer(4096)
    return {
        "read the file": source.read_bytes,
        "start a thread": _thread,
        "read the database": beside.read_bytes,
        "write the database": lambda: beside.write_bytes(b"gone"),
        "delete the database": beside.unlink,
        "list the folder": lambda: list(source.parent.iterdir()),
        "write the file": lambda: source.open("r+b"),
        "leave a file": lambda: source.with_name("left").write_bytes(b"x"),
        "leave a file elsewhere": lambda: _leave(Path("/tmp", f"left-{os.getpid()}")),
        "read the machine's users": Path("/etc/passwd").read_bytes,
        "read the bot's environment": Path(f"/proc/{bot}/environ").read_bytes,
        "read the bot's memory": lambda: _read_memory(bot, key_at, scratch),
        "trace the bot": lambda: _done(_libc.syscall(_PTRACE, _PTRACE_SEIZE, bot, 0, 0)),
        "bound the bot": lambda: _done(
            _libc.syscall(_PRLIMIT, bot, 7, None, ctypes.byref(scratch))
        ),
        "signal the bot": lambda: os.kill(bot, 0),
        "signal its parent": lambda: os.kill(os.getppid(), signal.SIGCONT),
        "connect": lambda: line.connect(("127.0.0.1", port)),
        "make a socket": lambda: socket.socket(socket.AF_UNIX),
        "fork": _fork,
        "run a program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "become a program": lambda: os.execv("/nowhere", ["nowhere"]),
        "make a ring": lambda: _done(_libc.syscall(_IO_URING, 1, ctypes.byref(scratch))),
    }


def outcomes(request: Request) -> dict[str, str]:
    """What became of each attempt: done, or the error's name."""
    told = {}
    for name, attempt in PREPARED.items():
        try:
            attempt()
        except OSError as error:
            told[name] = type(error).__name__
        except RuntimeError as error:  # a thread that could not be started
            told[name] = str(error)
        else:
            told[name] = "done"
    return told


def _leave(path: Path) -> None:
    path.write_bytes(b"x")
    path.unlink()


def _thread() -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def _done(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _read_memory(pid: int, key_at: int, scratch: "ctypes.Array[ctypes.c_char]") -> None:
    """The key that the bot holds there, asked for again where the kernel moves its page."""
    here = struct.pack("=QQ", ctypes.addressof(scratch), len(KEY))
    there = struct.pack("=QQ", key_at, len(KEY))
    for _ in range(5):
        read = _libc.syscall(_READ_MEMORY, pid, here, 1, there, 1, 0)
        if read == len(KEY) or ctypes.get_errno() != errno.EFAULT:
            break
    _done(read)
    assert scratch.value == KEY


KEY = b"SG_secret"
PREPARED: dict[str, Callable[[], object]] = {}


def confine(readable: Path, folder: Path | None) -> list[str]:
    """In place of `isolation.confine`: what the attempts need is read before."""
    PREPARED.update(attempts(Request("image", str(readable), 1, 1.0)))
    if "OPEN" not in readable.name:
        return really_confine(readable, folder)
    return []


really_confine = isolation.confine

SOMEBODY = 65534


def become_somebody(*, dumpable: bool) -> None:
    """An ordinary user, where this is root: root may do more than any layer is meant to hold."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(SOMEBODY, SOMEBODY, SOMEBODY)
        os.setresuid(SOMEBODY, SOMEBODY, SOMEBODY)
        _libc.prctl(4, int(dumpable), 0, 0, 0)


if __name__ == "__main__":
    warmup.warm_up()
    become_somebody(dumpable=True)
    isolation.confine = confine
    forkserver.answer_to = lambda request: {"facts": outcomes(request)}
    forkserver.main(int(sys.argv[1]), int(sys.argv[2]))
