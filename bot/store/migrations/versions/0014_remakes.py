"""What a finished video shows, in somebody's words, and how long another's files are kept."""

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
