"""A bot whose database changes."""
