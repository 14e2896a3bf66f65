"""What a finished video shows, in somebody's words, and how long another's files are kept.

What is made of one job's files is found by who asked for it, however many did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("files_until", sa.Float()))
    op.add_column(
        "jobs", sa.Column("description", sa.String(), nullable=False, server_default=sa.text("''"))
    )
    op.add_column("jobs", sa.Column("described_by", sa.BigInteger()))
    made_of = sa.text("files_of IS NOT NULL")
    op.drop_index("jobs_of_drafts", "jobs")
    op.create_index(
        "remakes",
        "jobs",
        ["files_of", "person_id"],
        sqlite_where=made_of,
        postgresql_where=made_of,
    )
