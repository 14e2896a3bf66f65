"""The clean parent of all decoders: it has loaded them once, and forks one child for each file.

It is started by the bot with an empty environment and no file of the bot's but one socket, so its
children know none of the bot's secrets. It opens no stranger's file itself. It never has more than
one thread: what it forks is whole.

The bot sends a request with the reply socket attached. The child writes its answer there, and when
it has ended its parent adds how, as a line `{"ended": status}`. A bot that closes its end of the
reply gives the child up, and one that is gone ends everything.
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

import av
from PIL import GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin

from bot.media import worker
from bot.media.facts import Request

LOADED = (GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin, av)
"""What no child should have to load again."""

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
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)

    def serve(self) -> None:
        """Fork until the bot is gone; then leave no child behind."""
        gc.collect()
        gc.freeze()  # a collection in a child would copy every page that it looks at
        while True:
            for key, _ in self._selector.select():
                if isinstance(key.data, _Child):
                    self._look_after(key.data, has_ended=key.fd == key.data.process_fd)
                elif not self._take_request():
                    self._end_all()
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
            _work(text, reply)
        child = _Child(pid, os.pidfd_open(pid), reply)
        for watched in (child.process_fd, reply):
            self._selector.register(watched, selectors.EVENT_READ, child)
        return True

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

    def _end_all(self) -> None:
        children = [key.data for key in self._selector.get_map().values() if key.data]
        for child in children:
            self._look_after(child, has_ended=False)


def _work(text: bytes, reply: socket.socket) -> None:
    """In the child: do one task, answer, and never come back."""
    status = 1
    try:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        kept = reply.fileno()
        os.closerange(3, kept)
        os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
        answer = worker.run(Request(**json.loads(text)))
        reply.sendall(json.dumps(answer).encode())
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as bot:
        ForkServer(bot).serve()
