"""Bringing a database's schema to this program's, and telling the two apart."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.errors import StoreError

MIGRATIONS = Path(__file__).parent


def versions(connection: Connection) -> tuple[str | None, str]:
    """The database's revision (`None` before its first) and this program's.

    Raises `StoreError` for one that this program does not know.
    """
    scripts = ScriptDirectory.from_config(_config(connection))
    current = MigrationContext.configure(connection).get_current_revision()
    known: set[str | None] = {None} | {script.revision for script in scripts.walk_revisions()}
    if current not in known:
        raise StoreError(
            f"The database was written by a newer version of this program (revision {current}): "
            "run that version, or restore a backup from before it."
        )
    head = scripts.get_current_head()
    assert head is not None
    return current, head


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Migrate, inside the connection's transaction."""
    command.upgrade(_config(connection), revision)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
