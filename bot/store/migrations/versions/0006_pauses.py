"""The operator pauses the bot or a server; what one person spends anywhere is found by an index."""

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
