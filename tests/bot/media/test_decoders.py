"""The decoders' processes: forked, bounded, knowing nothing, and gone when anybody else is."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Problem, Refused
from bot.media.decoders import Decoders
from bot.media.facts import Request
from bot.media.forkserver import NICE
from bot.media.inspect import Media
from bot.media.pixels import MOST_SCANS
from bot.media.rewriting.motion import fit
from tests.bot.media.test_inspect import Stall, told_of, workers
from tests.media_samples import make_endless_scans, make_motion, make_picture

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
BOT = """
import asyncio, sys
from bot.media.decoders import Decoders
from bot.media.facts import Request

async def main():
    decoders = Decoders()
    look = asyncio.create_task(decoders.run(Request("image", sys.argv[1], 20, 60.0)))
    await asyncio.sleep(0)
    print(decoders.parent_pid, flush=True)
    await look

asyncio.run(main())
"""


@pytest.fixture
async def decoders() -> AsyncIterator[Decoders]:
    decoders = Decoders()
    yield decoders
    decoders.close()


def look(path: Path, cpu_s: int = 20, wall_s: float = 30.0, **bounds: Any) -> Request:
    return Request("image", str(path), cpu_s, wall_s, **bounds)


async def refusal(decoders: Decoders, request: Request) -> Problem:
    with pytest.raises(Refused) as caught:
        await decoders.run(request)
    return caught.value.problem


def is_alive(pid: int | str) -> bool:
    try:
        return told_of(str(pid), "stat").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def gone(*pids: int | str) -> None:
    for _ in range(1000):
        if not any(map(is_alive, pids)):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"one of {pids} lives on")


async def test_files_are_looked_at_in_children_of_one_parent(
    decoders: Decoders, tmp_path: Path
) -> None:
    picture = make_picture(tmp_path / "a.jpg")
    first = await decoders.run(look(picture))
    parent = decoders.parent_pid
    assert "Threads:\t1\n" in told_of(str(parent), "status")
    answers = await asyncio.gather(*(decoders.run(look(picture)) for _ in range(8)))
    assert answers == [first] * 8
    assert decoders.parent_pid == parent
    assert not workers(decoders)
    decoders.close()
    assert not is_alive(str(parent))


async def test_every_bound_holds_in_the_child(decoders: Decoders, tmp_path: Path) -> None:
    stall = Stall(tmp_path / "stall")
    request = look(stall.path, 7, write_bytes=1234, memory_bytes=999_999_488)
    asked = asyncio.create_task(decoders.run(request))
    with await stall.reached():
        (pid,) = workers(decoders)
        limits, stat = told_of(pid, "limits"), told_of(pid, "stat")
    assert (await asked)["problem"] == Problem.NOT_AN_IMAGE
    bounds = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert bounds["Max cpu time"] == ["7", "7"]
    assert bounds["Max address space"] == ["999999488", "999999488"]
    assert bounds["Max file size"] == ["1234", "1234"]
    assert bounds["Max core file size"] == ["0", "0"]
    assert int(stat.rpartition(")")[2].split()[16]) == min(os.nice(0) + NICE, 19)


async def test_what_needs_too_much_memory_is_too_hard(decoders: Decoders, tmp_path: Path) -> None:
    small = make_picture(tmp_path / "small.png", fmt="PNG")
    large = make_picture(tmp_path / "large.png", size=(6000, 6000), fmt="PNG")
    await decoders.run(look(small))
    pages = int(told_of(str(decoders.parent_pid), "statm").split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + 60_000_000
    assert (await decoders.run(look(small, memory_bytes=most)))["facts"]
    said = await decoders.run(look(large, memory_bytes=most))
    assert said == {"problem": Problem.TOO_HARD_TO_READ, "facts": {}}


async def test_what_needs_too_much_processor_time_is_ended(
    decoders: Decoders, tmp_path: Path
) -> None:
    picture = make_endless_scans(tmp_path / "scans.jpg", scans=MOST_SCANS - 10, side=7_000)
    assert await refusal(decoders, look(picture, 1)) is Problem.TOO_HARD_TO_READ


async def test_no_more_is_written_than_was_allowed(decoders: Decoders, tmp_path: Path) -> None:
    motion = make_motion(tmp_path / "motion.mp4", duration_s=0.1)
    unbound, bound = tmp_path / "unbound.mp4", tmp_path / "bound.mp4"
    assert not fit(motion, unbound, 4_000)
    assert unbound.stat().st_size > 4_000
    request = Request("fit", str(motion), 20, 30.0, output=str(bound), write_bytes=4_000)
    assert (await decoders.run(request))["facts"] == {"fits": False}
    assert 0 < bound.stat().st_size <= 4_000


async def test_what_takes_too_long_is_ended(decoders: Decoders, tmp_path: Path) -> None:
    stall = Stall(tmp_path / "stall")
    assert await refusal(decoders, look(stall.path, wall_s=0.3)) is Problem.TOO_HARD_TO_READ
    assert not workers(decoders)
    assert (await decoders.run(look(make_picture(tmp_path / "a.jpg"))))["facts"]


async def test_a_result_is_not_given_up_on_a_busy_machine(tmp_path: Path) -> None:
    asked: list[Request] = []

    class Noting(Decoders):
        async def run(self, request: Request) -> dict[str, object]:
            asked.append(request)
            raise Refused(Problem.TOO_HARD_TO_READ)

    media, motion = Media(Noting()), make_motion(tmp_path / "motion.mp4")
    for looks in (media.inspect_result(motion), media.inspect_video(motion, "x")):
        with pytest.raises(Refused):
            await looks
    result, new_file = asked
    assert result.wall_s >= 10 * result.cpu_s
    assert result.wall_s > new_file.wall_s


async def test_a_killed_child_is_a_file_that_is_too_hard(
    decoders: Decoders, tmp_path: Path
) -> None:
    stall = Stall(tmp_path / "stall")
    asked = asyncio.create_task(refusal(decoders, look(stall.path)))
    with await stall.reached():
        (pid,) = workers(decoders)
        os.kill(int(pid), signal.SIGKILL)
        assert await asked is Problem.TOO_HARD_TO_READ


async def test_a_parent_that_is_gone_is_replaced_and_the_file_looked_at_again(
    decoders: Decoders, tmp_path: Path
) -> None:
    stall = Stall(tmp_path / "stall")
    asked = asyncio.create_task(decoders.run(look(stall.path)))
    with await stall.reached():
        parent, (child,) = decoders.parent_pid, workers(decoders)
        assert parent is not None
        os.kill(parent, signal.SIGKILL)
        await gone(child)
    with await stall.reached():
        assert decoders.parent_pid != parent
    assert (await asked)["problem"] == Problem.NOT_AN_IMAGE


async def test_who_takes_two_parents_along_is_too_hard(decoders: Decoders, tmp_path: Path) -> None:
    stall = Stall(tmp_path / "stall")
    asked = asyncio.create_task(refusal(decoders, look(stall.path)))
    for _ in range(2):
        with await stall.reached():
            assert decoders.parent_pid is not None
            (child,) = workers(decoders)
            os.kill(decoders.parent_pid, signal.SIGKILL)
            await gone(child)
    assert await asked is Problem.TOO_HARD_TO_READ


async def test_a_parent_that_does_not_answer_is_replaced(tmp_path: Path) -> None:
    decoders = Decoders(gone_within_s=0.1)
    picture = make_picture(tmp_path / "a.jpg")
    first = await decoders.run(look(picture))
    parent = decoders.parent_pid
    assert parent is not None
    os.kill(parent, signal.SIGSTOP)
    assert await refusal(decoders, look(picture, wall_s=0.1)) is Problem.TOO_HARD_TO_READ
    assert not is_alive(parent)
    assert await decoders.run(look(picture)) == first
    decoders.close()


async def test_a_signal_to_all_of_the_bots_processes_ends_no_look(
    decoders: Decoders, tmp_path: Path
) -> None:
    stall = Stall(tmp_path / "stall")
    asked = asyncio.create_task(decoders.run(look(stall.path)))
    with await stall.reached():
        for pid in (decoders.parent_pid, *map(int, workers(decoders))):
            assert pid is not None
            for each in (signal.SIGINT, signal.SIGTERM):
                os.kill(pid, each)
    assert (await asked)["problem"] == Problem.NOT_AN_IMAGE


async def test_a_killed_bot_leaves_neither_parent_nor_child(tmp_path: Path) -> None:
    stall = Stall(tmp_path / "stall")
    bot = await create_subprocess_exec(
        *(sys.executable, "-c", BOT, str(stall.path)), cwd=ROOT, stdout=PIPE
    )
    assert bot.stdout is not None
    parent = int(await bot.stdout.readline())
    with await stall.reached():
        [child] = told_of(str(parent), f"task/{parent}/children").split()
        bot.kill()
        await bot.wait()
        await gone(parent, child)
