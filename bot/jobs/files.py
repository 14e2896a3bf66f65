"""Where a job's files are kept on disk: `DATA_DIR/media/<job id>/`."""

import asyncio
import os
import shutil
from pathlib import Path

from bot.core.admission import unpaid_until
from bot.core.jobs import Job, JobState
from bot.media.saving.part import left_of, part_of

STARTER_FOLDER = Path(__file__).resolve().parents[1] / "media" / "starter"


class Files:
    """The media folder. Job ids are ours, so they are safe as names."""

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir / "media"
        self.libraries = data_dir / "motions"

    @property
    def root(self) -> Path:
        """The folder of all of them; it may not be there yet."""
        return self._root

    def _folder(self, job_id: str) -> Path:
        return self._root / job_id

    def subject(self, job_id: str) -> Path:
        """The picture that was given."""
        return self._folder(job_id) / "subject"

    def motion(self, job_id: str) -> Path:
        """The reference video that was given."""
        return self._folder(job_id) / "motion"

    def video(self, job_id: str) -> Path:
        """The finished video."""
        return self._folder(job_id) / "video.mp4"

    def smaller(self, job_id: str) -> Path:
        """The finished video, fitted under an upload limit."""
        return self._folder(job_id) / "smaller.mp4"

    def library_motion(self, ref: str) -> Path:
        """A library's motion, by its `ref`; the starter set's are part of the program."""
        server, _, motion_id = ref.partition("/")
        folder = STARTER_FOLDER if server == "starter" else self.libraries / server
        return folder / f"{motion_id}.mp4"

    def loop(self, ref: str) -> Path:
        """A small moving picture of a library's motion."""
        return self.library_motion(ref).with_suffix(".webp")

    async def take_motion(self, ref: str, job_id: str) -> bool:
        """Give a job a library's motion, which it keeps; whether that was there."""
        given, taken = self.library_motion(ref), self.motion(job_id)

        def take() -> bool:
            taken.unlink(missing_ok=True)  # what was cut of it is cut anew
            return _link(given, taken)

        return await asyncio.to_thread(take)

    async def job_ids(self) -> list[str]:
        """The jobs of which anything is kept."""
        return await asyncio.to_thread(self._job_ids)

    def _job_ids(self) -> list[str]:
        return [path.name for path in self._root.iterdir()] if self._root.exists() else []

    async def with_inputs(self) -> list[str]:
        """The jobs of which anything is kept that was given, those first that were left longest."""
        return await asyncio.to_thread(self._with_inputs)

    def _with_inputs(self) -> list[str]:
        found = [id_ for id_ in self._job_ids() if any(map(Path.exists, self._inputs(id_)))]
        return sorted(found, key=lambda job_id: _changed_at(self._folder(job_id)))

    def _inputs(self, job_id: str) -> list[Path]:
        """What was given, and what broken downloads and rewritings left of it."""
        inputs = self.subject(job_id), self.motion(job_id)
        return [*inputs, *(left for path in inputs for left in left_of(path))]

    async def delete_inputs(self, job_id: str) -> int:
        """Delete what was given, and what is left of it; how many bytes that were."""
        return await asyncio.to_thread(_delete, *self._inputs(job_id))

    async def may_be_used(self, job: Job) -> bool:
        """Whether both files of an ended job are still here, and nobody has deleted their own.

        What somebody else gave is kept no longer than by them, through however many hands it went.
        """
        given = (self.subject, job.subject), (self.motion, job.motion)
        inputs = [path(job.id) for path, _ in given]
        inputs += [path(file.given_in) for path, file in given if file and file.given_in]
        return await asyncio.to_thread(lambda: all(map(Path.exists, inputs)))

    async def copy(self, given: Path, taken: Path) -> bool:
        """Give a job a file of another one, unless it has it; whether it has it then."""
        return await asyncio.to_thread(_link, given, taken)

    async def delete_video(self, job_id: str) -> None:
        """Delete what an earlier run has left: a new run's video is to be fetched."""
        await asyncio.to_thread(_delete, self.video(job_id), self.smaller(job_id))

    async def delete_all(self, job_id: str) -> int:
        """Delete everything that is kept of a job; how many bytes that were."""
        return await asyncio.to_thread(_delete, self._folder(job_id))


def files_kept_until(job: Job, keep_s: float) -> float | None:
    """Until when a finished job's files are kept: so long after it, and for some minutes those of
    one that could not be paid. `None` for any other job's.

    What somebody has given is kept no longer because others make something of it.
    """
    if job.state is not JobState.DELIVERED:
        return unpaid_until(job, keep_s)
    if job.removed_by_id is not None:
        return None
    until = job.state_since + keep_s
    return until if job.files_until is None else min(until, job.files_until)


def size_bytes(path: Path) -> int:
    """Of a file, or of all files below a folder; of nothing, 0."""
    if not path.is_dir():
        return _own_bytes(path)
    found = os.walk(path)
    return sum(_own_bytes(Path(folder, name)) for folder, _, names in found for name in names)


def _changed_at(folder: Path) -> float:
    """When a file came into a folder or left it (unix s); of one that is gone, 0."""
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _own_bytes(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def _link(given: Path, taken: Path) -> bool:
    """Files are replaced and never changed, so that two jobs may share one."""
    taken.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(given, taken)
    except FileExistsError:
        return True
    except FileNotFoundError:
        return taken.exists()
    except OSError:  # this disk knows no links
        shutil.copyfile(given, part_of(taken))
        part_of(taken).replace(taken)
    return True


def _delete(*paths: Path) -> int:
    freed_bytes = sum(map(size_bytes, paths))
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return freed_bytes
