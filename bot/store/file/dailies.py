"""A checked copy of the database each day, by the running bot; those of the last week are kept."""

from datetime import UTC, datetime
from pathlib import Path

import structlog

from bot.alarms import Alarm, Alarms
from bot.clock import Clock
from bot.errors import StoreError
from bot.store.file.aside import aside
from bot.store.file.backup import back_up

log = structlog.get_logger()

LOOK_EVERY_S = 3600.0
KEPT = 7


class DailyBackups:
    """`run` makes them in `folder`, named by their day (UTC); a failed one is an alarm."""

    def __init__(self, database: Path, folder: Path, clock: Clock, alarms: Alarms) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock
        self._alarms = alarms

    async def run(self) -> None:
        """Look each hour whether one is due, until cancelled."""
        while True:
            await self.keep()
            await self._clock.sleep(LOOK_EVERY_S)

    async def keep(self) -> None:
        """Make today's, if there is none, and delete those that are too old."""
        try:
            made = await aside(self._keep)
        except (StoreError, OSError) as error:
            self._alarms.raise_(Alarm.BACKUP, "daily", reason=str(error))
            return
        self._alarms.clear(Alarm.BACKUP, "daily")
        if made:
            log.info("the database is backed up", backup=str(made))

    def age_s(self) -> float | None:
        """How old the newest is, in seconds; `None` where there is none."""
        newest = max((path.stat().st_mtime for path in self._all()), default=None)
        return None if newest is None else max(0.0, self._clock.time() - newest)

    def _keep(self) -> Path | None:
        today = datetime.fromtimestamp(self._clock.time(), UTC).date()
        target = self._folder / f"{self._database.name}.{today}"
        is_due = not target.exists()
        if is_due:
            self._folder.mkdir(parents=True, exist_ok=True)
            for cut_off in self._folder.glob(f"{self._database.name}.????-??-??.part"):
                cut_off.unlink()
            back_up(self._database, target)
        for old in self._all()[:-KEPT]:
            old.unlink()
        return target if is_due else None

    def _all(self) -> list[Path]:
        """Oldest first, as their names say."""
        return sorted(self._folder.glob(f"{self._database.name}.????-??-??"))
