"""An empty database at this program's version: migrated once by this process, and then copied."""

import shutil
import tempfile
from pathlib import Path

from sqlalchemy import create_engine

from bot.store.file.upgrade import upgrade

_KEPT = tempfile.TemporaryDirectory(prefix="database-")


def place_database(path: Path) -> None:
    """Where there is none yet: one as the bot's first start makes it."""
    kept = Path(_KEPT.name) / "empty.db"
    if not kept.exists():
        made = kept.with_suffix(".part")
        engine = create_engine(f"sqlite:///{made}")
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        made.rename(kept)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(kept, path)
