"""What runs in a decoder's process sees one file and nothing else, whatever it tries."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.media import isolation
from tests.bot.media.hostile import SOMEBODY
from tests.media_samples import make_picture

ROOT = Path(__file__).parents[3]
MAY = {"read the file", "start a thread"}
BOT = """
import asyncio, ctypes, json, os, pathlib, sys
from bot.media import decoders, isolation
from bot.media.facts import Request
from tests.bot.media.hostile import KEY, become_somebody

source = pathlib.Path(sys.argv[1])
is_open = "OPEN" in source.name
key = ctypes.create_string_buffer(KEY)
decoders.PARENT = "tests.bot.media.hostile"

async def main():
    ours = decoders.Decoders()
    ours._start()
    become_somebody(dumpable=is_open)
    source.with_name("bot.pid").write_text(str(os.getpid()))
    source.with_name("key").write_text(str(ctypes.addressof(key)))
    if not is_open:
        isolation.hide()
    try:
        answer = await ours.run(Request("image", str(source), 20, 30.0, write_bytes=100))
        print(json.dumps(answer["facts"]))
    finally:
        ours.close()

asyncio.run(main())
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of somebody who has no more rights than anybody."""
    made = Path(tempfile.mkdtemp())
    (made / "bot.db").write_bytes(b"credits")
    if os.getuid() == 0:
        os.chown(made, SOMEBODY, SOMEBODY)
        os.chown(made / "bot.db", SOMEBODY, SOMEBODY)
    yield made
    shutil.rmtree(made)


def tried(folder: Path, name: str) -> dict[str, str]:
    """What becomes of each attempt in a child that looks at a file of this name."""
    source = folder / name
    source.write_bytes(b"a picture")
    with socket.create_server(("127.0.0.1", 0)) as server:
        (folder / "port").write_text(str(server.getsockname()[1]))
        for each in (source, folder / "port"):
            if os.getuid() == 0:
                os.chown(each, SOMEBODY, SOMEBODY)
        run = subprocess.run(
            [sys.executable, "-c", BOT, str(source)],
            cwd=ROOT,
            env={"SEGMIND_API_KEY": "SG_secret"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    told: dict[str, str] = json.loads(run.stdout)
    return told


@pytest.mark.skipif(bool(isolation.lacking()), reason="this kernel lacks a layer")
def test_a_decoder_may_read_its_file_and_nothing_else(folder: Path) -> None:
    told = tried(folder, "picture")
    assert {name for name, how in told.items() if how == "done"} == MAY
    assert set(told.values()) <= {"done", "PermissionError"}
    assert (folder / "bot.db").read_bytes() == b"credits"


def test_without_isolation_the_same_attempts_succeed(folder: Path) -> None:
    told = tried(folder, "OPEN picture")
    failed = {name: how for name, how in told.items() if how != "done"}
    assert failed.keys() <= {"become a program", "make a ring"}, failed
    assert not (folder / "bot.db").exists()


UNDER_RULES = """
import asyncio, ctypes, json, os, pathlib, sys
from bot.media import isolation
from bot.media.decoders import Decoders
from bot.media.facts import Request

def refuse(number, first):
    # As a container's own profile does: the call gets EPERM, while the kernel has it.
    op, no = isolation._op, isolation._ERRNO | isolation._EPERM
    code = [op(isolation._LOAD, 0), op(isolation._EQUAL, number, otherwise=3)]
    code += [op(isolation._LOAD, isolation._ARGUMENTS_AT)]
    is_meant = isolation._AT_LEAST if first is None else isolation._EQUAL
    code += [op(is_meant, first or 0, otherwise=1)]
    code += [op(isolation._RETURN, no), op(isolation._RETURN, isolation._ALLOW)]
    program = isolation._Program(len(code), b"".join(code))
    isolation._libc.prctl(38, 1, 0, 0, 0)
    assert isolation._libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0

async def main():
    decoders = Decoders()
    try:
        for _ in range(2):
            assert (await decoders.run(Request("image", sys.argv[1], 20, 30.0)))["facts"]
    finally:
        decoders.close()

if len(sys.argv) > 2:
    refuse(*json.loads(sys.argv[2]))
print(json.dumps(isolation.lacking()))
sys.stdout.flush()
asyncio.run(main())
"""
REFUSED: dict[str, dict[str, tuple[int, int | None]]] = {
    isolation.FILES: {"x86_64": (446, None), "aarch64": (446, None)},  # landlock_restrict_self
    isolation.ACTS: {"x86_64": (157, 22), "aarch64": (167, 22)},  # prctl, PR_SET_SECCOMP
}


@pytest.mark.skipif(bool(isolation.lacking()), reason="this kernel lacks a layer")
@pytest.mark.parametrize("layer", [*isolation.LAYERS, None])
def test_a_layer_that_is_refused_is_told_once(tmp_path: Path, layer: str | None) -> None:
    picture = make_picture(tmp_path / "a.jpg")
    call = [json.dumps(REFUSED[layer][os.uname().machine])] if layer else []
    run = subprocess.run(
        [sys.executable, "-c", UNDER_RULES, str(picture), *call],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    doctors, *logged = run.stdout.splitlines()
    assert json.loads(doctors) == ([layer] if layer else [])
    told = [line for line in logged if "bounded, and not isolated" in line]
    assert len(told) == (1 if layer else 0)
    assert layer is None or layer in told[0]
