"""The gateway, and the log of what is said."""
