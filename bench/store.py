"""What a database takes of the events of jobs' lives: `python -m bench.store URL...`.

Each URL is that of an empty database; without any, it is a file's in a temporary folder. On a
server's, 1, 2 and 4 processes of one bot try it, each of which hears of the others' changes. The
processor's time is the bot's alone, for each event.
"""

import argparse
import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from multiprocessing.synchronize import Barrier
from pathlib import Path

from bot.core import queue
from bot.core.admission import NewJob
from bot.core.jobs import Delivered, Source
from bot.core.rules import OperatorLimits
from bot.core.uploads import Upload
from bot.jobs.live import LiveJobs
from bot.store.database import Database, place_of
from bot.store.store import Store

MEASURED_S = 10.0
LIVES_AT_ONCE = 48
"""Over all processes."""

EVENTS = 7
PLENTY = 10**7
FILE = Upload("https://cdn.example/file", "file", 1)
LIMITS = OperatorLimits(
    allowance_credits=PLENTY,
    dm_allowance_credits=PLENTY,
    daily_budget_credits=PLENTY,
    max_running=PLENTY,
    max_running_per_person=PLENTY,
    max_waiting=PLENTY,
    max_waiting_per_person=PLENTY,
)


Told = tuple[list[float], float]
"""How long each event took, and the process's processor time (s)."""


async def live(store: Store, number: int) -> list[float]:
    """One job from its request to its post; how long each of its events took (s)."""
    took, began = list[float](), time.monotonic()

    def lap() -> None:
        nonlocal began
        now = time.monotonic()
        took.append(now - began)
        began = now

    new = NewJob(
        id=f"j{number}",
        source=Source.SLASH,
        origin_id=number,
        server_id=1 + number % 20,
        channel_id=2,
        person_id=1000 + number % 500,
        upload_limit_bytes=10**7,
        subject=FILE,
        motion=FILE,
        quality="540p",
    )
    at = time.time()
    job = await store.begin(new, at)
    assert job is not None
    lap()
    job = await store.admit(job, quality="540p", duration_s=2.0, price=2, at=at)
    lap()
    sent = await store.submit(job, image_url="i", video_url="v", lease="bench", at=at)
    assert sent is not None
    lap()
    job = await store.accepted(sent, f"run-{number}", at, at)
    lap()
    job = await store.rendered(job, "https://files.example/v.mp4", 0.5, at)
    lap()
    job = await store.fetched(job, at)
    lap()
    await store.delivered(job, Delivered.CHANNEL, number, at)
    lap()
    return took


async def measure(url: str, numbers: Iterator[int], processes: int, ready: Barrier) -> Told:
    """From when all are warm."""
    took, cpu_s = list[float](), 0.0
    with tempfile.TemporaryDirectory() as folder:
        opened = await Database.open(url, is_peer=True, folder=Path(folder), busy_timeout_s=60.0)
        async with opened as database:
            store = Store(database, LIMITS)
            await LiveJobs(store).load()
            await asyncio.to_thread(ready.wait)
            began, cpu_s = time.monotonic(), time.process_time()

            async def go_on() -> None:
                while time.monotonic() - began < MEASURED_S:
                    events = await live(store, next(numbers))
                    took.extend(events)

            await asyncio.gather(*(go_on() for _ in range(LIVES_AT_ONCE // processes)))
            cpu_s = time.process_time() - cpu_s
    return took, cpu_s


def work(
    url: str, first: int, processes: int, ready: Barrier, told: "multiprocessing.Queue[Told]"
) -> None:
    """One process; what keeps submits few is not to be measured."""
    queue.MAX_IN_FLIGHT = PLENTY
    told.put(asyncio.run(measure(url, count(first, processes), processes, ready)))


def compare(url: str, first: int, processes: int) -> str:
    """A line of the table."""
    context = multiprocessing.get_context("spawn")
    ready, told = context.Barrier(processes), context.Queue()
    each = [
        context.Process(target=work, args=(url, first + number, processes, ready, told))
        for number in range(processes)
    ]
    for process in each:
        process.start()
    said = [told.get() for _ in each]
    took = sorted(event_s for events, _ in said for event_s in events)
    for process in each:
        process.join()
    per_s = len(took) / MEASURED_S
    middle_ms, late_ms = (1000 * took[int(len(took) * part)] for part in (0.5, 0.99))
    cpu_ms = 1000 * sum(cpu_s for _, cpu_s in said) / len(took)
    return f"{per_s:8.0f} {per_s / EVENTS:8.0f} {middle_ms:9.1f} {late_ms:9.1f} {cpu_ms:9.2f}"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("urls", nargs="*", metavar="URL")
    with tempfile.TemporaryDirectory() as folder:
        urls = parser.parse_args().urls or [f"sqlite+aiosqlite:///{folder}/marionette.db"]
        print("database    processes events/s   jobs/s median ms    p99 ms    CPU ms")
        for url in urls:
            is_shared = place_of(url).is_shared
            for round_, processes in enumerate((1, 2, 4) if is_shared else (1,)):
                name = url.partition(":")[0].partition("+")[0]
                line = compare(url, 1 + round_ * 10**7, processes)
                print(f"{name:14} {processes:6} {line}", flush=True)


if __name__ == "__main__":
    main()
