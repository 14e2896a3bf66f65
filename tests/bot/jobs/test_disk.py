"""Room for files: made by what nobody misses, kept for what is paid for, else refused in time."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.alarms import Alarm, Alarms
from bot.core.jobs import Delivered, Failure, Source
from bot.errors import Problem, Refused
from bot.jobs.disk import (
    LOOK_AGAIN_S,
    LOOK_EVERY_S,
    LOOKED_AT_WITHIN_S,
    RESULT_BYTES_PER_S,
    Disk,
    _measure,
)
from bot.jobs.files import Files
from bot.media.saving.part import part_of
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.databases import place_database
from tests.bot.stopped_clock import StoppedClock
from tests.bot.store.test_jobs import AT, LIMITS, begin, new, queue, rendering

MB = 1_000_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Database.open(place_database(tmp_path), exclusive=True) as database:
        yield Store(database, LIMITS)


class Folder:
    """A media folder with its limit, and what lies in it."""

    def __init__(self, store: Store, folder: Path, limit_bytes: int | None) -> None:
        self._store, self.files, self._clock = store, Files(folder), StoppedClock(AT)
        self.disk = Disk(
            store=store,
            files=self.files,
            clock=self._clock,
            alarms=Alarms(),
            limit_bytes=limit_bytes,
        )

    async def posted(self, number: int, size_bytes: int, how: Delivered = Delivered.CHANNEL) -> str:
        """The kept video of a job that has ended, the later the higher its number."""
        job = await rendering(self._store, number)
        job = await self._store.rendered(job, "https://files.example/v.mp4", 0.5, AT)
        job = await self._store.fetched(job, AT)
        await self._store.delivered(job, how, 1000 + number, AT + number)
        self.lies(self.files.video(job.id), size_bytes)
        return job.id

    def lies(self, path: Path, size_bytes: int) -> None:
        """A file of this size, of which the disk has nothing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size_bytes)

    async def offer(self, number: int, size_bytes: int) -> str:
        """An offer with its price, the later the higher its number."""
        offer = await self._store.begin(new(number, Source.MESSAGE, person_id=number), AT + number)
        assert offer is not None
        offer = await self._store.offer_checked(offer, 2.0, at=AT + number)
        self.lies(self.files.motion(offer.id), size_bytes)
        return offer.id

    def later(self, seconds: float = LOOK_EVERY_S) -> None:
        """So much later that the folder is looked at again."""
        self._clock.now += seconds

    def used_mb(self) -> int:
        """How much lies there."""
        return _measure([self.files.root])[0] // MB

    def names(self) -> list[str]:
        """The jobs of which something is kept."""
        return sorted(path.name for path in self.files.root.iterdir())


async def refused(disk: Disk, size_bytes: int, job_id: str = "asker") -> bool:
    """Whether there is no room for a file, of which nothing comes."""
    try:
        async with disk.room(Path(job_id), size_bytes, job_id):
            return False
    except Refused as refusal:
        return refusal.problem is Problem.NO_ROOM


async def test_what_is_coming_counts_until_it_is_over(store: Store, tmp_path: Path) -> None:
    """Also after a look in the meantime, and not twice where some of it has come by then."""
    folder = Folder(store, tmp_path, 100 * MB)
    job_id = (await begin(store, 1)).id
    coming = folder.files.motion(job_id)
    async with folder.disk.room(coming, 60 * MB, job_id):
        assert await refused(folder.disk, 60 * MB)
        folder.lies(part_of(coming), 50 * MB)
        folder.later()
        assert await refused(folder.disk, 41 * MB)
        assert not await refused(folder.disk, 40 * MB)
        part_of(coming).unlink()
    assert not await refused(folder.disk, 100 * MB)


async def test_what_has_come_counts_as_it_is_and_in_the_place_of_what_was_there(
    store: Store, tmp_path: Path
) -> None:
    folder = Folder(store, tmp_path, 100 * MB)
    job_id = (await begin(store, 1)).id
    coming = folder.files.motion(job_id)
    for _ in range(3):
        async with folder.disk.room(coming, 45 * MB, job_id):
            folder.lies(coming, 40 * MB)
    assert await refused(folder.disk, 61 * MB)
    assert not await refused(folder.disk, 60 * MB)


async def test_nothing_goes_for_what_is_not_there_any_more(store: Store, tmp_path: Path) -> None:
    folder = Folder(store, tmp_path, 100 * MB)
    posted = await folder.posted(1, 30 * MB)
    for number in range(9):
        sent = folder.files.motion(f"sent{number}")
        async with folder.disk.room(sent, 60 * MB, "sent"):
            folder.lies(sent, 60 * MB)
        await folder.files.delete_all(f"sent{number}")
        folder.later(LOOK_AGAIN_S)
    assert folder.names() == [posted]


async def test_the_oldest_posted_videos_go_first_and_no_other(store: Store, tmp_path: Path) -> None:
    folder = Folder(store, tmp_path, 100 * MB)
    kept = await folder.posted(1, 30 * MB, Delivered.KEPT)
    posted = [await folder.posted(number, 30 * MB) for number in (2, 3)]
    assert not await refused(folder.disk, 50 * MB)
    assert folder.names() == [kept]
    for job_id in posted:
        job = await store.read.job(job_id)
        assert job is not None
        assert job.video_deleted_at is not None
    assert await refused(folder.disk, 71 * MB)
    assert folder.names() == [kept]


async def test_leftovers_go_before_offers_and_offers_before_posted_videos(
    store: Store, tmp_path: Path
) -> None:
    """Each as few as do, the oldest first; what is under way, and whoever asks, keeps its files."""
    folder = Folder(store, tmp_path, 100 * MB)
    posted = await folder.posted(1, 20 * MB)
    folder.lies(folder.files.motion(posted), 10 * MB)
    waits = await queue(store, 2)
    folder.lies(folder.files.motion(waits.id), 10 * MB)
    offers = [await folder.offer(number, 15 * MB) for number in (3, 4, 5)]
    assert folder.used_mb() == 85
    assert not await refused(folder.disk, 20 * MB, offers[0])
    assert folder.used_mb() == 75
    assert not folder.files.motion(posted).exists()
    folder.later()
    assert not await refused(folder.disk, 30 * MB, offers[0])
    assert folder.names() == sorted([posted, waits.id, offers[0], offers[2]])
    ended = await store.read.job(offers[1])
    assert ended is not None
    assert ended.failure == Failure(Problem.MADE_ROOM)
    folder.later()
    assert not await refused(folder.disk, 55 * MB, offers[0])
    assert folder.names() == sorted([posted, waits.id, offers[0]])
    folder.later()
    assert not await refused(folder.disk, 75 * MB, offers[0])
    assert folder.names() == sorted([waits.id, offers[0]])
    assert await refused(folder.disk, 80 * MB, offers[0])
    assert folder.names() == sorted([waits.id, offers[0]])


async def test_an_offer_that_is_just_looked_at_is_not_cut_off(store: Store, tmp_path: Path) -> None:
    folder = Folder(store, tmp_path, 100 * MB)
    half = await begin(store, 1, Source.MESSAGE)
    folder.lies(folder.files.subject(half.id), 50 * MB)
    assert await refused(folder.disk, 60 * MB)
    folder.later(LOOKED_AT_WITHIN_S + 1)
    assert not await refused(folder.disk, 60 * MB)
    assert not folder.files.subject(half.id).exists()


async def test_an_offer_that_is_taken_meanwhile_keeps_its_files(
    store: Store, tmp_path: Path
) -> None:
    folder = Folder(store, tmp_path, 100 * MB)
    offer = await folder.offer(1, 50 * MB)
    seen = await store.read.job(offer)
    assert seen is not None
    pressed = asyncio.create_task(store.admit(seen, quality="540p", duration_s=2.0, price=2, at=AT))
    refusals = await asyncio.gather(refused(folder.disk, 60 * MB), pressed)
    assert refusals[0]
    assert folder.used_mb() == 50


async def test_what_was_promised_until_a_day_stays_until_then(store: Store, tmp_path: Path) -> None:
    """Its post was deleted, and its card says until when `/jobs show` has the video."""
    folder = Folder(store, tmp_path, 100 * MB)
    promised = await folder.posted(1, 60 * MB)
    await store.post_is_gone(promised)
    assert await refused(folder.disk, 60 * MB)
    assert folder.names() == [promised]


async def test_what_is_kept_for_buttons_goes_before_anything_that_somebody_waits_for(
    store: Store, tmp_path: Path
) -> None:
    """The oldest first, and no more than it takes."""
    folder = Folder(store, tmp_path, 100 * MB)
    first, second = [await folder.posted(number, 10 * MB) for number in (1, 2)]
    offer = await folder.offer(3, 10 * MB)
    for at, job_id in enumerate((first, second)):
        folder.lies(folder.files.motion(job_id), 30 * MB)
        os.utime(folder.files.motion(job_id).parent, (at, at))
    assert not await refused(folder.disk, 30 * MB)
    assert not folder.files.motion(first).exists()
    assert folder.files.motion(second).exists()
    assert not await refused(folder.disk, 60 * MB)
    assert folder.names() == sorted([first, second, offer])
    assert folder.used_mb() == 30


async def test_nothing_goes_where_it_would_not_help(store: Store, tmp_path: Path) -> None:
    folder = Folder(store, tmp_path, 3 * RESULT_BYTES_PER_S)
    posted = await folder.posted(1, RESULT_BYTES_PER_S)
    assert (await rendering(store, 2)).duration_s == 2.0
    assert await refused(folder.disk, 2 * RESULT_BYTES_PER_S)
    assert folder.names() == [posted]


async def test_what_is_paid_for_finds_room(store: Store, tmp_path: Path) -> None:
    folder = Folder(store, tmp_path, 5 * RESULT_BYTES_PER_S)
    job = await rendering(store, 1)
    assert job.duration_s == 2.0
    assert await refused(folder.disk, 3 * RESULT_BYTES_PER_S + 1)
    assert not await refused(folder.disk, 3 * RESULT_BYTES_PER_S)


async def test_thousands_under_way_leave_room_for_more(store: Store, tmp_path: Path) -> None:
    """What is kept free follows what is made: two seconds take less than a long film would."""
    folder = Folder(store, tmp_path, 2000 * MB)
    for number in range(90):
        await rendering(store, number)
    assert not await refused(folder.disk, 100 * MB)


async def test_the_operator_hears_long_before(store: Store, tmp_path: Path) -> None:
    folder = Folder(store, tmp_path, 100 * MB)
    with capture_logs() as logs:
        folder.lies(folder.files.subject("a"), 40 * MB)
        assert not await refused(folder.disk, 1)
        crowded = [folder.disk.is_crowded]
        folder.lies(folder.files.subject("b"), 41 * MB)
        folder.later()
        assert not await refused(folder.disk, 1)
        crowded.append(folder.disk.is_crowded)
        await folder.files.delete_all("b")
        folder.later()
        assert not await refused(folder.disk, 1)
    assert crowded == [False, True]
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [Alarm.ROOM]
    assert [entry["trouble"] for entry in logs if "over" in entry["event"]] == [Alarm.ROOM]


async def test_without_a_limit_the_disk_is_one(store: Store, tmp_path: Path) -> None:
    folder = Folder(store, tmp_path, None)
    assert not await refused(folder.disk, MB)
    assert await refused(folder.disk, 10**18)


async def test_a_library_takes_no_more_than_it_leaves_to_others(
    store: Store, tmp_path: Path
) -> None:
    folder = Folder(store, tmp_path, 400 * MB)  # of which all libraries may have 100
    one, other = (folder.files.libraries / name for name in ("1", "2"))
    await folder.disk.room_in_libraries(one, 50 * MB)
    folder.lies(one / "a.mp4", 50 * MB)
    for library, size_bytes in ((one, MB), (other, 26 * MB)):
        with pytest.raises(Refused) as caught:
            await folder.disk.room_in_libraries(library, size_bytes)
        assert caught.value.problem is Problem.NO_ROOM
    await folder.disk.room_in_libraries(other, 25 * MB)
