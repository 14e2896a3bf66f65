"""Where the bot has its decoders: a process of its own for each file, forked from one clean parent.

The bot itself never loads a decoder. What it asks for, and within which bounds, is a `Request`.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from socket import send_fds

import structlog

from bot.errors import Problem, Refused
from bot.media import isolation
from bot.media.facts import Request

log = structlog.get_logger()

REPLY_LIMIT_BYTES = 65_536
GONE_WITHIN_S = 5.0
"""So soon a child that is given up has ended (s), or its parent is ended too."""

PARENT = "bot.media.forkserver"
_PACKAGES = Path(__file__).resolve().parents[2]


class ParentGoneError(Exception):
    """The parent of the decoders has ended before it told how a child did."""


class Decoders:
    """Starts the parent when it is first needed, and anew when it is gone. `close` ends it."""

    def __init__(self, *, gone_within_s: float = GONE_WITHIN_S) -> None:
        self._gone_within_s = gone_within_s
        self._parent: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._has_warned = False

    @property
    def parent_pid(self) -> int | None:
        """The process whose children decode."""
        return self._parent.pid if self._parent else None

    async def run(self, request: Request) -> dict[str, object]:
        """A child's answer. Raises `Refused`, TOO_HARD_TO_READ, where a bound has ended it.

        No child is left behind, whatever happens. Raises `OSError` if no process can be started.
        """
        try:
            return await self._ask(request)
        except ParentGoneError:  # perhaps another file's doing, so this one has another try
            pass
        try:
            return await self._ask(request)
        except ParentGoneError:
            raise Refused(Problem.TOO_HARD_TO_READ) from None

    def close(self) -> None:
        """End the parent, and with it every child."""
        if self._control is not None:
            self._control.close()
        if self._parent is not None:
            self._parent.kill()
            self._parent.wait()
        self._control = self._parent = None

    async def _ask(self, request: Request) -> dict[str, object]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours:
            with theirs:
                self._send(json.dumps(asdict(request)).encode(), theirs)
            parent_pid, said = self.parent_pid, bytearray()
            try:
                async with asyncio.timeout(request.wall_s):
                    await _read(ours, said)
            except TimeoutError:
                log.warning("a decoder was stopped", target=request.target, reason="time")
                raise Refused(Problem.TOO_HARD_TO_READ) from None
            finally:
                if not await self._hang_up(ours) and self.parent_pid == parent_pid:
                    log.warning("the decoders' parent does not answer and is ended")
                    self.close()
        answer, _, ended = bytes(said).rstrip().rpartition(b"\n")
        if not ended.startswith(b'{"ended"') and len(said) <= REPLY_LIMIT_BYTES:
            raise ParentGoneError
        with suppress(ValueError):  # too much, or none of ours
            told = json.loads(answer)
            if json.loads(ended) == {"ended": 0} and _is_answer(told):
                self._warn_of(told.pop("open_to", None))
                return dict(told)
        how = ended[:40].decode("ascii", "replace")
        log.warning("a decoder died", target=request.target, how=how)
        raise Refused(Problem.TOO_HARD_TO_READ)

    def _warn_of(self, open_to: object) -> None:
        """What the doctor cannot see: a container's own rules may refuse what the kernel has."""
        lacking = [layer for layer in isolation.LAYERS if layer in _listed(open_to)]
        if lacking and not self._has_warned:
            self._has_warned = True
            log.warning(
                "decoders are bounded, and not isolated",
                open_to=lacking,
                advice="Let the container's seccomp profile allow Landlock and seccomp, or use a "
                "kernel that has them; a file that takes a decoder over is kept from no more.",
            )

    async def _hang_up(self, reply: socket.socket) -> bool:
        """Let the parent end the child, if it lives; whether both have let go in time."""
        loop = asyncio.get_running_loop()
        try:
            reply.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(self._gone_within_s):
                while await loop.sock_recv(reply, 4096):
                    pass
        except TimeoutError:
            return False
        except OSError:
            pass  # both are gone already
        return True

    def _send(self, request: bytes, reply: socket.socket) -> None:
        """Raises `ParentGoneError` where not even a new parent takes it."""
        if self._control is not None:
            try:
                send_fds(self._control, [request], [reply.fileno()], socket.MSG_NOSIGNAL)
            except OSError:
                log.warning("the decoders' parent is gone and is started again")
            else:
                return
        control = self._start()
        try:
            send_fds(control, [request], [reply.fileno()], socket.MSG_NOSIGNAL)
        except OSError:
            raise ParentGoneError from None

    def _start(self) -> socket.socket:
        self.close()
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        control.setblocking(False)
        with theirs:
            self._parent = subprocess.Popen(  # noqa: S603 - our own program
                [
                    *(sys.executable, "-E", "-s", "-B", "-X", "utf8"),
                    *("-m", PARENT, str(theirs.fileno()), str(os.getpid())),
                ],
                pass_fds=[theirs.fileno()],
                cwd=_PACKAGES,
                env={},  # the bot's own holds its secrets
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._control = control
        return control


def _listed(told: object) -> list[object]:
    return told if isinstance(told, list) else []


def _is_answer(told: object) -> bool:
    """Whether a child has told what it should; who knows what runs in it by now."""
    return isinstance(told, dict) and isinstance(told.get("facts"), dict)


async def _read(reply: socket.socket, said: bytearray) -> None:
    loop = asyncio.get_running_loop()
    while len(said) <= REPLY_LIMIT_BYTES and (piece := await loop.sock_recv(reply, 4096)):
        said += piece
