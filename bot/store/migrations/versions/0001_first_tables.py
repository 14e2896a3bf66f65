"""The tables of the first release: jobs and their attempts, wallets and their journal."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "explained",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("state_since", sa.Float(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("origin_id", sa.BigInteger(), nullable=False),
        sa.Column("completed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("subject", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("motion", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("quality", sa.String(length=4), nullable=True),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("price", sa.Integer(), nullable=True),
        sa.Column("upload_limit_bytes", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", sa.Float(), nullable=True),
        sa.Column("lease", sa.String(), nullable=True),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.Column("failure", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("card_message_id", sa.BigInteger(), nullable=True),
        sa.Column("card_token", sa.String(), nullable=True),
        sa.Column("card_token_expires_at", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("card_shown", sa.String(length=40), nullable=True),
        sa.Column("delivered", sa.String(length=8), nullable=True),
        sa.Column("delivery_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_message_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_tried_at", sa.Float(), nullable=True),
        sa.Column("video_deleted_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("completed_by_id"),
        sa.UniqueConstraint("origin_id"),
    )
    op.create_index("jobs_by_person", "jobs", ["person_id", "created_at"], unique=False)
    op.create_index("jobs_by_state", "jobs", ["state"], unique=False)
    op.create_table(
        "wallets",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.CheckConstraint("granted >= 0", name="granted_not_negative"),
        sa.CheckConstraint("held >= 0", name="held_not_negative"),
        sa.PrimaryKeyConstraint("server_id", "person_id"),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=20), nullable=False),
        sa.Column("image_url", sa.String(), nullable=False),
        sa.Column("video_url", sa.String(), nullable=False),
        sa.Column("quality", sa.String(length=4), nullable=False),
        sa.Column("began_at", sa.Float(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("submitted_at", sa.Float(), nullable=True),
        sa.Column("result_url", sa.String(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("run_s", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_id"),
    )
    op.create_index(op.f("ix_attempts_job_id"), "attempts", ["job_id"], unique=False)
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("allowance", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=20), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("entries_by_wallet", "entries", ["server_id", "person_id", "at"], unique=False)
    for name, columns, rows, is_unique in (
        ("holds_by_time", ["at"], "kind = 'hold'", False),
        ("one_hold", ["job_id"], "kind = 'hold'", True),
        ("one_refund", ["job_id"], "kind = 'refund'", True),
        ("one_settlement", ["job_id"], "kind IN ('capture', 'release')", True),
    ):
        only = sa.text(rows)
        op.create_index(
            name, "entries", columns, unique=is_unique, sqlite_where=only, postgresql_where=only
        )
