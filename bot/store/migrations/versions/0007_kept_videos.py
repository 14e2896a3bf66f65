"""The kept videos are found without a look at every job that there ever was."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    kept = sa.text("video_deleted_at IS NULL")
    columns = ["state", "state_since", "id"]
    op.create_index("kept_videos", "jobs", columns, sqlite_where=kept, postgresql_where=kept)
