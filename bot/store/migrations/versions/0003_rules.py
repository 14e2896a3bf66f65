"""Servers have rules of their own, roles add to them, people are blocked and choose who pays."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "jobs",
        sa.Column("is_direct", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    jobs = sa.table("jobs", sa.column("is_direct", sa.Boolean()), sa.column("server_id"))
    op.execute(sa.update(jobs).where(jobs.c.server_id == 0).values(is_direct=True))
    op.create_table(
        "servers",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("allowance_credits", sa.Integer(), nullable=True),
        sa.Column("period", sa.String(length=5), nullable=False),
        sa.Column("budget_credits", sa.Integer(), nullable=True),
        sa.Column("max_running_per_person", sa.Integer(), nullable=True),
        sa.Column("max_waiting_per_person", sa.Integer(), nullable=True),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("qualities", sa.JSON(), nullable=False),
        sa.Column("direct_use", sa.Boolean(), nullable=False),
        sa.Column("audit_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("audited_to", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("server_id"),
    )
    op.create_table(
        "roles",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("allowance_credits", sa.Integer(), nullable=True),
        sa.Column("qualities", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "role_id"),
    )
    op.create_table(
        "blocks",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "person_id"),
    )
    op.create_table(
        "payers",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    is_hold = sa.text("kind = 'hold'")
    op.create_index(
        "holds_by_server",
        "entries",
        ["server_id", "at"],
        unique=False,
        sqlite_where=is_hold,
        postgresql_where=is_hold,
    )
