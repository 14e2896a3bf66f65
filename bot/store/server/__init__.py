"""The database on a server: its two connections, and its locks."""
