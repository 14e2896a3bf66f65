"""Videos that somebody wants gone, and what is reported to a server's moderators."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TO_REMOVE = sa.text("removed_by_id IS NOT NULL AND delivery_message_id IS NOT NULL")
OPEN = sa.text("settled IS NULL")
UNTOLD = sa.text("shown < revision")
UNWANTED = sa.text("is_unwanted")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("removed_by_id", sa.BigInteger()))
    op.create_index(
        "posts_to_remove",
        "jobs",
        ["delivery_message_id"],
        sqlite_where=TO_REMOVE,
        postgresql_where=TO_REMOVE,
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("server_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False, unique=True),
        sa.Column("author_id", sa.BigInteger, nullable=False),
        sa.Column("job_id", sa.String(20), sa.ForeignKey("jobs.id")),
        sa.Column("opened_at", sa.Float, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("shown", sa.Integer, nullable=False),
        sa.Column("settled", sa.String(12)),
        sa.Column("settled_by_id", sa.BigInteger),
        sa.Column("settled_at", sa.Float),
        sa.Column("is_unwanted", sa.Boolean, nullable=False),
        sa.Column("stays", sa.Boolean, nullable=False),
        sa.Column("card_channel_id", sa.BigInteger),
        sa.Column("card_message_id", sa.BigInteger),
        sa.Column("card_tried_at", sa.Float),
        sa.Column("is_discreet", sa.Boolean, nullable=False),
    )
    op.create_table(
        "reports",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("reporter_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("why", sa.String(12), nullable=False),
        sa.Column("said", sa.String, nullable=False),
    )
    for name, table, columns, rows in (
        ("open_cases", "cases", ["server_id", "channel_id"], OPEN),
        ("cases_to_tell", "cases", ["id"], UNTOLD),
        ("cases_to_take_down", "cases", ["id"], UNWANTED),
        ("cases_of_jobs", "cases", ["job_id"], None),
        ("reports_by_person", "reports", ["reporter_id", "at"], None),
    ):
        op.create_index(name, table, columns, sqlite_where=rows, postgresql_where=rows)
