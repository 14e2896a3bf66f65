"""All SQL. One method is one business event, and one transaction."""

from bot.store.database import Database
from bot.store.store import NewJob, Store

__all__ = ["Database", "NewJob", "Store"]
