"""What people like, each for themselves, and what of it a job could not heed or has yet to.

And the permissions that the bot lacks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "preferences",
        sa.Column("person_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("notify_directly", sa.Boolean(), nullable=False),
        sa.Column("model", sa.String(64)),
        sa.Column("quality", sa.String(8)),
        sa.Column("ask_above", sa.Integer()),
        sa.Column("keep_private", sa.Boolean(), nullable=False),
        sa.Column("direct_closed_at", sa.Float()),
    )
    op.create_table(
        "missing_permissions",
        sa.Column("server_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("channel_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("permission", sa.String(40), primary_key=True),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("told_at", sa.Float()),
    )
    op.create_table(
        "informed_servers",
        sa.Column("server_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float(), nullable=False),
    )
    op.add_column("jobs", sa.Column("instead_of", sa.JSON()))
    op.add_column("jobs", sa.Column("announced", sa.Boolean()))
