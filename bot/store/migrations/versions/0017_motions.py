"""The library of motions of each server, and where providers have its motions."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "motions",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("length_s", sa.Float(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.Float(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_index("motions_by_name", "motions", ["server_id", "key"], unique=True)
    op.create_table(
        "motion_links",
        sa.Column("provider", sa.String(), primary_key=True),
        sa.Column("content", sa.String(), primary_key=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
    )
