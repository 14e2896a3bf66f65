"""The tables. Times are unix seconds; Discord ids are 64-bit; credits are whole."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    false,
    text,
)
from sqlalchemy.dialects import postgresql

metadata = MetaData()


CAME_TO_NOTHING = "queued_at IS NULL AND state <> 'checking'"
"""Requests that ended before they were queued; the indexes below are found by these very words."""

COSTS_NOTHING = "price = 0"

IS_WORTH_SHOWING = f"NOT ({CAME_TO_NOTHING})"


def _only(rows: str) -> dict[str, Any]:
    """An index of those rows alone, on each kind of database."""
    return {f"{dialect}_where": text(rows) for dialect in ("sqlite", "postgresql")}


def upsert(table: Table) -> postgresql.Insert:
    """An insert that may meet a row: SQLite knows `ON CONFLICT` in the very words of PostgreSQL."""
    return postgresql.insert(table)


LANGUAGE = String(2)

QUALITY = String(8).with_variant(String(4), "sqlite")
"""SQLite does not look at lengths, nor can it change one."""

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", ForeignKey("jobs.id"), nullable=False, index=True),
    Column("image_url", String, nullable=False),
    Column("video_url", String, nullable=False),
    Column("model", String(64), nullable=False, server_default=text("'pixverse-mimic'")),
    Column("prompt", String, nullable=False, server_default=text("''")),
    Column("quality", QUALITY, nullable=False),
    Column("began_at", Float, nullable=False),
    Column("request_id", String, unique=True),
    Column("submitted_at", Float),
    Column("result_url", String),
    Column("cost", Float),
    Column("run_s", Float),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("state_since", Float, nullable=False),
    Column("source", String(8), nullable=False),
    Column("origin_id", BigInteger, nullable=False, unique=True),
    Column("completed_by_id", BigInteger, unique=True),
    Column("files_of", String),
    Column("files_until", Float),
    Column("server_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("is_direct", Boolean, nullable=False, server_default=false()),
    Column("moved_from_id", BigInteger),
    Column("created_at", Float, nullable=False),
    Column("subject", JSON(none_as_null=True)),
    Column("motion", JSON(none_as_null=True)),
    Column("model", String(64), nullable=False, server_default=text("'pixverse-mimic'")),
    Column("prompt", String, nullable=False, server_default=text("''")),
    Column("quality", QUALITY),
    Column("duration_s", Float),
    Column("price", Integer),
    Column("upload_limit_bytes", BigInteger, nullable=False),
    Column("queued_at", Float),
    Column("lease", String),
    Column("attempt_id", Integer),  # the current one; no key, since attempts point back here
    Column("failure", JSON(none_as_null=True)),
    Column("card_message_id", BigInteger),
    Column("card_token", String),
    Column("card_token_expires_at", Float, nullable=False, server_default=text("0")),
    Column("card_shown", String(40)),
    Column("delivered", String(8)),
    Column("delivery_channel_id", BigInteger),
    Column("delivery_message_id", BigInteger),
    Column("delivery_tried_at", Float),
    Column("video_deleted_at", Float),
    Column("settled", String(8)),
    Column("remark", String, nullable=False, server_default=text("''")),
    Column("description", String, nullable=False, server_default=text("''")),
    Column("described_by", BigInteger),
    Column("is_open", Boolean, nullable=False, server_default=false()),
    Column("question", JSON(none_as_null=True)),
    Column("promised", Integer),
    Column("cut", JSON(none_as_null=True)),
    Column("instead_of", JSON(none_as_null=True)),
    Column("announced", Boolean),
    Column("language", LANGUAGE, nullable=False, server_default=text("'en'")),
    Column("removed_by_id", BigInteger),
    Index("jobs_by_state", "state", "person_id", "server_id", "is_open", "model"),
    Index("remakes", "files_of", "person_id", **_only("files_of IS NOT NULL")),
    Index("drafts_by_person", "person_id", "queued_at", **_only(COSTS_NOTHING)),
    Index("jobs_by_person", "person_id", "created_at", **_only(IS_WORTH_SHOWING)),
    Index("jobs_to_forget", "state_since", **_only(CAME_TO_NOTHING)),
    Index("jobs_by_post", "delivery_message_id", **_only("delivery_message_id IS NOT NULL")),
    Index("kept_videos", "state", "state_since", "id", **_only("video_deleted_at IS NULL")),
    Index(
        "posts_to_remove",
        "delivery_message_id",
        **_only("removed_by_id IS NOT NULL AND delivery_message_id IS NOT NULL"),
    ),
)

wallets = Table(
    "wallets",
    metadata,
    Column("server_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "granted",
        Integer,
        CheckConstraint("granted >= 0", name="granted_not_negative"),
        nullable=False,
    ),
    Column("held", Integer, CheckConstraint("held >= 0", name="held_not_negative"), nullable=False),
)
"""Cached balances; they must equal the journal."""

entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("server_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("at", Float, nullable=False),
    Column("allowance", Integer, nullable=False),
    Column("granted", Integer, nullable=False),
    Column("job_id", ForeignKey("jobs.id")),
    Column("actor_id", BigInteger),
    Column("reason", String),
    Index("entries_by_wallet", "server_id", "person_id", "at"),
    Index("entries_by_server", "server_id", "at", "kind"),
    Index("one_hold", "job_id", unique=True, **_only("kind = 'hold'")),
    Index("one_settlement", "job_id", unique=True, **_only("kind IN ('capture', 'release')")),
    Index("one_refund", "job_id", unique=True, **_only("kind = 'refund'")),
    Index("releases", "job_id", **_only("kind = 'release'")),
    Index(
        "holds_by_time", "at", "kind", "job_id", "allowance", "granted", **_only("kind = 'hold'")
    ),
    Index(
        "holds_by_server",
        *("server_id", "at", "kind", "job_id", "allowance", "granted"),
        **_only("kind = 'hold'"),
    ),
    Index(
        "holds_by_person",
        *("person_id", "at", "kind", "job_id", "allowance", "granted"),
        **_only("kind = 'hold'"),
    ),
)
"""The journal: rows are added and never changed."""

actions = Table(
    "actions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("server_id", BigInteger, nullable=False),
    Column("action", String(16), nullable=False),
    Column("job_id", ForeignKey("jobs.id")),
    Column("person_id", BigInteger),
    Column("reason", String, nullable=False),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Index("actions_by_server", "server_id", "at"),
    Index("actions_by_job", "job_id"),
)
"""What people decided; triggers keep its rows, and the journal's, from being changed or deleted."""

servers = Table(
    "servers",
    metadata,
    Column("server_id", BigInteger, primary_key=True, autoincrement=False),
    Column("allowance_credits", Integer),
    Column("period", String(5), nullable=False),
    Column("budget_credits", Integer),
    Column("max_running_per_person", Integer),
    Column("max_waiting_per_person", Integer),
    Column("channels", JSON, nullable=False),
    Column("qualities", JSON, nullable=False),
    Column("models", JSON(none_as_null=True)),
    Column("direct_use", Boolean, nullable=False),
    Column("audit_channel_id", BigInteger),
    Column("audited_to", Integer, nullable=False),
    Column("language", LANGUAGE),
)
"""What a server's moderators and admins have set, and the last action told in its audit channel."""

roles = Table(
    "roles",
    metadata,
    Column("server_id", BigInteger, primary_key=True, autoincrement=False),
    Column("role_id", BigInteger, primary_key=True, autoincrement=False),
    Column("allowance_credits", Integer),
    Column("qualities", JSON, nullable=False),
    Column("models", JSON, nullable=False, server_default=text("'[]'")),
)
"""What a server's roles add to its rules."""

blocks = Table(
    "blocks",
    metadata,
    Column("server_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("until", Float),
    Column("reason", String, nullable=False),
)
"""Who may ask for nothing in a server (-1: in any), until when (`NULL`: for good), and why."""

pauses = Table(
    "pauses",
    metadata,
    Column("server_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", String, nullable=False),
)
"""Where (-1: everywhere) the operator takes nothing new and sends nothing off, and why."""

payers = Table(
    "payers",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("server_id", BigInteger, nullable=False),
)
"""The server whose wallet somebody's direct messages draw on."""

preferences = Table(
    "preferences",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("notify_directly", Boolean, nullable=False),
    Column("model", String(64)),
    Column("quality", String(8)),
    Column("ask_above", Integer),
    Column("keep_private", Boolean, nullable=False),
    Column("language", LANGUAGE),
    Column("direct_closed_at", Float),
)
"""What people like, of those who have said so."""

trays = Table(
    "trays",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", JSON(none_as_null=True)),
    Column("motion", JSON(none_as_null=True)),
    Column("choices", JSON(none_as_null=True)),
    Column("since", Float, nullable=False, index=True),
)
"""What people have taken from the chat, since when; an hour later it is forgotten."""

unproven = Table(
    "unproven",
    metadata,
    Column("attempt_id", ForeignKey("attempts.id"), primary_key=True),
    Column("job_id", ForeignKey("jobs.id"), nullable=False),
    Column("server_id", BigInteger, nullable=False),
    Column("held_at", Float, nullable=False),
    Column("credits", Integer, nullable=False),
    Column("since", Float, nullable=False),
    Index("unproven_by_time", "held_at"),
    Index("unproven_by_age", "since"),
)
"""Attempts that brought their job no video and may be billed, and since when that is so; their
credits count in every budget of the time at which they were held."""

missing = Table(
    "missing_permissions",
    metadata,
    Column("server_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),
    Column("permission", String(40), primary_key=True),
    Column("since", Float, nullable=False),
    Column("told_at", Float),
)
"""What the bot was refused for in a channel and has not been given yet, and when that was told."""

informed = Table(
    "informed_servers",
    metadata,
    Column("server_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
)
"""When a server was last told of some of these."""

explained = Table(
    "explained",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
)
"""Who was told how direct messages work, and when, so that nobody is told twice in a row."""

motions = Table(
    "motions",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("server_id", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("length_s", Float, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("added_by", BigInteger, nullable=False),
    Column("added_at", Float, nullable=False),
    Column("sha256", String(64), nullable=False),
    Index("motions_by_name", "server_id", "key", unique=True),
)
"""Each server's library; by `key` a name is found however it is written."""

motion_links = Table(
    "motion_links",
    metadata,
    Column("provider", String, primary_key=True),
    Column("content", String, primary_key=True),
    Column("url", String, nullable=False),
    Column("at", Float, nullable=False),
)
"""Where a provider, by its address, has a library's motion, by its content, and since when."""
cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("server_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False, unique=True),
    Column("author_id", BigInteger, nullable=False),
    Column("job_id", ForeignKey("jobs.id")),
    Column("opened_at", Float, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("settled", String(12)),
    Column("settled_by_id", BigInteger),
    Column("settled_at", Float),
    Column("is_unwanted", Boolean, nullable=False),
    Column("stays", Boolean, nullable=False),
    Column("card_channel_id", BigInteger),
    Column("card_message_id", BigInteger),
    Column("card_tried_at", Float),
    Column("is_discreet", Boolean, nullable=False),
    Index("open_cases", "server_id", "channel_id", **_only("settled IS NULL")),
    Index("cases_to_tell", "id", **_only("shown < revision")),
    Index("cases_to_take_down", "id", **_only("is_unwanted")),
    Index("cases_of_jobs", "job_id"),
)
"""Messages that were reported; `shown` is the revision that the card shows, `is_unwanted` that one
of somebody else's is yet to be deleted."""

reports = Table(
    "reports",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("reporter_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
    Column("why", String(12), nullable=False),
    Column("said", String, nullable=False),
    Index("reports_by_person", "reporter_id", "at"),
)
"""Who has reported them, and why."""
