"""What was given back while a run may yet be billed counts in budgets; failures are told once.

What there was before that is not told anew: cards have. What tells of an end is found by its
message.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "unproven",
        sa.Column("job_id", sa.String(20), sa.ForeignKey("jobs.id"), primary_key=True),
        sa.Column("server_id", sa.BigInteger, nullable=False),
        sa.Column("held_at", sa.Float, nullable=False),
        sa.Column("credits", sa.Integer, nullable=False),
    )
    op.create_index("unproven_by_time", "unproven", ["held_at"])
    op.execute(
        "UPDATE jobs SET delivered = 'kept'"
        " WHERE state IN ('failed', 'cancelled', 'review') AND delivered IS NULL"
    )
    op.execute("UPDATE jobs SET delivery_channel_id = channel_id WHERE delivered = 'reply'")
    posted = sa.text("delivery_message_id IS NOT NULL")
    op.create_index(
        "jobs_by_post",
        "jobs",
        ["delivery_message_id"],
        sqlite_where=posted,
        postgresql_where=posted,
    )
