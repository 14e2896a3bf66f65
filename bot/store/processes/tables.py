"""What is of use for minutes, to processes that run at the same time: no copy of it is made."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, Table

metadata = MetaData()

session_turns = Table(
    "session_turns",
    metadata,
    Column("key", Integer, primary_key=True, autoincrement=False),
    Column("free_at", Float, nullable=False),
)
"""From when on (unix s) the next session may begin on the gateway, by the key of its shard."""

taken_events = Table(
    "taken_events",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
    Index("taken_events_by_time", "at"),
)
"""Interactions and messages that several processes have heard of, and one has taken."""
