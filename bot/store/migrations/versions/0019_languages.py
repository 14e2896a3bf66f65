"""Which language is spoken to whom, in which server, and to the requester of each job."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("preferences", sa.Column("language", sa.String(2)))
    op.add_column("servers", sa.Column("language", sa.String(2)))
    op.add_column(
        "jobs", sa.Column("language", sa.String(2), nullable=False, server_default=sa.text("'en'"))
    )
