"""What a model is told besides picture and motion: by a job's requester, and with each submit."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for table in ("jobs", "attempts"):
        default = sa.text("''")
        op.add_column(
            table, sa.Column("prompt", sa.String(), nullable=False, server_default=default)
        )
