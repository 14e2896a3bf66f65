"""The database as a file: its lock, its copies, and the version of its schema."""
