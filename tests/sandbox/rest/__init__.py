"""The REST API, through bots."""
