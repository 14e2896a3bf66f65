"""The clean parent of all decoders: it has loaded them once, and forks one child for each file.

It is started by the bot with an empty environment and no file of the bot's but one socket, so its
children know none of the bot's secrets. It opens no stranger's file itself. It never has more than
one thread: what it forks is whole.

The bot sends a request with the reply socket attached. The child bounds and isolates itself, does
that one task, and writes its answer there: what kills it is an answer too, the file is too hard.
When it has ended its parent adds how, as a line `{"ended": status}`. A bot that closes its end of
the reply gives the child up. The kernel ends the parent with the bot, every child with the parent.
"""

import ctypes
import gc
import json
import os
import resource
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.errors import Fact, Problem, Refused
from bot.media import isolation, warmup
from bot.media.facts import Request
from bot.media.image import inspect_image
from bot.media.rewriting.loop import draw_loop
from bot.media.rewriting.motion import fit, rewrite
from bot.media.rewriting.picture import redraw
from bot.media.video import inspect_result, inspect_video

NICE = 10
"""The bot's own work goes first, whatever decoders and encoders do."""

REQUEST_LIMIT_BYTES = 16_384
_OPEN_FILES = 64
_LATE_S = 1.0
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
            request = Request(**json.loads(text))
            open_to = bind(request)
            said = json.dumps({**answer_to(request), "open_to": open_to}).encode()
            while said:
                said = said[os.write(kept, said) :]  # it may send nothing by a socket any more
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


def bind(request: Request) -> list[str]:
    """Stay within the bounds of the request, and see nothing else from now on; but for these."""
    for what, most in (
        (resource.RLIMIT_AS, request.memory_bytes),
        (resource.RLIMIT_CPU, request.cpu_s),
        (resource.RLIMIT_FSIZE, request.write_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(NICE)
    # The bot ends what takes too long, if it is not itself too busy.
    signal.setitimer(signal.ITIMER_REAL, request.wall_s + _LATE_S)
    folder = Path(request.output).parent if request.output else None
    return isolation.confine(Path(request.source), folder)


def answer_to(request: Request) -> Mapping[str, object]:
    """Do what is asked: the facts, or the problem with the facts of it."""
    source = Path(request.source)
    targets: Mapping[str, Callable[[], Mapping[str, Fact]]] = {
        "image": lambda: asdict(inspect_image(source)),
        "video": lambda: asdict(inspect_video(source)),
        "result": lambda: asdict(inspect_result(source)),
        "fit": lambda: {"fits": fit(source, Path(request.output), request.write_bytes)},
        "rewrite": lambda: asdict(
            rewrite(source, Path(request.output), request.start_s, request.length_s)
        ),
        "redraw": lambda: asdict(redraw(source, Path(request.output))),
        "loop": lambda: {"frames": draw_loop(source, Path(request.output))},
    }
    try:
        return {"facts": targets[request.target]()}
    except Refused as refused:
        return {"problem": refused.problem, "facts": refused.facts}
    except MemoryError:
        return {"problem": Problem.TOO_HARD_TO_READ, "facts": {}}


def main(control: int, bot: int) -> None:
    """Serve whoever has the other end of the socket `control`, for as long as process `bot` is."""
    _die_with(bot)
    # Whoever stops the bot may signal all of its processes; a file under way is not to suffer.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    isolation.hide()
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
