"""What the operator sees on a terminal, as on one."""

import os
import pty
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SECRET = "bot.token.of-somebody"
FAILS = """
import logging, sys
import structlog
from bot.telemetry import set_up_logs

def ask(token):
    headers = {"Authorization": f"Bot {token}"}
    raise ExceptionGroup("both", [OSError("the line is cut, url='http://me:pass-word@proxy:3128'")])

def ask_again(token):
    try:
        ask(token)
    except ExceptionGroup as error:
        raise RuntimeError("gave up") from error

set_up_logs("INFO")
try:
    ask_again(sys.stdin.readline().strip())
except RuntimeError:
    HOW("it failed")
"""
WAYS = {
    "ours": "structlog.get_logger().exception",
    "a library's": 'logging.getLogger("discord").exception',
}


def on_a_terminal(program: str, given: str) -> str:
    """What a Python program writes on a terminal that is its standard error."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stderr=its,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TERM": "xterm-256color"},
        text=True,
    ) as running:
        os.close(its)
        assert running.stdin is not None
        running.stdin.write(f"{given}\n")
        running.stdin.close()
        said = b""
        try:
            while part := os.read(ours, 65536):
                said += part
        except OSError:
            pass  # nobody has the other end any more
    os.close(ours)
    return said.decode()


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_traceback_on_a_terminal_shows_no_values(way: str) -> None:
    assert find_spec("rich"), "with it, structlog's own choice shows them"
    said = on_a_terminal(FAILS.replace("HOW", WAYS[way]), SECRET)
    assert "\x1b[" in said, "it was not taken for a terminal"
    assert "it failed" in said
    assert "RuntimeError: gave up" in said
    assert "OSError: the line is cut, url='http://…@proxy:3128'" in said
    assert "bot.token" not in said
