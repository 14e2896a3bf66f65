"""What people have taken from the chat."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "trays",
        sa.Column("person_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("subject", sa.JSON(none_as_null=True)),
        sa.Column("motion", sa.JSON(none_as_null=True)),
        sa.Column("choices", sa.JSON(none_as_null=True)),
        sa.Column("since", sa.Float(), nullable=False, index=True),
    )
