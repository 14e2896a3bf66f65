"""When sessions may begin on Discord's gateway, and which of its events some process has taken."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "session_turns",
        sa.Column("key", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("free_at", sa.Float, nullable=False),
    )
    op.create_table(
        "taken_events",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("taken_events_by_time", "taken_events", ["at"])
