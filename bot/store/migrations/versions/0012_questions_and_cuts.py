"""Any request may wait for its requester's word, and may be for a part of its motion."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column(
        "jobs", sa.Column("is_open", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    for name in ("question", "cut"):
        op.add_column("jobs", sa.Column(name, sa.JSON(), nullable=True))
    op.add_column("jobs", sa.Column("promised", sa.Integer(), nullable=True))
    jobs = sa.table("jobs", sa.column("is_open", sa.Boolean()), sa.column("source"))
    op.execute(sa.update(jobs).where(jobs.c.source == "message").values(is_open=True))
    op.drop_index("jobs_by_state", "jobs")
    op.create_index("jobs_by_state", "jobs", ["state", "person_id", "server_id", "is_open"])
