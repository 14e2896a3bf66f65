"""Which model makes a job's video, which one each submit went to, and which are open to whom.

What was open in every quality is open in those that further models make, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

ALL_BEFORE = ["360p", "540p", "720p"]
ALL = ["360p", "480p", "540p", "576p", "720p", "1080p"]


def upgrade() -> None:
    default = sa.text("'pixverse-mimic'")
    for table in ("jobs", "attempts"):
        op.add_column(
            table, sa.Column("model", sa.String(64), nullable=False, server_default=default)
        )
        if op.get_bind().dialect.name != "sqlite":  # which does not look at lengths
            op.alter_column(table, "quality", type_=sa.String(8))
    op.add_column("servers", sa.Column("models", sa.JSON(), nullable=True))
    op.add_column(
        "roles", sa.Column("models", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
    )
    _open_all("servers", "server_id")
    _open_all("roles", "server_id", "role_id")


def _open_all(name: str, *keys: str) -> None:
    table = sa.table(name, *map(sa.column, keys), sa.column("qualities", sa.JSON()))
    for row in op.get_bind().execute(sa.select(table)).mappings().all():
        if row["qualities"] == ALL_BEFORE:
            this = [table.c[key] == row[key] for key in keys]
            op.execute(sa.update(table).where(*this).values(qualities=ALL))
