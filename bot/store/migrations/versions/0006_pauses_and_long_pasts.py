"""The operator pauses the bot or a server, and what is asked of a long past is found by indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "pauses",
        sa.Column("server_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    is_hold = sa.text("kind = 'hold'")
    op.create_index(
        "holds_by_person",
        "entries",
        ["person_id", "at", "kind", "job_id", "allowance", "granted"],
        sqlite_where=is_hold,
        postgresql_where=is_hold,
    )
    op.create_index("entries_by_server", "entries", ["server_id", "at", "kind"])
    came_to_nothing = "queued_at IS NULL AND state <> 'checking'"
    op.drop_index("jobs_by_person", "jobs")
    for name, columns, rows in (
        ("jobs_by_person", ["person_id", "created_at"], f"NOT ({came_to_nothing})"),
        ("jobs_to_forget", ["state_since"], came_to_nothing),
    ):
        only = sa.text(rows)
        op.create_index(name, "jobs", columns, sqlite_where=only, postgresql_where=only)
