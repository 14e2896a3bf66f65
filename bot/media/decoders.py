"""Where the bot has its decoders: a process of its own for each file, forked from one clean parent.

The bot itself never loads a decoder. What it asks for, and within which bounds, is a `Request`.
"""

import asyncio
import json
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from socket import send_fds

import structlog

from bot.errors import Problem, Refused
from bot.media.facts import Request

log = structlog.get_logger()

REPLY_LIMIT_BYTES = 65_536
GONE_WITHIN_S = 5.0
"""So soon a child that is given up has ended."""

_PACKAGES = str(Path(__file__).resolve().parents[2])


class ParentGoneError(Exception):
    """The parent of the decoders has ended before it told how a child did."""


class Decoders:
    """Starts the parent when it is first needed, and anew when it is gone. `close` ends it."""

    def __init__(self) -> None:
        self._parent: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def parent_pid(self) -> int | None:
        """The process whose children decode."""
        return self._parent.pid if self._parent else None

    async def run(self, request: Request, *, wall_s: float) -> dict[str, object]:
        """A child's answer. Raises `Refused`, TOO_HARD_TO_READ, where a bound has ended it.

        No child is left behind, whatever happens.
        """
        try:
            return await self._ask(request, wall_s)
        except ParentGoneError:  # perhaps another file's doing, so this one has another try
            pass
        try:
            return await self._ask(request, wall_s)
        except ParentGoneError:
            raise Refused(Problem.TOO_HARD_TO_READ) from None

    async def _ask(self, request: Request, wall_s: float) -> dict[str, object]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours:
            with theirs:
                self._send(json.dumps(asdict(request)).encode(), theirs)
            said = bytearray()
            try:
                async with asyncio.timeout(wall_s):
                    await _read(ours, said)
            except TimeoutError:
                log.warning("a decoder was stopped", target=request.target, reason="time")
                raise Refused(Problem.TOO_HARD_TO_READ) from None
            finally:
                await _hang_up(ours)
        answer, _, ended = bytes(said).rstrip().rpartition(b"\n")
        if not ended.startswith(b'{"ended"') and len(said) <= REPLY_LIMIT_BYTES:
            raise ParentGoneError
        try:
            if json.loads(ended) == {"ended": 0}:
                told: dict[str, object] = json.loads(answer)
                return told
        except ValueError:
            pass  # too much, or none of ours
        how = ended[:40].decode("ascii", "replace")
        log.warning("a decoder died", target=request.target, how=how)
        raise Refused(Problem.TOO_HARD_TO_READ)

    def _send(self, request: bytes, reply: socket.socket) -> None:
        if self._control is not None:
            try:
                send_fds(self._control, [request], [reply.fileno()], socket.MSG_NOSIGNAL)
            except OSError:
                log.warning("the decoders' parent is gone and is started again")
            else:
                return
        send_fds(self._start(), [request], [reply.fileno()], socket.MSG_NOSIGNAL)

    def _start(self) -> socket.socket:
        self._forget()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._parent = subprocess.Popen(  # noqa: S603 - our own program
                [
                    *(sys.executable, "-P", "-s", "-B", "-X", "utf8"),
                    *("-m", "bot.media.forkserver", str(theirs.fileno())),
                ],
                pass_fds=[theirs.fileno()],
                env={"PYTHONPATH": _PACKAGES},  # the bot's own environment holds its secrets
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        return self._control

    def _forget(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._parent is not None:
            try:
                self._parent.wait(GONE_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._parent.kill()
                self._parent.wait()
        self._control = self._parent = None

    async def close(self) -> None:
        """End the parent, and with it every child."""
        await asyncio.to_thread(self._forget)


async def _read(reply: socket.socket, said: bytearray) -> None:
    loop = asyncio.get_running_loop()
    while len(said) <= REPLY_LIMIT_BYTES and (piece := await loop.sock_recv(reply, 4096)):
        said += piece


async def _hang_up(reply: socket.socket) -> None:
    """Let the parent end the child, if it lives, and wait for that."""
    reply.shutdown(socket.SHUT_WR)
    try:
        async with asyncio.timeout(GONE_WITHIN_S):
            while await asyncio.get_running_loop().sock_recv(reply, 4096):
                pass
    except (TimeoutError, OSError) as error:
        log.warning("a decoder did not end in time", reason=type(error).__name__)
