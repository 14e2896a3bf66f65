"""What a process gives up before it opens a stranger's file: the kernel holds it to that for good.

In depth, since each layer may be missing or broken: the file system but for one file (Landlock),
the network, other programs and other processes (seccomp), and any right that a program could lend.
What cannot be put on is left out, and told. Numbers are Linux's, from its `uapi`
headers.
"""

import ctypes
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

FILES = "other files (Landlock)"
ACTS = "networks, programs and processes (seccomp)"
LAYERS = (FILES, ACTS)
"""What a decoder is to be kept from, and by which layer."""

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_WRITE_FILE, _READ_FILE, _REMOVE_FILE, _MAKE_REG, _TRUNCATE = (1 << n for n in (1, 2, 5, 8, 14))
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""By Landlock's version, how many rights over files there are."""
_TCP, _TCP_SINCE = 0b11, 4
_SCOPES, _SCOPES_SINCE = 0b11, 6
"""Signals, and sockets without a name in the file system, stay within the process."""


@dataclass(frozen=True, slots=True)
class _Calls:
    """One architecture's numbers: `denied` to whoever decodes, `of_others` if not about itself."""

    architecture: int
    clone: int
    clone3: int
    prlimit: int
    tgkill: int
    denied: tuple[int, ...]


_SINCE_ALL_ARE_NUMBERED_ALIKE = (424, 425, 426, 427, 428, 429, 430, 432, 434, 438, 440, 442)
"""pidfd_send_signal, io_uring (3), open_tree, move_mount, fsopen, fsmount, pidfd_open, pidfd_getfd,
process_madvise, mount_setattr."""

_CALLS = {
    "x86_64": _Calls(
        0xC000003E,
        clone=56,
        clone3=435,
        prlimit=302,
        tgkill=234,
        denied=(
            *(41, 42, 43, 44, 46, 49, 50, 53, 288, 307),  # socket … socketpair, accept4, sendmmsg
            *(57, 58, 59, 322),  # fork, vfork, execve, execveat
            *(62, 129, 200, 297),  # kill, rt_sigqueueinfo, tkill, rt_tgsigqueueinfo
            *(101, 310, 311, 312),  # ptrace, process_vm_readv, process_vm_writev, kcmp
            *(141, 142, 144, 203, 251, 314),  # priorities and cores, also other processes'
            *(155, 161, 165, 166, 272, 304, 308),  # pivot_root … mount, unshare, setns, handles
            *(175, 246, 248, 249, 250, 298, 313, 321, 323),  # modules, keys, perf, bpf, userfaultfd
            *_SINCE_ALL_ARE_NUMBERED_ALIKE,
        ),
    ),
    "aarch64": _Calls(
        0xC00000B7,
        clone=220,
        clone3=435,
        prlimit=261,
        tgkill=131,
        denied=(
            *(198, 199, 200, 201, 202, 203, 206, 211, 242, 269),
            *(221, 281),
            *(129, 130, 138, 240),
            *(117, 270, 271, 272),
            *(30, 118, 119, 122, 140, 274),
            *(39, 40, 41, 51, 97, 265, 268),
            *(104, 105, 217, 218, 219, 241, 273, 280, 282),
            *_SINCE_ALL_ARE_NUMBERED_ALIKE,
        ),
    ),
}
_EPERM, _ENOSYS = 1, 38
_CLONE_THREAD = 0x00010000
_X32_BIT = 0x40000000

_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_MODE_FILTER = 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def hide() -> None:
    """Nobody else of the same user may read this process's memory or environment from now on.

    The start of another program in its place undoes it.
    """
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def confine(readable: Path, folder: Path | None) -> list[str]:
    """Keep to this one file, and to files in `folder`; no network, no other program, no child.

    What it is not kept from all the same, since the kernel lacks a layer or a container's own
    rules refuse to have it put on.
    """
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return list(LAYERS)
    holds = {FILES: _keep_to(readable, folder), ACTS: _refuse_calls()}
    return [layer for layer, is_on in holds.items() if not is_on]


def lacking() -> list[str]:
    """What a decoder is not kept from here, as a process finds that confines itself.

    What the kernel knows proves nothing: a container's own rules may refuse it.
    """
    tried = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-E", "-s", "-B", "-m", __spec__.name],
        cwd=Path(__file__).resolve().parents[2],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    return [layer for layer in LAYERS if layer in tried.stdout or tried.returncode]


def _landlock_version() -> int:
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)))


def _keep_to(readable: Path, folder: Path | None) -> bool:
    version = _landlock_version()
    if not version:
        return False
    rights = (1 << max(n for since, n in _FILE_RIGHTS.items() if since <= version)) - 1
    told = [rights]
    if version >= _TCP_SINCE:
        told.append(_TCP)
    if version >= _SCOPES_SINCE:
        told.append(_SCOPES)
    attributes = struct.pack(f"={len(told)}Q", *told)
    ruleset = _libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        _permit(ruleset, readable, _READ_FILE)
        if folder is not None:
            written = _READ_FILE | _WRITE_FILE | _MAKE_REG | _REMOVE_FILE | _TRUNCATE
            _permit(ruleset, folder, written & rights)
        return int(_libc.syscall(_RESTRICT_SELF, ruleset, 0)) == 0
    finally:
        os.close(ruleset)


def _permit(ruleset: int, path: Path, rights: int) -> None:
    at = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, at)
        _libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(at)


def _calls() -> _Calls | None:
    is_64_bit = sys.maxsize > 2**32
    return _CALLS.get(os.uname().machine) if is_64_bit and sys.byteorder == "little" else None


def _refuse_calls() -> bool:
    calls = _calls()
    if calls is None:
        return False
    code = b"".join(_filter(calls, os.getpid()))
    program = _Program(len(code) // 8, code)
    return int(_libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0)) == 0


def _filter(calls: _Calls, pid: int) -> Iterator[bytes]:
    """The program, in classic BPF: of each instruction the code, both jumps, and its number."""
    no = _ERRNO | _EPERM
    yield _op(_LOAD, _ARCHITECTURE_AT)
    yield _op(_EQUAL, calls.architecture, then=1)
    yield _op(_RETURN, _KILL)
    yield _op(_LOAD, _NUMBER_AT)
    yield _op(_AT_LEAST, _X32_BIT, otherwise=1)
    yield _op(_RETURN, _KILL)
    yield _op(_EQUAL, calls.clone3, otherwise=1)
    yield _op(_RETURN, _ERRNO | _ENOSYS)  # whoever hears this takes clone, whose flags can be seen
    for number in calls.denied:
        yield _op(_EQUAL, number, otherwise=1)
        yield _op(_RETURN, no)
    # Threads are no children; abort() signals its own process.
    yield from _only_if(calls.clone, _op(_HAS_BITS, _CLONE_THREAD, then=1), no)
    yield from _only_if(calls.tgkill, _op(_EQUAL, pid, then=1), no)
    yield from _only_if(calls.prlimit, _op(_EQUAL, 0, then=1), no)
    yield _op(_RETURN, _ALLOW)


def _only_if(number: int, is_fine: bytes, otherwise: int) -> Iterator[bytes]:
    """That call, if its first argument is fine."""
    yield _op(_EQUAL, number, otherwise=4)
    yield _op(_LOAD, _ARGUMENTS_AT)
    yield is_fine
    yield _op(_RETURN, otherwise)
    yield _op(_LOAD, _NUMBER_AT)


def _op(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


if __name__ == "__main__":
    sys.stdout.write("\n".join(confine(Path(sys.executable), None)))
