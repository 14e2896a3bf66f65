"""The clean parent of all decoders: it has loaded them once, and forks one child for each file.

It is started by the bot with an empty environment and no file of the bot's but one socket, so its
children know none of the bot's secrets. It opens no stranger's file itself. It never has more than
one thread: what it forks is whole.

The bot sends a request with the reply socket attached. The child writes its answer there, and when
it has ended its parent adds how, as a line `{"ended": status}`. A bot that closes its end of the
reply gives the child up. The kernel ends the parent with the bot, and every child with the parent.
"""

import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass

from bot.media import warmup, worker
from bot.media.facts import Request

REQUEST_LIMIT_BYTES = 16_384
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None)


@dataclass(slots=True)
class _Child:
    pid: int
    process_fd: int
    reply: socket.socket


class ForkServer:
    """Serves one bot by one control socket."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pid = os.getpid()
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)

    def serve(self) -> None:
        """Fork until the bot is gone."""
        while True:
            for key, _ in self._selector.select():
                if isinstance(key.data, _Child):
                    self._look_after(key.data, has_ended=key.fd == key.data.process_fd)
                elif not self._take_request():
                    return

    def _take_request(self) -> bool:
        """Whether there is a bot to take requests from."""
        text, descriptors, _, _ = socket.recv_fds(self._control, REQUEST_LIMIT_BYTES, 1)
        if not text:
            return False
        [descriptor] = descriptors
        reply = socket.socket(fileno=descriptor)
        pid = os.fork()
        if pid == 0:
            self._work(text, reply)
        child = _Child(pid, os.pidfd_open(pid), reply)
        for watched in (child.process_fd, reply):
            self._selector.register(watched, selectors.EVENT_READ, child)
        return True

    def _work(self, text: bytes, reply: socket.socket) -> None:
        """In the child: do one task, answer, and never come back."""
        status = 1
        try:
            _die_with(self._pid)
            kept = reply.fileno()
            os.closerange(3, kept)
            os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
            answer = worker.run(Request(**json.loads(text)))
            reply.sendall(json.dumps(answer).encode())
            status = 0
        finally:
            os._exit(status)

    def _look_after(self, child: _Child, *, has_ended: bool) -> None:
        """Pass on how a child has ended; one whose reply nobody reads any more is ended first."""
        if child.process_fd not in self._selector.get_map():
            return  # both at once
        if not has_ended:
            signal.pidfd_send_signal(child.process_fd, signal.SIGKILL)
        for watched in (child.process_fd, child.reply):
            self._selector.unregister(watched)
        _, status = os.waitpid(child.pid, 0)
        os.close(child.process_fd)
        told = b'\n{"ended": %d}\n' % os.waitstatus_to_exitcode(status)
        with child.reply, suppress(OSError):  # nobody asks any more, or the child has filled it
            child.reply.send(told, socket.MSG_DONTWAIT)


def main(control: int, bot: int) -> None:
    """Serve whoever has the other end of the socket `control`, for as long as process `bot` is."""
    _die_with(bot)
    # Whoever stops the bot may signal all of its processes; a file under way is not to suffer.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    warmup.warm_up()
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page that it looks at
    with socket.socket(fileno=control) as bots:
        ForkServer(bots).serve()


def _die_with(parent: int) -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was faster
        os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
