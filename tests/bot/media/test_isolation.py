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

ROOT = Path(__file__).parents[3]
MAY = {"read the file", "start a thread"}
BOT = """
import asyncio, json, os, pathlib, sys
from bot.media import decoders, isolation
from bot.media.facts import Request
from tests.bot.media.hostile import become_somebody

source = pathlib.Path(sys.argv[1])
is_open = "OPEN" in source.name
decoders.PARENT = "tests.bot.media.hostile"

async def main():
    ours = decoders.Decoders()
    ours._start()
    become_somebody(dumpable=is_open)
    source.with_name("bot.pid").write_text(str(os.getpid()))
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


@pytest.mark.skipif(not all(isolation.layers().values()), reason="this kernel lacks a layer")
def test_a_decoder_may_read_its_file_and_nothing_else(folder: Path) -> None:
    told = tried(folder, "picture")
    assert {name for name, how in told.items() if how == "done"} == MAY
    assert set(told.values()) <= {"done", "PermissionError"}
    assert (folder / "bot.db").read_bytes() == b"credits"


def test_without_isolation_the_same_attempts_succeed(folder: Path) -> None:
    told = tried(folder, "OPEN picture")
    failed = {name for name, how in told.items() if how != "done"}
    assert failed <= {"become a program", "make a ring"}, "the first is of no program"
    assert not (folder / "bot.db").exists()
