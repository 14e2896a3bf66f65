"""A bot on several shards."""
