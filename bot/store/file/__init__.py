"""The database as a file: its lock, its copies, and how SQLite is spoken to."""
