"""Drafts: counted by person and day, and what is made of one has its files.

What is under way is counted by model.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

FREE, OF_DRAFTS = sa.text("price = 0"), sa.text("files_of IS NOT NULL")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("files_of", sa.String()))
    op.add_column(
        "jobs", sa.Column("remark", sa.String(), nullable=False, server_default=sa.text("''"))
    )
    op.drop_index("jobs_by_state", "jobs")
    op.create_index(
        "jobs_by_state", "jobs", ["state", "person_id", "server_id", "is_open", "model"]
    )
    for name, indexed, rows in (
        ("drafts_by_person", ["person_id", "queued_at"], FREE),
        ("jobs_of_drafts", ["files_of"], OF_DRAFTS),
    ):
        op.create_index(name, "jobs", indexed, sqlite_where=rows, postgresql_where=rows)
