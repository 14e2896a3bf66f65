"""Looking at files from outside: refusals with their facts, and workers that are kept in bounds."""

import asyncio
import io
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import Problem, Refused
from bot.media.decoders import Decoders
from bot.media.inspect import (
    IMAGE_LIMIT_BYTES,
    LOOKS_AT_ONCE,
    REWRITE_LIMIT_PIXELS,
    UNFIT_FOR_S,
    VIDEO_LIMIT_BYTES,
    ImageFacts,
    Media,
    VideoFacts,
)
from bot.media.turns import LOOKS_SHARE
from tests.bot.stopped_clock import StoppedClock
from tests.media_samples import (
    make_films,
    make_motion,
    make_noise,
    make_picture,
    make_repeated,
    make_truncated,
)

pytestmark = pytest.mark.slow


@pytest.fixture
async def decoders() -> AsyncIterator[Decoders]:
    decoders = Decoders()
    yield decoders
    decoders.close()


@pytest.fixture
def media(decoders: Decoders) -> Media:
    return Media(decoders)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return make_picture(tmp_path / "subject.jpg")


@pytest.fixture
def motion(tmp_path: Path) -> Path:
    return make_motion(tmp_path / "motion.mp4", audio=True)


def sized(path: Path, size_bytes: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size_bytes)
    return path


def workers(decoders: Decoders) -> set[str]:
    """Process ids of the files' own processes."""
    pid = decoders.parent_pid
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def open_files(pid: str) -> list[str]:
    return [str(each.readlink()) for each in Path("/proc", pid, "fd").iterdir()]


def told_of(pid: str, what: str) -> str:
    return Path("/proc", pid, what).read_text()


def size_of(path: Path, part: float) -> int:
    return int(path.stat().st_size * part)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


class Stall:
    """A file that a worker begins to read and does not get to the end of."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path

    async def reached(self) -> io.FileIO:
        """Wait until a worker has opened it; closing what is returned lets the worker go on."""
        return await asyncio.to_thread(io.FileIO, self.path, "w")


async def test_good_files_are_measured(media: Media, picture: Path, motion: Path) -> None:
    assert await media.inspect_image(picture, "me.jpg") == ImageFacts("JPEG", 320, 480)
    assert await media.inspect_video(motion, "dance.mp4") == VideoFacts(2.0, 240, 320)
    assert await media.inspect_result(motion) == VideoFacts(2.0, 240, 320)


@pytest.mark.parametrize("fmt", ["JPEG", "BMP"])
@pytest.mark.parametrize("container", ["mp4", "webm"])
async def test_files_that_are_swapped_are_known_by_their_bytes(
    media: Media, tmp_path: Path, fmt: str, container: str
) -> None:
    picture = make_picture(tmp_path / "a", fmt=fmt)
    motion = make_motion(tmp_path / "b", container=container, duration_s=0.5)
    for image, video in ((motion, picture), (motion, None), (None, picture)):
        assert await media.are_swapped(image, video)
    noise = make_noise(tmp_path / "c")
    for image, video in ((picture, motion), (motion, motion), (motion, noise), (None, noise)):
        assert not await media.are_swapped(image, video)


async def test_a_motion_is_written_anew_in_its_place(media: Media, tmp_path: Path) -> None:
    path = make_films(tmp_path / "motion", ((64, 64), 0.5), ((64, 64), 9.0))
    facts = await media.inspect_video(path, "m.mp4")
    assert facts.is_to_be_rewritten
    assert facts.frames == 6
    assert await media.rewrite(path, "m.mp4", facts=facts) == VideoFacts(0.5, 64, 64)
    assert await media.inspect_video(path, "m.mp4") == VideoFacts(0.5, 64, 64)
    assert names_in(tmp_path) == {"motion"}


async def test_what_cannot_be_written_anew_is_left_as_it_was(
    media: Media, motion: Path, tmp_path: Path
) -> None:
    broken = make_truncated(motion, tmp_path / "broken")
    before = broken.read_bytes()
    with pytest.raises(Refused) as caught:
        await media.rewrite(broken, "broken.mp4", facts=VideoFacts(2.0, 240, 320))
    assert caught.value.problem is Problem.DAMAGED_VIDEO
    assert broken.read_bytes() == before
    assert names_in(tmp_path) == {"motion.mp4", "broken"}


async def test_what_would_take_minutes_to_write_anew_is_refused(
    media: Media, tmp_path: Path
) -> None:
    path, size = tmp_path / "motion.mp4", (4_000, 4_000)
    most = REWRITE_LIMIT_PIXELS // (size[0] * size[1])
    facts = await media.inspect_video(make_repeated(path, size=size, frames=most, fps=50), "x")
    assert facts.is_to_be_rewritten
    with pytest.raises(Refused) as caught:
        await media.inspect_video(make_repeated(path, size=size, frames=most + 1, fps=50), "x")
    assert caught.value.problem is Problem.TOO_HARD_TO_READ


async def test_a_quick_rewriting_does_not_wait_for_one_that_takes_minutes(
    media: Media, motion: Path, tmp_path: Path
) -> None:
    stall = Stall(tmp_path / "stall")
    long = VideoFacts(30.0, 3840, 2160, frames=1800)
    waiting = asyncio.create_task(media.rewrite(stall.path, "x", 1, facts=long))
    with await stall.reached():
        facts = await media.inspect_video(motion, "m.mp4")
        assert await media.rewrite(motion, "m.mp4", 2, facts=facts) == VideoFacts(2.0, 240, 320)
        assert not waiting.done()
    with pytest.raises(Refused):
        await waiting


async def test_what_is_of_the_other_kind_is_named(
    media: Media, picture: Path, motion: Path
) -> None:
    with pytest.raises(Refused) as caught:
        await media.inspect_image(motion, "a.mp4")
    assert (caught.value.problem, caught.value.facts) == (Problem.VIDEO_AS_IMAGE, {"name": "a.mp4"})
    with pytest.raises(Refused) as caught:
        await media.inspect_video(picture, "b.jpg")
    told = {"name": "b.jpg", "kind": "JPEG"}
    assert (caught.value.problem, caught.value.facts) == (Problem.PICTURE_AS_VIDEO, told)


async def test_too_many_bytes_are_refused_unread(media: Media, tmp_path: Path) -> None:
    large = sized(tmp_path / "large", VIDEO_LIMIT_BYTES + 1)
    with pytest.raises(Refused) as caught:
        await media.inspect_video(large, "x")
    assert caught.value.problem is Problem.VIDEO_TOO_LARGE
    assert caught.value.facts == {"size_bytes": 100_000_001, "limit_bytes": 100_000_000}
    with pytest.raises(Refused) as caught:
        await media.inspect_image(sized(large, IMAGE_LIMIT_BYTES + 1), "x")
    assert caught.value.problem is Problem.IMAGE_TOO_LARGE


async def test_a_result_must_be_a_whole_video(media: Media, motion: Path, tmp_path: Path) -> None:
    for path, problem in (
        (make_truncated(motion, tmp_path / "cut.mp4"), Problem.DAMAGED_VIDEO),
        (make_noise(tmp_path / "noise.mp4"), Problem.NOT_A_VIDEO),
    ):
        with pytest.raises(Refused) as caught:
            await media.inspect_result(path)
        assert caught.value.problem is problem


async def test_a_missing_file_is_an_os_error(media: Media, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await media.inspect_result(tmp_path / "gone.mp4")


async def test_a_worker_that_takes_too_long_is_killed(decoders: Decoders, tmp_path: Path) -> None:
    stall = Stall(tmp_path / "stall")
    with pytest.raises(Refused) as caught:
        await Media(decoders, look_wall_s=0.2).inspect_image(stall.path, "x")
    assert caught.value.problem is Problem.TOO_HARD_TO_READ
    assert not workers(decoders)


async def test_a_cancelled_look_leaves_no_worker(
    decoders: Decoders, media: Media, tmp_path: Path
) -> None:
    stall = Stall(tmp_path / "stall")
    look = asyncio.create_task(media.inspect_image(stall.path, "x"))
    with await stall.reached():
        assert len(workers(decoders)) == 1
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
    assert not workers(decoders)


async def test_a_worker_knows_no_secrets(
    decoders: Decoders, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGMIND_API_KEY", "SG_secret")
    stall = Stall(tmp_path / "stall")
    look = asyncio.create_task(media.inspect_image(stall.path, "x"))
    with await stall.reached():
        (pid,) = workers(decoders)
        environment, limits = told_of(pid, "environ"), told_of(pid, "limits")
        parents = told_of(str(decoders.parent_pid), "environ")
        files = open_files(pid)
    with pytest.raises(Refused):
        await look
    assert environment == parents == ""
    assert "Max address space         1500000000" in limits
    assert "Max file size             0 " in limits
    assert sorted(name.split(":")[0] for name in files if name != "/dev/null") == [
        str(stall.path),
        "socket",  # its own reply, and no other
    ]


async def test_so_many_workers_run_at_once(
    decoders: Decoders, media: Media, tmp_path: Path
) -> None:
    stalls = [Stall(tmp_path / f"stall{index}") for index in range(LOOKS_AT_ONCE + 1)]
    looks = [
        asyncio.create_task(media.inspect_image(each.path, "x", person))
        for person, each in enumerate(stalls)
    ]
    running = [await each.reached() for each in stalls[:LOOKS_AT_ONCE]]
    assert len(workers(decoders)) == LOOKS_AT_ONCE
    running[0].close()
    with await stalls[-1].reached():
        for each in running[1:]:
            each.close()
    for look in looks:
        with pytest.raises(Refused) as caught:
            await look
        assert caught.value.problem is Problem.NOT_AN_IMAGE


async def test_one_persons_many_files_do_not_come_before_anothers_first(
    media: Media, tmp_path: Path
) -> None:
    first, second, others, *rest = (
        Stall(tmp_path / f"stall{index}") for index in range(LOOKS_AT_ONCE + 2)
    )
    persons = [(1, first), *enumerate(rest, 10), (1, second), (2, others)]
    looks = [
        asyncio.create_task(media.inspect_image(each.path, "x", person)) for person, each in persons
    ]
    running = [await each.reached() for each in (first, *rest)]
    running[0].close()
    with await others.reached():
        assert not looks[-2].done()
    for each in running[1:]:
        each.close()
    (await second.reached()).close()
    assert {type(each) for each in await asyncio.gather(*looks, return_exceptions=True)} == {
        Refused
    }


async def test_what_was_asked_for_by_a_command_comes_before_offers(
    media: Media, tmp_path: Path
) -> None:
    offer, asked, *first = (Stall(tmp_path / f"stall{index}") for index in range(LOOKS_AT_ONCE + 2))
    looks = [
        asyncio.create_task(media.inspect_image(each.path, "x", person))
        for person, each in enumerate(first)
    ]
    running = [await each.reached() for each in first]
    looks.append(asyncio.create_task(media.inspect_image(offer.path, "x", 101, is_offer=True)))
    await asyncio.sleep(0)
    looks.append(asyncio.create_task(media.inspect_image(asked.path, "x", 102)))
    await asyncio.sleep(0)
    running[0].close()
    with await asked.reached():
        assert not looks[-2].done()
    (await offer.reached()).close()
    for each in running[1:]:
        each.close()
    await asyncio.gather(*looks, return_exceptions=True)


async def test_who_has_kept_a_decoder_busy_rests_before_their_next_file(
    decoders: Decoders, picture: Path, tmp_path: Path
) -> None:
    clock, stall = StoppedClock(), Stall(tmp_path / "stall")
    media = Media(decoders, clock=clock)
    looking = asyncio.create_task(media.inspect_image(stall.path, "x", 1))
    with await stall.reached():
        clock.now += LOOKS_SHARE.at_once_s + 1.0
    await asyncio.gather(looking, return_exceptions=True)
    began_at = clock.now
    await media.inspect_image(picture, "x", 2)
    assert clock.now == began_at
    await media.inspect_image(picture, "x", 1)
    assert clock.now == began_at + 10.0


async def test_a_paid_result_does_not_wait_for_new_files(
    media: Media, motion: Path, tmp_path: Path
) -> None:
    stalls = [Stall(tmp_path / f"stall{index}") for index in range(LOOKS_AT_ONCE)]
    looks = [
        asyncio.create_task(media.inspect_image(each.path, "x", person))
        for person, each in enumerate(stalls)
    ]
    running = [await each.reached() for each in stalls]
    assert await media.inspect_result(motion, 0) == VideoFacts(2.0, 240, 320)
    for each in running:
        each.close()
    await asyncio.gather(*looks, return_exceptions=True)


def test_the_bot_itself_loads_no_decoder() -> None:
    code = "import sys, bot.media.inspect; sys.exit(bool({'av', 'PIL'} & sys.modules.keys()))"
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize("part", [0.75, 0.4])
async def test_a_video_is_made_to_fit(
    media: Media, motion: Path, tmp_path: Path, part: float
) -> None:
    limit_bytes = size_of(motion, part)
    target = tmp_path / "smaller.mp4"
    assert await media.fit(motion, target, limit_bytes)
    content = target.read_bytes()
    assert len(content) <= limit_bytes
    assert content.index(b"moov") < content.index(b"mdat"), "it plays while it loads"
    assert b"mp4a" in content
    facts = await media.inspect_result(target)
    assert facts.duration_s == pytest.approx(2.0, abs=0.1)
    assert facts.width / facts.height == pytest.approx(240 / 320, abs=0.02)
    assert names_in(tmp_path) == {"motion.mp4", "smaller.mp4"}


async def test_what_cannot_fit_leaves_the_target_alone(
    media: Media, motion: Path, tmp_path: Path
) -> None:
    target = tmp_path / "smaller.mp4"
    for limit_bytes in (0, 1, 2_000, 14_000):
        assert not await media.fit(motion, target, limit_bytes)
    assert names_in(tmp_path) == {"motion.mp4"}
    assert not await media.fit(make_noise(tmp_path / "noise"), target, 50_000)
    assert names_in(tmp_path) == {"motion.mp4", "noise"}


async def test_what_could_not_be_made_to_fit_is_not_tried_again_at_once(
    decoders: Decoders, motion: Path, tmp_path: Path
) -> None:
    clock, target = StoppedClock(), tmp_path / "smaller.mp4"
    media = Media(decoders, clock=clock)
    assert not await media.fit(motion, target, 2_000)
    decoders.close()
    for limit_bytes in (2_000, 1_999):
        assert not await media.fit(motion, target, limit_bytes)
        assert decoders.parent_pid is None, "no decoder was asked"
    clock.now += UNFIT_FOR_S
    assert not await media.fit(motion, target, 2_000)
    assert decoders.parent_pid is not None
    assert await media.fit(motion, target, size_of(motion, 0.75)), "there is more room for it"
