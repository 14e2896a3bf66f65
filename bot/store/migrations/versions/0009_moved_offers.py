"""An offer that could not be shown where it was asked for knows where that was."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("moved_from_id", sa.BigInteger))
