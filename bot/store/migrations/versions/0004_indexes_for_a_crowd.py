"""What is counted for each request is answered from indexes, however many jobs there are."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

HOLDS, RELEASES = sa.text("kind = 'hold'"), sa.text("kind = 'release'")
AMOUNTS = ["at", "kind", "job_id", "allowance", "granted"]


def upgrade() -> None:
    op.drop_index("jobs_by_state", "jobs")
    op.create_index("jobs_by_state", "jobs", ["state", "person_id", "server_id", "source"])
    op.drop_index("holds_by_time", "entries")
    op.drop_index("holds_by_server", "entries")
    for name, columns, rows in (
        ("holds_by_time", AMOUNTS, HOLDS),
        ("holds_by_server", ["server_id", *AMOUNTS], HOLDS),
        ("releases", ["job_id"], RELEASES),
    ):
        op.create_index(name, "entries", columns, sqlite_where=rows, postgresql_where=rows)
