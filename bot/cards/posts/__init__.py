"""The finished post and what hangs on it."""
