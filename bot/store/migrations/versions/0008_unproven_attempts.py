"""What may yet be billed is counted by attempt, not by job: of one job it may be several."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.drop_index("unproven_by_time", "unproven")
    op.rename_table("unproven", "unproven_jobs")
    if op.get_bind().dialect.name != "sqlite":  # there a key keeps its name, which is taken then
        op.execute("ALTER INDEX unproven_pkey RENAME TO unproven_jobs_pkey")
    op.create_table(
        "unproven",
        sa.Column("attempt_id", sa.Integer, sa.ForeignKey("attempts.id"), primary_key=True),
        sa.Column("job_id", sa.String(20), sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("server_id", sa.BigInteger, nullable=False),
        sa.Column("held_at", sa.Float, nullable=False),
        sa.Column("credits", sa.Integer, nullable=False),
        sa.Column("since", sa.Float, nullable=False),
    )
    op.execute(
        "INSERT INTO unproven (attempt_id, job_id, server_id, held_at, credits, since)"
        " SELECT jobs.attempt_id, job_id, unproven_jobs.server_id, held_at, credits, state_since"
        " FROM unproven_jobs JOIN jobs ON jobs.id = job_id"
    )
    op.drop_table("unproven_jobs")
    op.create_index("unproven_by_time", "unproven", ["held_at"])
    op.create_index("unproven_by_age", "unproven", ["since"])
