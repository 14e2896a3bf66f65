"""Files on their way to disk."""
